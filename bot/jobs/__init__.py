"""The clock's door: a due timer in, a workflow called; and the loops that keep the runner and the voice going.

APScheduler lives here and nowhere else. Jobs decide nothing: they call workflows.
"""
