"""Pages: VAT by quarter, country of destination and rate, for whoever declares it; and as CSV."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from panier import catalog, people, web
from panier.invoices.quarters import Quarter, last_quarters, quarter_of, read_quarter
from panier.invoices.totals import (
    Asked,
    Part,
    Total,
    find_first_quarter,
    list_quarter,
    money_of,
    sum_quarter,
)
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import Forbidden
from panier.kit.i18n import N_
from panier.kit.money import Money
from panier.kit.percent import write_percent
from panier.people import Reader

STAFF = ("market", "finance", "admin")
"""Who sees the totals of all sellers of a market."""
PARTS = {
    Part.DOMESTIC: N_("Sold at home"),
    Part.UNION: N_("Sold to consumers in other member states"),
    Part.BUSINESS: N_("Sold to companies in other member states"),
    Part.OTHER: N_("Other: sold across a border of the EU"),
}
NOTES = {
    Part.DOMESTIC: N_("Declared in the seller’s own country."),
    Part.UNION: N_("Declared through the One-Stop-Shop (OSS), by country and rate."),
    Part.BUSINESS: N_("No VAT; reported with the companies’ VAT ids, which the file has."),
    Part.OTHER: N_(
        "Seller or buyer is outside of the EU: not part of the One-Stop-Shop; ask a tax adviser how"
        " it is declared."
    ),
}
COLUMNS = (
    "quarter", "corrects", "declared_as", "seller", "country", "buyer_vat_id", "vat_basis_points",
    "documents", "currency", "taxable_minor", "vat_minor",
)  # fmt: skip

Text = Annotated[str, Query(max_length=7)]
SellerId = Annotated[UUID | Literal[""], Query()]

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/seller/vat")
async def show_totals(
    request: Request, reader: people.ReaderHere, quarter: Text = "", seller: SellerId = ""
) -> Response:
    """Show a quarter's totals; sellers see their own."""
    asked = _ask(reader, quarter, seller)
    async with reader.cell.read() as tx:
        totals = await sum_quarter(tx, asked)
        first = await find_first_quarter(tx, asked.market)
        sellers = await _list_sellers(tx, reader)
    today, currency = _today(reader), reader.market.currency
    declared = [total for total in totals if total.corrects is None]
    return web.render(
        request,
        "invoices/totals.html",
        quarter=asked.quarter,
        quarters=sorted({asked.quarter, *last_quarters(today, first or today)}, reverse=True),
        sellers=sellers,
        seller=seller,
        parts=[(part, of) for part in Part if (of := [t for t in declared if t.part == part])],
        corrections=[total for total in totals if total.corrects is not None],
        totals=totals,
        names=PARTS,
        notes=NOTES,
        amount=lambda minor: Money(minor, currency),
        sums=lambda of: money_of(of, currency),
        percent=write_percent,
        over=asked.quarter < today,
    )


@router.get("/seller/vat.csv")
async def send_totals(
    reader: people.ReaderHere, quarter: Text = "", seller: SellerId = ""
) -> Response:
    """Send a quarter as a file: a row a seller, country, rate, company and quarter corrected."""
    asked = _ask(reader, quarter, seller)
    async with reader.cell.read() as tx:
        totals = await list_quarter(tx, asked)
        found = {total.seller for total in totals if total.seller}
        names = {one.id: one.name for one in await catalog.list_sellers(tx, found)}
    table = [_row(total, asked.quarter, names, reader.market.currency) for total in totals]
    return web.send_sheet(f"vat-{asked.market}-{asked.quarter}.csv", COLUMNS, table)


def _row(
    total: Total, quarter: Quarter, names: Mapping[UUID, str], currency: str
) -> list[str | int | None]:
    seller = names.get(total.seller, str(total.seller)) if total.seller else ""
    return [
        str(quarter), total.corrects, total.part, seller, total.country, total.vat_id, total.rate,
        total.documents, currency, total.base, total.vat,
    ]  # fmt: skip


def _ask(reader: Reader, quarter: str, seller: UUID | Literal[""]) -> Asked:
    """Read what is asked for; raises SignInNeeded, Forbidden or BadInput."""
    people.require(reader, "seller", *STAFF)
    everybody = not reader.roles.isdisjoint(STAFF)
    if not everybody and not reader.sellers:
        raise Forbidden
    sellers = None if everybody else sorted(reader.sellers)
    if seller:
        people.require_seller(reader, seller)
        sellers = [seller]
    return Asked(reader.market.code, read_quarter(quarter) if quarter else _today(reader), sellers)


def _today(reader: Reader) -> Quarter:
    return quarter_of(reader.market.day(now()))


async def _list_sellers(tx: Tx, reader: Reader) -> list[catalog.Seller]:
    """List the sellers to choose from; none where there is no choice."""
    if not reader.roles.isdisjoint(STAFF):
        market = reader.market.code
        return await catalog.list_sellers_of(tx, market, limit=catalog.SELLERS_MAX)
    return await catalog.list_sellers(tx, reader.sellers) if len(reader.sellers) > 1 else []
