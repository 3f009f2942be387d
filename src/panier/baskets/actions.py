"""Putting into the basket and taking out: the same over HTTP and over the room's socket."""

from collections import defaultdict
from typing import Annotated, Any
from uuid import UUID

import msgspec

from panier import catalog, incentives, markets, rooms, shows, stock, taxes
from panier.baskets.companies import Claim
from panier.baskets.destinations import To
from panier.baskets.queries import (
    OpenParcels,
    ShownBasket,
    Visit,
    get_basket,
    price_basket,
    show_lines,
)
from panier.incentives import Who
from panier.kit.cells import Cell
from panier.kit.clock import ms, now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, PanierError
from panier.markets import Market
from panier.people import Address
from panier.settings import Settings
from panier.taxes import VAT_ID_MAX

QUANTITY_MAX = 1000
"""Units in one request; what one buyer may hold is `hold_quantity_max`."""
Quantity = Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)]

Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$")]
Text = Annotated[str, msgspec.Meta(max_length=200)]


class Add(rooms.Args, kw_only=True):
    """Hold `quantity` of `variant`; the same `key` twice is one hold."""

    variant: UUID
    key: UUID
    quantity: Quantity = 1


class Place(rooms.Args, kw_only=True):
    """An address as far as it is known."""

    line1: Text
    postcode: Text
    city: Text
    line2: Text = ""


class Going(rooms.Args, kw_only=True):
    """Where a basket shall go; nothing said is the market's own country."""

    country: Country | None = None
    address: Place | None = None
    """In that country; with it, parcels on their way to another address do not count."""
    vat_id: Annotated[str, msgspec.Meta(max_length=VAT_ID_MAX)] | None = None
    """Of the company that buys; it has been looked up before."""

    def to(self, settings: Settings) -> To:
        """Return it as what prices a basket; raises VatIdWrong."""
        address = claim = None
        if self.country is not None and self.address is not None:
            given = msgspec.structs.asdict(self.address)
            address = Address(**given, country=self.country)
        if self.vat_id:
            vat_id = taxes.read_vat_id(self.vat_id, self.country or "")
            claim = Claim(vat_id, settings.vat_check_days)
        return To(self.country, address, claim)


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
    person: UUID | None = None,
) -> dict[str, Any]:
    """Hold stock for `buyer`; answers what the socket's `hold` answers.

    In a show where who pays first gets it, nothing is set aside. Raises MarketPaused, NotFound (no
    price here), SoldOut, NotEnough, HoldLimitReached.
    """
    await _check_offered(cell, market.code, wanted.variant)
    aside = show is None or not await shows.is_first_paid(cell, show)
    who = Who(buyer, person)
    held = await stock.hold(cell, _press(settings, market.code, who, wanted, show, aside=aside))
    return _answer(held)


async def _check_offered(cell: Cell, market: str, variant: UUID) -> None:
    """Refuse what is not for sale here now; from memory in all but one of thousands."""
    markets.check_selling((await markets.access_market_in(cell, market)).stage)
    await catalog.get_unit_price(cell, market, variant)


def _press(
    settings: Settings, market: str, who: Who, wanted: Add, show: UUID | None, *, aside: bool
) -> stock.Wanted:
    return stock.Wanted(
        wanted.key,
        who.visitor,
        wanted.variant,
        wanted.quantity,
        market,
        show,
        settings.hold_seconds if aside else stock.WANTED_SECONDS,
        settings.hold_quantity_max,
        aside,
        who.person,
    )


def _answer(held: stock.Held) -> dict[str, Any]:
    return {
        "variant": held.variant,
        "quantity": held.in_basket,
        "hold": held.hold,
        "expires_at": ms(held.expires_at),
        "available": held.available,
        "aside": held.aside,
    }


async def take_out(cell: Cell, market: str, buyer: UUID, unwanted: Drop) -> dict[str, Any]:
    """Give held stock back; answers how much is left in the basket. Raises NotFound."""

    async def act(tx: Tx) -> int:
        return await stock.release(tx, buyer, unwanted.variant, unwanted.quantity, market)

    left = await cell.run(act)
    return {"variant": unwanted.variant, "quantity": left}


async def enter_voucher(cell: Cell, visit: Visit, code: str) -> ShownBasket:
    """Put a voucher's code into the basket; one that reduces nothing there is not kept.

    Raises VoucherUnknown and whatever else says why it cannot be used.
    """

    async def act(tx: Tx) -> ShownBasket:
        voucher = await incentives.enter(tx, visit.who, visit.market.code, code)
        moment = now()
        priced = await price_basket(tx, visit, moment)
        problem = priced.reduction.reduced.problems.get(voucher.id)
        if problem is not None:
            raise problem
        return show_lines(priced.reduction, visit.market.currency, moment, priced.sent)

    return await cell.run(act)


async def take_voucher_out(cell: Cell, visit: Visit, code: str) -> ShownBasket:
    """Take a voucher's code out of the basket; one that is not there is no error."""

    async def act(tx: Tx) -> ShownBasket:
        await incentives.take_out(tx, visit.who.visitor, visit.market.code, code)
        return await get_basket(tx, visit)

    return await cell.run(act)


async def add_all(calls: list[rooms.Call]) -> list[dict[str, Any] | PanierError]:
    """Socket command `hold`, for all who press at the same moment; answers in their order."""
    answers: list[dict[str, Any] | PanierError] = [{}] * len(calls)
    refusals: dict[tuple[Cell, str, int], PanierError | None] = {}
    rules: dict[int, bool] = {}
    presses: defaultdict[Cell, list[tuple[int, stock.Wanted]]] = defaultdict(list)
    for n, call in enumerate(calls):
        try:
            wanted = call.read(Add)
        except BadInput as error:
            answers[n] = error
            continue
        offer = (call.cell, call.market, wanted.variant.int)
        if offer not in refusals:
            refusals[offer] = await _find_refusal(call.cell, call.market, wanted.variant)
        refusal = refusals[offer]
        if refusal is not None:
            answers[n] = refusal
        else:
            show = call.show
            aside = rules.get(show.int)
            if aside is None:
                aside = rules[show.int] = not await shows.is_first_paid(call.cell, show)
            who = Who(call.visitor, call.person)
            press = _press(call.settings, call.market, who, wanted, show, aside=aside)
            presses[call.cell].append((n, press))
    for cell, asked in presses.items():
        found = await stock.hold_all(cell, [press for _, press in asked])
        for (n, _), held in zip(asked, found, strict=True):
            answers[n] = held if isinstance(held, PanierError) else _answer(held)
    return answers


async def _find_refusal(cell: Cell, market: str, variant: UUID) -> PanierError | None:
    try:
        await _check_offered(cell, market, variant)
    except PanierError as error:
        return error
    return None


async def drop(call: rooms.Call) -> dict[str, Any]:
    """Socket command `drop`."""
    return await take_out(call.cell, call.market, call.visitor, call.read(Drop))


async def show(call: rooms.Call, open_parcels: OpenParcels) -> ShownBasket:
    """Socket command `basket`, asked for a destination."""
    going = call.read(Going)
    market = await markets.access_market_in(call.cell, call.market)
    who = Who(call.visitor, call.person)
    visit = Visit(who, market, call.language, going.to(call.settings), open_parcels)
    async with call.cell.read() as tx:
        return await get_basket(tx, visit)
