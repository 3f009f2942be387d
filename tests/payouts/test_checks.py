"""`panier reconcile` on what is owed and paid: quiet when right, each rule found when broken."""

from datetime import UTC, datetime

import pytest

from panier import payouts
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import run
from panier.reports import reconcile
from panier.settings import Settings
from tests.payouts.laid import connect, deliver, lay_finance, refund, run_for, sell
from tests.shop import lay_shop

LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)
BROKEN = [
    (
        "the parts of a sale are not what was paid",
        """update entry set minor = minor - 7 where n = 1
           and posting_id in (select id from posting where kind = 'sale')""",
    ),
    ("a sale and its lines differ", "update order_line set creator_minor = creator_minor - 1"),
    (
        "more was taken back than was sold",
        """update entry set minor = minor * 3
           where posting_id in (select id from posting where kind = 'refund')""",
    ),
    (
        "a released order is still owed, or owes",
        """update entry set minor = minor - 5 where n = 1
           and posting_id in (select id from posting where kind = 'release')""",
    ),
    (
        "due differs from what was released and paid out",
        "update payout set minor = minor + 1 where state = 'paid'",
    ),
    ("reserve differs from what was kept back", "update maturity set reserve_minor = 9"),
    (
        "payouts under way differ from the books",
        "update payout set minor = minor + 1 where state = 'failed'",
    ),
    ("what is due was not released", "update maturity set look_at = '2026-01-09'"),
    (
        "a delivered order has no day on which it is due",
        "update orders set state = 'delivered'",
    ),
    (
        "a payout was asked for too often without an answer",
        "update payout set state = 'approved', next_try_at = null where state = 'failed'",
    ),
    (
        "payout is paid, the provider moved nothing",
        "update sandbox_transfer set state = 'failed'",
    ),
    (
        "the provider moved money that no payout knows of",
        "update sandbox_transfer set key = gen_random_uuid(), at = '2026-01-09'",
    ),
    (
        "the provider has another sum than the books",
        "update account set balance_minor = balance_minor + 1 where kind = 'clearing'",
    ),
    ("the provider has another sum than the books", "delete from sandbox_refund"),
]


async def lay(cell: Cell, settings: Settings) -> None:
    """Sell, deliver, refund before and after the release, pay one party, fail with another."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        finance = await lay_finance(tx)
        first, second, _third = [await sell(tx, shop, LONG_AGO) for _ in range(3)]
        for order in (first, second):
            await deliver(tx, order, LONG_AGO)
        await refund(tx, shop, first, 50)
    await connect(cell, settings, "seller", shop.seller)
    await connect(cell, settings, "creator", shop.host, "closed@example.org")
    await payouts.release_due(cell, settings, LONG_AGO.replace(day=20))
    await payouts.release_due(cell, settings, now())
    async with cell.tx() as tx:
        await refund(tx, shop, second, 50)
        await payouts.correct(tx, [second], now())
    await run_for(cell, settings, finance, 1)
    await payouts.send_payouts(cell, settings, now())


async def test_what_was_sold_refunded_released_and_paid_adds_up(
    cell: Cell, settings: Settings
) -> None:
    await lay(cell, settings)
    async with cell.read() as tx:
        assert await payouts.check_payouts(tx) == []
    assert await reconcile(cell) == []


@pytest.mark.parametrize(("rule", "sql"), BROKEN)
async def test_what_does_not_add_up_is_found(
    cell: Cell, settings: Settings, rule: str, sql: str
) -> None:
    await lay(cell, settings)
    assert rule not in {finding.rule for finding in await reconcile(cell)}
    async with cell.tx() as tx:
        await run(tx, sql)
    assert rule in {finding.rule for finding in await reconcile(cell)}
