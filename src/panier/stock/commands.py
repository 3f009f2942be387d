"""Waiting and keeping longer over the room's socket; the same over HTTP is in routes."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from panier import catalog, markets, rooms
from panier.kit.cells import Cell
from panier.kit.clock import ms
from panier.kit.db import Tx
from panier.settings import Settings
from panier.stock.actions import extend
from panier.stock.queries import list_holds
from panier.stock.rules import UNITS_MAX
from panier.stock.waiting import Place, Wish, leave, list_places, wait


class Wait(rooms.Args, kw_only=True):
    """Wait for `quantity` of a variant that is sold out."""

    variant: UUID
    quantity: Annotated[int, msgspec.Meta(ge=1, le=UNITS_MAX)] = 1


class Unwait(rooms.Args, kw_only=True):
    """Wait for a variant no longer."""

    variant: UUID


class Nothing(rooms.Args, kw_only=True):
    """A command without arguments."""


async def wait_in_line(
    cell: Cell,
    settings: Settings,
    *,
    market: str,
    buyer: UUID,
    wanted: Wait,
    show: UUID | None,
    person: UUID | None,
) -> list[dict[str, Any]]:
    """Get in line; answers all the buyer's places.

    Raises MarketPaused, NotFound (no price here), StillThere, LineFull, HoldLimitReached.
    """
    markets.check_selling((await markets.access_market_in(cell, market)).stage)
    await catalog.get_unit_price(cell, market, wanted.variant)
    wish = Wish(buyer, wanted.variant, wanted.quantity, market, show, settings.offer_seconds,
                settings.hold_quantity_max, person)  # fmt: skip

    async def act(tx: Tx) -> list[Place]:
        await wait(tx, wish)
        return await list_places(tx, buyer, market)

    return places_as_json(await cell.run(act))


async def leave_line(cell: Cell, market: str, buyer: UUID, variant: UUID) -> list[dict[str, Any]]:
    """Get out of a line; answers the places that remain."""

    async def act(tx: Tx) -> list[Place]:
        await leave(tx, buyer, variant, market)
        return await list_places(tx, buyer, market)

    return places_as_json(await cell.run(act))


async def show_places(cell: Cell, market: str, buyer: UUID) -> list[dict[str, Any]]:
    """Return where the buyer waits and what is offered to them."""
    async with cell.read() as tx:
        return places_as_json(await list_places(tx, buyer, market))


async def keep_longer(
    cell: Cell, settings: Settings, market: str, buyer: UUID
) -> list[dict[str, Any]]:
    """Keep the basket longer, once; answers when each hold ends. Raises NothingToExtend."""

    async def act(tx: Tx) -> list[dict[str, Any]]:
        await extend(tx, buyer, market, settings.hold_extension_seconds)
        return [
            {
                "hold": hold.id,
                "variant": hold.variant,
                "expires_at": ms(hold.expires_at),
                "extended": hold.extended,
            }
            for hold in await list_holds(tx, buyer, market)
        ]

    return await cell.run(act)


def places_as_json(places: list[Place]) -> list[dict[str, Any]]:
    """Return places as both doors answer them; `offer_until` in milliseconds since the epoch."""
    return [
        {
            "variant": place.variant,
            "quantity": place.quantity,
            "state": place.state,
            "position": place.position,
            "offer_until": ms(place.offer_until) if place.offer_until else None,
        }
        for place in places
    ]


async def wait_by_socket(call: rooms.Call) -> list[dict[str, Any]]:
    """Socket command `wait`."""
    wanted = call.read(Wait)
    return await wait_in_line(
        call.cell,
        call.settings,
        market=call.market,
        buyer=call.visitor,
        wanted=wanted,
        show=call.show,
        person=call.person,
    )


async def unwait_by_socket(call: rooms.Call) -> list[dict[str, Any]]:
    """Socket command `unwait`."""
    return await leave_line(call.cell, call.market, call.visitor, call.read(Unwait).variant)


async def places_by_socket(call: rooms.Call) -> list[dict[str, Any]]:
    """Socket command `places`."""
    call.read(Nothing)
    return await show_places(call.cell, call.market, call.visitor)


async def extend_by_socket(call: rooms.Call) -> list[dict[str, Any]]:
    """Socket command `extend`."""
    call.read(Nothing)
    return await keep_longer(call.cell, call.settings, call.market, call.visitor)
