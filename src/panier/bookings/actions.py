"""Writes: a service and its slots in the catalogue, their places in the stock, both at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from panier import catalog, shows, stock
from panier.bookings.rules import check_places
from panier.catalog import Terms
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import NotFound

NAMESAKES_MAX = 100
"""Services of the same title in a market."""


async def make_service(tx: Tx, seller: UUID, terms: Terms, first_language: str) -> UUID:
    """Make a service, named in addresses after its title.

    Raises NotFound, catalog.SlugTaken (a hundred namesakes), CurrencyRefused, BadInput.
    """
    title = terms.title.get(first_language) or next(iter(terms.title.values()), "")
    slug = shows.make_slug(title)
    for number in range(1, NAMESAKES_MAX):
        name = slug if number == 1 else f"{slug}-{number}"
        try:
            return await catalog.create_service(tx, seller=seller, slug=name, terms=terms)
        except catalog.SlugTaken:
            continue
    raise catalog.SlugTaken(slug=slug)


async def change_terms(tx: Tx, product: UUID, terms: Terms) -> None:
    """Change a service for all its slots to come; who has booked keeps what was promised."""
    await stock.close_at(tx, await catalog.set_terms(tx, product, terms))


async def open_slots(
    tx: Tx,
    product: UUID,
    times: Sequence[tuple[datetime, datetime]],
    *,
    place: str,
    places: int,
    who: UUID | None,
) -> list[UUID]:
    """Add slots with `places` places each, all or none; returns them.

    Raises NotFound, catalog.NotAService, SlotTaken, TooManySlots, BadInput.
    """
    check_places(places)
    closings = await catalog.add_slots(tx, product, times, place)
    market = (await catalog.get_service(tx, product)).market
    await stock.close_at(tx, closings)
    moves = [stock.Movement(variant, places, stock.Reason.RESTOCK) for variant in closings]
    await stock.change_stock(tx, market, moves, who)
    for variant in closings:
        # A class with three places left runs as it should: nobody need bring more.
        await stock.set_alert(tx, variant, 0)
    return list(closings)


async def set_capacity(tx: Tx, variant: UUID, places: int, who: UUID | None) -> None:
    """Let a slot have so many places, those booked and in baskets included.

    Raises NotFound, stock.Closed, stock.NotEnough (more are taken), BadInput.
    """
    check_places(places)
    slot = await catalog.find_slot(tx, variant)
    if slot is None:
        raise NotFound
    if slot.cancelled_at is not None or slot.starts_at <= now():
        raise stock.Closed
    counts = (await stock.lock_counts(tx, [variant]))[variant]
    delta = places - counts.whole
    if delta:
        market = (await catalog.get_service(tx, slot.product)).market
        await stock.correct(tx, variant, delta, market, who=who)


async def call_off(tx: Tx, variant: UUID, note: str, who: UUID | None) -> bool:
    """Call a slot off, booked or not; false when it was, or has begun. Raises NotFound.

    From this transaction on nobody can hold or pay for it; a timer refunds and tells who booked.
    """
    if not await catalog.cancel_slot(tx, variant, note):
        return False
    await stock.close_at(tx, {variant: now()})
    slot = await catalog.find_slot(tx, variant)
    if slot is None:
        raise NotFound
    market = (await catalog.get_service(tx, slot.product)).market
    await stock.set_stock(tx, variant, 0, market, who=who)
    return True
