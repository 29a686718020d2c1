"""The reader, the attest probe and the sheet: every kind has its adapter, and only people can attest."""

from dataclasses import replace
from typing import get_args

import pytest

from bot.domain.plan import Approvals, Phase
from bot.domain.probes import AttestProbe, Probe
from bot.domain.quantities import Span
from bot.domain.steps import FlagsStep
from bot.domain.systems import Service
from bot.ports import Probes, Sheet
from bot.probes import PROBES
from bot.probes.reader import ProbeReader
from bot.probes.sheet import EnvSheet, _masked


def test_every_kind_of_probe_has_its_adapter() -> None:
    assert set(PROBES) == set(get_args(Probe))


def test_the_reader_plays_the_port(allowed) -> None:
    port: Probes = ProbeReader(allowed, {})
    sheet: Sheet = EnvSheet()
    assert callable(port.read)
    assert callable(sheet.differences)


async def test_what_people_attest_is_never_measured(ask, phase) -> None:
    reading = await ask(AttestProbe("attest", "Do the docs look right?", "devops"), phase("http://127.0.0.1:1"))
    assert (reading.value, reading.trouble) == (None, "awaits a person's word")
    assert reading.source == "devops: Do the docs look right?"


@pytest.fixture
def flags(phase, tmp_path):
    def at(before: str | None, *steps: FlagsStep, plan: str = ""):
        path = tmp_path / "codex.env"
        if before is not None:
            path.write_text(before)

        found = phase(
            "http://127.0.0.1:1",
            systems={"codex": Service("service", "CODEX_URL", "CODEX_ENV_FILE")},
            targets={"CODEX_ENV_FILE": str(path)},
            files={"staging.env": plan},
        )
        return replace(
            found, phase=Phase("staging", "S", "o", Approvals({"devops": 1}), env="staging.env", steps=tuple(steps))
        )

    return at


async def test_the_sheet_shows_what_the_flags_steps_would_change(flags) -> None:
    step = FlagsStep("flags", "codex", timeout=Span(seconds=1))
    at = flags("A=1\nB=2\nGONE=x\n", step, plan="A=1\nB=3\nNEW=y\n")
    assert await EnvSheet().differences(at) == (("~", "B", "2", "3"), ("+", "NEW", "", "y"), ("-", "GONE", "x", ""))


async def test_the_sheet_shows_single_keys_that_would_be_set(flags) -> None:
    lines = await EnvSheet().differences(flags("A=1\nB=2\n", FlagsStep("flags", "codex", sets={"B": "3", "C": "4"})))
    assert lines == (("~", "B", "2", "3"), ("+", "C", "", "4"))


@pytest.mark.parametrize("before", [None, "A=1\nA=2\n"])
async def test_a_file_that_cannot_be_read_counts_as_empty(flags, before) -> None:
    lines = await EnvSheet().differences(flags(before, FlagsStep("flags", "codex"), plan="A=1\n"))
    assert lines == (("+", "A", "", "1"),)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("LOG_LEVEL", "INFO", "INFO"),
        ("GITHUB_WEBHOOK_SECRET", "s3cret", "•••"),
        ("DB_PASSWORD", "s3cret", "•••"),
        ("DB_PASSWORD", "${CODEX_DB_PASSWORD}", "${CODEX_DB_PASSWORD}"),
        ("DATABASE_URL", "postgresql://u:s3cret@h/db", "•••"),
        ("WEB_URL", "https://u:s3cret@h/", "•••"),
        ("DATABASE_URL", "postgresql://u:${PW}@h/db", "postgresql://u:${PW}@h/db"),
    ],
)
def test_secrets_are_masked_and_placeholders_are_not(key, value, told) -> None:
    assert _masked(key, value) == told
