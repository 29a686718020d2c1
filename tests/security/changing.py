"""Changes between an approval and its use: of the plan, its files, its scripts, the environment, or who is who."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ruamel.yaml import YAML

from bot.domain.people import Kind, Person

PLAN = """\
plan: small
title: Small
channel: "#small"
guilds: {devops: {usergroup: devops, title: DevOps}, security: {members: [U0SEC1], title: Security}}
run_by: devops
systems:
  app:
    kind: service
    url_env: APP_URL
    env_file_env: APP_ENV
    restart: [tools/restart.sh, app]
    reports: {kind: http, system: app, get: /env, reads: json, path: "@"}
    runs: {kind: http, system: app, get: /version, reads: text}
phases:
  - phase: one
    title: One
    objective: See that it works
    approvals: {quorum: {devops: 1, security: 1}, expires: 24h}
    env: one.env
    steps:
      - {kind: flags, system: app, title: Load, timeout: 30s}
      - {kind: command, title: Tell, argv: [tools/tell.sh, --loud, "@words.txt"], env: {COLOUR: red}, timeout: 20s}
      - kind: deploy
        title: Deploy 2
        system: app
        argv: [docker, compose, --file=ops/compose.yml, up]
        version: "2.0"
        version_env: TAG
        secrets: [REGISTRY_TOKEN]
      - {kind: http, title: Ask, system: app, method: POST, path: /probe, key_header: Idempotency-Key}
    soak: {at_least: 30m, at_most: 6h}
    gates:
      - {gate: healthy, title: Healthy, probe: {kind: http, system: app, get: /health}, equals: 200, every: 5m}
    rollback: [back]
  - phase: two
    title: Two
    objective: Another phase, of which an edit changes nothing here
    after: one
    approvals: {quorum: {devops: 1}}
    env: two.env
rungs:
  back:
    title: Back
    steps: [{kind: flags, system: app, sets: {ENABLED: "false"}}]
