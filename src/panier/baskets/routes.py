"""JSON: the basket of this browser."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from panier import people, web
from panier.baskets.actions import (
    QUANTITY_MAX,
    Add,
    Drop,
    enter_voucher,
    put,
    take_out,
    take_voucher_out,
)
from panier.baskets.queries import ShownBasket, get_basket
from panier.incentives import Who
from panier.people import Reader
from panier.runtime import Runtime

PRESSES = "120/minute"
"""Changes of one client's basket over HTTP."""
CODES = "20/minute"
"""Codes that one client may try: nobody guesses a voucher."""
CODE_MAX = 60
"""Characters of a code as it is typed, blanks included."""

router = APIRouter(prefix="/{m}/api/basket")


class Press(BaseModel):
    """What a buyer wants to hold; the same key twice is one hold."""

    model_config = ConfigDict(extra="forbid")

    variant: UUID
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX, strict=True)] = 1
    show: UUID | None = None
    key: UUID


class Code(BaseModel):
    """A voucher's code, however it is written."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=CODE_MAX)]


def _who(reader: Reader) -> Who:
    return Who(reader.visitor, reader.person.id if reader.person else None)


def _json(basket: ShownBasket) -> Response:
    return Response(msgspec.json.encode(basket), media_type="application/json")


@router.get("")
async def show_basket(reader: people.ReaderHere) -> Response:
    """Return the basket, priced now."""
    async with reader.cell.read() as tx:
        basket = await get_basket(tx, _who(reader), reader.market, reader.language)
    return _json(basket)


@router.post("", dependencies=[Depends(web.limit("basket", PRESSES))])
async def add_to_basket(
    request: Request, reader: people.ReaderHere, press: Press
) -> dict[str, Any]:
    """Hold stock for a few minutes."""
    runtime: Runtime = request.app.state.runtime
    wanted = Add(variant=press.variant, key=press.key, quantity=press.quantity)
    return await put(
        reader.cell,
        runtime.settings,
        market=reader.market,
        buyer=reader.visitor,
        wanted=wanted,
        show=press.show,
    )


@router.post("/voucher", dependencies=[Depends(web.limit("voucher", CODES))])
async def enter_code(reader: people.ReaderHere, given: Code) -> Response:
    """Put a voucher's code into the basket; answers the basket."""
    basket = await enter_voucher(
        reader.cell, reader.market, _who(reader), given.code, reader.language
    )
    return _json(basket)


@router.delete("/voucher/{code}", dependencies=[Depends(web.limit("basket", PRESSES))])
async def take_code_out(
    reader: people.ReaderHere, code: Annotated[str, Path(max_length=CODE_MAX)]
) -> Response:
    """Take a voucher's code out of the basket; answers the basket."""
    basket = await take_voucher_out(reader.cell, reader.market, _who(reader), code, reader.language)
    return _json(basket)


@router.delete("/{variant}", dependencies=[Depends(web.limit("basket", PRESSES))])
async def take_from_basket(
    reader: people.ReaderHere,
    variant: UUID,
    quantity: Annotated[int, Query(ge=1, le=QUANTITY_MAX)] = 1,
) -> dict[str, Any]:
    """Give held stock back."""
    unwanted = Drop(variant=variant, quantity=quantity)
    return await take_out(reader.cell, reader.market.code, reader.visitor, unwanted)
