"""JSON: paying for the basket, how a checkout stands, what is known of a signed-in buyer."""

from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from panier import payments, people, taxes, web
from panier.kit.errors import NotFound
from panier.orders.checkout import check_out, refresh
from panier.orders.companies import Typed, look_up
from panier.orders.queries import find_checkout
from panier.orders.wish import Buyer, Wish, make_placement, refusal_of, tell
from panier.runtime import Runtime
from panier.settings import Settings

TRIES = "30/minute"
"""Payments that one client may begin."""
IDS = "20/minute"
"""VAT ids that one client may have looked up."""
LOOKS = "240/minute"
"""How often one client may ask how its payment stands."""

router = APIRouter(prefix="/{m}/api/checkout")


@router.post("", openapi_extra=web.describe(Wish))
async def begin(request: Request) -> Response:
    """Pay for the basket: paid, an action the bank asks for, pending, or an error.

    402 card_declined keeps the basket; a further try needs a new key.
    """
    web.check_rate(request, "checkout", TRIES)
    reader = await people.read_reader(request, request.path_params["m"])
    wanted = await web.read_body(request, Wish)
    runtime: Runtime = request.app.state.runtime
    person = reader.person.id if reader.person else None
    buyer = Buyer(reader.cell, reader.market, reader.visitor, person, reader.language)
    placement = await make_placement(wanted, buyer, runtime.settings, runtime.signer)
    placed, settled = await check_out(reader.cell, runtime.settings, placement)
    refusal = refusal_of(settled)
    if refusal is not None:
        raise refusal
    return web.write_json(tell(settled, placed.page_url))


@router.post("/company", openapi_extra=web.describe(Typed))
async def check_company(request: Request) -> Response:
    """Say whether the EU's register knows a VAT id: valid, invalid, pending or unchecked."""
    web.check_rate(request, "company", IDS)
    reader = await people.read_reader(request, request.path_params["m"])
    typed = await web.read_body(request, Typed)
    settings: Settings = request.app.state.runtime.settings
    return web.write_json(await look_up(reader.cell, settings, typed, reader.language))


@router.get("/saved")
async def show_saved(request: Request, reader: people.ReaderHere) -> dict[str, Any]:
    """Return what the signed-in buyer let us keep: address, and what to show of the card."""
    settings: Settings = request.app.state.runtime.settings
    if reader.person is None:
        return {"address": None, "card": None, "company": None}
    async with reader.cell.read() as tx:
        address = await people.get_saved_address(tx, reader.person.id)
        card = await payments.find_card(tx, reader.person.id, settings.payments)
        company = await taxes.find_company(tx, reader.person.id)
    return {
        "address": msgspec.to_builtins(address),
        "card": {"brand": card.brand, "last4": card.last4} if card else None,
        "company": msgspec.to_builtins(company),
    }


@router.delete("/saved/card", status_code=204)
async def forget_saved_card(reader: people.ReaderHere) -> Response:
    """Forget the card that the signed-in buyer let us keep; its provider forgets it soon after."""
    person = people.require(reader)
    async with reader.cell.tx() as tx:
        await payments.forget_card(tx, person.id)
    return Response(status_code=204)


@router.get("/{checkout}", dependencies=[Depends(web.limit("checkout_look", LOOKS))])
async def show(request: Request, reader: people.ReaderHere, checkout: UUID) -> dict[str, Any]:
    """Say how a checkout of this browser stands; a refusal is told as `error`, not raised."""
    runtime: Runtime = request.app.state.runtime
    async with reader.cell.read() as tx:
        found = await find_checkout(tx, checkout)
    if found is None or found.buyer != reader.visitor or found.market != reader.market.code:
        raise NotFound
    settled = await refresh(reader.cell, runtime.settings, checkout)
    refusal = refusal_of(settled)
    told = tell(settled, found.page_url)
    return told | refusal.body() if refusal else told
