"""JSON: paying for the basket, how a checkout stands, what is known of a signed-in buyer."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from panier import payments, people, web
from panier.kit.errors import NotFound
from panier.orders import wish as wishes
from panier.orders.checkout import check_out, refresh
from panier.orders.queries import find_checkout
from panier.orders.rules import Consent
from panier.orders.wish import Buyer, make_placement, refusal_of, tell
from panier.runtime import Runtime

TRIES = "30/minute"
"""Payments that one client may begin."""
LOOKS = "240/minute"
"""How often one client may ask how its payment stands."""

router = APIRouter(prefix="/{m}/api/checkout")


class Strict(BaseModel):
    """What is not declared is refused; what was sent is not repeated in errors."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SentTo(Strict):
    """Where the parcels go."""

    line1: Annotated[str, Field(max_length=200)]
    line2: Annotated[str, Field(max_length=200)] = ""
    postcode: Annotated[str, Field(max_length=40)]
    city: Annotated[str, Field(max_length=200)]
    country: Annotated[str, Field(max_length=2)]


class NewCard(Strict):
    """A card that was typed just now."""

    token: Annotated[str, Field(pattern=r"^tok_[0-9a-f]{32}$")]


class KnownCard(Strict):
    """The card that the signed-in buyer let us keep."""

    saved: Literal[True]


class Amount(Strict):
    """The total that the buyer saw."""

    minor: Annotated[int, Field(strict=True, ge=0)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Wish(Strict):
    """A buyer wants to pay for what their basket holds; the same key again is the same wish."""

    key: UUID
    show: UUID | None = None
    email: Annotated[str, Field(max_length=254)]
    name: Annotated[str, Field(max_length=200)]
    address: SentTo
    card: NewCard | KnownCard
    remember: Annotated[bool, Field(strict=True)] = False
    name_on_air: Consent = "none"
    total: Amount | None = None


@router.post("", dependencies=[Depends(web.limit("checkout", TRIES))])
async def begin(request: Request, reader: people.ReaderHere, wish: Wish) -> dict[str, Any]:
    """Pay for the basket: paid, an action the bank asks for, pending, or an error.

    402 card_declined keeps the basket; a further try needs a new key.
    """
    runtime: Runtime = request.app.state.runtime
    person = reader.person.id if reader.person else None
    buyer = Buyer(reader.cell, reader.market, reader.visitor, person, reader.language)
    wanted = msgspec.convert(wish.model_dump(exclude_none=True), wishes.Wish)
    placement = await make_placement(wanted, buyer, runtime.settings, runtime.signer)
    placed, settled = await check_out(reader.cell, runtime.settings, placement)
    refusal = refusal_of(settled)
    if refusal is not None:
        raise refusal
    return tell(settled, placed.page_url)


@router.get("/saved")
async def show_saved(reader: people.ReaderHere) -> dict[str, Any]:
    """Return what the signed-in buyer let us keep: address, and what to show of the card."""
    if reader.person is None:
        return {"address": None, "card": None}
    async with reader.cell.read() as tx:
        address = await people.get_saved_address(tx, reader.person.id)
        card = await payments.find_card(tx, reader.person.id)
    return {
        "address": msgspec.to_builtins(address),
        "card": {"brand": card.brand, "last4": card.last4} if card else None,
    }


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
