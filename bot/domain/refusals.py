"""Refusals: a rule's no, as a value with its reason and its remedy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """Why a move is not possible and what to do instead; shown to the person who asked.

    `offers` names a move and a phase that would help ("preview", "staging"), drawn as a button.
    """

    code: str
    reason: str
    remedy: str = ""
    offers: tuple[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.reason} {self.remedy}".strip()
