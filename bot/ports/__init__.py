"""Ports: what the rules need from the world, as small roles that adapters and harmless twins play.

Here live protocols, the values that they hand over, and the troubles that they may raise; no behaviour.
Every other room imports from this package itself, so that a role may move between its files.
"""

from bot.ports.archives import Archive, Archived, Record, Sample, Told
from bot.ports.orders import Order, Orders, OrderState
from bot.ports.outside import Actions, Clock, Directory, Happening, PlanShelf, Probes, Sheet
from bot.ports.pulse import Beat, Pulse
from bot.ports.rollouts import Chained, Change, Decide, Kept, Ledger, RolloutStore, Snapshot, TimerStore
from bot.ports.slackward import DELIVERY, Buttons, Deliveries, Delivery, Meaning, Outbox, Queued, Subscriptions
from bot.ports.troubles import ActionFailed, Busy, LostLease, Repeated, Uncertain, Unreachable, Unresolvable

__all__ = [
    "DELIVERY",
    "ActionFailed",
    "Actions",
    "Archive",
    "Archived",
    "Beat",
    "Busy",
    "Buttons",
    "Chained",
    "Change",
    "Clock",
    "Decide",
    "Deliveries",
    "Delivery",
    "Directory",
    "Happening",
    "Kept",
    "Ledger",
    "LostLease",
    "Meaning",
    "Order",
    "OrderState",
    "Orders",
    "Outbox",
    "PlanShelf",
    "Probes",
    "Pulse",
    "Queued",
    "Record",
    "Repeated",
    "RolloutStore",
    "Sample",
    "Sheet",
    "Snapshot",
    "Subscriptions",
    "TimerStore",
    "Told",
    "Uncertain",
    "Unreachable",
    "Unresolvable",
]
