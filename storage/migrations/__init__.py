"""Migrations: how a database comes from one shape of the tables to the next; never the ledger in a batch."""
