"""JSON: the basket of this browser."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from panier import people, web
from panier.baskets.actions import QUANTITY_MAX, Add, Drop, put, take_out
from panier.baskets.queries import get_basket
from panier.runtime import Runtime

PRESSES = "120/minute"
"""Changes of one client's basket over HTTP."""

router = APIRouter(prefix="/{m}/api/basket")


class Press(BaseModel):
    """What a buyer wants to hold; the same key twice is one hold."""

    model_config = ConfigDict(extra="forbid")

    variant: UUID
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX, strict=True)] = 1
    show: UUID | None = None
    key: UUID


@router.get("")
async def show_basket(reader: people.ReaderHere) -> Response:
    """Return the basket, priced now."""
    async with reader.cell.read() as tx:
        basket = await get_basket(tx, reader.visitor, reader.market, reader.language)
    return Response(msgspec.json.encode(basket), media_type="application/json")


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


@router.delete("/{variant}", dependencies=[Depends(web.limit("basket", PRESSES))])
async def take_from_basket(
    reader: people.ReaderHere,
    variant: UUID,
    quantity: Annotated[int, Query(ge=1, le=QUANTITY_MAX)] = 1,
) -> dict[str, Any]:
    """Give held stock back."""
    unwanted = Drop(variant=variant, quantity=quantity)
    return await take_out(reader.cell, reader.market.code, reader.visitor, unwanted)
