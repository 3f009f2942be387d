"""Payouts under pressure: paid once, never more than is due. With the guard off, the race is there.

Each order leaves its seller 24.58 and its creator 3.00.
"""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import pytest

from panier import ledger, payouts
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, value
from panier.kit.money import Money
from panier.ledger import Account
from panier.payouts import settlement
from panier.payouts.queries import list_balances
from panier.settings import Settings
from tests.payouts.laid import (
    AVAILABLE,
    FREE,
    Finance,
    balances,
    connect,
    deliver,
    lay_finance,
    refund,
    run_for,
    sell,
)
from tests.shop import Shop, lay_shop


async def lay(cell: Cell, settings: Settings, orders: int) -> tuple[Shop, Finance, list[UUID]]:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        finance = await lay_finance(tx)
        sold = [await sell(tx, shop) for _ in range(orders)]
        for order in sold:
            await deliver(tx, order)
    await connect(cell, settings, "seller", shop.seller)
    await payouts.release_due(cell, settings, FREE)
    return shop, finance, sold


async def approve(cell: Cell, finance: Finance, run: UUID, shop: Shop) -> int:
    """Approve a run; returns what the seller has left of their balance when it is committed."""

    async def act(tx: Tx) -> int:
        by = payouts.Decider(finance.approver, {"finance"})
        await payouts.approve_run(tx, run, "sandbox", by, now())
        due = await ledger.get_balance(tx, Account("seller_due", str(shop.seller), "EUR"))
        return -due.minor

    return await cell.run(act)


async def sent(cell: Cell) -> int:
    async with cell.read() as tx:
        return int(await value(tx, "select coalesce(sum(minor), 0) from sandbox_transfer"))


async def no_lock(_tx: Tx, accounts: Collection[Account]) -> dict[Account, Money]:
    """Look nowhere and keep nobody away: the guard taken off."""
    return {account: Money.zero(account.currency) for account in accounts}


async def test_runs_that_are_approved_at_once_pay_once(cell: Cell, settings: Settings) -> None:
    shop, finance, _ = await lay(cell, settings, 3)
    drafts = [await run_for(cell, settings, finance, approve=False) for _ in range(6)]
    async with asyncio.timeout(30):
        left = await asyncio.gather(*(approve(cell, finance, run, shop) for run in drafts))
    assert left == [0] * 6
    await asyncio.gather(*(payouts.send_payouts(cell, settings, now()) for _ in range(4)))
    assert await sent(cell) == 7374
    async with cell.read() as tx:
        assert await value(tx, "select count(*) from payout where state = 'paid'") == 1
        assert await ledger.check_books(tx) == []


