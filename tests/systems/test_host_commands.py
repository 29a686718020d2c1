"""The sample host's systemctl and docker, run as real processes."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

VERSION = '{{index .Config.Labels "org.opencontainers.image.version"}}'


async def _inspect(reader: Any, wanted: str) -> str:
    code, out, err = await reader.run("docker", "inspect", "--format", wanted, "guard-codex")
    assert (code, err) == (0, "")
    return str(out.strip())


def _effects(reader: Any) -> list[tuple[str, str | None]]:
    return [(effect.kind.value, effect.key) for effect in reader.systems.brain.effects]


async def test_restart_takes_the_new_file_and_records_its_key(reader: Any, canary_env: str) -> None:
    Path(reader.systems.environment["CODEX_ENV_FILE"]).write_text(canary_env, "utf-8")
    before = json.loads(await _inspect(reader, "{{json .Config.Env}}"))
    done = await reader.run("systemctl", "restart", "codex", ROLLOUT_EFFECT_KEY="gitguard-1/staging/flags")
    after = json.loads(await _inspect(reader, "{{json .Config.Env}}"))

    assert done == (0, "", "")
    assert "CODEX_PUBLISH_PORTAL=build-only" in before
    assert "CODEX_PUBLISH_PORTAL=external" in after
    assert any(entry.endswith("${CODEX_CANARY_DB_PASSWORD}@localhost:5432/codex_canary") for entry in after)
    assert _effects(reader) == [("restart", "gitguard-1/staging/flags")]


async def test_systemctl_stops_starts_and_says_whether_it_is_active(reader: Any) -> None:
    assert await reader.run("systemctl", "is-active", "codex") == (0, "active\n", "")
    assert (await reader.run("systemctl", "stop", "codex.service"))[0] == 0
    assert await reader.run("systemctl", "is-active", "codex") == (3, "inactive\n", "")
    assert await _inspect(reader, "{{.State.Running}}") == "false"
    assert await _inspect(reader, VERSION) == "1.4.0"
    assert (await reader.run("systemctl", "start", "codex"))[0] == 0
    assert await _inspect(reader, "{{.State.Running}}") == "true"
    assert _effects(reader) == [("stop", None), ("start", None)]


async def test_up_deploys_the_version_of_the_environment(reader: Any, canary_env: str) -> None:
    Path(reader.systems.environment["CODEX_ENV_FILE"]).write_text(canary_env, "utf-8")
    compose = ("docker", "compose", "-f", "ops/compose.canary.yml")
    code, _, _ = await reader.run(*compose, "up", "-d", "guard-codex", CODEX_IMAGE_TAG="1.5.0", ROLLOUT_EFFECT_KEY="d")

    assert code == 0
    assert await _inspect(reader, VERSION) == "1.5.0"
    assert "CODEX_PUBLISH_ENABLED=true" in json.loads(await _inspect(reader, "{{json .Config.Env}}"))
    assert (await reader.run("docker", "compose", "up", "-d", "guard-codex"))[0] == 0
    assert await _inspect(reader, VERSION) == "1.5.0"
    assert _effects(reader) == [("deploy", "d"), ("deploy", None)]


async def test_compose_restart_keeps_the_containers_environment_as_the_real_one_does(
    reader: Any, canary_env: str
) -> None:
    Path(reader.systems.environment["CODEX_ENV_FILE"]).write_text(canary_env, "utf-8")
    for verb in ("restart", "stop", "start"):
        assert (await reader.run("docker", "compose", verb, "guard-codex"))[0] == 0

    assert "CODEX_PUBLISH_PORTAL=build-only" in json.loads(await _inspect(reader, "{{json .Config.Env}}"))
    assert _effects(reader) == [("restart", None), ("stop", None), ("start", None)]


async def test_an_ignored_restart_answers_0_and_changes_nothing(reader: Any, canary_env: str) -> None:
    Path(reader.systems.environment["CODEX_ENV_FILE"]).write_text(canary_env, "utf-8")
    await reader.systems.targets.turn("codex", {"ignore_restart": True})
    run = reader.systems.brain.run

    assert (await reader.run("systemctl", "restart", "codex"))[0] == 0
    assert reader.systems.brain.run is run
    assert "CODEX_PUBLISH_PORTAL=build-only" in json.loads(await _inspect(reader, "{{json .Config.Env}}"))


async def test_wrong_flags_are_reported_and_not_obeyed(reader: Any) -> None:
    await reader.systems.targets.turn("codex", {"wrong_flags": {"CODEX_PUBLISH_PORTAL": "external"}})

    assert "CODEX_PUBLISH_PORTAL=external" in json.loads(await _inspect(reader, "{{json .Config.Env}}"))
    assert not reader.systems.brain.run.workload.publishes


REFUSED = [
    ("systemctl", "restart", "postgres"),
    ("systemctl", "daemon-reload"),
    ("systemctl",),
    ("docker", "ps"),
    ("docker", "compose", "down"),
    ("docker", "compose", "up", "guard-codex"),
    ("docker", "compose", "up", "-d", "nats"),
    ("docker", "inspect", "guard-codex"),
    ("docker", "inspect", "--format", "{{.Id}}", "guard-codex"),
    ("docker", "inspect", "--format", "{{.State.Running}}", "postgres"),
    ("docker", "compose", "restart", "guard-codex; rm -rf /"),
]


@pytest.mark.parametrize("argv", REFUSED, ids=" ".join)
async def test_every_other_command_is_refused_with_a_reason(reader: Any, argv: tuple[str, ...]) -> None:
    code, out, err = await reader.run(*argv)

    assert (code, out) == (1, "")
    assert len(err.strip()) > 20
    assert _effects(reader) == []


async def test_a_bad_tag_and_a_missing_file_fail(reader: Any) -> None:
    up = ("docker", "compose", "up", "-d", "guard-codex")
    bad_tag = await reader.run(*up, CODEX_IMAGE_TAG="1.5 0")
    Path(reader.systems.environment["CODEX_ENV_FILE"]).unlink()
    no_file = await reader.run("systemctl", "restart", "codex")

    assert bad_tag[0] == no_file[0] == 1
    assert "invalid reference format" in bad_tag[2]
    assert "codex.env cannot be read" in no_file[2]
    assert (await reader.run("systemctl", "is-active", "codex"))[0] == 3


async def test_a_stranger_without_the_token_is_turned_away(reader: Any, tmp_path: Path) -> None:
    caller = tmp_path / "bin" / ".caller.py"
    token = caller.read_text("utf-8").split("X-Token: ")[1].split("\\r")[0]
    caller.write_text(caller.read_text("utf-8").replace(token, "guessed"), "utf-8")
    code, _, err = await reader.run("systemctl", "restart", "codex")

    assert code == 1
    assert "403" in err
    assert _effects(reader) == []


async def test_a_command_is_quick(reader: Any) -> None:
    times: list[float] = []
    for _ in range(9):
        began = time.perf_counter()
        assert (await reader.run("systemctl", "is-active", "codex"))[0] == 0
        times.append(time.perf_counter() - began)

    # The best of nine: the machine may be busy, the script is not.
    assert min(times) < 0.06
