"""Reactions: a show that is over gives back what it had of its own; sellers hear what runs low."""

from panier import events
from panier.kit.db import Tx
from panier.stock.alerts import note_low
from panier.stock.allocations import free_allocations
from panier.stock.waiting import close_lines

__all__ = ["end_allocations", "note_low"]


async def end_allocations(tx: Tx, event: events.ShowEnded | events.ShowCancelled) -> None:
    """Free what the show had of its own and did not sell; who waited in it goes home first."""
    await close_lines(tx, event.show)
    await free_allocations(tx, event.show, event.market)
