"""Troubles: what an outside party, the store or a hand can do to those who ask."""


class Unreachable(Exception):  # noqa: N818 - the field's word for it
    """An outside party could not be asked; nothing is known."""


class ActionFailed(Exception):  # noqa: N818 - the design's word for it
    """An action said no or did not finish; the text is fit to be shown and holds no secret."""


class Busy(Exception):  # noqa: N818 - what the person is told
    """The store could not be entered in time; nothing was recorded."""


class Uncertain(Busy):
    """The connection broke while the store was committing, and it cannot be asked now: it may be recorded or not.

    Whoever answers a person says so; catch it before Busy, whose words would be untrue.
    """


class LostLease(Exception):  # noqa: N818 - what happened
    """Another process holds the lease now; nothing was written."""


class Repeated(Exception):  # noqa: N818 - what it is
    """This delivery was served before, by this process or another; nothing was written now."""


class Unresolvable(Exception):  # noqa: N818 - what it is
    """A phase cannot be resolved here: a missing file or variable, named with its remedy."""
