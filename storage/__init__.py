"""Memory: the only SQL of the product, its tables, its migrations and the ledger.

Here live the stores that play the ports of `bot.ports`, each in a file named after its noun, the one writer with its
readers (`database.py`), and what is particular to a database (`sqlite.py`, `postgres.py`). No rule lives here: what
may happen is decided by the function that a store is handed. Nothing here knows Slack, a probe or an action, and no
table class leaves this package.
"""
