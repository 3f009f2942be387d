"""Reactions: what a provider says of a refund or a dispute is booked, and the buyer is told."""

from panier import events, payments
from panier.kit.db import Tx
from panier.parcels.disputes import book_lost, book_opened, book_won
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
    "book_dispute",
    "book_refund",
    "close_dispute",
    "fill_in_by_dispute",
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


async def book_dispute(tx: Tx, event: events.DisputeOpened) -> None:
    """Book what a buyer's bank holds."""
    await book_opened(tx, *await payments.find_case(tx, event.payment, event.dispute))


async def close_dispute(tx: Tx, event: events.DisputeClosed) -> None:
    """Book whose the money is, and take a lost one back from all who had a part of it."""
    book = book_won if event.won else book_lost
    await book(tx, *await payments.find_case(tx, event.payment, event.dispute))


async def fill_in_by_dispute(tx: Tx, event: events.RefundFailed) -> None:
    """Let what a lost dispute gave to the buyer take the place of the refund that failed."""
    for dispute in await payments.list_disputes(tx, event.payment):
        if dispute.state == "lost":
            await book_lost(tx, *await payments.find_case(tx, event.payment, dispute.id))
