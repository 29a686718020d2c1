"""Every kind of tampering is found, and the first bad record is named."""

import json
import struct

import pytest

from bot.evidence import verifying
from bot.evidence.verifying import Bad, lines, outline, packed, unpacked, verify, written
from tests.evidence import forging
from tests.evidence.forging import changed, derived_anew, forged, kind, manifest_anew, payload_changed, rows


def approval_for_another_guild(files):
    payload_changed(files, kind(files, "ApprovalGiven"), lambda said: said["facts"].update(guild="nobody"))


def approver_exchanged_in_the_table(files):
    changed(files, "approvals.jsonl", 0, lambda row: row.update(person="U0SOMEBODY"))


def member_added_to_the_table_and_the_manifest(files):
    changed(files, "approvals.jsonl", 1, lambda row: row["members"].append("U0SOMEBODY"))
    manifest_anew(files)


def failed_sample_made_a_pass(files):
    table = rows(files, "samples.jsonl")
    place = next(place for place, row in enumerate(table) if row["outcome"] == "fail")
    changed(files, "samples.jsonl", place, lambda row: row.update(outcome="pass"))
    manifest_anew(files)


def sample_changed(files):
    changed(files, "samples.jsonl", 5, lambda row: row.update(value="0.0001"))


def verdict_of_the_table_made_a_pass(files):
    table = rows(files, "verdicts.jsonl")
    place = next(place for place, row in enumerate(table) if row["facts"].get("outcome") == "fail")
    changed(files, "verdicts.jsonl", place, lambda row: row["facts"].update(outcome="pass"))
    manifest_anew(files)


def record_dropped(files):
    table = rows(files, "ledger.jsonl")
    del table[kind(files, "StepFailed")]
    files["ledger.jsonl"] = lines(table)


def record_dropped_and_renumbered(files):
    table = rows(files, "ledger.jsonl")
    place = kind(files, "StepFailed")
    del table[place]
    files["ledger.jsonl"] = lines({**row, "sequence": number} for number, row in enumerate(table, 1))


def records_reordered(files):
    table = rows(files, "ledger.jsonl")
    table[3], table[4] = table[4], table[3]
    files["ledger.jsonl"] = lines(table)


def record_doubled(files):
    table = rows(files, "ledger.jsonl")
    files["ledger.jsonl"] = lines([*table[:6], table[5], *table[6:]])


def sequence_column_changed(files):
    changed(files, "ledger.jsonl", 8, lambda row: row.update(sequence=90))


def previous_column_changed(files):
    changed(files, "ledger.jsonl", 8, lambda row: row.update(previous="ab" * 32))


def hash_column_changed(files):
    changed(files, "ledger.jsonl", 8, lambda row: row.update(hash="ab" * 32))


def record_moved_from_another_rollout(files):
    place = len(rows(files, "ledger.jsonl")) - 1
    payload_changed(files, place, lambda said: said.update(stream="rollout/other-1"), rehash=True)


def key_twice_in_a_record(files):
    table = rows(files, "ledger.jsonl")
    table[2]["payload"] = '{"actor":"U0SOMEBODY",' + table[2]["payload"][1:]
    table[2]["hash"] = forging.hashlib.sha256(table[2]["payload"].encode()).hexdigest()
    files["ledger.jsonl"] = lines(table)


def key_twice_in_a_line(files):
    files["ledger.jsonl"] = files["ledger.jsonl"].replace(b'{"hash":', b'{"hash":"","hash":', 1)


def unwelcome_record_withheld(files):
    place = kind(files, "StepFailed")
    table = rows(files, "ledger.jsonl")
    del table[place]["payload"]
    table[place]["withheld"] = "it holds a secret"
    files["ledger.jsonl"] = lines(table)


def command_argv_changed_in_the_table(files):
    changed(files, "commands.jsonl", 2, lambda row: row["facts"].update(says="rehearsed something else"))
    manifest_anew(files)


def argv_changed_in_the_record(files):
    payload_changed(files, kind(files, "StepDone"), lambda said: said["facts"].update(commands="[]"))


def output_hash_changed_in_the_table(files):
    table = rows(files, "commands.jsonl")
    place = next(place for place, row in enumerate(table) if row["commands"])
    changed(files, "commands.jsonl", place, lambda row: row["commands"][0].update(stdout_sha256="ab" * 32))
    manifest_anew(files)


def manifest_changed(files):
    manifest = json.loads(files["manifest.json"])
    manifest["records"] += 1
    files["manifest.json"] = written(manifest) + b"\n"


