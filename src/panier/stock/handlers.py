"""Reactions: a show that is over gives back what was set aside for it, and nobody waits there."""

from panier import events
from panier.kit.db import Tx
from panier.stock.allocations import free_allocations
from panier.stock.waiting import close_lines


async def end_allocations(tx: Tx, event: events.ShowEnded | events.ShowCancelled) -> None:
    """Free what the show had of its own and did not sell; who waited in it goes home first."""
    await close_lines(tx, event.show)
    await free_allocations(tx, event.show, event.market)
