"""Deliveries, kept texts, orders of the host's operator, subscriptions; direct messages in the outbox."""

import sqlalchemy as sa
from alembic import op

from storage.moments import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Columns are added in place: no batch, which would copy the table.
    for name in ("recipient", "sent_to"):
        op.add_column("outbox", sa.Column(name, sa.String(), nullable=False, server_default=""))
    # Without it the queue's end is found by reading the whole queue.
    op.create_index("outbox_places", "outbox", ["position"])
    op.create_table("deliveries", _text("key"), _moment("at"), sa.PrimaryKeyConstraint("key"))
    op.create_index("ix_deliveries_at", "deliveries", ["at"])
    op.create_table("kept", _text("name"), _long_text("text"), sa.PrimaryKeyConstraint("name"))
    _orders()
    op.create_table("subscriptions", _text("person"), _text("kind"), sa.PrimaryKeyConstraint("person", "kind"))
    op.create_index("ix_subscriptions_kind", "subscriptions", ["kind"])


def downgrade() -> None:
    raise NotImplementedError("nothing is taken down; restore a copy of the database instead")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _long_text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, Moment(), nullable=False)


def _orders() -> None:
    op.create_table(
        "orders",
        _text("id"),
        _moment("at"),
        _text("operator"),
        _text("verb"),
        _text("rollout"),
        _text("phase"),
        _long_text("reason"),
        _text("state"),
        _long_text("answer"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("orders_by_state", "orders", ["state", "at"])
