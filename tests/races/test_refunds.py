"""Many parts of one payment asked back at once: never more than was paid. Guard off: more."""

import asyncio
from uuid import UUID

from panier import payments
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.ids import new_id
from panier.settings import Settings
from tests import paying


async def test_many_parts_at_once_never_exceed_the_payment(cell: Cell, settings: Settings) -> None:
    payment = await paying.pay(cell, settings, 1000)

    async def ask(minor: int) -> int:
        try:
            await paying.ask_back(cell, payment.id, minor)
        except payments.RefundTooLarge:
            return 0
        return minor

    async with asyncio.timeout(60):
        granted = await asyncio.gather(*(ask(minor) for minor in [30] * 60 + [70] * 20))
        sent = 1
        while sent:
            sent = sum(
                await asyncio.gather(*(payments.send_refunds(cell, settings) for _ in range(4)))
            )
    assert 930 < sum(granted) <= 1000
    assert await paying.given_back(cell) == sum(granted)
    done = [body["amount"]["minor"] for _, body in await paying.told(cell)]  # type: ignore[index]
    assert sorted(done) == sorted(minor for minor in granted if minor)


async def test_one_key_asked_for_by_many_at_once_is_one_refund(
    cell: Cell, settings: Settings
) -> None:
    payment = await paying.pay(cell, settings, 1000)
    key = new_id()

    async with asyncio.timeout(60):
        keys = await asyncio.gather(
            *(paying.ask_back(cell, payment.id, 600, key) for _ in range(20))
        )
    assert set(keys) == {key}
    await payments.send_refunds(cell, settings)
    assert await paying.given_back(cell) == 600


async def read_think_write(cell: Cell, payment: UUID, minor: int, barrier: asyncio.Barrier) -> bool:
    """Ask for a refund the way that races: look first, write in another statement, unguarded."""
    async with cell.tx() as tx:
        cursor = await tx.execute(
            "select minor - refunded_minor from payment where id = %s", (payment,)
        )
        ((left,),) = await cursor.fetchall()
        await barrier.wait()
        if left < minor:
            return False
        await tx.execute(
            "update payment set refunded_minor = refunded_minor + %s where id = %s",
            (minor, payment),
        )
        moment = now()
        await tx.execute(
            "insert into payment_refund (id, payment_id, minor, currency, state, at, changed_at,"
            " look_at) values (%s, %s, %s, 'EUR', 'requested', %s, %s, %s)",
            (new_id(), payment, minor, moment, moment, moment),
        )
        return True


async def test_without_the_guards_more_goes_back_than_was_paid(
    cell: Cell, settings: Settings
) -> None:
    payment = await paying.pay(cell, settings, 1000)
    async with cell.tx() as tx:
        await tx.execute("alter table payment drop constraint payment_refunded")
    barrier = asyncio.Barrier(4)
    async with asyncio.timeout(30):
        granted = await asyncio.gather(
            *(read_think_write(cell, payment.id, 600, barrier) for _ in range(4))
        )
    assert granted == [True] * 4  # 24.00 of a payment of 10.00
    await payments.send_refunds(cell, settings)
    assert await paying.given_back(cell) == 600  # the provider's own guard is what is left
