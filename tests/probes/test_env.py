"""The env probe: the plan's file, the target's file, and what the service reports."""

import os
from typing import Any

import pytest
from aiohttp import web

from bot.domain.probes import CommandProbe, EnvProbe, HttpProbe, HttpReads
from bot.domain.systems import Service

PLAN = "A=1\nPORTAL=external\nDATABASE_URL=postgresql://u:${PW}@h/db\n"
TRUE = {"A": "1", "PORTAL": "external", "DATABASE_URL": "postgresql://u:s3cret@h/db", "EXTRA": "x"}


@pytest.fixture
def compare(serve, ask, phase, tmp_path):
    async def read(
        reported: Any, on_target: str | None = PLAN, *, probe: EnvProbe | None = None, plan: str = PLAN, **service: Any
    ):
        async def reports(_: web.Request) -> web.Response:
            return web.json_response({"env": reported})

        path = tmp_path / "codex.env"
        if on_target is not None:
            path.write_text(on_target)
        known = {
            "env_file_env": "CODEX_ENV_FILE",
            "reports": HttpProbe("http", "codex", "/env", HttpReads.JSON, "env"),
            **service,
        }
        at = phase(
            await serve(reports),
            systems={"codex": Service("service", "CODEX_URL", **known)},
            targets={"CODEX_ENV_FILE": str(path)},
            files={"config/staging.env": plan},
            env="config/staging.env",
        )
        return await ask(probe or EnvProbe("env", "codex"), at)

    return read


async def test_what_is_declared_written_and_reported_alike_reads_zero(compare) -> None:
    reading = await compare(TRUE)
    assert (reading.value, reading.trouble) == (0, "")
    assert reading.source == "environment of codex against the phase env file; 3 declared"


async def test_a_service_may_report_a_list_of_lines(compare) -> None:
    assert (await compare([f"{key}={value}" for key, value in TRUE.items()])).value == 0
    assert (await compare(["A=1", "PORTAL=a=b"])).value == 1


@pytest.mark.parametrize(
    ("reported", "on_target", "count", "says"),
    [
        ({**TRUE, "PORTAL": "build-only"}, PLAN, 1, "differ in the running service: PORTAL"),
        ({"A": "1"}, PLAN, 1, "differ in the running service: PORTAL"),
        ({}, PLAN, 2, "differ in the running service: A, PORTAL"),
        (TRUE, PLAN.replace("external", "build-only"), 1, "differ in the file: PORTAL"),
        (TRUE, PLAN.replace("${PW}", "plain"), 1, "differ in the file: DATABASE_URL"),
        (TRUE, "", 3, "differ in the file: A, PORTAL, DATABASE_URL"),
        ({**TRUE, "A": "2"}, PLAN.replace("A=1", "A=2"), 1, "differ in the file: A; differ in the running service: A"),
    ],
)
async def test_differences_are_counted_and_named_without_values(compare, reported, on_target, count, says) -> None:
    reading = await compare(reported, on_target)
    assert reading.value == count
    assert reading.source.endswith(says)
    assert "build-only" not in reading.source


async def test_a_placeholder_is_held_against_the_file_alone(compare) -> None:
    reading = await compare({**TRUE, "DATABASE_URL": "anything"})
    assert reading.value == 0
    assert "s3cret" not in repr(reading)


async def test_only_limits_the_comparison(compare) -> None:
    assert (await compare({"A": "1"}, probe=EnvProbe("env", "codex", only=("A",)))).value == 0
    unknown = await compare(TRUE, probe=EnvProbe("env", "codex", only=("A", "B")))
    assert (unknown.value, unknown.trouble) == (None, "config/staging.env does not declare B")


async def test_truth_values_and_numbers_are_reported_as_they_are_written(compare) -> None:
    assert (await compare({"A": 1, "PORTAL": "external"})).value == 0
    assert (await compare({"A": True}, "A=true\n", plan="A=true\n")).value == 0


async def test_a_target_without_a_file_is_judged_by_what_it_reports(compare) -> None:
    reading = await compare(TRUE, None, env_file_env=None)
    assert reading.value == 0
    assert reading.source.endswith("not comparable: DATABASE_URL")


@pytest.mark.parametrize("reported", [None, "text", 3, ["A"], [1, 2]])
async def test_a_report_of_another_shape_is_no_reading(compare, reported) -> None:
    reading = await compare(reported)
    assert reading.value is None
    assert reading.trouble


async def test_a_service_that_reports_nothing_is_unknown(compare) -> None:
    reading = await compare(TRUE, reports=None)
    assert (reading.value, "no `reports:`" in reading.trouble) == (None, True)


async def test_a_service_that_cannot_be_asked_is_unknown(compare, nobody) -> None:
    reading = await compare(TRUE, reports=HttpProbe("http", "nowhere", "/env", HttpReads.JSON))
    assert reading.value is None
    assert "what codex runs with is unknown" in reading.trouble


async def test_a_report_may_come_from_a_command(compare, script) -> None:
    said = script('print(\'{"A": "1", "PORTAL": "external"}\')')
    reading = await compare(None, reports=CommandProbe("command", (said,), text=True))
    assert (reading.value, reading.trouble) == (0, "")


@pytest.mark.parametrize(
    ("plan", "on_target", "says"),
    [
        (PLAN, None, "does not exist"),
        (PLAN, "A=1\nA=2\n", "given twice"),
        (PLAN, "s3cret value\n", "is not KEY=VALUE"),
        ("# nothing\n", "", "declares nothing"),
    ],
)
async def test_a_file_that_cannot_be_read_is_unknown(compare, plan, on_target, says) -> None:
    reading = await compare(TRUE, on_target, plan=plan)
    assert reading.value is None
    assert says in reading.trouble


async def test_a_file_outside_of_the_approved_copy_is_not_read(compare) -> None:
    reading = await compare(TRUE, probe=EnvProbe("env", "codex", env="config/other.env"))
    assert (reading.value, "not part of the approved copy" in reading.trouble) == (None, True)


async def test_a_link_and_a_pipe_are_no_env_file(compare, tmp_path) -> None:
    (tmp_path / "real.env").write_text(PLAN)
    (tmp_path / "codex.env").symlink_to(tmp_path / "real.env")
    linked = await compare(TRUE, None)
    assert (linked.value, "symbolic link" in linked.trouble) == (None, True)
    (tmp_path / "codex.env").unlink()
    os.mkfifo(tmp_path / "codex.env")
    piped = await compare(TRUE, None)
    assert (piped.value, "not a regular file" in piped.trouble) == (None, True)


async def test_an_unset_path_is_named(compare) -> None:
    reading = await compare(TRUE, env_file_env="ELSEWHERE")
    assert (reading.value, "ELSEWHERE is not set" in reading.trouble) == (None, True)


async def test_a_system_that_is_no_service_has_no_environment(ask, phase) -> None:
    reading = await ask(EnvProbe("env", "metrics"), phase("http://127.0.0.1:1"))
    assert (reading.value, "no service" in reading.trouble) == (None, True)
