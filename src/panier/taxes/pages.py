"""Pages: a seller's legal data, for its staff to fill in and for buyers to read."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import catalog, people, web
from panier.catalog import Seller
from panier.kit.errors import Forbidden, NotFound
from panier.kit.i18n import current_language
from panier.people import Reader
from panier.taxes.actions import set_trader
from panier.taxes.legal import LegalForm, list_countries, read_form
from panier.taxes.queries import find_trader, list_traders
from panier.taxes.rules import EXAMPLES, Trader

STAFF = ("market", "finance", "admin")
"""Who sees the legal data of all sellers of a market."""
KEEPERS = ("market", "admin")
"""Who may change it, besides the seller's own staff."""
COLUMNS = (
    "seller", "name", "line1", "line2", "postcode", "city", "country", "vat_number",
    "registration", "email",
)  # fmt: skip

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/seller/legal")
async def show_all(
    request: Request,
    reader: people.ReaderHere,
    called: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """List the reader's sellers with their legal data; whoever has one is led to it."""
    sellers, traders = await _list(reader, called)
    if len(sellers) == 1 and not _is_staff(reader):
        return RedirectResponse(f"{reader.market.path}seller/legal/{sellers[0].id}", 303)
    return web.render(
        request,
        "taxes/traders.html",
        sellers=sellers,
        traders=traders,
        called=called,
        missing=sum(seller.id not in traders for seller in sellers),
        most=catalog.SELLERS_MAX,
    )


@router.get("/seller/legal.csv")
async def send_all(
    reader: people.ReaderHere, called: Annotated[str, Query(max_length=80)] = ""
) -> Response:
    """Send the same list as a file."""
    sellers, traders = await _list(reader, called, None)
    table = [_row(seller, traders.get(seller.id)) for seller in sellers]
    return web.send_sheet(f"legal-{reader.market.code}.csv", COLUMNS, table)


@router.get("/seller/legal/{seller}")
async def show_one(
    request: Request,
    reader: people.ReaderHere,
    seller: UUID,
    said: Literal["saved", ""] = "",
) -> Response:
    """Show a seller's legal data, to be filled in."""
    found = await _access(reader, seller)
    async with reader.cell.read() as tx:
        trader = await find_trader(tx, seller)
    form = _form_of(found, trader)
    return _page(request, reader, found, form, known=trader is not None, said=said)


@router.post("/seller/legal/{seller}")
async def keep_one(
    request: Request, reader: people.ReaderHere, seller: UUID, given: Annotated[LegalForm, Form()]
) -> Response:
    """Keep a seller's legal data, or tell all that is wrong with it."""
    found = await _access(reader, seller)
    if not _may_change(reader, found):
        raise Forbidden
    person = people.require(reader)
    read = read_form(given, found.country)
    if read.errors:
        return _page(request, reader, found, given, known=True, errors=read.errors)
    await reader.cell.run(lambda tx: set_trader(tx, seller, read.trader, person.id))
    return RedirectResponse(f"{reader.market.path}seller/legal/{seller}?said=saved", 303)


@router.get("/sellers/{seller}")
async def show_trader(request: Request, reader: people.ReaderHere, seller: UUID) -> Response:
    """Show buyers with whom they make a contract (Directive 2011/83/EU, article 6)."""
    async with reader.cell.read() as tx:
        found = await catalog.get_seller(tx, seller)
        trader = await find_trader(tx, seller)
    if found.market != reader.market.code:
        raise NotFound
    return web.render(
        request,
        "taxes/trader.html",
        seller=found,
        trader=trader,
        country=web.territory_name(trader.country if trader else found.country, current_language()),
    )


def _page(
    request: Request,
    reader: Reader,
    seller: Seller,
    form: LegalForm,
    *,
    known: bool,
    said: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    return web.render(
        request,
        "taxes/legal.html",
        422 if errors else 200,
        seller=seller,
        form=form,
        known=known,
        said=said,
        errors=errors or {},
        keeps=_may_change(reader, seller),
        countries=list_countries(seller.country),
        example=EXAMPLES.get(seller.country, EXAMPLES["FR"]),
        many=_is_staff(reader) or len(reader.sellers) > 1,
    )


def _form_of(seller: Seller, trader: Trader | None) -> LegalForm:
    if trader is None:
        return LegalForm(country=seller.country)
    return LegalForm.model_validate(trader, from_attributes=True)


def _row(seller: Seller, trader: Trader | None) -> list[str]:
    if trader is None:
        return [seller.name, *[""] * 9]
    return [
        seller.name, trader.name, trader.line1, trader.line2, trader.postcode, trader.city,
        trader.country, trader.vat_number, trader.registration, trader.email,
    ]  # fmt: skip


async def _list(
    reader: Reader, called: str, limit: int | None = catalog.SELLERS_MAX
) -> tuple[list[Seller], dict[UUID, Trader]]:
    """List the reader's sellers; raises SignInNeeded or Forbidden."""
    people.require(reader, "seller", *STAFF)
    if not _is_staff(reader) and not reader.sellers:
        raise Forbidden
    async with reader.cell.read() as tx:
        if _is_staff(reader):
            market, name = reader.market.code, called.strip()
            sellers = await catalog.list_sellers_of(tx, market, name, limit)
        else:
            sellers = await catalog.list_sellers(tx, reader.sellers)
        traders = await list_traders(tx, [seller.id for seller in sellers])
    return sellers, traders


async def _access(reader: Reader, seller: UUID) -> Seller:
    """Return a seller to whoever works for it or the market; raises SignInNeeded, Forbidden."""
    people.require(reader, "seller", *STAFF)
    async with reader.cell.read() as tx:
        found = await catalog.get_seller(tx, seller)
    if found.market != reader.market.code:
        raise NotFound
    people.require_seller(reader, seller)
    return found


def _is_staff(reader: Reader) -> bool:
    return not reader.roles.isdisjoint(STAFF)


def _may_change(reader: Reader, seller: Seller) -> bool:
    return seller.id in reader.sellers or not reader.roles.isdisjoint(KEEPERS)
