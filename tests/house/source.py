"""Reading the product's source for the house rules: modules, their first sentences, the names they use."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("bot", "commands", "storage", "sandbox")


@dataclass(frozen=True)
class Module:
    """One module of the product."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(part for part in parts if part != "__init__")

    @property
    def sentence(self) -> str:
        return (ast.get_docstring(self.tree) or "").split("\n\n")[0].replace("\n", " ")

    def names(self) -> Iterator[str]:
        """Every dotted name and bare name that the code uses, docstrings and comments left out."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield ast.unparse(node)
            elif isinstance(node, ast.Name):
                yield node.id

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def modules(*rooms: str) -> tuple[Module, ...]:
    found = []
    for room in rooms or ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text()
            found.append(Module(path, text, ast.parse(text)))
    return tuple(found)
