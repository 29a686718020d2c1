"""Copies: plans and resolved phases as they were, kept once under the digest of their bytes."""

import hashlib
from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import col, select

from bot.domain.plan import Plan, ResolvedPhase
from bot.plans.canonical import canonical, plan_bytes, revive, revive_plan
from storage import upserts
from storage.session import Session
from storage.statements import Statement
from storage.tables import CopyRow

_KEPT: Final = 256
_FIND: Final = Statement(lambda _: select(CopyRow.body).where(col(CopyRow.digest) == bindparam("digest")))
_KEEP: Final = upserts.if_new(CopyRow, ("digest", "body"))


def digest_of(body: bytes) -> str:
    """The digest of canonical bytes; for a resolved phase, what approvals are bound to."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def keep_plan(session: Session, plan: Plan) -> str:
    return _keep(session, plan_bytes(plan))


def keep_phase(session: Session, phase: ResolvedPhase) -> str:
    return _keep(session, canonical(phase))


def _keep(session: Session, body: bytes) -> str:
    digest = digest_of(body)
    _KEEP.run(session, digest=digest, body=body)
    return digest


def copy_of(session: Session, digest: str) -> bytes | None:
    """The bytes that are kept under this digest."""
    found = _FIND.first(session, digest=digest)
    return None if found is None else bytes(found[0])


class Copies:
    """Reads copies; what was revived once stays revived, since bytes under a digest never change.

    Used by several threads at once; each step on a dictionary is whole by itself.
    """

    def __init__(self) -> None:
        self._plans: dict[str, Plan] = {}
        self._phases: dict[str, ResolvedPhase] = {}

    def plan(self, session: Session, digest: str) -> Plan:
        found = self._plans.get(digest)
        if found is None:
            body = copy_of(session, digest)
            if body is None:
                raise KeyError(digest)
            _shorten(self._plans)
            found = self._plans[digest] = revive_plan(body)
        return found

    def phases(self, session: Session, digests: Iterable[str]) -> dict[str, ResolvedPhase]:
        """The resolved phases of these digests, as far as they are kept."""
        found = {}
        for digest in digests:
            phase = self._phases.get(digest) or self._phase(session, digest)
            if phase is not None:
                found[digest] = phase
        return found

    def _phase(self, session: Session, digest: str) -> ResolvedPhase | None:
        body = copy_of(session, digest)
        if body is None:
            return None
        _shorten(self._phases)
        found = self._phases[digest] = revive(body)
        return found


def _shorten(kept: dict[str, Plan] | dict[str, ResolvedPhase]) -> None:
    if len(kept) >= _KEPT:
        kept.clear()
