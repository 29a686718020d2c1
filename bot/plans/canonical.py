"""Canonical form: a plan or a resolved phase as RFC 8785 bytes, exactly reversible, and its digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

import rfc8785

from bot.domain.plan import Plan, ResolvedPhase
from bot.domain.quantities import Quantity, Span
from bot.plans import adapters

_SECOND: Final = 1_000_000
_Form = bool | int | str | None | list["_Form"] | dict[str, "_Form"]


def canonical(resolved: ResolvedPhase) -> bytes:
    """The bytes that the digest covers; `revive` is the exact inverse."""
    return _bytes(resolved)


def revive(raw: bytes) -> ResolvedPhase:
    """Read the bytes of `canonical`; pydantic's ValidationError (a ValueError) when they are not such bytes."""
    return adapters.resolved_phases().validate_json(raw)


def digest(resolved: ResolvedPhase) -> str:
    """What an approval is given for: `sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(canonical(resolved)).hexdigest()}"


def plan_bytes(plan: Plan) -> bytes:
    """The whole plan; `revive_plan` is the exact inverse."""
    return _bytes(plan)


def revive_plan(raw: bytes) -> Plan:
    return adapters.plans().validate_json(raw)


def _bytes(value: object) -> bytes:
    return rfc8785.dumps(form(value))


def form(value: object) -> _Form:
    """Plain JSON values; numbers with units and spans are strings, so that no reader rounds them."""
    if isinstance(value, Quantity):
        return f"{value.number:f}{value.unit}"
    if isinstance(value, timedelta):
        return span_text(value)
    if value is None or isinstance(value, bool | int | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        return {str(key): form(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [form(each) for each in value]
    if is_dataclass(value):
        return {field.name: form(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def span_text(span: timedelta) -> str:
    """A span that `Span.parse` reads back to the microsecond."""
    shown = str(Span.of(span))
    if Span.parse(shown) == span:
        return shown
    microseconds = span // timedelta(microseconds=1)
    return f"{Decimal(microseconds) / _SECOND:f}s"
