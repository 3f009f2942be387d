"""Reactions: a show that is over gives back what was set aside for it."""

from panier import events
from panier.kit.db import Tx
from panier.stock.allocations import free_allocations


async def end_allocations(tx: Tx, event: events.ShowEnded | events.ShowCancelled) -> None:
    """Free what the show had of its own and did not sell."""
    await free_allocations(tx, event.show, event.market)
