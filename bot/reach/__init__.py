"""Reach: how probes and actions get at the world, and how far: addresses, target files, argument vectors.

What stands here only restrains (a path that stays at its target, a file that is a file, a command from the
allow-list); what is read or changed through it is decided in `probes` and `actions`.
"""
