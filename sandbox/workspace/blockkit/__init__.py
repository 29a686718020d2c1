"""Block Kit's limits: which blocks, elements and texts Slack takes, and what it says when it does not.

Here live shapes as data and the few rules that join them. Nothing here stores, renders or sends.
"""
