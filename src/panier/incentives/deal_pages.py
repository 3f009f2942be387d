"""The seller's page of deals: what hosts may do, what they ask for, and what deals were made."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from panier import catalog, people, shows, web
from panier.catalog import Product
from panier.incentives import agreed, asking
from panier.incentives.deal_rules import Bounds, RequestDecided
from panier.incentives.deals import Made, list_made
from panier.kit.amount import read_amount
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Forbidden, NotFound
from panier.kit.i18n import N_, _
from panier.kit.percent import read_percent, write_percent
from panier.kit.sheet import write_sheet
from panier.people import Reader

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SEES = ("market", "finance", "admin")
"""Who sees every seller's; only a seller's own staff agrees to anything."""
SAID = {
    "agreed": N_("Agreed: the host can start this deal now."),
    "refused": N_("Refused: the host sees it in the studio."),
    "set": N_("Hosts can go this far from now on."),
    "ended": N_("Ended: hosts have to ask now. A deal that runs keeps its price."),
    "late": N_("This was answered, taken back or too old in the meantime; nothing has changed."),
}
STATES = {
    "asked": N_("Waits for you"),
    "agreed": N_("Agreed"),
    "refused": N_("Refused"),
    "expired": N_("Not answered in time"),
}
BADGES = {"asked": "badge-warn", "agreed": "badge-good", "refused": "badge", "expired": "badge"}
BASES = {
    "agreement": N_("As agreed before"),
    "request": N_("Asked for"),
    "own": N_("By your own staff"),
}
HEAD = (
    "show", "product", "opens_at", "closes_at", "sku", "currency", "price_minor", "units",
    "units_taken", "basis",
)  # fmt: skip

Word = Annotated[str, Field(max_length=60)]


class Filled(BaseModel):
    """The form for what hosts may do, as it was filled in."""

    seller: Word = ""
    product: Word = ""
    percent: Word = ""
    floor: Word = ""
    units: Word = ""
    first_day: Word = ""
    last_day: Word = ""


@router.get("/seller/deals")
async def show_deals(
    request: Request,
    reader: people.ReaderHere,
    said: Literal["agreed", "refused", "set", "ended", "late", ""] = "",
) -> Response:
    """Show how far hosts may go with the reader's prices, and what they ask for."""
    return await _page(request, reader, Filled(), {}, said=said)


@router.post("/seller/deals")
async def set_bounds(
    request: Request, reader: people.ReaderHere, given: Annotated[Filled, Form()]
) -> Response:
    """Let hosts go so far from now on: only a seller's own staff can."""
    person = people.require(reader, "seller")

    async def act(tx: Tx) -> None:
        seller, product = _read_whose(reader, given)
        bounds = _read_bounds(reader, given)
        await agreed.agree_to_deals(tx, seller, bounds, person.id, product)

    try:
        await reader.cell.run(act)
    except BadInput as error:
        name, text = web.field_error(error, "percent")
        return await _page(request, reader, given, {name: text}, status=error.status)
    return RedirectResponse(f"{reader.market.path}seller/deals?said=set", 303)


@router.post("/seller/deals/{agreement}/end")
async def end_bounds(reader: people.ReaderHere, agreement: UUID) -> Response:
    """Let hosts do nothing more without asking."""
    people.require(reader, "seller")

    async def act(tx: Tx) -> None:
        found = await agreed.get_agreement(tx, agreement)
        _check_mine(reader, found.seller_id, found.market)
        await agreed.end_agreement(tx, agreement)

    await reader.cell.run(act)
    return RedirectResponse(f"{reader.market.path}seller/deals?said=ended", 303)


@router.post("/seller/deals/requests/{asked}")
async def answer_request(
    reader: people.ReaderHere, asked: UUID, answer: Annotated[Literal["agree", "refuse"], Form()]
) -> Response:
    """Agree to what a host asks, or refuse it."""
    person = people.require(reader, "seller")

    async def act(tx: Tx) -> None:
        found = await asking.get_request(tx, asked)
        _check_mine(reader, found.seller_id, found.market)
        await asking.decide(tx, asked, person.id, agree=answer == "agree")

    try:
        await reader.cell.run(act)
    except RequestDecided:
        said = "late"
    else:
        said = "agreed" if answer == "agree" else "refused"
    return RedirectResponse(f"{reader.market.path}seller/deals?said={said}", 303)


@router.get("/seller/deals.csv")
async def send_deals(reader: people.ReaderHere) -> Response:
    """Send the deals that were made, a line for each variant."""
    whose, market = _whose(reader), reader.market.code
    async with reader.cell.read() as tx:
        made = await list_made(tx, market, whose)
        products = await catalog.find_products(tx, [d.product_id for d in made], reader.language)
        titles = await _titles(tx, [d.show_id for d in made])
    lines = [line for deal in made for line in _lines(deal, products, titles)]
    return Response(
        write_sheet(HEAD, lines),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="deals-{market}-{now():%Y-%m-%d}.csv"'
        },
    )


