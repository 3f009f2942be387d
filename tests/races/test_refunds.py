"""Two refunds at once, cancelling against shipping: one of both. Unguarded, the races are there."""

import asyncio

import pytest

from panier import orders, parcels
from panier.kit.cells import Cell
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.parcels import Ask, Cancelling, NewParcel, Reason, Wanted, standing
from panier.parcels import refunds as parcel_refunds
from panier.settings import Settings
from tests import buying
from tests.parcels import sold as laid

WISHES = 20


async def test_twenty_refunds_at_once_never_give_back_more_than_was_paid(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    dear, _ = await laid.numbers(cell, sold)

    async def give() -> str:
        ask = Ask(new_id(), Reason.GOODWILL, Wanted({}, {dear: 1000}))
        try:
            await cell.run(lambda tx: parcels.give_money(tx, sold.order, ask, None))
        except PanierError as refusal:
            return refusal.code
        return "given"

    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(give() for _ in range(WISHES)))
    assert sorted(answers) == ["given"] * 4 + ["refund_too_much"] * 16  # 49.80 paid
    await laid.work(cell, settings)
    assert (await buying.taken(cell)).minor == 8467 - 4000
    assert await buying.all_adds_up(cell)


async def test_without_the_guards_two_refunds_give_back_more_than_the_line(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    dear, _ = await laid.numbers(cell, sold)
    async with cell.tx() as tx:
        await tx.execute("alter table fulfilment drop constraint fulfilment_refunded")
    barrier = asyncio.Barrier(2)
    taken = parcel_refunds.list_taken

    async def unlocked(tx: object, order: object) -> object:
        return await orders.find_order(tx, order)  # type: ignore[arg-type]

    async def together(tx: object, order: object) -> object:
        found = await taken(tx, order)  # type: ignore[arg-type]
        await barrier.wait()
        return found

    monkeypatch.setattr(orders, "lock_order", unlocked)
    monkeypatch.setattr(parcel_refunds, "list_taken", together)

    async def give() -> bool:
        ask = Ask(new_id(), Reason.GOODWILL, Wanted({}, {dear: 4000}))
        return await cell.run(lambda tx: parcels.give_money(tx, sold.order, ask, None))

    async with asyncio.timeout(30):
        assert list(await asyncio.gather(give(), give())) == [True, True]
    assert await laid.refunds(cell, sold.order) == [("goodwill", "asked", 4000)] * 2  # 49.80 paid


async def test_a_buyer_who_cancels_as_the_seller_ships_gets_one_of_both(
    cell: Cell, settings: Settings
) -> None:
    solds = [await laid.sell(cell, settings) for _ in range(6)]

    async def cancel(sold: laid.Sold) -> str:
        asked = Cancelling(new_id(), by_buyer=True)
        try:
            await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
        except PanierError as refusal:
            return refusal.code
        return "done"

    async def ship(sold: laid.Sold) -> str:
        parcel = NewParcel(new_id(), "ups", "1Z")
        try:
            await cell.run(lambda tx: parcels.ship(tx, sold.order, parcel, None))
        except PanierError as refusal:
            return refusal.code
        return "done"

    async with asyncio.timeout(60):
        for sold in solds:
            answers = await asyncio.gather(cancel(sold), ship(sold))
            assert sorted(answers) == ["done", "not_now"]
    await laid.work(cell, settings)
    for sold in solds:
        assert await laid.state(cell, sold.order) in ("refunded", "shipped")
    assert await buying.all_adds_up(cell)


async def test_without_the_lock_an_order_is_cancelled_and_shipped(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = await laid.sell(cell, settings)
    async with cell.tx() as tx:
        await tx.execute("alter table fulfilment drop constraint fulfilment_sent")
    await cell.run(lambda tx: parcels.pack(tx, sold.order, None))
    barrier, met, count = asyncio.Barrier(2), set[object](), standing.list_units

    async def unlocked(tx: object, order: object) -> object:
        return await orders.find_order(tx, order)  # type: ignore[arg-type]

    async def together(tx: object, order: object) -> object:
        found = await count(tx, order)  # type: ignore[arg-type]
        if asyncio.current_task() not in met:
            met.add(asyncio.current_task())
            await barrier.wait()
        return found

    monkeypatch.setattr(orders, "lock_order", unlocked)
    monkeypatch.setattr(standing, "list_units", together)

    async def cancel() -> bool:
        asked = Cancelling(new_id(), by_buyer=False)
        return await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))

    async def ship() -> bool:
        parcel = NewParcel(new_id(), "ups", "1Z")
        return await cell.run(lambda tx: parcels.ship(tx, sold.order, parcel, None))

    async with asyncio.timeout(30):
        answers = await asyncio.gather(cancel(), ship())
    # Both saw all units in their box: they went out, and their money went back.
    assert list(answers) == [True, True]
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select sum(cancelled), sum(shipped), sum(quantity) from fulfilment"
        )
        ((cancelled, shipped, quantity),) = await cursor.fetchall()
    assert (cancelled, shipped, quantity) == (5, 5, 5)
