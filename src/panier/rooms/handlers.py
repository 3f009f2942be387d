"""Reactions: what happened elsewhere becomes a numbered fact of the room.

Each runs once in effect: its receipt is written in the same transaction.
"""

from typing import Any
from uuid import UUID

from panier import events, shows
from panier.kit.db import Tx
from panier.rooms.log import Entry, append_in, open_room
from panier.rooms.queries import find_seq
from panier.rooms.rules import Kind

STAGES: dict[type[events.Event], Kind] = {
    events.ShowScheduled: "scheduled",
    events.ShowRehearsing: "rehearsing",
    events.ShowWentLive: "live",
    events.ShowEnded: "ended",
    events.ShowCancelled: "ended",
}
"""What a step in a show's life is called in its room."""


async def show_stage(
    tx: Tx,
    event: events.ShowScheduled
    | events.ShowRehearsing
    | events.ShowWentLive
    | events.ShowEnded
    | events.ShowCancelled,
) -> None:
    """Open the room of a new show, or tell the room that its show is another step further."""
    if isinstance(event, events.ShowScheduled) and await find_seq(tx, event.show) is None:
        await open_room(tx, event.show, event.market)
        return
    await _append(tx, event.show, event.market, STAGES[type(event)], {})


async def show_pin(tx: Tx, event: events.ProductPinned) -> None:
    """Put the product on everybody's picture."""
    await _append(tx, event.show, event.market, "pin", {"product": str(event.product)})


async def show_unpin(tx: Tx, event: events.ProductUnpinned) -> None:
    """Take the product off everybody's picture."""
    await _append(tx, event.show, event.market, "unpin", {"product": str(event.product)})


async def show_sold_out(tx: Tx, event: events.SoldOut) -> None:
    """Tell every room that sells the variant, or the one show whose own units ran out."""
    await _append_for_variant(tx, event, "sold_out")


async def show_back_in_stock(tx: Tx, event: events.BackInStock) -> None:
    """Tell every room that sells the variant, or the one show that has units of its own."""
    await _append_for_variant(tx, event, "back_in_stock")


async def celebrate(tx: Tx, event: events.OrderPaid) -> None:
    """Tell the room what was bought, by whom only if the buyer agreed."""
    if event.show is None:
        return
    bodies = [
        {"name": event.name_on_air, "product": str(product), "quantity": quantity}
        for product, quantity in event.products
    ]
    entries = [Entry(event.show, event.market, "purchase", body) for body in bodies]

    async def tell() -> None:
        await append_in(tx, entries)

    tx.before_commit(tell)


async def show_picture(tx: Tx, event: events.StreamStarted | events.StreamLost) -> None:
    """Tell the room whether there is a picture."""
    state = "on" if isinstance(event, events.StreamStarted) else "lost"
    await _append(tx, event.show, event.market, "picture", {"state": state})


async def _append(tx: Tx, show: UUID, market: str, kind: Kind, body: dict[str, Any]) -> None:
    await append_in(tx, [Entry(show, market, kind, body)])


async def _append_for_variant(
    tx: Tx, event: events.SoldOut | events.BackInStock, kind: Kind
) -> None:
    rooms = await shows.find_live_shows_with_variant(tx, event.variant)
    concerned = [
        show
        for show in rooms
        if show not in event.apart and (event.show is None or show == event.show)
    ]
    body = {"variant": str(event.variant)}
    await append_in(tx, [Entry(show, event.market, kind, body) for show in concerned])
