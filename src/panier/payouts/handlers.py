"""Reactions: a delivery starts the clock of what an order earned, a refund turns it back."""

from panier import events, payments
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.payouts.letters import tell_payout
from panier.payouts.sending import settle
from panier.payouts.settlement import correct, expect

__all__ = ["hear_transfer", "start_clock", "take_back", "tell_payout"]


async def start_clock(tx: Tx, event: events.OrderDelivered) -> None:
    """Note when the order's money becomes its seller's and its creators'."""
    await expect(tx, event.order, event.market, event.at)


async def take_back(tx: Tx, event: events.OrderRefunded) -> None:
    """Move back what was released before the refund; what was not is smaller already."""
    await correct(tx, [event.order], now())


async def hear_transfer(tx: Tx, event: events.TransferReported) -> None:
    """Take in what the provider said of a payout under way; of others nothing is known here."""
    state = payments.TransferState(event.state)
    answer = payments.TransferAnswer(event.transfer, state, reason=event.reason)
    await settle(tx, answer, now())
