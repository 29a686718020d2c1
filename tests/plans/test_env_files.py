"""The four env files of the rollout against a table written by hand from what the target's repository holds."""

from pathlib import Path

import pytest

from bot.plans import envfile

PHASES = ("staging", "canary", "production")
CANARY = (
    "gitguard/platform-core,gitguard/api-gateway,gitguard/auth-service,"
    "gitguard/notification-service,gitguard/metrics-collector"
)
TABLE: dict[str, tuple[str | None, str | None, str | None]] = {
    "CODEX_PUBLISH_ENABLED": ("true", "true", "true"),
    "CODEX_PUBLISH_PORTAL": ("build-only", "external", "external"),
    "CODEX_EMBEDDINGS_ENABLED": ("false", "false", "false"),
    "CODEX_OWNERS_ENABLED": ("false", "false", "false"),
    "POLICY_TRANSPARENCY_ENABLED": ("false", "true", "true"),
    "MERMAID_GRAPHS_ENABLED": ("false", "true", "true"),
    "GRAPH_API_ENABLED": ("false", "false", "false"),
    "CHAOS_ENGINEERING_ENABLED": ("false", "false", "false"),
    "SLO_MONITORING_ENABLED": ("false", "true", "true"),
    "DATABASE_URL": (
        "postgresql+psycopg://codex_staging:${CODEX_STAGING_DB_PASSWORD}@localhost:5432/codex_staging",
        "postgresql+psycopg://codex_canary:${CODEX_CANARY_DB_PASSWORD}@localhost:5432/codex_canary",
        "postgresql+psycopg://codex_production:${CODEX_PROD_DB_PASSWORD}@localhost:5432/codex_production",
    ),
    "JETSTREAM_URL": ("nats://localhost:4222",) * 3,
    "JETSTREAM_STREAM": ("codex-staging", "codex-canary", "codex-production"),
    "JETSTREAM_RETENTION_POLICY": ("limits", "limits", "limits"),
    "JETSTREAM_MAX_AGE": ("72h", "72h", "72h"),
    "JETSTREAM_MAX_MSGS": ("-1", "-1", "-1"),
    "JETSTREAM_MAX_BYTES": ("-1", "-1", "-1"),
    "LOG_LEVEL": ("INFO", "INFO", "WARN"),
    "METRICS_ENABLED": ("true", "true", "true"),
    "METRICS_PORT": ("9090", "9091", "9092"),
    "MAX_CONCURRENT_BUILDS": ("2", "5", "20"),
    "BUILD_TIMEOUT": ("300s", "600s", "900s"),
    "MAX_REPOS_PER_HOUR": (None, "50", "500"),
    "DOCS_BUILD_ENABLED": ("true", "true", "true"),
    "DOCS_PUBLISH_ENABLED": ("false", "true", "true"),
    "DOCS_PUBLISH_URL": (None, "${CODEX_DOCS_BASE_URL}", "${CODEX_DOCS_BASE_URL}"),
    "CODEX_REPO_INCLUDE_LIST": ("", CANARY, ""),
    "CODEX_REPO_EXCLUDE_LIST": ("", "", ""),
    "CODEX_DEBUG_MODE": ("true", "false", "false"),
    "CODEX_DRY_RUN": ("false", "false", "false"),
    "CODEX_CANARY_MODE": (None, "true", "false"),
    "CODEX_ROLLBACK_ENABLED": (None, "true", "true"),
    "CODEX_PERFORMANCE_TRACKING": (None, "true", "true"),
    "CODEX_ERROR_RATE_THRESHOLD": (None, "0.05", "0.01"),
    "CODEX_LATENCY_THRESHOLD_MS": (None, "5000", "3000"),
    "ALERT_WEBHOOK_URL": (None, "${CANARY_ALERT_WEBHOOK}", "${PROD_ALERT_WEBHOOK}"),
    "CODEX_HA_ENABLED": (None, None, "true"),
    "CODEX_REPLICA_COUNT": (None, None, "3"),
    "CODEX_HEALTH_CHECK_INTERVAL": (None, None, "30s"),
    "CODEX_CIRCUIT_BREAKER_ENABLED": (None, None, "true"),
    "CODEX_BACKUP_ENABLED": (None, None, "true"),
    "CODEX_BACKUP_INTERVAL": (None, None, "6h"),
    "CODEX_BACKUP_RETENTION": (None, None, "7d"),
}


def text(root: Path, phase: str) -> str:
    return (root / "config" / "rollout" / f"{phase}.env").read_text(encoding="utf-8")


@pytest.mark.parametrize("phase", PHASES)
def test_an_env_file_holds_the_table_and_nothing_else(phase: str, root: Path):
    column = PHASES.index(phase)
    wanted = {key: values[column] for key, values in TABLE.items() if values[column] is not None}
    assert envfile.parse(text(root, phase)) == wanted


def test_advanced_is_production_with_the_graph_and_chaos(root: Path):
    changes = envfile.differences(envfile.parse(text(root, "production")), envfile.parse(text(root, "advanced")))
    assert changes == [
        ("~", "GRAPH_API_ENABLED", "false", "true"),
        ("~", "CHAOS_ENGINEERING_ENABLED", "false", "true"),
        ("+", "GRAPH_API_PORT", None, "8002"),
        ("+", "GRAPH_API_CORS_ORIGINS", None, "*"),
    ]


def test_the_steady_limits_stand_in_production_as_comments_only(root: Path):
    production = text(root, "production")
    for line in ("# JETSTREAM_MAX_AGE=24h", "# JETSTREAM_MAX_MSGS=1000000", "# JETSTREAM_MAX_BYTES=10GB"):
        assert f"\n{line}\n" in production
