"""Meanings: what each key of a plan says, in one line; `Class.key` where the same word means something else.

A comment beside a field of bot.domain comes first; tests see that no key is left without a meaning and that
none stands here for a key that no longer exists.
"""

import ast
import inspect
import re
from functools import cache
from typing import Final

MEANINGS: Final[dict[str, str]] = {
    "above": "The alarm rings over this.",
    "after": "The earlier phase that has to be passed first.",
    "alarm": "A second limit; between it and the bound the verdict is inconclusive.",
    "all": "`true`: every repository. An empty list is refused.",
    "approvals": "Who must agree before the phase may start.",
    "argv": "The executable and its arguments, one item each. No shell, no interpretation.",
    "ask": "The question that the person answers.",
    "assumed": "Why this was chosen although the document does not name it.",
    "at_least": "The reading is this or more.",
    "at_most": "The reading is this or less.",
    "audience": "Name, unique in the plan.",
    "audiences": "Who is told.",
    "below": "The alarm rings under this.",
    "between": "The reading lies between these two, both included.",
    "body": "Fields that are sent as JSON.",
    "by": "The guild whose member attests.",
    "cannot_bring_back": "What stays lost or stays done; shown before the rung is started.",
    "carries": "The subject by which the stream is found.",
    "channel": "`#name` or the id of a channel.",
    "contains": "The text holds this.",
    "dashboard": "Name, unique in the plan.",
    "dashboards": "Views that people keep open.",
    "due": "Waits for a span after another phase's proved deploy.",
    "Due.after": "The phase whose proved deploy starts the span.",
    "Task.due": "How long after the phase's start the work is due.",
    "env": "An env file of the repository; the phase's own when left out.",
    "Phase.env": "The env file that this phase declares.",
    "CommandProbe.env": "Variables that the command gets, with their values.",
    "CommandStep.env": "Variables that the command gets, with their values.",
    "DeployStep.env": "Variables that the command gets, with their values.",
    "env_file_env": "The variable that holds the path of the env file on the target.",
    "equals": "The reading is exactly this.",
    "every": "How often the gate is read.",
    "expires": "How long an approval stands.",
    "gate": "Name, unique in the phase.",
    "gates": "The criteria of the phase.",
    "get": "The path that is asked, beginning with `/`.",
    "guilds": "The owner groups by name.",
    "header": "The header that is the reading, for `reads: header`.",
    "instructions": "What the person does.",
    "key": "The env key that lists the repositories.",
    "key_header": "The header that carries the idempotency key.",
    "kind": "Which variant this is.",
    "lacks": "The text does not hold this.",
    "mail_env": "The variable that holds the mailing list.",
    "members": "User ids; beside or instead of a user group.",
    "method": "The method of the request.",
    "min_samples": "With fewer samples the verdict is inconclusive; needs a `samples` query.",
    "objective": "What the phase is for.",
    "on_fail": "What a failing watch gate does: roll back, hold the phase, or tell the channel.",
    "one_of": "The reading is one of these.",
    "only": "The repositories, one each.",
    "EnvProbe.only": "The keys that are compared; all when left out.",
    "over": "The reading is more than this.",
    "owner": "The guild that does it.",
    "path": "JMESPath into the JSON answer.",
    "HttpStep.path": "The path of the request, beginning with `/`.",
    "patience": "How many readings in a row may be errors before the phase is held.",
    "phase": "Name, unique in the plan.",
    "phases": "The stages in their order.",
    "Week.phases": "The phases of this week.",
    "plan": "Name, unique among the plans.",
    "probe": "What reads the answer.",
    "proof": "Checks that prove the step's effect.",
    "query": "PromQL that gives one number.",
    "quorum": "How many yeses each guild must give.",
    "reads": "Which part of the answer is the reading.",
    "repos": "Which repositories the phase touches.",
    "restart": "How the service is restarted: an argument vector.",
    "restart_timeout": "How long a restart may take.",
    "rollback": "The names of the rungs, in order.",
    "rungs": "The rungs of the way back by name.",
    "run_by": "The guild that runs the rollout.",
    "samples": "PromQL that counts the samples behind the reading.",
    "schedule": "The weeks of the rollout.",
    "secrets": "Variables of the bot's own environment that are handed on and never shown.",
    "sets": "Single keys of the env file with their new values; the rest of the file stays.",
    "share": "The share of all repositories that the document names.",
    "soak": "How long the phase stays healthy before it may be promoted.",
    "Soak.at_least": "The healthy time that is needed; only time covered by fresh passes counts.",
    "Soak.at_most": "After this long without success the phase holds.",
    "source": "The sentences of the document that this stands for, one on each line.",
    "status_page": "`true`: told on the status page.",
    "steps": "The actions, in order.",
    "system": "The name of a system.",
    "systems": "The connections by name.",
    "task": "Name, unique in the phase.",
    "tasks": "Work of people, with owner and date.",
    "timeout": "How long it may take.",
    "timezone": "The IANA zone in which times are shown.",
    "title": "What people read.",
    "under": "The reading is less than this.",
    "until": "What will measure or do this later: until then a person attests.",
    "url_env": "The variable that holds the address.",
    "usergroup": "The handle of a Slack user group.",
    "valid_for": "How long a verdict stands; never shorter than `every`.",
    "verify": "Checks that prove the rung before the next one begins.",
    "version": "The version that is deployed.",
    "version_env": "The variable in which the command gets the version.",
    "wait": "The span.",
    "waivable": "`true`: a guild's member may decide to go on without a pass.",
    "week": "The number of the week.",
    "when": "`entry`: before the first step; `exit`: before promotion; `watch`: until the rollout is closed.",
    "why": "Why these.",
}


def meaning(shape: type, key: str) -> str:
    """One line about a key; a comment beside the field comes first."""
    said = comments(shape).get(key) or MEANINGS.get(f"{shape.__name__}.{key}") or MEANINGS.get(key, "")
    said = said[:1].upper() + said[1:]
    return said if said.endswith((".", "")) and said[-1:] == "." else f"{said}."


@cache
def comments(shape: type) -> dict[str, str]:
    """The comments of a class's fields: behind the field, or on the lines above it."""
    found: dict[str, str] = {}
    for each in reversed(shape.__mro__[:-1]):
        found.update(_own_comments(each))
    return found


def _own_comments(shape: type) -> dict[str, str]:
    lines = inspect.getsource(shape).splitlines()
    body = ast.parse("\n".join(lines)).body[0]
    found: dict[str, str] = {}
    for node in body.body if isinstance(body, ast.ClassDef) else ():
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        behind = re.search(r"\s#\s(.+)$", lines[(node.end_lineno or node.lineno) - 1])
        above = _above(lines, node.lineno - 1)
        if behind or above:
            found[node.target.id] = behind[1] if behind else above
    return found


def _above(lines: list[str], index: int) -> str:
    words: list[str] = []
    while lines[index - 1].strip().startswith("# "):
        index -= 1
        words.insert(0, lines[index].strip()[2:])
    return " ".join(words)
