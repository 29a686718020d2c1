"""The tables. These classes never leave this package; the domain's own values do."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.moments import Moment


class CopyRow(SQLModel, table=True):
    """A plan or a resolved phase as it was, under the digest of its bytes."""

    __tablename__ = "copies"

    digest: str = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)


class RolloutRow(SQLModel, table=True):
    """One run of a plan. `channel` is the plan's, so that the outbox finds it without the copy."""

    __tablename__ = "rollouts"
    __table_args__ = (
        UniqueConstraint("plan", "number"),
        Index(
            "one_live_rollout_of_a_plan",
            "plan",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    name: str = Field(primary_key=True)
    plan: str
    number: int
    version: int
    state: bytes = Field(sa_type=LargeBinary)
    channel: str
    plan_digest: str = Field(foreign_key="copies.digest")
    opened_at: datetime = Field(sa_type=Moment)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)


class LedgerRow(SQLModel, table=True):
    """One record of a stream; the columns beside `payload` repeat it for people who read with SQL."""

    __tablename__ = "ledger"

    stream: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    previous: str
    hash: str
    at: datetime = Field(sa_type=Moment)
    actor: str
    kind: str
    phase: str
    payload: bytes = Field(sa_type=LargeBinary)


class StandingRow(SQLModel, table=True):
    """The latest verdict of one gate in one attempt."""

    __tablename__ = "standings"

    rollout: str = Field(primary_key=True, foreign_key="rollouts.name")
    phase: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    gate: str = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)


class SampleRow(SQLModel, table=True):
    """One reading that was taken; `value` is JSON text."""

    __tablename__ = "samples"
    __table_args__ = (Index("samples_of_a_gate", "rollout", "phase", "attempt", "gate", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    rollout: str = Field(foreign_key="rollouts.name")
    phase: str
    attempt: int
    gate: str
    at: datetime = Field(sa_type=Moment)
    outcome: str
    value: str = Field(sa_type=Text)
    samples: int | None = None
    source: str = Field(sa_type=Text)
    trouble: str = Field(sa_type=Text)
    says: str = Field(sa_type=Text)


class SoakRow(SQLModel, table=True):
    """How much soak one attempt has earned."""

    __tablename__ = "soaks"

    rollout: str = Field(primary_key=True, foreign_key="rollouts.name")
    phase: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)


class IntentRow(SQLModel, table=True):
    """One effect that was recorded before it happens; `position` is the order of recording."""

    __tablename__ = "intents"

    id: str = Field(primary_key=True)
    rollout: str = Field(foreign_key="rollouts.name", index=True)
    position: int
    stage: str
    body: bytes = Field(sa_type=LargeBinary)


class TimerRow(SQLModel, table=True):
    """One due moment; a claim holds for one fence, until a real moment."""

    __tablename__ = "timers"
    __table_args__ = (Index("timers_due", "real", "due_at"),)

    key: str = Field(primary_key=True)
    kind: str
    due_at: datetime = Field(sa_type=Moment)
    real: bool
    rollout: str = Field(index=True)
    phase: str
    attempt: int
    subject: str
    claimed_by: int | None = None
    claimed_until: datetime | None = Field(default=None, sa_type=Moment)


class OutboxRow(SQLModel, table=True):
    """One message on its way to Slack; `revision` counts how often a card was asked to be rendered again.

    `recipient` is the person of a direct message, `sent_to` the channel's id in Slack once it is there.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_on_its_way", "state", "position"),
        Index("outbox_topics", "rollout", "topic"),
        Index("outbox_places", "position"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    rollout: str
    topic: str
    position: int
    state: str
    revision: int = 1
    ts: str = ""
    tries: int = 0
    why: str = Field(default="", sa_type=Text)
    body: bytes = Field(sa_type=LargeBinary)
    recipient: str = Field(default="", sa_column_kwargs={"server_default": ""})
    sent_to: str = Field(default="", sa_column_kwargs={"server_default": ""})


class ButtonRow(SQLModel, table=True):
    """What one button means."""

    __tablename__ = "buttons"
    MEANING: ClassVar = ("rollout", "move", "phase", "attempt", "digest", "subject")
    __table_args__ = (UniqueConstraint(*MEANING),)

    id: str = Field(primary_key=True)
    rollout: str
    move: str
    phase: str
    attempt: int
    digest: str
    subject: str


class LeaseRow(SQLModel, table=True):
    """The one row that says which process acts; `guarded`: it held the operating system's lock then."""

    __tablename__ = "lease"

    id: int = Field(primary_key=True)
    holder: str
    fence: int
    expires_at: datetime = Field(sa_type=Moment)
    guarded: bool


class DeliveryRow(SQLModel, table=True):
    """One key of something that Slack delivered and that was recorded, with the real time of it."""

    __tablename__ = "deliveries"

    key: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)


class KeptRow(SQLModel, table=True):
    """A small text that outlives a process."""

    __tablename__ = "kept"

    name: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)


class OrderRow(SQLModel, table=True):
    """What the host's operator asked of the process that acts, and what became of it."""

    __tablename__ = "orders"
    __table_args__ = (Index("orders_by_state", "state", "at"),)

    id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment)
    operator: str
    verb: str
    rollout: str
    phase: str
    reason: str = Field(sa_type=Text)
    state: str
    answer: str = Field(sa_type=Text)


class SubscriptionRow(SQLModel, table=True):
    """One kind of message that a person wants."""

    __tablename__ = "subscriptions"

    person: str = Field(primary_key=True)
    kind: str = Field(primary_key=True, index=True)