def manifest_hash_changed(files):
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["report.html"]["sha256"] = "ab" * 32
    files["manifest.json"] = written(manifest) + b"\n"


def format_changed(files):
    files["manifest.json"] = files["manifest.json"].replace(b'"format":1', b'"format":2')


def file_added(files):
    files["phases/" + "ab" * 32 + ".json"] = b"{}"


def file_removed(files):
    del files["verdicts.jsonl"]


def report_changed(files):
    files["report.html"] = files["report.html"].replace(b"failed", b"passed", 1)


def verifier_changed(files):
    files["verify.py"] = b"print('SOUND.')\n"


def plan_changed(files):
    files["plan.json"] = files["plan.json"].replace(b'"quorum":{"devops":1', b'"quorum":{"devops":0', 1)


def readable_plan_changed(files):
    files["plan.txt"] = files["plan.txt"].replace(b"devops: 1", b"devops: 0", 1)
    manifest_anew(files)


def plan_changed_with_its_text(files):
    files["plan.json"] = files["plan.json"].replace(b'"quorum":{"devops":1', b'"quorum":{"devops":0', 1)
    files["plan.txt"] = outline(json.loads(files["plan.json"])).encode()


def phase_copy_changed(files):
    name = next(name for name in files if name.startswith("phases/"))
    files[name] = files[name].replace(b'"equals":200', b'"equals":500', 1)
    manifest_anew(files)


def phase_copy_renamed_to_what_it_is_now(files):
    name = next(name for name in files if name.startswith("phases/"))
    raw = files.pop(name).replace(b'"equals":200', b'"equals":500', 1)
    files[f"phases/{forging.hashlib.sha256(raw).hexdigest()}.json"] = raw
    manifest_anew(files)


def permalinks_swapped(files):
    table = rows(files, "messages.jsonl")
    table[1]["permalink"], table[2]["permalink"] = table[2]["permalink"], table[1]["permalink"]
    files["messages.jsonl"] = lines(table)
    manifest_anew(files)


def permalink_to_elsewhere(files):
    changed(files, "messages.jsonl", 0, lambda row: row.update(permalink="https://elsewhere.test/archives/C1/p1"))


def state_of_the_rollout_changed(files):
    files["rollout.json"] = files["rollout.json"].replace(b'"rolled_back"', b'"passed"')


def line_cut_in_two(files):
    files["samples.jsonl"] = files["samples.jsonl"][:-20]


def line_with_blanks(files):
    files["samples.jsonl"] = files["samples.jsonl"].replace(b'":', b'": ', 1)


KINDS = (
    (approval_for_another_guild, "ledger.jsonl", "does not have this hash"),
    (approver_exchanged_in_the_table, "approvals.jsonl", "does not say what the ledger says"),
    (member_added_to_the_table_and_the_manifest, "approvals.jsonl", "does not say what the ledger says"),
    (failed_sample_made_a_pass, "samples.jsonl", "do not lead to the verdicts"),
    (sample_changed, "samples.jsonl", "not what the manifest says"),
    (verdict_of_the_table_made_a_pass, "verdicts.jsonl", "does not say what the ledger says"),
    (record_dropped, "ledger.jsonl", "a record is missing"),
    (record_dropped_and_renumbered, "ledger.jsonl", "does not follow the one before"),
    (records_reordered, "ledger.jsonl", "out of its order"),
    (record_doubled, "ledger.jsonl", "doubled"),
    (sequence_column_changed, "ledger.jsonl", "out of its order"),
    (previous_column_changed, "ledger.jsonl", "does not follow the one before"),
    (hash_column_changed, "ledger.jsonl", "does not have this hash"),
    (record_moved_from_another_rollout, "ledger.jsonl", "the columns differ from the payload"),
    (key_twice_in_a_record, "ledger.jsonl", "a key stands there twice"),
    (key_twice_in_a_line, "ledger.jsonl", "a key stands there twice"),
    (unwelcome_record_withheld, "commands.jsonl", "does not say what the ledger says"),
    (command_argv_changed_in_the_table, "commands.jsonl", "does not say what the ledger says"),
    (argv_changed_in_the_record, "ledger.jsonl", "does not have this hash"),
    (output_hash_changed_in_the_table, "commands.jsonl", "does not say what the ledger says"),
    (manifest_changed, "manifest.json", "wrong about records"),
    (manifest_hash_changed, "report.html", "not what the manifest says"),
    (format_changed, "manifest.json", "the format is not 1"),
    (file_added, "phases/", "no record proposes it"),
    (file_removed, "verdicts.jsonl", "the file is missing"),
    (report_changed, "report.html", "not what the manifest says"),
    (verifier_changed, "verify.py", "not what the manifest says"),
    (plan_changed, "plan.txt", "does not say what plan.json says"),
    (readable_plan_changed, "plan.txt", "does not say what plan.json says"),
    (plan_changed_with_its_text, "plan.json", "not what the manifest says"),
    (phase_copy_changed, "phases/", "do not have the digest"),
    (phase_copy_renamed_to_what_it_is_now, "ledger.jsonl", "is not in the bundle"),
    (permalinks_swapped, "messages.jsonl", "the permalink is not that"),
    (permalink_to_elsewhere, "messages.jsonl", "the permalink is not that"),
    (state_of_the_rollout_changed, "rollout.json", "not what the manifest says"),
    (line_cut_in_two, "samples.jsonl", "cut short"),
    (line_with_blanks, "samples.jsonl", "not in the bundle's own form"),
)


