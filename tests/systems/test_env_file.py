"""The env file is read as systemd reads it, and the previous configuration publishes nothing."""

from sandbox.systems.env_file import PREVIOUS_STABLE, is_on, parse_env
from sandbox.systems.inventory import INVENTORY, included

FIVE = (
    "gitguard/platform-core,gitguard/api-gateway,gitguard/auth-service,"
    "gitguard/notification-service,gitguard/metrics-collector"
)


def test_lines_comments_quotes_and_references_are_read() -> None:
    text = '# a\n; b\n\nA=1\nexport B = two words \nC="x=y"\nD=\nE=${SECRET}\nno line\n1X=2\nA=3\n'

    assert parse_env(text) == {"A": "3", "B": "two words", "C": "x=y", "D": "", "E": "${SECRET}"}


def test_the_previous_configuration_publishes_nothing_and_names_no_feature_flag() -> None:
    found = parse_env(PREVIOUS_STABLE)

    assert found == {
        "CODEX_PUBLISH_ENABLED": "false",
        "CODEX_PUBLISH_PORTAL": "build-only",
        "DOCS_PUBLISH_ENABLED": "false",
        "LOG_LEVEL": "INFO",
    }


def test_only_true_switches_a_flag_on() -> None:
    flags = {"A": "true", "B": "True", "C": "1", "D": "yes", "E": ""}

    assert [is_on(flags, name) for name in "ABCDEF"] == [True, True, False, False, False, False]


def test_the_inventory_has_fifty_names_and_the_five_of_the_plan_are_a_tenth() -> None:
    assert len(set(INVENTORY)) == 50
    assert len(included(FIVE)) == 5
    assert included("") == included(" , ") == frozenset(INVENTORY)
    assert included("gitguard/nobody") == frozenset()
