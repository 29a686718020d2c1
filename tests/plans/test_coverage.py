"""The rollout document, item by item: each bullet, checkbox, numbered step and setting stands in the plan."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.gates import Gate
from bot.domain.plan import Audience, Dashboard, Phase, Plan, Repositories, Soak, Task, Week
from bot.domain.steps import ByHandStep, CommandStep, DeployStep, FlagsStep, HttpStep, RevertStep, Rung
from bot.domain.walking import walk
from bot.plans import envfile

DOCUMENT = (Path(__file__).parent / "gitguard-rollout-plan.md").read_text(encoding="utf-8")
ITEM = re.compile(r"\s*(?:[-*]|\d+\.) (?:\[ \] )?(.+)")
SETTING = re.compile(r"`([A-Z_]+)=([^`]*)`(.*)")
STEPS = FlagsStep | DeployStep | RevertStep | CommandStep | HttpStep | ByHandStep
SOURCED = STEPS | Phase | Gate | Task | Week | Audience | Dashboard | Repositories | Soak | Rung
PHASE_OF = {"Phase 1": "staging", "Phase 2": "canary", "Phase 3": "production", "Phase 4": "advanced"}


def items() -> Iterator[tuple[str, str]]:
    """(the `##` section, the item's text), with headings of nested lists left out."""
    section, fenced = "", False
    for line in DOCUMENT.splitlines():
        fenced ^= line.strip().startswith("```")
        if line.startswith("## "):
            section = line[3:]
        match = ITEM.fullmatch(line)
        if match and not fenced and match[1] not in {"Key Settings:", "**Settings**:"}:
            yield section, match[1]


def fences() -> Iterator[tuple[str, str, dict[str, str]]]:
    """(section, subsection, the settings) of each block of settings."""
    section = sub = ""
    block: list[str] | None = None
    for line in DOCUMENT.splitlines():
        if line.startswith("#") and block is None:
            section, sub = (line.lstrip("# "), "") if line.startswith("## ") else (section, line.lstrip("# "))
        elif line.strip().startswith("```"):
            if block is not None:
                yield section, sub, dict(each.split("#")[0].strip().split("=", 1) for each in block)
            block = [] if block is None else None
        elif block is not None:
            block.append(line)


def sources(plan: Plan) -> set[str]:
    return {line for _, part in walk(plan) for line in (getattr(part, "source", None) or "").splitlines()}


def env(root: Path, phase: str) -> dict[str, str]:
    return envfile.parse((root / "config" / "rollout" / f"{phase}.env").read_text(encoding="utf-8"))


PROSE = [(section, text) for section, text in items() if not SETTING.fullmatch(text)]
SETTINGS = [(section, text) for section, text in items() if SETTING.fullmatch(text)]


def test_the_document_was_read():
    assert len(PROSE) > 140
    assert len(SETTINGS) > 25
    assert len(list(fences())) == 10


@pytest.mark.parametrize("text", sorted({text for _, text in PROSE}))
def test_an_item_of_the_document_stands_in_the_plan(text: str, gitguard: Plan):
    assert text in sources(gitguard)


@pytest.mark.parametrize(("section", "text"), SETTINGS)
def test_a_key_setting_stands_in_the_phase_env_file(section: str, text: str, root: Path):
    match = SETTING.fullmatch(text)
    assert match
    phase = next(name for head, name in PHASE_OF.items() if section.startswith(head))
    declared = env(root, phase)[match[1]]
    if match[2] == "<10% of repos>":
        assert len(declared.split(",")) == 5
    else:
        assert declared == match[2]


def test_the_blocks_of_settings_stand_in_the_env_files(root: Path):
    seen = 0
    for section, sub, settings in fences():
        phase = next((name for head, name in PHASE_OF.items() if sub.startswith(f"{head}:")), None)
        if section == "Feature Flag Activation Timeline" and phase:
            assert env(root, phase).items() >= settings.items()
            seen += 1
        elif sub.startswith("Initial Phase"):
            assert all(env(root, name).items() >= settings.items() for name in ("staging", "canary", "production"))
            seen += 1
    assert seen == 5


def test_the_steady_retention_stands_in_the_hands_that_set_it(gitguard: Plan):
    wanted = next(settings for _, sub, settings in fences() if sub.startswith("Steady State"))
    phase = gitguard.phase("retention")
    assert phase
    words = " ".join(step.instructions for step in phase.steps if isinstance(step, ByHandStep))
    assert wanted == {"JETSTREAM_MAX_AGE": "24h", "JETSTREAM_MAX_MSGS": "1000000", "JETSTREAM_MAX_BYTES": "10GB"}
    assert all(value in words for value in wanted.values())


def test_the_later_flags_stand_in_the_later_phases(gitguard: Plan):
    for _, sub, settings in fences():
        if sub.startswith(("Phase 5", "Phase 6")):
            phase = gitguard.phase("embeddings" if "Embeddings" in sub else "owners")
            assert phase
            assert [step.sets for step in phase.steps if isinstance(step, FlagsStep)] == [settings]


def test_every_part_says_where_it_comes_from(gitguard: Plan):
    silent = [path for path, part in walk(gitguard) if isinstance(part, SOURCED) and not _said(part)]
    assert silent == [("phases", 0, "repos")]


def _said(part: object) -> bool:
    return bool(getattr(part, "source", None) or getattr(part, "assumed", None))


def test_every_source_is_a_sentence_of_the_document(gitguard: Plan):
    missing = {line for line in sources(gitguard) if line not in DOCUMENT}
    assert missing == set()


def test_objectives_are_the_documents(gitguard: Plan):
    for name in PHASE_OF.values():
        phase = gitguard.phase(name)
        assert phase
        assert f"### Objective\n{phase.objective}\n" in DOCUMENT


def test_the_phases_stand_in_the_order_of_the_schedule(gitguard: Plan):
    scheduled = [name for week in gitguard.schedule for name in week.phases]
    assert scheduled == ["staging", "canary", "production", "retention", "advanced", "after"]
    assert [phase.name for phase in gitguard.phases] == [*scheduled, "embeddings", "owners"]


def test_the_canary_list_is_the_documents_and_the_env_files(gitguard: Plan, root: Path):
    canary = gitguard.phase("canary")
    assert canary
    assert canary.repos
    assert ",".join(canary.repos.only) == env(root, "canary")[canary.repos.key]
    assert all(f"- `{name}`" in DOCUMENT for name in canary.repos.only)


def test_the_ladders_follow_the_document(gitguard: Plan):
    ladders = {phase.name: phase.rollback for phase in gitguard.phases}
    assert ladders["staging"] == ("stop", "revert", "previous-configuration", "verify-stable")
    assert ladders["canary"] == ("publishing-off", "replay", "back-to-staging", "investigate")
    assert ladders["production"] == ("publishing-off", "stop", "replay", "revert", "verify-stable")


BOUNDS = {
    ("canary", "error-rate"): "under 5%",
    ("canary", "latency"): "under 5000ms",
    ("production", "error-rate"): "under 1%",
    ("production", "latency"): "under 3000ms",
    ("production", "freshness"): "under 10s",
    ("advanced", "graph-latency"): "under 500ms",
    ("staging", "graph-closed"): "equals 404",
    ("staging", "nothing-published"): "at most 0",
}


@pytest.mark.parametrize(("phase", "gate"), BOUNDS)
def test_the_bounds_are_the_documents(phase: str, gate: str, gitguard: Plan):
    found = gitguard.phase(phase)
    assert found
    one = found.gate(gate)
    assert one
    assert str(one.bound) == BOUNDS[phase, gate]


def test_what_comes_later_keeps_the_further_phases_from_starting(gitguard: Plan):
    waiting = {phase.name: {str(later) for _, later in phase.not_available()} for phase in gitguard.phases}
    assert waiting == {
        "staging": set(),
        "canary": set(),
        "production": {"jetstream"},
        "retention": {"jetstream"},
        "advanced": {"drills"},
        "after": set(),
        "embeddings": set(),
        "owners": set(),
    }