@pytest.mark.parametrize(("tamper", "file", "why"), KINDS, ids=[each[0].__name__ for each in KINDS])
def test_it_is_found(sealed, tamper, file, why):
    raw = forged(sealed.raw, tamper)
    assert raw != sealed.raw
    with pytest.raises(Bad, match=why) as bad:
        verify(raw)
    assert bad.value.file.startswith(file)


def test_at_least_twenty_kinds_of_tampering_are_made(record_property):
    assert len(KINDS) >= 20
    record_property(
        "figure", f"{len(KINDS)} kinds of tampered bundles, and {len(ZIPS) + 2} that only the zip or --head shows"
    )


@pytest.mark.parametrize(
    ("tamper", "number"),
    [(approval_for_another_guild, "ApprovalGiven"), (argv_changed_in_the_record, "StepDone")],
)
def test_the_first_bad_record_is_named_by_its_number(sealed, tamper, number):
    place = kind(unpacked(sealed.raw), number) + 1
    with pytest.raises(Bad) as bad:
        verify(forged(sealed.raw, tamper))
    assert (bad.value.line, bad.value.sequence) == (place, place)


def rewritten(files):
    """A careful forger: one approval changed, the chain, the tables and the manifest all made anew."""
    payload_changed(files, kind(files, "ApprovalGiven"), lambda said: said.update(actor="U0SOMEBODY"), rehash=True)
    derived_anew(files)
    manifest_anew(files)


def tail_cut(files):
    files["ledger.jsonl"] = lines(rows(files, "ledger.jsonl")[:-1])
    derived_anew(files)
    manifest_anew(files)


@pytest.mark.parametrize("tamper", [rewritten, tail_cut])
def test_a_careful_forgery_holds_by_itself_and_not_against_a_witnessed_head(sealed, tamper):
    raw = forged(sealed.raw, tamper)
    verify(raw)
    with pytest.raises(Bad, match="no record has the witnessed head") as bad:
        verify(raw, sealed.head)
    assert bad.value.file == "ledger.jsonl"
    with pytest.raises(Bad):
        verify(raw, sealed.head[:12])


def test_an_earlier_head_vouches_for_the_records_up_to_it(sealed):
    heads = [row["hash"] for row in rows(unpacked(sealed.raw), "ledger.jsonl")]
    assert verify(sealed.raw, heads[9])["witnessed"] == 10
    assert verify(sealed.raw, f"sha256:{sealed.head.upper()}".replace("SHA256:", "sha256:"))["witnessed"] == len(heads)


def first(raw, offset, form, value):
    """Change a field of the first local header."""
    made = bytearray(raw)
    struct.pack_into(form, made, offset, value)
    return bytes(made)


def at_directory(raw, offset, form, value):
    """Change a field of the first entry of the directory, which is what unzip believes."""
    return first(raw, struct.unpack_from("<I", raw, len(raw) - 6)[0] + offset, form, value)


def named(raw, name):
    """The first entry under another name of the same length."""
    old = b"approvals.jsonl"
    return raw.replace(old, name.ljust(len(old), b"x")[: len(old)])


def doubled(raw):
    """Two entries of one name: the first is what one reader sees, the last another's."""
    files = unpacked(raw)
    entry = packed({"report.html": b"<p>All is well.</p>"})
    body = struct.unpack_from("<I", entry, len(entry) - 6)[0]
    rest = packed(files)
    return entry[:body] + rest


