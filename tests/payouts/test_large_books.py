"""Books that have grown for years: what a page or a check asks for is read, and not all of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from panier import ledger
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.payouts.checks import STANDING
from panier.payouts.queries import COMING
from panier.payouts.spans import NEVER_AFTER, find_span
from panier.payouts.statements import FIRST, SUMS
from panier.payouts.yearly import TOTALS
from panier.settings import Settings
from tests.payouts.laid import sell
from tests.payouts.test_statements import lay_year, statement
from tests.plans import looks, rows_read
from tests.shop import Shop, lay_shop

TODAY = timedelta(hours=1)
# Old orders, with ids before all others, as those have that were made long ago.
ORDERS = """
insert into orders (id, checkout_id, market, seller_id, number, state, currency, goods_minor,
  shipping_minor, vat_minor, commission_minor, at, paid_at)
select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, checkout_id, market, seller_id,
  'OLD-' || n, 'delivered', currency, goods_minor, shipping_minor, 0, 0, %(at)s, %(at)s
from orders, generate_series(1, 3000) n
"""
POSTINGS = """
insert into posting (id, key, kind, order_id, at)
select id, id::text, 'sale', id, at from orders where number like 'OLD-%%'
"""
ENTRIES = """
insert into entry (posting_id, n, account_id, minor, currency)
select o.id, e.n, e.account_id, e.minor, e.currency
from orders o, entry e where o.number like 'OLD-%%' and e.posting_id <> o.id
"""
MATURITIES = """
insert into maturity (order_id, kind, party, market, currency, delivered_at, available_at,
  released_at)
select id, 'seller', seller_id, market, currency, at, at, at from orders where number like 'OLD-%%'
"""
ALL = """
select sum(e.minor) from entry e join posting p on p.id = e.posting_id
where e.account_id = any(%s) and p.at >= %s
"""
EACH = """
select m.order_id, (select sum(e.minor) from posting p join entry e on e.posting_id = p.id
                    where p.order_id = m.order_id) from maturity m
"""


async def lay_past(tx: Tx) -> tuple[Shop, list[Any]]:
    """Lay 3,000 orders that were sold and released two years ago, and one sold now."""
    shop, old = await lay_shop(tx), datetime(2024, 1, 1, tzinfo=UTC)
    await sell(tx, shop, now())
    for sql in (ORDERS, POSTINGS, ENTRIES, MATURITIES):
        await tx.execute(sql, {"at": old})
    await tx.execute("update account set first_at = %s", (old,))
    await tx.execute("analyze orders, posting, entry, maturity, account")
    return shop, [account.id for account in owner_of(shop).accounts]


def owner_of(shop: Shop) -> ledger.Party:
    return ledger.Party("seller", shop.seller, "EUR")


async def test_what_was_booked_lately_is_summed_without_the_years_before(cell: Cell) -> None:
    async with cell.tx() as tx:
        _, accounts = await lay_past(tx)
        since = now() - TODAY
        span = msgspec.structs.asdict(await find_span(tx, since, NEVER_AFTER))
        given = {**span, "accounts": accounts, "from": since, "until": NEVER_AFTER}
        await tx.execute("set local enable_seqscan = off")  # 3,000 postings are a few pages
        assert await rows_read(tx, SUMS, given) <= 10
        assert await rows_read(tx, FIRST, (accounts,)) <= 10
        await tx.execute("drop index posting_at")
        assert await rows_read(tx, ALL, (accounts, since)) > 3000


async def test_a_statement_counts_the_same_from_the_beginning_and_back_from_now(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay_year(cell, settings)
    owner, months = owner_of(shop), ("2026-02", "2026-03", f"{now():%Y-%m}")
    forwards = [await statement(cell, owner, month) for month in months]
    async with cell.tx() as tx:  # so long ago that today is nearer to every month
        await tx.execute("update account set first_at = '2000-01-01'")
    assert [await statement(cell, owner, month) for month in months] == forwards


async def test_a_month_in_which_nothing_was_booked_has_a_statement(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay_year(cell, settings)
    june = await statement(cell, owner_of(shop), "2026-06")
    assert (june.opening, june.closing, june.lines) == (3687, 3687, [])


async def test_what_becomes_due_is_found_without_what_was_released(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop, _ = await lay_past(tx)
        owner = owner_of(shop)
        given = {
            "market": "FR", "zone": "Europe/Paris", "kind": "seller", "party": shop.seller,
            "currency": "EUR", "account": owner.owed.id, "limit": 500,
        }  # fmt: skip
        assert await rows_read(tx, COMING, given) == 0
        await tx.execute("drop index maturity_coming")
        assert await rows_read(tx, COMING, given) >= 6000  # for what is due, and for the reserves


async def test_a_check_and_a_years_totals_look_at_each_table_but_a_few_times(cell: Cell) -> None:
    async with cell.tx() as tx:
        await lay_past(tx)
        span = await find_span(tx, datetime(2024, 1, 1, tzinfo=UTC), NEVER_AFTER)
        given = {
            "market": "FR", "currency": "EUR", "zone": "Europe/Paris", "first": span.first,
            "last": span.last, "start": datetime(2024, 1, 1, tzinfo=UTC), "end": NEVER_AFTER,
        }  # fmt: skip
        assert await looks(tx, "entry", TOTALS, given) <= 3
        summed, _, _ = STANDING.partition(")\nselect")
        assert await looks(tx, "entry", summed + ") select from standing", {}) <= 3
        assert await looks(tx, "entry", EACH, {}) >= 3000
