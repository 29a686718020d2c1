"""Alembic's environment: runs the revisions on the connection, and in the transaction, that it is given."""

from alembic import context
from sqlmodel import SQLModel

import storage.tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    # Batches copy a table and lose its triggers: the ledger is out of their reach.
    include_object=lambda _what, name, kind, *_: (
        not (kind == "table" and name == storage.tables.LedgerRow.__tablename__)
    ),
)
context.run_migrations()
