"""JSON: paying for the basket, how a checkout stands, what is known of a signed-in buyer."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from panier import markets, payments, people, web
from panier.kit.errors import NotFound, PanierError
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.orders.addresses import check_address, check_name
from panier.orders.checkout import check_out, refresh
from panier.orders.place import Placement
from panier.orders.queries import find_checkout
from panier.orders.rules import (
    ORDER_PAGE,
    Consent,
    CurrencyMismatch,
    NoSavedCard,
    name_on_air,
)
from panier.orders.settle import Settled
from panier.people import Address, Reader
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
    markets.check_selling(reader.market.stage)
    if wish.total is not None and wish.total.currency != reader.market.currency:
        raise CurrencyMismatch(currency=reader.market.currency, field="total")
    checkout = new_id()
    token = runtime.signer.sign(ORDER_PAGE, {"checkout": str(checkout)})
    path = f"{reader.market.path}order/{token}"
    name = check_name(wish.name)
    placement = Placement(
        checkout=checkout,
        key=wish.key,
        buyer=reader.visitor,
        market=reader.market,
        show=wish.show,
        person=reader.person.id if reader.person else None,
        email=people.normal_email(wish.email),
        name=name,
        name_on_air=name_on_air(name, wish.name_on_air),
        address=check_address(Address(**wish.address.model_dump()), reader.market.country),
        remember=wish.remember and reader.person is not None,
        language=reader.language,
        token=await _token(reader, wish.card),
        keep=wish.remember and reader.person is not None,
        expected=Money(wish.total.minor, wish.total.currency) if wish.total else None,
        page_url=f"{runtime.settings.public_web_url}{path}",
        hold_seconds=runtime.settings.hold_seconds,
        payment_seconds=runtime.settings.payment_seconds,
    )
    placed, settled = await check_out(reader.cell, runtime.settings, placement)
    refusal = refusal_of(settled)
    if refusal is not None:
        raise refusal
    return _tell(settled, placed.page_url)


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
    told = _tell(settled, found.page_url)
    return told | refusal.body() if refusal else told


class StockGone(PanierError):
    """The stock was gone when the payment came; your money is on its way back to you."""

    code, status = "stock_gone", 409


def refusal_of(settled: Settled) -> PanierError | None:
    """Return why nothing will be sent, or None."""
    if settled.state == "declined":
        return payments.refusal(settled.reason)
    if settled.state == "refused":
        return StockGone(checkout=str(settled.checkout))
    return None


def _tell(settled: Settled, page_url: str) -> dict[str, Any]:
    state = "pending" if settled.state == "created" else settled.state
    told = {"checkout": str(settled.checkout), "state": state}
    if state == "action":
        return told | {"action_url": settled.action_url}
    return told | {"order_url": urlsplit(page_url).path}


async def _token(reader: Reader, card: NewCard | KnownCard) -> str:
    if isinstance(card, NewCard):
        return card.token
    if reader.person is None:
        raise NoSavedCard
    async with reader.cell.read() as tx:
        saved = await payments.find_card(tx, reader.person.id)
    if saved is None:
        raise NoSavedCard
    return saved.token