ZIPS = {
    "a comment": (lambda raw: raw[:-2] + b"\x05\0hello", "behind its end"),
    "bytes behind its end": (lambda raw: raw + b"PK", "behind its end"),
    "bytes before it": (lambda raw: b"#!/bin/sh\n" + raw, "not an evidence bundle"),
    "cut short": (lambda raw: raw[: len(raw) // 2], "cut short"),
    "cut before its directory ends": (lambda raw: raw[:-30], "cut short"),
    "encrypted": (lambda raw: first(raw, 6, "<H", 1), "encrypted"),
    "compressed": (lambda raw: first(raw, 8, "<H", 8), "compressed"),
    "a bomb": (lambda raw: first(raw, 22, "<I", 2**32 - 1), "compressed"),
    "a size beyond its end": (lambda raw: first(first(raw, 18, "<I", 2**31), 22, "<I", 2**31), "cut short"),
    "an extra field": (lambda raw: first(raw, 28, "<H", 4), "something beside the file"),
    "a byte changed": (lambda raw: raw.replace(b"failed", b"passed", 1), "not those that were packed"),
    "a climbing name": (lambda raw: named(raw, b"../../etc/cron"), "a name that no bundle holds"),
    "an absolute name": (lambda raw: named(raw, b"/etc/passwd"), "a name that no bundle holds"),
    "a name of a device": (lambda raw: named(raw, b"C:\\con"), "a name that no bundle holds"),
    "a name that is no text": (lambda raw: named(raw, b"\xff\0\x1b[31m"), "a name that no bundle holds"),
    "a symbolic link": (lambda raw: at_directory(raw, 38, "<I", 0o120777 << 16), "a link"),
    "another size in its directory": (lambda raw: at_directory(raw, 24, "<I", 7), "its directory is not"),
    "another date": (lambda raw: first(raw, 12, "<H", 77), "its directory is not"),
    "an entry twice": (doubled, "a second report.html"),
    "nothing in it": (lambda _: b"PK\5\6" + b"\0" * 18, "not an evidence bundle"),
    "no bytes": (lambda _: b"", "not an evidence bundle"),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_strange_zip_is_refused_in_words(sealed, tmp_path, name):
    make, why = ZIPS[name]
    raw = make(sealed.raw)
    assert raw != sealed.raw
    path = tmp_path / "bundle.zip"
    path.write_bytes(raw)
    status, words = verifying.told(str(path))
    assert status == 1
    assert why in words
    assert words.isprintable()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ledger.jsonl", b"[" * 100_000 + b"]" * 100_000 + b"\n"),
        ("plan.json", b'{"a":' * 400 + b"1" + b"}" * 400),
        ("rollout.json", b'{"name":NaN}'),
        ("manifest.json", b"\xff\xfe"),
        ("manifest.json", b'{"format":1,"files":[1,2]}'),
        ("rollout.json", b'{"name":"gitguard-1","name":"gitguard-2"}'),
        ("samples.jsonl", b"1" * 10_000 + b"\n"),
        ("messages.jsonl", b'{"channel":1,"key":1,"permalink":1,"phase":1,"place":1,"topic":1,"ts":1}\n'),
        ("ledger.jsonl", b'{"hash":7,"previous":"' + b"0" * 64 + b'","sequence":1,"withheld":"x"}\n'),
        ("ledger.jsonl", b"null\n"),
    ],
)
def test_hostile_json_is_refused_in_words(sealed, tmp_path, name, text):
    path = tmp_path / "bundle.zip"
    path.write_bytes(forged(sealed.raw, lambda files: files.update({name: text})))
    status, words = verifying.told(str(path))
    assert status == 1, words
    assert words.startswith("NOT SOUND.")


def test_a_file_that_is_not_there_a_folder_and_a_pipe_are_said(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none.zip", tmp_path, tmp_path / "pipe"):
        status, words = verifying.told(str(path))
        assert status == 2
        assert "cannot be read" in words
    assert verifying.told("/dev/zero")[0] == 2


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "bundle.zip"
    with path.open("wb") as file:
        file.truncate(verifying.LARGEST + 1)
    status, words = verifying.told(str(path))
    assert status == 2
    assert "512 MiB" in words


@pytest.mark.parametrize("head", ["abc", "zz" * 32, "ab" * 40, "--head"])
def test_a_head_that_is_none_is_refused(sealed, tmp_path, head):
    path = tmp_path / "bundle.zip"
    path.write_bytes(sealed.raw)
    assert verifying.told(str(path), head)[0] == 2
