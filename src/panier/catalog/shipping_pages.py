"""Pages of shipping: where a seller sends to, for how much, from when free, one parcel a show."""

from dataclasses import dataclass, field
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from panier import markets, people, web
from panier.catalog.queries import SELLERS_MAX, Seller, get_seller, list_sellers, list_sellers_of
from panier.catalog.rules import ParcelRate
from panier.catalog.shipping import (
    ShippingRate,
    drop_shipping,
    list_shipping,
    list_unpriced,
    set_one_parcel,
    set_shipping,
)
from panier.kit.amount import read_amount, write_amount
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Forbidden, NotFound
from panier.kit.i18n import N_
from panier.kit.money import Money
from panier.people import Reader

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

TEAM = ("market", "admin")
"""Who sets rates of every seller of a market."""
SAID = {
    "set": N_("The rate counts from now on."),
    "removed": N_("Nothing is sent there from now on."),
    "one": N_("What a buyer orders in one show goes in one parcel."),
    "each": N_("Each order has a parcel of its own."),
}
HEAD = ("seller", "country", "currency", "minor", "free_from_minor", "changed_by", "at")

Word = Annotated[str, Field(max_length=20)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class NewRate(BaseModel):
    """The form for a rate, as it was filled in."""

    country: Annotated[str, Field(max_length=2)] = ""
    price: Word = ""
    free_from: Word = ""


@dataclass
class Filled:
    """That form, and what is wrong with which field."""

    given: NewRate
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Listed:
    """A rate as the page shows it."""

    rate: ShippingRate
    country: str
    price: Money
    free_from: Money | None
    changed_by: str
    unpriced: list[str]
    """Kinds of the seller's goods whose VAT there nobody knows: they are not sold there."""


@router.get("/seller/shipping")
async def choose_seller(request: Request, reader: people.ReaderHere) -> Response:
    """Lead to the reader's shop, or show which there are, each with where it sends to."""
    sellers = await _sellers(reader)
    if len(sellers) == 1:
        return RedirectResponse(f"{reader.market.path}seller/shipping/{sellers[0].id}", 303)
    async with reader.cell.read() as tx:
        rates = await list_shipping(tx, [seller.id for seller in sellers])
    sent = {s.id: [rate for rate in rates if rate.seller == s.id] for s in sellers}
    home = {
        rate.seller: Money(rate.minor, reader.market.currency)
        for rate in rates
        if rate.country == reader.market.country
    }
    return web.render(request, "catalog/shippers.html", sellers=sellers, sent=sent, at_home=home)


@router.get("/seller/shipping/{seller}")
async def show_shipping(
    request: Request,
    reader: people.ReaderHere,
    seller: UUID,
    said: Literal["set", "removed", "one", "each", ""] = "",
    edit: Annotated[str, Query(max_length=2)] = "",
) -> Response:
    """Show where one seller sends to, and a form for another rate or a changed one."""
    found = await _access(reader, seller)
    async with reader.cell.read() as tx:
        rates = {rate.country: rate for rate in await list_shipping(tx, [seller])}
    form = NewRate()
    if edit in rates:
        rate, currency = rates[edit], reader.market.currency
        least = rate.free_from_minor
        form = NewRate(
            country=edit,
            price=write_amount(Money(rate.minor, currency)),
            free_from="" if least is None else write_amount(Money(least, currency)),
        )
    return await _page(request, reader, found, Filled(form), said=said)


@router.post("/seller/shipping/{seller}")
async def set_rate(
    request: Request, reader: people.ReaderHere, seller: UUID, given: Annotated[NewRate, Form()]
) -> Response:
    """Let the seller send somewhere at a rate, or change it."""
    found, person = await _access(reader, seller), people.require(reader)
    currency, free_from = reader.market.currency, None

    try:
        price = read_amount(given.price, currency, "price")
        if given.free_from.strip():
            free_from = read_amount(given.free_from, currency, "free_from").minor
        rate = ParcelRate(price.minor, free_from)
        await reader.cell.run(lambda tx: set_shipping(tx, seller, given.country, rate, person.id))
    except BadInput as error:
        name, text = web.field_error(error, "price")
        form = Filled(given, {name: text})
        return await _page(request, reader, found, form, status=error.status)
    return _back(reader, seller, "set")


@router.post("/seller/shipping/{seller}/remove")
async def remove_rate(
    reader: people.ReaderHere, seller: UUID, country: Annotated[Country, Form()]
) -> Response:
    """Let the seller send nothing to a country any more."""
    await _access(reader, seller)
    await reader.cell.run(lambda tx: drop_shipping(tx, seller, country))
    return _back(reader, seller, "removed")


@router.post("/seller/shipping/{seller}/one-parcel")
async def offer_one_parcel(
    reader: people.ReaderHere, seller: UUID, *, offered: Annotated[bool, Form()] = False
) -> Response:
    """Say whether what a buyer orders in one show goes in one parcel."""
    await _access(reader, seller)
    await reader.cell.run(lambda tx: set_one_parcel(tx, seller, offered=offered))
    return _back(reader, seller, "one" if offered else "each")


@router.get("/seller/shipping.csv")
async def send_rates(reader: people.ReaderHere) -> Response:
    """Send the rates of the reader's sellers as a file."""
    sellers = {seller.id: seller for seller in await _sellers(reader, None)}
    async with reader.cell.read() as tx:
        rates = await list_shipping(tx, sellers)
        names = await people.get_people(tx, {r.changed_by for r in rates if r.changed_by})
    table = [
        (
            sellers[rate.seller].slug, rate.country, reader.market.currency, rate.minor,
            rate.free_from_minor,
            names[rate.changed_by].name if rate.changed_by in names else None,
            f"{rate.at:%Y-%m-%dT%H:%M:%SZ}",
        )
        for rate in rates
    ]  # fmt: skip
    return web.send_sheet(f"shipping-{reader.market.code}-{now():%Y-%m-%d}.csv", HEAD, table)


async def _sellers(reader: Reader, limit: int | None = SELLERS_MAX) -> list[Seller]:
    """Return whose rates the reader sees; raises SignInNeeded, Forbidden."""
    people.require(reader, "seller", *TEAM)
    async with reader.cell.read() as tx:
        if not reader.roles.isdisjoint(TEAM):
            return await list_sellers_of(tx, reader.market.code, limit=limit)
        if not reader.sellers:
            raise Forbidden
        return await list_sellers(tx, reader.sellers)


async def _access(reader: Reader, seller: UUID) -> Seller:
    """Return a seller of the reader's; raises NotFound, also for one of somebody else."""
    people.require(reader, "seller", *TEAM)
    async with reader.cell.read() as tx:
        found = await get_seller(tx, seller)
    theirs = seller in reader.sellers or not reader.roles.isdisjoint(TEAM)
    if found.market != reader.market.code or not theirs:
        raise NotFound
    return found


def _back(reader: Reader, seller: UUID, said: str) -> Response:
    return RedirectResponse(f"{reader.market.path}seller/shipping/{seller}?said={said}", 303)


async def _page(
    request: Request,
    reader: Reader,
    seller: Seller,
    form: Filled,
    *,
    said: str = "",
    status: int = 200,
) -> Response:
    async with reader.cell.read() as tx:
        listed = await _list(tx, reader, seller)
    known = {one.rate.country for one in listed}
    area = markets.vat_area(reader.market.country)
    names = {code: web.territory_name(code, reader.language) for code in area}
    return web.render(
        request,
        "catalog/shipping.html",
        status,
        seller=seller,
        listed=listed,
        form=form.given,
        errors=form.errors,
        said=SAID.get(said),
        countries=sorted(names.items(), key=lambda pair: pair[1]),
        known=known,
        own_country=reader.market.country,
        several=len(await _sellers(reader)) > 1,
        categories=markets.CATEGORY_NAMES,
    )


async def _list(tx: Tx, reader: Reader, seller: Seller) -> list[Listed]:
    rates = await list_shipping(tx, [seller.id])
    names = await people.get_people(tx, {rate.changed_by for rate in rates if rate.changed_by})
    unpriced = await list_unpriced(
        tx, seller.id, [rate.country for rate in rates], reader.market.day(now())
    )
    currency, own = reader.market.currency, reader.market.country
    listed = [
        Listed(
            rate=rate,
            country=web.territory_name(rate.country, reader.language),
            price=Money(rate.minor, currency),
            free_from=None
            if rate.free_from_minor is None
            else Money(rate.free_from_minor, currency),
            changed_by=names[rate.changed_by].name if rate.changed_by in names else "",
            unpriced=unpriced[rate.country],
        )
        for rate in rates
    ]
    return sorted(listed, key=lambda one: (one.rate.country != own, one.country))