"""
FILES = {
    "plans/small.yml": PLAN,
    "one.env": "# the first phase\nENABLED=true\nSHARE=10\n",
    "two.env": "ENABLED=true\n",
    "tools/tell.sh": "#!/bin/sh\necho told\n",
    "tools/restart.sh": "#!/bin/sh\necho restarted\n",
    "ops/compose.yml": "services: {app: {image: app}}\n",
    "words.txt": "what is told\n",
}
ENVIRON = {"APP_URL": "http://user:word@10.0.0.7:8080", "APP_ENV": "/etc/app.env", "REGISTRY_TOKEN": "the first token"}
PEOPLE = {
    person.id: person
    for person in (
        Person("U0ASKS", "asks", frozenset({"devops"})),
        Person("U0RUNS", "runs", frozenset({"devops"})),
        Person("U0OPS1", "ops", frozenset({"devops"})),
        Person("U0SEC1", "sec", frozenset({"security"})),
    )
}
APPROVERS = {"U0OPS1": "devops", "U0SEC1": "security"}


@dataclass
class Ground:
    """What a change may touch: the files below `root`, the environment, the people."""

    root: Path
    environ: dict[str, str]
    people: dict[str, Person]

    def reset(self):
        for name, text in FILES.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink() or (path.exists() and path.read_text(encoding="latin-1") != text):
                path.unlink()
            if not path.exists():
                path.write_text(text)
                path.chmod(0o755 if name.endswith(".sh") else 0o644)
        self.environ.clear()
        self.environ.update(ENVIRON)
        self.people.clear()
        self.people.update(PEOPLE)


@dataclass(frozen=True)
class Changed:
    """What was changed, and the words of which one must be said."""

    what: str
    words: tuple[str, ...]


_OF_A_PLAN = ("definition", "rungs", "systems", "guilds", "title", "the file", "address", "secret")
_BROKEN = ("plans/small.yml", "no plan", "no phase", "not set", "cannot be")


def a_leaf_of_the_plan(ground, random):
    """Any one value of what this phase uses becomes another one."""
    path = ground.root / "plans/small.yml"
    yaml = YAML(typ="safe")
    document = yaml.load(path.read_text())
    used = [document["phases"][0], document["rungs"]["back"], document["systems"]["app"], document["guilds"]]
    leaves = [leaf for part in used for leaf in _leaves(part)]
    leaves += [(document, "title"), (document, "run_by"), (document, "plan")]
    holder, key = random.choice(leaves)
    before = holder[key]
    holder[key] = _other(before, random)
    with path.open("w") as file:
        yaml.dump(document, file)
    return Changed(f"{key}: {before!r} became {holder[key]!r}", (*_OF_A_PLAN, *_BROKEN))


def _leaves(node):
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, dict | list):
            yield from _leaves(value)
        else:
            yield node, key


def _other(value, random):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + random.choice((-1, 1, 7))
    digit = re.search(r"\d", value)
    if digit and random.random() < 0.7:
        other = random.choice([each for each in "123456789" if each != digit[0]])
        return value[: digit.start()] + other + value[digit.end() :]
    others = {value + random.choice("xyz"), value.swapcase(), value[::-1] + "q", f"-{value}"} - {value}
    return random.choice(sorted(others))


def a_digit_in_stealth(ground, random):
    """The same length, the same times: only the bytes tell."""
    path = ground.root / "plans/small.yml"
    status, text = path.stat(), path.read_text()
    end = text.index("rollback:")
    spots = [each.start() for each in re.finditer(r"[1-9](?=\d*[smh]\b|\.0|\d\d,)", text[:end])]
    spot = random.choice(spots)
    other = random.choice([each for each in "123456789" if each != text[spot]])
    path.write_text(text[:spot] + other + text[spot + 1 :])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return Changed(f"a digit at {spot}, in stealth", (*_OF_A_PLAN, *_BROKEN))


def a_byte_of_a_file(ground, random):
    """A byte of the env file, a script, or what a command is pointed at; by all ways of changing it."""
    name = random.choice(("one.env", "tools/tell.sh", "tools/restart.sh", "ops/compose.yml", "words.txt"))
    path = ground.root / name
    status, raw = path.stat(), path.read_bytes()
    at = random.randrange(len(raw))
    how = random.choice(("other", "more", "less", "stealth", "gone", "link", "noise"))
    if how in {"gone", "link"}:
        path.unlink()
        if how == "link":
            path.symlink_to(ground.root / "two.env")
    else:
        other = bytes([(raw[at] + random.randrange(1, 95) - 32) % 95 + 32]) if raw[at] >= 32 else b" "
        changed = {
            "other": raw[:at] + other + raw[at + 1 :],
            "stealth": raw[:at] + other + raw[at + 1 :],
            "more": raw + b"#",
            "less": raw[:at] + raw[at + 1 :],
            "noise": raw + b"\xff\xfe",
        }[how]
        path.write_bytes(changed if changed != raw else raw + b"\n")
        if how == "stealth":
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return Changed(f"{name}: {how}", (name,))


def a_variable(ground, random):
    name = random.choice(sorted(ground.environ))
    if random.random() < 0.2:
        del ground.environ[name]
        return Changed(f"{name} is gone", (name,))
    value = ground.environ[name]
    at = random.randrange(len(value))
    ground.environ[name] = value[:at] + ("z" if value[at] != "z" else "y") + value[at + 1 :]
    return Changed(f"{name} is another", ("address", "a secret"))


def a_member(ground, random):
    who = random.choice(sorted(APPROVERS))
    known = ground.people[who]
    how = random.choice(("left", "gone", Kind.GUEST, Kind.BOT, Kind.FOREIGN))
    if how == "gone":
        del ground.people[who]
    elif how == "left":
        ground.people[who] = replace(known, guilds=frozenset({"another"}))
    else:
        ground.people[who] = replace(known, kind=how)
    words = ("Approvals no longer stand", f"<@{who}> for {APPROVERS[who]}")
    if how in {"left", "gone"} and who == "U0SEC1":
        # The plan itself names this member, so leaving the user group changes nothing: the account has to go.
        ground.people[who] = replace(known, kind=Kind.GUEST)
    return Changed(f"{who}: {how}", words)


CHANGES = (a_leaf_of_the_plan, a_leaf_of_the_plan, a_digit_in_stealth, a_byte_of_a_file, a_variable, a_member)


def a_comment(ground, _random):
    path = ground.root / "plans/small.yml"
    path.write_text(f"# a note\n{path.read_text()}")


def another_phase(ground, _random):
    path = ground.root / "plans/small.yml"
    path.write_text(path.read_text().replace("Another phase, of", "Quite another phase, of"))
    (ground.root / "two.env").write_text("ENABLED=false\n")


def a_bystander(ground, _random):
    ground.people["U0ELSE"] = Person("U0ELSE", "else", frozenset({"devops"}))
    ground.environ["UNUSED_URL"] = "http://elsewhere"
    (ground.root / "tools/other.sh").write_text("#!/bin/sh\n")


def nothing(_ground, _random):
    """The plainest of the cases in which the approval has to serve."""


HARMLESS = (nothing, a_comment, another_phase, a_bystander)
