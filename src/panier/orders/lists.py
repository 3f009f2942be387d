"""A seller's orders: filtered, page by page, summed, and as CSV with the same filters."""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.db import Tx, find, rows
from panier.kit.money import Money
from panier.kit.sheet import write_rows
from panier.orders.queries import ORDER, Order

PAGE = 50
"""Orders on one page."""
CSV_MAX = 50_000
"""Orders in one file."""
CSV_STEP = 1000
"""Orders read at once for a file."""

# What is not asked for is not in the statement: so each gets a plan, and an index, of its own.
# A seller's staff see their own sellers, the market's team all of them.
WHERE: Mapping[str, LiteralString] = {
    "market": "o.market = %(market)s",
    "sellers": "o.seller_id = any(%(sellers)s)",
    "state": "o.state = %(state)s",
    "show": "o.show_id = %(show)s",
    "number": "o.number = %(number)s",
    "before": "o.id < %(before)s",
}


class Filter(msgspec.Struct, frozen=True):
    """Which orders are asked for; None does not filter."""

    market: str
    sellers: list[UUID] | None
    state: str | None = None
    show: UUID | None = None
    number: str | None = None

    def where(self, before: UUID | None = None) -> tuple[LiteralString, dict[str, Any]]:
        """Return the condition, of those older than `before`, and its parameters."""
        asked = {**msgspec.structs.asdict(self), "before": before}
        given = {name: what for name, what in asked.items() if what is not None}
        return "where " + " and ".join(WHERE[name] for name in given), given


class Totals(msgspec.Struct):
    """What all orders of a filter come to, on whichever page they are."""

    orders: int
    goods: int
    shipping: int
    subsidy: int
    vat: int
    commission: int
    creators: int
    currency: str

    @property
    def amounts(self) -> dict[str, Money]:
        """Return goods, shipping, subsidy, total, VAT, commission, creators' shares and net."""
        parts = {
            name: Money(getattr(self, name), self.currency)
            for name in ("goods", "shipping", "subsidy", "vat", "commission", "creators")
        }
        total = parts["goods"] + parts["shipping"]
        taken = parts["vat"] + parts["commission"] + parts["creators"]
        return {**parts, "total": total, "net": total + parts["subsidy"] - taken}


async def list_orders(
    tx: Tx, asked: Filter, before: UUID | None = None, limit: int = PAGE
) -> list[Order]:
    """List orders, the latest first, those older than `before`."""
    where, given = asked.where(before)
    sql = f"""
    select {ORDER} from orders o join seller s on s.id = o.seller_id {where}
    order by o.id desc limit %(limit)s
    """
    return await rows(tx, sql, {**given, "limit": min(limit, CSV_STEP)}, Order)


async def sum_orders(tx: Tx, asked: Filter, currency: str) -> Totals:
    """Sum all orders of a filter, in the market's `currency`."""
    where, given = asked.where()
    sql = f"""
    select count(*) as orders, coalesce(sum(goods_minor), 0)::bigint as goods,
           coalesce(sum(shipping_minor), 0)::bigint as shipping,
           coalesce(sum(subsidy_minor), 0)::bigint as subsidy,
           coalesce(sum(vat_minor), 0)::bigint as vat,
           coalesce(sum(commission_minor), 0)::bigint as commission,
           coalesce(sum(creators_minor), 0)::bigint as creators, %(currency)s as currency
    from orders o {where} and o.currency = %(currency)s
    """
    found = await find(tx, sql, {**given, "currency": currency}, Totals)
    return found or Totals(0, 0, 0, 0, 0, 0, 0, currency)


# One look into the index for each show and seller: at the first order at or behind that place.
# Asked for any of theirs, a database for which most orders are theirs looks through all of them.
SHOWS_SOLD = """
select s.id from show s
cross join unnest(coalesce(%(sellers)s::uuid[], %(anybody)s::uuid[])) w(seller)
cross join lateral (
  select o.show_id, o.seller_id from orders o
  where o.show_id is not null and (o.show_id, o.seller_id) >= (s.id, w.seller)
  order by o.show_id, o.seller_id limit 1) o
where s.market = %(market)s and o.show_id = s.id
  and (%(sellers)s::uuid[] is null or o.seller_id = w.seller)
group by s.id order by coalesce(s.live_at, s.starts_at) desc, s.id limit 100
"""
ANYBODY = [UUID(int=0)]


async def list_shows_sold(tx: Tx, market: str, sellers: Collection[UUID] | None) -> list[UUID]:
    """List the latest shows in which these sellers (None: all) sold something."""
    asked = list(sellers) if sellers is not None else None
    given = {"market": market, "sellers": asked, "anybody": ANYBODY}
    cursor = await tx.execute(SHOWS_SOLD, given)
    return [row[0] for row in await cursor.fetchall()]


COLUMNS = (
    "number", "state", "seller", "placed_at", "paid_at", "show", "currency", "goods_minor",
    "shipping_minor", "total_minor", "subsidy_minor", "vat_minor", "commission_minor",
    "creators_minor", "net_minor",
)  # fmt: skip


def csv_row(order: Order) -> list[str | int]:
    """Return one line of the file: amounts in minor units, times in UTC."""
    return [
        order.number,
        order.state,
        order.seller_name,
        _utc(order.at),
        _utc(order.paid_at),
        str(order.show or ""),
        order.currency,
        order.goods_minor,
        order.shipping_minor,
        order.total.minor,
        order.subsidy_minor,
        order.vat_minor,
        order.commission_minor,
        order.creators_minor,
        order.net.minor,
    ]


def _utc(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


async def write_csv(cell: Cell, asked: Filter) -> AsyncIterator[str]:
    """Write the orders of a filter as CSV (RFC 4180), a step at a time.

    No connection is held while a slow reader takes a step.
    """
    before, written = None, 0
    yield write_rows([COLUMNS])
    while written < CSV_MAX:
        async with cell.read() as tx:
            orders = await list_orders(tx, asked, before, CSV_STEP)
        if not orders:
            return
        yield write_rows(csv_row(order) for order in orders)
        before, written = orders[-1].id, written + len(orders)
