"""A payment that comes as its hold runs out: sold or refunded. Unguarded, a unit is sold twice."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from panier import events, orders, payments, stock
from panier.kit.cells import Cell
from panier.kit.db import Tx, value
from panier.payments.rules import Behaviour
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying
from tests.shop import Shop, lay_shop

ANNA, BEN = UUID(int=1), UUID(int=2)


async def lay(cell: Cell, settings: Settings) -> tuple[Shop, UUID]:
    """Let Anna pay for the last unit with a card whose bank answers late; returns her payment."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx, 1)
    await buying.fill_basket(cell, shop, ANNA)
    token = await buying.card(cell, Behaviour.LATE)
    _, settled = await orders.check_out(cell, settings, buying.placement(shop, ANNA, token))
    assert settled.state == "pending"
    async with cell.tx() as tx:
        payment = await value(tx, "select payment_id from checkout")
    return shop, UUID(str(payment))


async def hear(cell: Cell, payment: UUID) -> None:
    """Hear that Anna's payment came."""

    async def act(tx: Tx) -> None:
        found = await payments.find_payment(tx, payment)
        assert found
        paid = events.PaymentReported(
            market="FR", payment=payment, state="paid", reference=found.reference, reason=None
        )
        await REACTIONS[events.PaymentReported][0](tx, paid)

    await cell.run(act)


async def expire(cell: Cell) -> None:
    async with cell.tx() as tx:
        await tx.execute("update hold set expires_at = now() where state = 'held'")
    await stock.expire_holds(cell)


async def buy(cell: Cell, settings: Settings, shop: Shop) -> str:
    """Let Ben hold what is free now, and pay for it."""
    try:
        await buying.fill_basket(cell, shop, BEN)
    except stock.SoldOut as refusal:
        return refusal.code
    wanted = buying.placement(shop, BEN, await buying.card(cell), email="ben@example.org")
    return (await orders.check_out(cell, settings, wanted))[1].state


async def paid(cell: Cell) -> int:
    async with cell.read() as tx:
        return int(await value(tx, "select count(*) from orders where state = 'paid'"))


async def test_the_last_unit_is_sold_once_however_payment_and_expiry_meet(
    cell: Cell, settings: Settings
) -> None:
    shop, payment = await lay(cell, settings)
    async with asyncio.timeout(30):
        await asyncio.gather(hear(cell, payment), expire(cell), buy(cell, settings, shop))
    assert await paid(cell) == 1
    available, held, sold = await buying.counts(cell, shop)
    assert (available + held, sold) == (0, 1)
    await orders.resume_payments(cell, settings)
    async with cell.read() as tx:
        assert await stock.check_stock(tx) == []


async def test_without_the_guard_the_expired_hold_is_sold_as_well(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, payment = await lay(cell, settings)
    async with cell.tx() as tx:
        await tx.execute("alter table stock drop constraint stock_held_check")
    has_read, go_on, take = asyncio.Event(), asyncio.Event(), stock.take

    async def look_then_take(tx: Tx, checkouts: Sequence[UUID]) -> set[UUID]:
        """Sell the way that races: look whether it is held, write later, look no more."""
        if has_read.is_set():
            return await take(tx, checkouts)  # Ben's
        cursor = await tx.execute(
            "select id from hold where checkout_id = any(%s) and state = 'held'",
            (list(checkouts),),
        )
        (hold,) = await cursor.fetchall()
        has_read.set()
        await go_on.wait()
        await tx.execute("update hold set state = 'sold' where id = %s", hold)
        await tx.execute("update stock set held = held - 1, sold = sold + 1")
        return set(checkouts)

    async def meanwhile() -> str:
        await has_read.wait()
        await expire(cell)
        state = await buy(cell, settings, shop)
        go_on.set()
        return state

    monkeypatch.setattr(stock, "take", look_then_take)
    async with asyncio.timeout(30):
        _, state = await asyncio.gather(hear(cell, payment), meanwhile())
    assert state == "paid"
    assert await paid(cell) == 2
    assert await buying.counts(cell, shop) == (0, -1, 2)  # one unit, sold twice
