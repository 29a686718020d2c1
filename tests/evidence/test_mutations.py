"""Mutations of a bundle at random: single ones, cut tails, and rewrites with every hash made anew."""

import json
import os
import random
from dataclasses import replace

import pytest

from bot.domain.entries import Entry, Happened
from bot.evidence import verifying
from bot.evidence.bundle import bundle
from bot.evidence.verifying import Bad, lines, packed, unpacked, verify, written
from bot.plans.canonical import canonical, plan_bytes
from bot.ports import Chained
from bot.rehearsal.archive import _records
from tests.evidence.conftest import WORKSPACE
from tests.evidence.forging import derived_anew, manifest_anew, payload_changed, rehashed, rows
from tests.storage.samples import DIGEST, NOW, PLAN, RESOLVED

COUNTS = (10_000, 500, 500)


@pytest.fixture(scope="module")
def small(archived):
    """A bundle of forty records, so that thousands of its like can be looked at."""
    kinds = (Happened.APPROVAL_GIVEN, Happened.STEP_CLAIMED, Happened.STEP_DONE, Happened.PHASE_HELD)
    entries = [Entry(Happened.PHASE_PROPOSED, "U1", "staging", {"digest": DIGEST})]
    entries += [Entry(kinds[n % 4], f"U{n}", "staging", {"n": n, "reason": f"because {n}"}) for n in range(39)]
    records = tuple(_records("rollout/gitguard-1", (Chained(n, NOW, each, "") for n, each in enumerate(entries, 1))))
    whole = replace(archived, plan=plan_bytes(PLAN), copies={DIGEST: canonical(RESOLVED)}, records=records)
    return bundle(replace(whole, samples=(), told=()), WORKSPACE)


def seeded():
    seed = int(os.environ.get("ROLLOUT_SEED") or random.SystemRandom().randrange(10**6))
    return seed, random.Random(seed)


def one_thing_changed(files, chance):
    """One single change of the ledger; all that follows from it is made to agree again, as far as that goes."""
    table = rows(files, "ledger.jsonl")
    place = chance.randrange(len(table))
    what = chance.choice(("payload", "payload", "hash", "previous", "sequence", "drop", "double", "swap"))
    if what in {"payload", "hash", "previous"}:
        text = table[place][what]
        at = chance.randrange(len(text))
        other = chance.choice([sign for sign in "0123456789abcdefxyz" if sign != text[at]])
        table[place][what] = text[:at] + other + text[at + 1 :]
    elif what == "sequence":
        table[place]["sequence"] += chance.choice((-1, 1, 7))
    elif what == "drop":
        del table[chance.randrange(len(table) - 1)]
    elif what == "double":
        table.insert(place, table[place])
    else:
        at = chance.randrange(len(table) - 1)
        table[at], table[at + 1] = table[at + 1], table[at]
    files["ledger.jsonl"] = lines(table)
    manifest_anew(files)


def tail_cut(files, chance):
    files["ledger.jsonl"] = lines(rows(files, "ledger.jsonl")[: chance.randrange(1, 40)])
    derived_anew(files)
    manifest_anew(files)


def rewritten(files, chance):
    place = chance.randrange(1, 40)
    actor = f"U{chance.randrange(10**6)}"
    payload_changed(files, place, lambda said: said.update(actor=actor), rehash=True)
    derived_anew(files)
    manifest_anew(files)


def found(raw, head=""):
    try:
        verify(raw, head)
    except Bad:
        return True
    return False


@pytest.mark.parametrize(
    "share", [pytest.param(20, id="a-twentieth"), pytest.param(1, id="all", marks=pytest.mark.endurance)]
)
def test_every_mutation_is_found(small, share, record_property):
    seed, chance = seeded()
    single, tails, rewrites = (count // share for count in COUNTS)
    kept = unpacked(small.raw)

    def missed(count, tamper, head):
        unfound = 0
        for _ in range(count):
            files = dict(kept)
            tamper(files, chance)
            assert files["ledger.jsonl"] != kept["ledger.jsonl"]
            unfound += not found(packed(files), head)
        return unfound

    unfound = [missed(single, one_thing_changed, ""), missed(tails, tail_cut, small.head)]
    unfound.append(missed(rewrites, rewritten, small.head))
    record_property(
        "figure",
        f"{single} single mutations, {tails} cut tails, {rewrites} rewrites: {unfound} not found (seed {seed})",
    )
    assert unfound == [0, 0, 0]


@pytest.mark.parametrize("count", [pytest.param(300), pytest.param(5000, marks=pytest.mark.endurance)])
def test_bytes_changed_anywhere_are_found_and_never_break_the_verifier(small, tmp_path, count, record_property):
    seed, chance = seeded()
    path = tmp_path / "bundle.zip"
    for _ in range(count):
        raw = bytearray(small.raw)
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(raw))
            raw[place] ^= chance.randrange(1, 256)
        raw = bytes(raw[: chance.randrange(len(raw))] if chance.random() < 0.1 else raw)
        if raw == small.raw:
            continue
        path.write_bytes(raw)
        status, words = verifying.told(str(path))
        assert status == 1, (seed, words)
        assert words.isprintable()
    record_property("figure", f"{count} bundles with bytes changed anywhere: all found (seed {seed})")


def test_the_chain_is_made_anew_by_the_forger_as_the_store_makes_it(small):
    table = rows(unpacked(small.raw), "ledger.jsonl")
    assert rehashed(table) == table
    assert written(json.loads(table[0]["payload"])).decode() == table[0]["payload"]