async def test_without_the_lock_two_runs_pay_twice(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, finance, _ = await lay(cell, settings, 3)
    drafts = [await run_for(cell, settings, finance, approve=False) for _ in range(2)]
    barrier, read = asyncio.Barrier(2), list_balances

    async def read_together(tx: Tx, market: str, currency: str) -> object:
        found = await read(tx, market, currency)
        await barrier.wait()
        return found

    monkeypatch.setattr(ledger, "lock_balances", no_lock)
    monkeypatch.setattr("panier.payouts.runs.list_balances", read_together)
    async with asyncio.timeout(30):
        await asyncio.gather(*(approve(cell, finance, run, shop) for run in drafts))
    await payouts.send_payouts(cell, settings, now())
    assert await sent(cell) == 2 * 7374


async def test_a_refund_against_a_payout_never_pays_more_than_is_due(
    cell: Cell, settings: Settings
) -> None:
    shop, finance, sold = await lay(cell, settings, 12)

    async def give_back(order: UUID) -> None:
        async def act(tx: Tx) -> None:
            await refund(tx, shop, order)

        await cell.run(act)
        await cell.run(lambda tx: payouts.correct(tx, [order], now()))

    for n in range(0, 12, 2):
        run = await run_for(cell, settings, finance, approve=False)
        async with asyncio.timeout(30):
            left, *_ = await asyncio.gather(
                approve(cell, finance, run, shop), give_back(sold[n]), give_back(sold[n + 1])
            )
        assert left >= 0
        async with cell.tx() as tx:  # so that every round begins with something due
            for _ in range(4):
                await deliver(tx, await sell(tx, shop))
        await payouts.release_due(cell, settings, FREE)
    async with cell.read() as tx:
        assert await ledger.check_books(tx) == []


async def test_without_the_lock_a_refund_is_paid_out_too(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, finance, (order, _) = await lay(cell, settings, 2)
    run = await run_for(cell, settings, finance, approve=False)
    read, go_on = list_balances, asyncio.Event()
    has_read = asyncio.Event()

    async def read_then_wait(tx: Tx, market: str, currency: str) -> object:
        found = await read(tx, market, currency)
        has_read.set()
        await go_on.wait()
        return found

    async def give_back() -> None:
        await has_read.wait()
        await cell.run(lambda tx: refund(tx, shop, order))
        await cell.run(lambda tx: payouts.correct(tx, [order], now()))
        go_on.set()

    monkeypatch.setattr(ledger, "lock_balances", no_lock)
    monkeypatch.setattr("panier.payouts.runs.list_balances", read_then_wait)
    async with asyncio.timeout(30):
        left, _ = await asyncio.gather(approve(cell, finance, run, shop), give_back())
    assert left == -2458


async def race_release(cell: Cell, settings: Settings, shop: Shop, order: UUID) -> None:
    """Release an order while its refund is booked between our look and our move."""
    has_read, go_on = asyncio.Event(), asyncio.Event()
    read = ledger.sum_by_order
    looks = 0

    async def read_then_wait(tx: Tx, *given: object) -> object:
        nonlocal looks
        looks += 1
        found = await read(tx, *given)  # type: ignore[arg-type]
        if looks == 1:
            has_read.set()
            await go_on.wait()
        return found

    async def give_back() -> None:
        await has_read.wait()
        await cell.run(lambda tx: refund(tx, shop, order))
        correcting = asyncio.create_task(
            cell.run(lambda tx: payouts.correct(tx, [order], AVAILABLE))
        )
        await asyncio.wait([correcting], timeout=0.3)  # it waits for the row, or found nothing
        go_on.set()
        await correcting

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ledger, "sum_by_order", read_then_wait)
        async with asyncio.timeout(30):
            await asyncio.gather(payouts.release_due(cell, settings, AVAILABLE), give_back())


async def test_a_refund_during_the_release_is_taken_back(cell: Cell, settings: Settings) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        order = await sell(tx, shop)
        await deliver(tx, order)
    await race_release(cell, settings, shop, order)
    async with cell.read() as tx:
        assert await balances(tx, shop) == (0, 0, 0, 0, 0)


async def test_without_waiting_for_the_row_a_refund_during_the_release_is_lost(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    unguarded = settlement.OF_ORDERS.replace(" for update", "")
    monkeypatch.setattr(settlement, "OF_ORDERS", unguarded)
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        order = await sell(tx, shop)
        await deliver(tx, order)
    await race_release(cell, settings, shop, order)
    async with cell.read() as tx:
        # released in full although the buyer has everything back
        assert await balances(tx, shop) == (-2458, 2335, 123, -300, 300)


async def test_workers_that_release_at_once_move_once(cell: Cell, settings: Settings) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        for _ in range(30):
            await deliver(tx, await sell(tx, shop))
    async with asyncio.timeout(30):
        await asyncio.gather(
            *(payouts.release_due(cell, settings, AVAILABLE) for _ in range(6)),
            *(payouts.release_due(cell, settings, AVAILABLE + timedelta(1)) for _ in range(6)),
        )
    await payouts.release_due(cell, settings, AVAILABLE)
    async with cell.read() as tx:
        assert await balances(tx, shop) == (0, 30 * 2335, 30 * 123, 0, 30 * 300)
        assert await ledger.check_books(tx) == []
