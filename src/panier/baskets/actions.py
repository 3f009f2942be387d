"""Putting into the basket and taking out: the same over HTTP and over the room's socket."""

from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from panier import catalog, markets, stock
from panier.baskets.queries import ShownBasket, get_basket
from panier.kit.cells import Cell
from panier.kit.clock import ms
from panier.kit.db import Tx
from panier.kit.errors import BadInput
from panier.markets import Market
from panier.settings import Settings

QUANTITY_MAX = 1000
"""Units in one request; what one buyer may hold is `hold_quantity_max`."""
Quantity = Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)]
Args = TypeVar("Args")


class Add(msgspec.Struct, forbid_unknown_fields=True):
    """Hold `quantity` of `variant`; the same `key` twice is one hold."""

    variant: UUID
    key: UUID
    quantity: Quantity = 1


class Drop(msgspec.Struct, forbid_unknown_fields=True):
    """Give back `quantity` of `variant`."""

    variant: UUID
    quantity: Quantity = 1


class Call(Protocol):
    """A command of the room's socket."""

    @property
    def cell(self) -> Cell:
        """Return the room's cell."""

    @property
    def settings(self) -> Settings:
        """Return the installation's settings."""

    @property
    def market(self) -> str:
        """Return the market's code."""

    @property
    def show(self) -> UUID:
        """Return the show of the room."""

    @property
    def visitor(self) -> UUID:
        """Return the basket's owner: one browser."""

    @property
    def language(self) -> str:
        """Return the language of the watch page."""

    @property
    def args(self) -> dict[str, Any]:
        """Return what the client sent, unread."""


def read_args(given: Any, kind: type[Args]) -> Args:
    """Read a command's arguments; raises BadInput that names what is wrong."""
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as wrong:
        raise BadInput(reason=str(wrong), field="args") from None


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
        "variant": str(held.variant),
        "quantity": held.in_basket,
        "hold": str(held.hold),
        "expires_at": ms(held.expires_at),
        "available": held.available,
    }


async def take_out(cell: Cell, market: str, buyer: UUID, unwanted: Drop) -> dict[str, Any]:
    """Give held stock back; answers how much is left in the basket. Raises NotFound."""

    async def act(tx: Tx) -> int:
        return await stock.release(tx, buyer, unwanted.variant, unwanted.quantity, market)

    left = await cell.run(act)
    return {"variant": str(unwanted.variant), "quantity": left}


async def add(call: Call) -> dict[str, Any]:
    """Socket command `hold`."""
    wanted = read_args(call.args, Add)
    market = await markets.access_market_in(call.cell, call.market)
    return await put(
        call.cell,
        call.settings,
        market=market,
        buyer=call.visitor,
        wanted=wanted,
        show=call.show,
    )


async def drop(call: Call) -> dict[str, Any]:
    """Socket command `drop`."""
    return await take_out(call.cell, call.market, call.visitor, read_args(call.args, Drop))


async def show(call: Call) -> ShownBasket:
    """Socket command `basket`."""
    market = await markets.access_market_in(call.cell, call.market)
    async with call.cell.read() as tx:
        return await get_basket(tx, call.visitor, market, call.language)
