"""The rules: what a plan says, what a verdict means, which moves are open.

Everything here is pure and synchronous: no I/O, no clock, no library beyond the
standard one. Moments are aware UTC datetimes handed in by the caller.
"""
