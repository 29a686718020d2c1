"""The first shape: rollouts with what belongs to them, the guarded ledger, timers, outbox, buttons, lease."""

import sqlalchemy as sa
from alembic import op

from storage.moments import Moment
from storage.triggers import statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _copies_and_rollouts()
    _ledger()
    _of_rollouts()
    _samples()
    _timers()
    _outbox()
    _buttons_and_lease()


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down; restore a copy of the database instead")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _long_text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, Moment(), nullable=nullable)


def _rollout() -> sa.Column[str]:
    return sa.Column("rollout", sa.String(), sa.ForeignKey("rollouts.name"), nullable=False)


def _copies_and_rollouts() -> None:
    op.create_table("copies", _text("digest"), _bytes("body"), sa.PrimaryKeyConstraint("digest"))
    op.create_table(
        "rollouts",
        _text("name"),
        _text("plan"),
        _number("number"),
        _number("version"),
        _bytes("state"),
        _text("channel"),
        sa.Column("plan_digest", sa.String(), sa.ForeignKey("copies.digest"), nullable=False),
        _moment("opened_at"),
        _moment("closed_at", nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("plan", "number"),
    )
    live = sa.text("closed_at IS NULL")
    op.create_index(
        "one_live_rollout_of_a_plan", "rollouts", ["plan"], unique=True, sqlite_where=live, postgresql_where=live
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        _text("stream"),
        _number("sequence"),
        _text("previous"),
        _text("hash"),
        _moment("at"),
        _text("actor"),
        _text("kind"),
        _text("phase"),
        _bytes("payload"),
        sa.PrimaryKeyConstraint("stream", "sequence"),
    )
    connection = op.get_bind()
    for statement in statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


def _of_rollouts() -> None:
    op.create_table(
        "standings",
        _rollout(),
        _text("phase"),
        _number("attempt"),
        _text("gate"),
        _bytes("body"),
        sa.PrimaryKeyConstraint("rollout", "phase", "attempt", "gate"),
    )
    op.create_table(
        "soaks",
        _rollout(),
        _text("phase"),
        _number("attempt"),
        _bytes("body"),
        sa.PrimaryKeyConstraint("rollout", "phase", "attempt"),
    )
    op.create_table(
        "intents",
        _text("id"),
        _rollout(),
        _number("position"),
        _text("stage"),
        _bytes("body"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_intents_rollout", "intents", ["rollout"])


def _samples() -> None:
    op.create_table(
        "samples",
        _number("id"),
        _rollout(),
        _text("phase"),
        _number("attempt"),
        _text("gate"),
        _moment("at"),
        _text("outcome"),
        _long_text("value"),
        _number("samples", nullable=True),
        _long_text("source"),
        _long_text("trouble"),
        _long_text("says"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("samples_of_a_gate", "samples", ["rollout", "phase", "attempt", "gate", "at"])


def _timers() -> None:
    op.create_table(
        "timers",
        _text("key"),
        _text("kind"),
        _moment("due_at"),
        sa.Column("real", sa.Boolean(), nullable=False),
        _text("rollout"),
        _text("phase"),
        _number("attempt"),
        _text("subject"),
        _number("claimed_by", nullable=True),
        _moment("claimed_until", nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_timers_rollout", "timers", ["rollout"])
    op.create_index("timers_due", "timers", ["real", "due_at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        _number("id"),
        _text("key"),
        _text("rollout"),
        _text("topic"),
        _number("position"),
        _text("state"),
        _number("revision"),
        _text("ts"),
        _number("tries"),
        _long_text("why"),
        _bytes("body"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("outbox_on_its_way", "outbox", ["state", "position"])
    op.create_index("outbox_topics", "outbox", ["rollout", "topic"])


def _buttons_and_lease() -> None:
    meaning = ("rollout", "move", "phase", "attempt", "digest", "subject")
    op.create_table(
        "buttons",
        _text("id"),
        *(_number(name) if name == "attempt" else _text(name) for name in meaning),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(*meaning),
    )
    op.create_table(
        "lease",
        _number("id"),
        _text("holder"),
        _number("fence"),
        _moment("expires_at"),
        sa.Column("guarded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
