"""Reactions: what a provider says of a refund is booked, and the buyer is told of each step."""

from panier import events
from panier.kit.db import Tx
from panier.parcels.letters import (
    tell_cancelled,
    tell_directions,
    tell_received,
    tell_refunded,
    tell_return,
    tell_shipped,
)
from panier.parcels.refunds import fail, finish, is_ours

__all__ = [
    "book_refund",
    "note_failure",
    "tell_cancelled",
    "tell_directions",
    "tell_received",
    "tell_refunded",
    "tell_return",
    "tell_shipped",
]


async def book_refund(tx: Tx, event: events.RefundDone) -> None:
    """Book a refund that the buyer has; those of other folders are theirs."""
    if await is_ours(tx, event.refund):
        await finish(tx, event.refund)


async def note_failure(tx: Tx, event: events.RefundFailed) -> None:
    """Note a refund that did not arrive, so that it can be asked again."""
    if await is_ours(tx, event.refund):
        await fail(tx, event.refund, event.reason, undone=event.undone)
