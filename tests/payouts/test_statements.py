"""Statements: the opening balance and every change come to the closing balance, to the cent."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from panier import ledger, payouts
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import BadInput
from panier.kit.i18n import use_language
from panier.payouts import paper
from panier.payouts.rules import list_months, read_month, read_year
from panier.payouts.statements import Statement, write_statement
from panier.payouts.yearly import list_years
from panier.settings import Settings
from tests.payouts.laid import (
    FREE,
    balances,
    connect,
    deliver,
    lay_finance,
    refund,
    run_for,
    sell,
)
from tests.shop import Shop, lay_shop

PARIS = ZoneInfo("Europe/Paris")
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)


def check_sum(s: Statement) -> None:
    lines = sum(line.net for line in s.lines)
    assert s.opening + lines + s.changed + s.paid == s.closing
    assert s.pending + s.due + s.reserve == s.closing
    for line in s.lines:
        if s.owner.kind == "seller":
            parts = (
                line.list, line.discount, line.shipping, line.vat, line.commission, line.creator,
            )  # fmt: skip
            assert sum(parts) == line.net


async def lay_year(cell: Cell, settings: Settings) -> Shop:
    """Sell in February and March, refund half in March, pay out now."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        finance = await lay_finance(tx)
        february = await sell(tx, shop, MARCH - timedelta(days=20))
        march = await sell(tx, shop, MARCH)
        await refund(tx, shop, february, 50)
        await tx.execute("update posting set at = %s where kind = 'refund'", (MARCH,))
        for order in (february, march):
            await deliver(tx, order)
    await connect(cell, settings, "seller", shop.seller)
    await payouts.release_due(cell, settings, FREE - timedelta(days=1))
    await run_for(cell, settings, finance)
    await payouts.send_payouts(cell, settings, now())
    return shop


async def statement(cell: Cell, owner: ledger.Party, month: str) -> Statement:
    async with cell.read() as tx:
        drawn = await write_statement(tx, owner, read_month(month, PARIS))
    check_sum(drawn)
    return drawn


async def test_the_months_of_a_seller_follow_from_each_other(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay_year(cell, settings)
    owner = ledger.Party("seller", shop.seller, "EUR")
    february = await statement(cell, owner, "2026-02")
    assert (february.opening, february.closing, len(february.lines)) == (0, 2458, 1)
    march = await statement(cell, owner, "2026-03")
    assert (march.opening, march.changed, march.closing) == (2458, -1229, 3687)
    (line,) = march.lines
    assert (line.list, line.discount, line.subsidy, line.shipping) == (3000, 0, 300, 490)
    assert (line.vat, line.commission, line.creator, line.net) == (-582, -150, -300, 2458)
    (back,) = march.changes
    assert back.parts == {
        "clearing": -1595, "subsidy": -150, "vat": 291, "commission": 75, "creator": 150,
        "seller": 1229,
    }  # fmt: skip
    today = await statement(cell, owner, f"{now():%Y-%m}")
    # 5 % of 2458 and of 1229 are kept back: 123 + 61
    assert (today.opening, today.paid, today.closing, today.reserve) == (3687, -3503, 184, 184)
    assert sorted(move.reserve for move in today.reserves) == [61, 123]


async def test_a_creators_statement_tells_their_share_only(cell: Cell, settings: Settings) -> None:
    shop = await lay_year(cell, settings)
    owner = ledger.Party("creator", shop.host, "EUR")
    march = await statement(cell, owner, "2026-03")
    assert (march.opening, march.changed, march.closing) == (300, -150, 450)
    assert [line.net for line in march.lines] == [300]


async def test_a_sale_that_is_not_its_lines_is_shown_as_a_difference(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay_year(cell, settings)
    async with cell.tx() as tx:
        await tx.execute("update order_line set commission_minor = 140")
    march = await statement(cell, ledger.Party("seller", shop.seller, "EUR"), "2026-03")
    assert [(move.kind, move.net) for move in march.changes] == [("refund", -1229), ("sale", -10)]


async def test_the_csv_sums_to_the_balance(cell: Cell, settings: Settings) -> None:
    shop = await lay_year(cell, settings)
    for month in ("2026-02", "2026-03", f"{now():%Y-%m}"):
        drawn = await statement(cell, ledger.Party("seller", shop.seller, "EUR"), month)
        first, *rows, last = paper.table_of(drawn)
        assert list(paper.HEAD) == COLUMNS
        net, balance = COLUMNS.index("net_minor"), COLUMNS.index("balance_minor")
        assert int(first[balance]) + sum(int(row[net]) for row in rows) == int(last[balance])


COLUMNS = [
    "what", "at", "order", "title", "quantity", "currency", "list_minor",
    "seller_discount_minor", "shipping_minor", "vat_minor", "commission_minor", "creator_minor",
    "subsidy_inside_minor", "net_minor", "reserve_minor", "balance_minor",
]  # fmt: skip


async def test_the_pdf_is_set_whatever_stands_in_the_titles(cell: Cell, settings: Settings) -> None:
    shop = await lay_year(cell, settings)
    async with cell.tx() as tx:
        await tx.execute("update order_line set title = '#panic() *a* $x$ \\ «Bougie» 蜡烛 \"q\"'")
    drawn = await statement(cell, ledger.Party("seller", shop.seller, "EUR"), "2026-03")
    for language in ("en", "fr", "it", "de", "es"):
        with use_language(language):
            made = paper.print_pdf(drawn, "Maison [Lumen]", "France", PARIS)
        assert made.startswith(b"%PDF-1.")
        assert len(made) > 5_000


async def test_the_yearly_totals_are_what_was_credited(cell: Cell, settings: Settings) -> None:
    shop = await lay_year(cell, settings)
    async with cell.tx() as tx:
        await tx.execute(
            "update posting set at = '2026-03-31T22:30:00Z' where kind = 'refund'"
        )  # the first of April in Paris
        (year,) = await list_years(tx, "FR", "EUR", "Europe/Paris", read_year(2026, PARIS))
        assert await list_years(tx, "FR", "EUR", "Europe/Paris", read_year(2025, PARIS)) == []
    found = [(q.quarter, q.sales, q.consideration, q.fees, q.taxes) for q in year.quarters.values()]
    assert found == [(1, 2, 4916, 900, 1164), (2, 0, -1229, -225, -291)]
    assert (year.seller, year.sum("consideration"), year.small) == (shop.seller, 3687, True)


async def test_nothing_moves_without_a_trace(cell: Cell, settings: Settings) -> None:
    shop = await lay_year(cell, settings)
    async with cell.read() as tx:
        assert await balances(tx, shop) == (0, 0, 184, 0, 450)


@pytest.mark.parametrize("month", ["2026-13", "2026-3", "x", "1999-01", "2026-03-01"])
def test_a_month_is_written_in_one_way(month: str) -> None:
    with pytest.raises(BadInput):
        read_month(month, PARIS)


def test_a_month_ends_where_the_next_begins_in_the_markets_time() -> None:
    december = read_month("2026-12", PARIS)
    assert december.end == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert december.end == read_month("2027-01", PARIS).start
    assert list_months(
        datetime(2025, 11, 30, 23, 30, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC), PARIS
    ) == ["2026-01", "2025-12"]


def an_owner(kind: str) -> ledger.Party:
    return ledger.Party(kind, UUID(int=1), "EUR")


async def test_a_month_without_anything_is_empty(cell: Cell) -> None:
    drawn = await statement(cell, an_owner("seller"), "2026-01")
    assert (drawn.opening, drawn.closing, drawn.lines) == (0, 0, [])
