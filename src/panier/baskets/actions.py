"""Putting into the basket and taking out: the same over HTTP and over the room's socket."""

from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from panier import catalog, markets, stock
from panier.baskets.queries import ShownBasket, get_basket
from panier.kit.cells import Cell
from panier.kit.clock import ms
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


class Here(Protocol):
    """Who asks, and where: a request's reader or a room's socket."""

    @property
    def cell(self) -> Cell:
        """Return the market's cell."""

    @property
    def market(self) -> Market:
        """Return the market."""

    @property
    def visitor(self) -> UUID:
        """Return the basket's owner: one browser."""


class Call(Here, Protocol):
    """A command of the room's socket."""

    @property
    def settings(self) -> Settings:
        """Return the installation's settings."""

    @property
    def show(self) -> UUID:
        """Return the show of the room."""

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


async def put(here: Here, settings: Settings, wanted: Add, show: UUID | None) -> dict[str, Any]:
    """Hold stock for the basket of whoever is here; answers what the contract of `hold` says.

    Raises MarketPaused, NotFound (no price here), SoldOut, NotEnough, HoldLimitReached.
    """
    markets.check_selling(here.market.stage)
    # From memory in all but one of thousands: what has no price here cannot be held.
    await catalog.get_unit_price(here.cell, here.market.code, wanted.variant)
    held = await stock.hold(
        here.cell,
        stock.Wanted(
            wanted.key,
            here.visitor,
            wanted.variant,
            wanted.quantity,
            here.market.code,
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


async def take_out(here: Here, unwanted: Drop) -> dict[str, Any]:
    """Give held stock back; answers how much is left in the basket."""

    async def act(tx: Any) -> int:
        return await stock.release(
            tx, here.visitor, unwanted.variant, unwanted.quantity, here.market.code
        )

    left = await here.cell.run(act)
    return {"variant": str(unwanted.variant), "quantity": left}


async def look(here: Here, language: str) -> ShownBasket:
    """Return the basket of whoever is here, priced now."""
    async with here.cell.read() as tx:
        return await get_basket(tx, here.visitor, here.market, language)


async def add(call: Call) -> dict[str, Any]:
    """Socket command `hold`."""
    return await put(call, call.settings, read_args(call.args, Add), call.show)


async def drop(call: Call) -> dict[str, Any]:
    """Socket command `drop`."""
    return await take_out(call, read_args(call.args, Drop))


async def show(call: Call) -> ShownBasket:
    """Socket command `basket`."""
    return await look(call, call.language)
