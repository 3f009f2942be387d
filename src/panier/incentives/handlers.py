"""Reactions: a show that ends closes its deal; a seller who is asked for one is written to."""

from panier import events
from panier.incentives.deals import end_deal, find_running
from panier.incentives.letters import tell_asked
from panier.kit.db import Tx

__all__ = ["close_deals", "tell_asked"]


async def close_deals(tx: Tx, event: events.ShowEnded) -> None:
    """Close what is still announced or open."""
    if await find_running(tx, event.show) is not None:
        await end_deal(tx, event.show)
