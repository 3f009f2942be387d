"""JSON: the basket of this browser."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from panier import people, web
from panier.baskets.actions import (
    QUANTITY_MAX,
    Add,
    Drop,
    Going,
    enter_voucher,
    put,
    take_out,
    take_voucher_out,
)
from panier.baskets.destinations import To
from panier.baskets.queries import OpenParcels, ShownBasket, Visit, get_basket
from panier.incentives import Who
from panier.people import Reader
from panier.runtime import Runtime

PRESSES = "120/minute"
"""Changes of one client's basket over HTTP."""
CODES = "20/minute"
"""Codes that one client may try: nobody guesses a voucher."""
CODE_MAX = 60
"""Characters of a code as it is typed, blanks included."""
Country = Annotated[str | None, Query(pattern=r"^[A-Z]{2}$")]

router = APIRouter(prefix="/{m}/api/basket")


class Press(Add, kw_only=True):
    """What a buyer wants to hold; the same key twice is one hold."""

    show: UUID | None = None


class Code(BaseModel):
    """A voucher's code, however it is written."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=CODE_MAX)]


def _visit(request: Request, reader: Reader, to: To) -> Visit:
    parcels: OpenParcels = request.app.state.open_parcels
    who = Who(reader.visitor, reader.person.id if reader.person else None)
    return Visit(who, reader.market, reader.language, to, parcels)


@router.get("")
async def show_basket(
    request: Request, reader: people.ReaderHere, country: Country = None
) -> Response:
    """Return the basket, priced now, for a country (default: the market's)."""
    return web.write_json(await _priced(request, reader, To(country)))


@router.post("/priced", openapi_extra=web.describe(Going))
async def price_for_address(request: Request) -> Response:
    """Return the basket, priced now, for an address that shall not stand in a log."""
    reader = await people.read_reader(request, request.path_params["m"])
    # Each browser by itself: many share an address, and all of them look at their baskets.
    web.check_rate(request, "priced", PRESSES, of=str(reader.visitor))
    going = await web.read_body(request, Going)
    return web.write_json(
        await _priced(request, reader, going.to(request.app.state.runtime.settings))
    )


async def _priced(request: Request, reader: Reader, to: To) -> ShownBasket:
    async with reader.cell.read() as tx:
        return await get_basket(tx, _visit(request, reader, to))


@router.post("", openapi_extra=web.describe(Press))
async def add_to_basket(request: Request) -> Response:
    """Hold stock for a few minutes."""
    web.check_rate(request, "basket", PRESSES)
    reader = await people.read_reader(request, request.path_params["m"])
    press = await web.read_body(request, Press)
    runtime: Runtime = request.app.state.runtime
    held = await put(
        reader.cell,
        runtime.settings,
        market=reader.market,
        buyer=reader.visitor,
        wanted=press,
        show=press.show,
        person=reader.person.id if reader.person else None,
    )
    return web.write_json(held)


@router.post("/voucher", dependencies=[Depends(web.limit("voucher", CODES))])
async def enter_code(
    request: Request, reader: people.ReaderHere, given: Code, country: Country = None
) -> Response:
    """Put a voucher's code into the basket; answers the basket."""
    visit = _visit(request, reader, To(country))
    basket = await enter_voucher(reader.cell, visit, given.code)
    return web.write_json(basket)


@router.delete("/voucher/{code}", dependencies=[Depends(web.limit("basket", PRESSES))])
async def take_code_out(
    request: Request,
    reader: people.ReaderHere,
    code: Annotated[str, Path(max_length=CODE_MAX)],
    country: Country = None,
) -> Response:
    """Take a voucher's code out of the basket; answers the basket."""
    visit = _visit(request, reader, To(country))
    basket = await take_voucher_out(reader.cell, visit, code)
    return web.write_json(basket)


@router.delete("/{variant}", dependencies=[Depends(web.limit("basket", PRESSES))])
async def take_from_basket(
    reader: people.ReaderHere,
    variant: UUID,
    quantity: Annotated[int, Query(ge=1, le=QUANTITY_MAX)] = 1,
) -> dict[str, Any]:
    """Give held stock back."""
    unwanted = Drop(variant=variant, quantity=quantity)
    return await take_out(reader.cell, reader.market.code, reader.visitor, unwanted)
