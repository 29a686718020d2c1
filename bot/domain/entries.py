"""Ledger entries: what happened, in the past tense, with its actor and its facts."""

from dataclasses import dataclass, field
from enum import StrEnum

Fact = str | int | float | bool | None


class Happened(StrEnum):
    """Every kind of entry a rollout's ledger can hold."""

    ROLLOUT_OPENED = "RolloutOpened"
    ROLLOUT_CLOSED = "RolloutClosed"
    PHASE_PROPOSED = "PhaseProposed"
    PROPOSAL_CHANGED = "ProposalChanged"
    APPROVAL_GIVEN = "ApprovalGiven"
    APPROVAL_WITHDRAWN = "ApprovalWithdrawn"
    APPROVAL_EXPIRED = "ApprovalExpired"
    APPROVAL_LAPSED = "ApprovalLapsed"
    APPROVAL_REMINDED = "ApprovalReminded"
    REMINDER_SKIPPED = "ReminderSkipped"
    REMINDER_SNOOZED = "ReminderSnoozed"
    PHASE_DENIED = "PhaseDenied"
    PHASE_STARTED = "PhaseStarted"
    PHASE_ABORTED = "PhaseAborted"
    STEP_CLAIMED = "StepClaimed"
    STEP_DONE = "StepDone"
    STEP_FAILED = "StepFailed"
    STEP_ATTESTED = "StepAttested"
    PHASE_APPLIED = "PhaseApplied"
    PHASE_HELD = "PhaseHeld"
    PHASE_RESUMED = "PhaseResumed"
    STEP_RETRIED = "StepRetried"
    VERDICT_CHANGED = "VerdictChanged"
    GATES_READ = "GatesRead"
    GATE_ATTESTED = "GateAttested"
    GATE_WAIVED = "GateWaived"
    PHASE_READY = "PhaseReady"
    PHASE_UNREADY = "PhaseUnready"
    PHASE_PROMOTED = "PhasePromoted"
    COUNTDOWN_BEGAN = "CountdownBegan"
    COUNTDOWN_STOPPED = "CountdownStopped"
    COUNTDOWN_SNOOZED = "CountdownSnoozed"
    ROLLBACK_BEGAN = "RollbackBegan"
    PHASE_ROLLED_BACK = "PhaseRolledBack"
    TASK_DONE = "TaskDone"
    BOT_RESTARTED = "BotRestarted"
    EVIDENCE_SEALED = "EvidenceSealed"


@dataclass(frozen=True)
class Entry:
    """One line of the ledger before it is chained. Facts are plain values and hold no secret."""

    kind: Happened
    actor: str
    phase: str = ""
    facts: dict[str, Fact] = field(default_factory=dict)
