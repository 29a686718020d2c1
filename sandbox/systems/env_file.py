"""The org-brain's env file: how it is read, and what it holds before the first rollout."""

import re

LINE = re.compile(r"\s*(?:export\s+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=(?P<value>.*)")

# The state that a rollout finds: build-only and not publishing; the five feature flags stand nowhere.
PREVIOUS_STABLE = """\
# org-brain, previous stable configuration (1.4.0)
CODEX_PUBLISH_ENABLED=false
CODEX_PUBLISH_PORTAL=build-only
DOCS_PUBLISH_ENABLED=false
LOG_LEVEL=INFO
"""


def parse_env(text: str) -> dict[str, str]:
    """Read KEY=VALUE lines in their order; a later line wins, `${…}` stays as written.

    Comments, empty lines and lines that are no assignment are passed over, as systemd does.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.lstrip().startswith(("#", ";")):
            continue
        match = LINE.fullmatch(line)
        if match:
            found[match["key"]] = _bare(match["value"].strip())
    return found


def is_on(environment: dict[str, str], flag: str) -> bool:
    """Say whether a flag is `true`; an absent or misspelt one is off."""
    return environment.get(flag, "").lower() == "true"


def _bare(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
