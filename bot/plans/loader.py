"""The loader: a plan's file to its classes, or all of its faults with line and column."""

import json
from pathlib import Path
from typing import Final

from bot.domain import lint
from bot.domain.plan import Plan
from bot.plans import adapters, expressions, files, messages, tree
from bot.plans.faults import Fault, FaultList, Place, PlanError

__all__ = ["Fault", "PlanError", "load", "load_text"]

# Several times the longest plan; a plan is read in the process that acts, so no file may keep it long.
SIZE_CAP: Final = 256 * 1024


def load(path: Path, root: Path) -> Plan:
    """Read one file; faults name it relative to `root`. Raises PlanError, or OSError when it cannot be opened."""
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    with path.open("rb") as file:
        raw = file.read(SIZE_CAP + 1)
    if len(raw) > SIZE_CAP:
        faults = FaultList(name, "")
        faults.add(Place(1, 1), f"the file is larger than {SIZE_CAP} bytes")
        raise faults.error()
    try:
        return _read(raw.decode("utf-8"), name, root)
    except UnicodeDecodeError as bad:
        before = raw[: bad.start].decode("utf-8")
        faults = FaultList(name, raw.decode("utf-8", errors="replace"))
        faults.add(tree.place_of(before, len(before)), f"the byte 0x{raw[bad.start]:02X} is not UTF-8")
        raise faults.error() from bad


def load_text(text: str, name: str) -> Plan:
    """Read one plan without a look at the files that it names; PlanError holds every fault that could be found."""
    return _read(text, name, None)


def _read(text: str, name: str, folder: Path | None) -> Plan:
    faults = FaultList(name, text)
    if len(text) > SIZE_CAP:
        faults.add(Place(1, 1), f"the text is larger than {SIZE_CAP} characters")
        raise faults.error()
    root = tree.compose(text.removeprefix("\N{BOM}"), faults)
    if root is None:
        raise faults.error()
    return check(root, faults, folder)


def check(root: tree.Node, faults: FaultList, folder: Path | None = None) -> Plan:
    """Read the plan out of a tree; raises PlanError when `faults` holds anything in the end.

    With a folder the env files that the plan names are looked for below it.
    """
    from pydantic import ValidationError

    for empty in tree.nulls(root):
        if faults.full:
            raise faults.error()
        faults.add(empty.place, "a key without a value", "write the value, or leave the key out")
    try:
        plan = adapters.plans().validate_json(json.dumps(tree.plain(root)))
    except ValidationError as bad:
        messages.tell(bad.errors(include_url=False), root, faults)
        raise faults.error() from None
    if any(tree.nulls(root)):
        raise faults.error()
    marked = faults.places
    about_files = files.problems(plan, folder) if folder else ()
    for problem in (*lint.problems(plan), *expressions.problems(plan), *about_files):
        place = place_in(root, problem)
        if place in marked:
            continue
        faults.add(place, problem.says, problem.remedy)
        if problem.hide:
            faults.hide(place)
    if faults:
        raise faults.error()
    return plan


def place_in(node: tree.Node, problem: lint.Problem) -> Place:
    """Where a problem stands: at the value, at its key, or at the first key of the mapping that lacks it."""
    place = node.place
    for part in problem.path:
        place = _first_key(node)
        if isinstance(node, tree.Mapping):
            key, inner = node.key(str(part)), node.get(str(part))
            if key is None or inner is None:
                return place
            node, place = inner, key.place
        elif isinstance(node, tree.Sequence) and isinstance(part, int):
            node = node.items[part]
            place = node.place
    return place if problem.at_key else _first_key(node)


def _first_key(node: tree.Node) -> Place:
    return node.entries[0][0].place if isinstance(node, tree.Mapping) and node.entries else node.place
