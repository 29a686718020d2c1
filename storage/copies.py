"""Copies: plans and resolved phases as they were, kept once under the digest of their bytes."""

import hashlib
from collections.abc import Iterable
from typing import Final

from sqlmodel import Session, col, select

from bot.domain.plan import Plan, ResolvedPhase
from bot.plans.canonical import canonical, plan_bytes, revive, revive_plan
from storage.tables import CopyRow

_KEPT: Final = 256


def digest_of(body: bytes) -> str:
    """The digest of canonical bytes; for a resolved phase, what approvals are bound to."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def keep_plan(session: Session, plan: Plan) -> str:
    return _keep(session, plan_bytes(plan))


def keep_phase(session: Session, phase: ResolvedPhase) -> str:
    return _keep(session, canonical(phase))


def _keep(session: Session, body: bytes) -> str:
    digest = digest_of(body)
    if session.get(CopyRow, digest) is None:
        session.add(CopyRow(digest=digest, body=body))
        session.flush()
    return digest


class Copies:
    """Reads copies; what was revived once stays revived, since bytes under a digest never change."""

    def __init__(self) -> None:
        self._plans: dict[str, Plan] = {}
        self._phases: dict[str, ResolvedPhase] = {}

    def plan(self, session: Session, digest: str) -> Plan:
        if digest not in self._plans:
            body = session.exec(select(CopyRow.body).where(CopyRow.digest == digest)).one()
            _shorten(self._plans)
            self._plans[digest] = revive_plan(body)
        return self._plans[digest]

    def phases(self, session: Session, digests: Iterable[str]) -> dict[str, ResolvedPhase]:
        """The resolved phases of these digests, as far as they are kept."""
        wanted = set(digests)
        known = {digest: self._phases[digest] for digest in wanted & self._phases.keys()}
        missing = wanted - known.keys()
        if not missing:
            return known
        rows = session.exec(select(CopyRow).where(col(CopyRow.digest).in_(missing))).all()
        revived = {row.digest: revive(row.body) for row in rows}
        _shorten(self._phases)
        self._phases |= revived
        return known | revived


def _shorten(kept: dict[str, Plan] | dict[str, ResolvedPhase]) -> None:
    if len(kept) >= _KEPT:
        kept.clear()