def _lines(
    deal: Made, products: dict[UUID, Product], titles: dict[UUID, str]
) -> list[list[str | int | None]]:
    product = products[deal.product_id]
    return [
        [
            titles.get(deal.show_id, ""), product.title, f"{deal.opens_at:%Y-%m-%dT%H:%M:%SZ}",
            f"{deal.closes_at:%Y-%m-%dT%H:%M:%SZ}", variant.sku, deal.currency,
            price.minor, deal.units, deal.taken, deal.basis,
        ]
        for variant in product.variants
        if (price := deal.price(variant.id)) is not None
    ]  # fmt: skip


def _whose(reader: Reader) -> list[UUID] | None:
    """Return whose deals the reader sees; None: all. Raises SignInNeeded, Forbidden."""
    people.require(reader, "seller", *SEES)
    if not reader.roles.isdisjoint(SEES):
        return None
    if not reader.sellers:
        raise Forbidden
    return sorted(reader.sellers)


def _check_mine(reader: Reader, seller: UUID, market: str) -> None:
    """Refuse what is another seller's, as if it were not there; raises NotFound."""
    if seller not in reader.sellers or market != reader.market.code:
        raise NotFound


def _read_whose(reader: Reader, given: Filled) -> tuple[UUID, UUID | None]:
    seller = _read_id(given.seller, "seller")
    if seller not in reader.sellers:
        raise BadInput(field="seller", reason=_("choose one of your sellers"))
    return seller, _read_id(given.product, "product") if given.product else None


def _read_id(text: str, name: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput(field=name, reason=_("choose one of the list")) from None


def _read_bounds(reader: Reader, given: Filled) -> Bounds:
    currency = reader.market.currency
    units = given.units.strip()
    if not (units.isascii() and units.isdecimal() and len(units) < 9):
        raise BadInput(field="units", reason=_("a whole number; 0 for none"))
    first, last = _read_day(given.first_day, "first_day"), _read_day(given.last_day, "last_day")
    zone = ZoneInfo(reader.market.time_zone)
    return Bounds(
        currency=currency,
        basis_points=read_percent(given.percent, "percent") if given.percent.strip() else None,
        floor_minor=read_amount(given.floor, currency, "floor").minor
        if given.floor.strip()
        else None,
        units=int(units),
        valid_from=datetime.combine(first, time(), zone) if first else now(),
        valid_until=datetime.combine(last + timedelta(days=1), time(), zone) if last else None,
    )


def _read_day(text: str, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput(field=name, reason=_("please choose a day")) from None


async def _titles(tx: Tx, wanted: Sequence[UUID]) -> dict[UUID, str]:
    return {show.id: show.title for show in await shows.list_shows_by_id(tx, wanted)}


async def _page(
    request: Request,
    reader: Reader,
    form: Filled,
    errors: dict[str, str],
    *,
    said: str = "",
    status: int = 200,
) -> Response:
    market, whose = reader.market.code, _whose(reader)
    async with reader.cell.read() as tx:
        agreements = await agreed.list_agreements(tx, market, whose)
        requests = await asking.list_requests(tx, market, whose)
        made = await list_made(tx, market, whose)
        mine = await catalog.list_sellers(tx, sorted(reader.sellers))
        choices = await catalog.list_products_of(tx, reader.sellers, reader.language)
        named = [agreement.product_id for agreement in agreements if agreement.product_id]
        named += [asked.product_id for asked in requests] + [deal.product_id for deal in made]
        products = await catalog.find_products(tx, named, reader.language)
        titles = await _titles(tx, [*(r.show_id for r in requests), *(d.show_id for d in made)])
        sellers = await catalog.list_sellers(tx, {agreement.seller_id for agreement in agreements})
        hosts = await people.get_people(tx, {x.asked_by for x in requests})
    return web.render(
        request,
        "incentives/deals.html",
        status,
        form=form,
        errors=errors,
        said=SAID.get(said),
        agreements=agreements,
        requests=requests,
        made=made,
        mine=mine,
        choices=choices,
        products=products,
        titles=titles,
        names={seller.id: seller.name for seller in sellers},
        hosts={key: person.name for key, person in hosts.items()},
        of=reader.sellers,
        today=reader.market.day(now()).isoformat(),
        percent=write_percent,
        one_day=timedelta(days=1),
        states=STATES,
        badges=BADGES,
        bases=BASES,
        minutes=asking.ANSWER_MINUTES,
    )
