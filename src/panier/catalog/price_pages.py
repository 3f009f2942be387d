"""Pages of prices: what a seller's variants cost now and cost before, and a new price."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from panier import people, web
from panier.catalog.actions import set_price
from panier.catalog.history import (
    PRIOR,
    Priced,
    Spell,
    list_history,
    list_priced,
    lowest_prior_prices,
)
from panier.catalog.price_chart import DAYS, HEIGHT, TOP, draw_prices
from panier.catalog.rules import FalseReduction, NothingToReduce
from panier.kit.amount import read_amount, write_amount
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Forbidden, NotFound
from panier.kit.i18n import current_language
from panier.kit.money import Money
from panier.people import Reader

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

TEAM = ("market", "admin")
"""Who sets prices of every seller of a market."""
HEAD = ("sku", "valid_from", "valid_until", "currency", "price_minor", "was_minor", "kind")

Amount = Annotated[str, Field(max_length=20)]


class NewPrice(BaseModel):
    """The form for a new price, as it was filled in."""

    price: Amount = ""
    was: Amount = ""


@router.get("/seller/prices")
async def show_prices(request: Request, reader: people.ReaderHere) -> Response:
    """List what the reader's variants cost now, and the lowest price of 30 days."""
    sellers, moment = _sellers(reader), now()
    async with reader.cell.read() as tx:
        priced = await list_priced(tx, reader.market.code, sellers, moment)
        asked = [one.variant for one in priced]
        lowest = await lowest_prior_prices(tx, reader.market.code, asked, moment)
    return web.render(request, "catalog/prices.html", priced=priced, lowest=lowest)


@router.get("/seller/prices/{variant}")
async def show_price(
    request: Request, reader: people.ReaderHere, variant: UUID, said: Literal["set", ""] = ""
) -> Response:
    """Show what one variant cost over time, and a form for another price."""
    return await _page(request, reader, variant, NewPrice(), {}, said=said)


@router.post("/seller/prices/{variant}")
async def change_price(
    request: Request,
    reader: people.ReaderHere,
    variant: UUID,
    given: Annotated[NewPrice, Form()],
) -> Response:
    """Let a variant cost something else from now on."""
    currency = reader.market.currency

    async def act(tx: Tx) -> None:
        await _access(tx, reader, variant, now())
        price = read_amount(given.price, currency, "price")
        was = read_amount(given.was, currency, "was") if given.was.strip() else None
        await set_price(tx, variant, reader.market.code, price, was=was)

    try:
        await reader.cell.run(act)
    except (BadInput, FalseReduction, NothingToReduce) as error:
        name, text = web.field_error(error, "was")
        return await _page(request, reader, variant, given, {name: text}, status=error.status)
    return RedirectResponse(f"{reader.market.path}seller/prices/{variant}?said=set", 303)


@router.get("/seller/prices/{variant}/history.csv")
async def send_history(reader: people.ReaderHere, variant: UUID) -> Response:
    """Send what one variant cost over time as a file."""
    async with reader.cell.read() as tx:
        found = await _access(tx, reader, variant, now())
        history = await list_history(tx, reader.market.code, variant)
    name = f"prices-{reader.market.code}-{now():%Y-%m-%d}.csv"
    return web.send_sheet(name, HEAD, [_row(found, spell) for spell in history])


def _row(found: Priced, spell: Spell) -> Sequence[str | int | None]:
    return (
        found.sku,
        _utc(spell.valid_from),
        _utc(spell.valid_until) if spell.valid_until else None,
        spell.currency,
        spell.minor,
        spell.was_minor,
        "deal" if spell.passing else "price",
    )


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _sellers(reader: Reader) -> list[UUID] | None:
    """Return whose prices the reader sees; None: everybody's. Raises SignInNeeded, Forbidden."""
    people.require(reader, "seller", *TEAM)
    if not reader.roles.isdisjoint(TEAM):
        return None
    if not reader.sellers:
        raise Forbidden
    return sorted(reader.sellers)


async def _access(tx: Tx, reader: Reader, variant: UUID, moment: datetime) -> Priced:
    """Return a variant of the reader's; raises NotFound, also for one of somebody else."""
    sellers = _sellers(reader)
    found = await list_priced(tx, reader.market.code, sellers, moment, variant)
    if not found:
        raise NotFound
    return found[0]


async def _page(
    request: Request,
    reader: Reader,
    variant: UUID,
    form: NewPrice,
    errors: dict[str, str],
    *,
    said: str = "",
    status: int = 200,
) -> Response:
    moment = now()
    market = reader.market.code
    async with reader.cell.read() as tx:
        found = await _access(tx, reader, variant, moment)
        history = await list_history(tx, market, variant)
        lowest = (await lowest_prior_prices(tx, market, [variant], moment)).get(variant)
    return web.render(
        request,
        "catalog/price.html",
        status,
        found=found,
        history=history,
        lowest=lowest,
        lowest_written=write_amount(lowest) if lowest else "",
        marked=_mark(history, lowest, moment),
        charts=draw_prices(history, moment),
        chart_days=DAYS,
        chart_top=TOP,
        chart_height=HEIGHT,
        cash=Money,
        day=partial(_write_day, ZoneInfo(reader.market.time_zone)),
        moment=moment,
        form=form,
        errors=errors,
        said=said,
    )


def _write_day(zone: ZoneInfo, moment: datetime) -> str:
    return str(format_skeleton("MMMd", moment.astimezone(zone), zone, locale=current_language()))


def _mark(history: Sequence[Spell], lowest: Money | None, moment: datetime) -> Spell | None:
    """Return the latest price that makes the 30 days' low."""
    since = moment - PRIOR
    for spell in history:
        recent = spell.valid_until is None or spell.valid_until > since
        if recent and spell.valid_from < moment and spell.price == lowest:
            return spell
    return None
