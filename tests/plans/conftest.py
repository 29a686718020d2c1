"""What the tests of the plans share: the shipped plan, and an environment in which it can be resolved."""

from pathlib import Path

import pytest

from bot.domain.plan import Plan
from bot.plans.loader import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def gitguard() -> Plan:
    return load(ROOT / "plans" / "gitguard.yml", ROOT)


@pytest.fixture
def environ() -> dict[str, str]:
    return {
        "CODEX_URL": "http://127.0.0.1:8000",
        "CODEX_ENV_FILE": "/srv/codex/codex.env",
        "CODEX_GRAPH_URL": "http://127.0.0.1:8002",
        "CODEX_DOCS_URL": "http://127.0.0.1:8003",
        "PROMETHEUS_URL": "http://127.0.0.1:9090",
        "CODEX_NATS_URL": "nats://127.0.0.1:4222",
    }
