"""Putting into the basket and taking out: the same over HTTP and over the room's socket."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from panier import catalog, markets, rooms, stock
from panier.baskets.queries import ShownBasket, get_basket
from panier.kit.cells import Cell
from panier.kit.clock import ms
from panier.kit.db import Tx
from panier.markets import Market
from panier.settings import Settings

QUANTITY_MAX = 1000
"""Units in one request; what one buyer may hold is `hold_quantity_max`."""
Quantity = Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)]


class Add(rooms.Args, kw_only=True):
    """Hold `quantity` of `variant`; the same `key` twice is one hold."""

    variant: UUID
    key: UUID
    quantity: Quantity = 1


class Drop(rooms.Args, kw_only=True):
    """Give back `quantity` of `variant`."""

    variant: UUID
    quantity: Quantity = 1


async def put(
    cell: Cell,
    settings: Settings,
    *,
    market: Market,
    buyer: UUID,
    wanted: Add,
    show: UUID | None,
) -> dict[str, Any]:
    """Hold stock for `buyer`; answers what the socket's `hold` answers.

    Raises MarketPaused, NotFound (no price here), SoldOut, NotEnough, HoldLimitReached.
    """
    markets.check_selling(market.stage)
    # From memory in all but one of thousands: what has no price here cannot be held.
    await catalog.get_unit_price(cell, market.code, wanted.variant)
    held = await stock.hold(
        cell,
        stock.Wanted(
            wanted.key,
            buyer,
            wanted.variant,
            wanted.quantity,
            market.code,
            show,
            settings.hold_seconds,
            settings.hold_quantity_max,
        ),
    )
    return {
        "variant": held.variant,
        "quantity": held.in_basket,
        "hold": held.hold,
        "expires_at": ms(held.expires_at),
        "available": held.available,
    }


async def take_out(cell: Cell, market: str, buyer: UUID, unwanted: Drop) -> dict[str, Any]:
    """Give held stock back; answers how much is left in the basket. Raises NotFound."""

    async def act(tx: Tx) -> int:
        return await stock.release(tx, buyer, unwanted.variant, unwanted.quantity, market)

    left = await cell.run(act)
    return {"variant": unwanted.variant, "quantity": left}


async def add(call: rooms.Call) -> dict[str, Any]:
    """Socket command `hold`."""
    wanted = call.read(Add)
    market = await markets.access_market_in(call.cell, call.market)
    return await put(
        call.cell,
        call.settings,
        market=market,
        buyer=call.visitor,
        wanted=wanted,
        show=call.show,
    )


async def drop(call: rooms.Call) -> dict[str, Any]:
    """Socket command `drop`."""
    return await take_out(call.cell, call.market, call.visitor, call.read(Drop))


async def show(call: rooms.Call) -> ShownBasket:
    """Socket command `basket`."""
    market = await markets.access_market_in(call.cell, call.market)
    async with call.cell.read() as tx:
        return await get_basket(tx, call.visitor, market, call.language)
