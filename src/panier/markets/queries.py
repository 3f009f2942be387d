"""Reading markets and VAT rates."""

from collections.abc import Iterable
from datetime import date

from panier.kit.cells import Cell, Cells
from panier.kit.db import Tx, find, rows, value
from panier.kit.errors import NotFound
from panier.kit.fresh import Fresh
from panier.markets.market import Market
from panier.markets.rules import Stage, UnknownVatRate

FRESH_SECONDS = 5
"""How long a process may go on believing what it has read of the markets."""

MARKETS = """
select code, name, country, currency, languages, time_zone, stage from market order by code
"""


async def find_market(tx: Tx, code: str) -> Market | None:
    """Read one market as it is now, or None."""
    return await find(
        tx,
        "select code, name, country, currency, languages, time_zone, stage from market"
        " where code = %s",
        (code,),
        Market,
    )


async def get_market(tx: Tx, code: str) -> Market:
    """Read one market as it is now; raises NotFound."""
    market = await find_market(tx, code)
    if market is None:
        raise NotFound(market=code)
    return market


async def list_markets(tx: Tx) -> list[Market]:
    """Read all markets of this cell's database, by code."""
    return await rows(tx, MARKETS, None, Market)


async def access_market(cells: Cells, code: str) -> Market:
    """Return a market, at most 5 s old, without a query in most cases; raises NotFound."""
    return await access_market_in(cells.of(code), code)


async def access_market_in(cell: Cell, code: str) -> Market:
    """Return a market of `cell`, at most 5 s old, as `access_market` does; raises NotFound."""
    market = (await _markets_of(cell)).get(code)
    if market is None:
        raise NotFound(market=code)
    return market


async def list_open_markets(cells: Cells) -> list[Market]:
    """Return the markets that are listed, at most 5 s old, by code."""
    return [market for market in await _all(cells) if market.stage == Stage.OPEN]


async def _all(cells: Cells) -> Iterable[Market]:
    found = [
        market
        for cell in cells
        for market in (await _markets_of(cell)).values()
        if cells.of(market.code) is cell
    ]
    return sorted(found, key=lambda market: market.code)


async def _markets_of(cell: Cell) -> dict[str, Market]:
    return await cell.memory(_memory).get(None)


def _memory(cell: Cell) -> Fresh[None, dict[str, Market]]:
    async def read(_key: None) -> dict[str, Market]:
        async with cell.read() as tx:
            return {market.code: market for market in await list_markets(tx)}

    return Fresh(read, FRESH_SECONDS)


def forget(cell: Cell) -> None:
    """Read the markets of `cell` anew at the next question."""
    cell.memory(_memory).forget()


async def get_vat_rate(tx: Tx, country: str, category: str, on: date) -> int:
    """Return the VAT rate in basis points on a day; raises UnknownVatRate, never guesses."""
    found = await value(
        tx,
        "select basis_points from vat_rate"
        " where country = %s and category = %s and valid_from <= %s"
        " order by valid_from desc limit 1",
        (country, category, on),
    )
    if found is None:
        raise UnknownVatRate(country=country, category=category, on=on.isoformat())
    return int(found)


async def find_vat_rates(
    tx: Tx, wanted: Iterable[tuple[str, str]], on: date
) -> dict[tuple[str, str], int]:
    """Return the VAT rates that are known, in basis points by country and category, on a day."""
    asked = sorted(set(wanted))
    cursor = await tx.execute(
        "select w.country, w.category, r.basis_points"
        " from unnest(%s::text[], %s::text[]) w(country, category) cross join lateral ("
        " select basis_points from vat_rate where country = w.country and category = w.category"
        " and valid_from <= %s order by valid_from desc limit 1) r",
        ([country for country, _ in asked], [category for _, category in asked], on),
    )
    found = await cursor.fetchall()
    return {(country, category): rate for country, category, rate in found}


async def get_highest_vat_rate(tx: Tx, country: str, category: str | None, day: date) -> int:
    """Return the highest VAT rate in basis points from `day` on, of one category or of all.

    Raises UnknownVatRate.
    """
    found = await value(
        tx,
        "select max(basis_points) from vat_rate r"
        " where country = %(country)s and (%(category)s::text is null or category = %(category)s)"
        " and not exists (select from vat_rate n where n.country = r.country"
        " and n.category = r.category and n.valid_from > r.valid_from and n.valid_from <= %(day)s)",
        {"country": country, "category": category, "day": day},
    )
    if found is None:
        raise UnknownVatRate(country=country, category=category or "", on=day.isoformat())
    return int(found)
