"""Explaining: a code that the bot said, in a terminal."""

from bot.domain.codes import CODES, nearest


def explained(code: str) -> tuple[str, bool]:
    """What to print, and whether the code is known; without a code, all of them."""
    if not code:
        return "\n".join(f"{name:18} {each.meaning}" for name, each in CODES.items()), True
    found = CODES.get(code.strip().lower())
    if found is None:
        close = nearest(code)
        hint = f"Did you mean {', '.join(close)}?" if close else "`rollout explain` lists them."
        return f"There is no code '{code}'. {hint}", False
    return f"{code.strip().lower()}: {found.meaning}\n{found.remedy}", True
