"""When an order's money becomes its seller's, and what refunds before and after change."""

from datetime import datetime, timedelta
from uuid import UUID

from panier import events, ledger, payouts
from panier.kit.cells import Cell
from panier.kit.db import Tx, value
from panier.payouts.handlers import start_clock, take_back
from panier.settings import Settings
from tests.payouts.laid import (
    AVAILABLE,
    DELIVERED,
    FREE,
    balances,
    deliver,
    euros,
    refund,
    sell,
)
from tests.shop import Shop, lay_shop

SECOND = timedelta(seconds=1)


async def owed(cell: Cell, shop: Shop) -> tuple[int, int, int, int, int]:
    async with cell.read() as tx:
        assert await ledger.check_books(tx) == []
        return await balances(tx, shop)


async def lay(cell: Cell) -> tuple[Shop, object]:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        return shop, await sell(tx, shop)


async def lay_released(cell: Cell, settings: Settings, moment: datetime) -> tuple[Shop, UUID]:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        order = await sell(tx, shop)
        await deliver(tx, order)
    await payouts.release_due(cell, settings, moment)
    return shop, order


async def test_nothing_is_due_before_its_time(cell: Cell, settings: Settings) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        order = await sell(tx, shop)
        await sell(tx, shop)  # never delivered
        await deliver(tx, order)
    await payouts.release_due(cell, settings, AVAILABLE - SECOND)
    assert await owed(cell, shop) == (4916, 0, 0, 600, 0)
    await payouts.release_due(cell, settings, AVAILABLE)
    assert await owed(cell, shop) == (2458, 2335, 123, 300, 300)


async def test_releasing_again_moves_nothing(cell: Cell, settings: Settings) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        order = await sell(tx, shop)
        await deliver(tx, order)
        await deliver(tx, order, DELIVERED + timedelta(days=5))  # told twice: the first counts
    for _ in range(3):
        await payouts.release_due(cell, settings, AVAILABLE)
    assert await owed(cell, shop) == (0, 2335, 123, 0, 300)


async def test_the_reserve_is_free_after_thirty_days(cell: Cell, settings: Settings) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await deliver(tx, await sell(tx, shop))
    await payouts.release_due(cell, settings, AVAILABLE)
    await payouts.release_due(cell, settings, FREE - SECOND)
    assert await owed(cell, shop) == (0, 2335, 123, 0, 300)
    await payouts.release_due(cell, settings, FREE)
    assert await owed(cell, shop) == (0, 2458, 0, 0, 300)
    async with cell.read() as tx:
        assert await value(tx, "select count(*) from maturity where look_at is not null") == 0


async def test_a_worker_that_was_away_for_long_releases_everything_at_once(
    cell: Cell, settings: Settings
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await deliver(tx, await sell(tx, shop))
    await payouts.release_due(cell, settings, FREE)
    assert await owed(cell, shop) == (0, 2458, 0, 0, 300)


async def test_a_refund_before_the_release_leaves_less_to_release(
    cell: Cell, settings: Settings
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        order = await sell(tx, shop)
        await deliver(tx, order)
        await refund(tx, shop, order, 50)
        await payouts.correct(tx, [order], DELIVERED)
    await payouts.release_due(cell, settings, AVAILABLE)
    # 1229 are left: 5 % of it are 61.45, rounded to 61
    assert await owed(cell, shop) == (0, 1168, 61, 0, 150)


async def test_a_refund_after_the_release_goes_back_the_reserve_first(
    cell: Cell, settings: Settings
) -> None:
    shop, order = await lay_released(cell, settings, AVAILABLE)
    async with cell.tx() as tx:
        await refund(tx, shop, order)
        await payouts.correct(tx, [order], AVAILABLE)
    assert await owed(cell, shop) == (0, 0, 0, 0, 0)


async def test_a_refund_after_everything_was_free_leaves_nothing_due(
    cell: Cell, settings: Settings
) -> None:
    shop, order = await lay_released(cell, settings, FREE)
    async with cell.tx() as tx:
        await refund(tx, shop, order, 50)
        await payouts.correct(tx, [order], FREE)
        await payouts.correct(tx, [order], FREE)
    assert await owed(cell, shop) == (0, 1229, 0, 0, 150)


async def test_a_seller_may_have_agreed_on_another_reserve(cell: Cell, settings: Settings) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await deliver(tx, await sell(tx, shop))
        await tx.execute(
            "insert into reserve_term values (%s, 2000, %s, %s)",
            (shop.seller, shop.host, DELIVERED),
        )
    await payouts.release_due(cell, settings, AVAILABLE)
    # 20 % of 2458 are 491.6; a creator has no reserve
    assert await owed(cell, shop) == (0, 1966, 492, 0, 300)


async def test_the_reactions_start_the_clock_and_take_back(cell: Cell, settings: Settings) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        order = await sell(tx, shop)

    async def tell_delivery(tx: Tx) -> None:
        await start_clock(
            tx,
            events.OrderDelivered(
                market="FR", order=order, seller=shop.seller, at=DELIVERED, assumed=False
            ),
        )

    await cell.run(tell_delivery)
    await payouts.release_due(cell, settings, AVAILABLE)

    async def tell_refund(tx: Tx) -> None:
        key = await refund(tx, shop, order)
        await take_back(
            tx,
            events.OrderRefunded(
                market="FR", order=order, seller=shop.seller, refund=key, paid=euros(3190),
                subsidy=euros(300), vat=euros(582), commission=euros(150),
                creators=[(shop.host, euros(300))],
            ),
        )  # fmt: skip

    await cell.run(tell_refund)
    assert await owed(cell, shop) == (0, 0, 0, 0, 0)
