"""Many invoices, or credit notes, at once: no gap, no double. Unlocked, two take one number."""

import asyncio
from datetime import datetime
from functools import partial
from uuid import UUID

import pytest

from panier import invoices, parcels
from panier.invoices import actions
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, value
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.parcels import Ask, Reason, Wanted
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests.parcels import sold as laid
from tests.payouts.laid import sell
from tests.shop import Shop, lay_shop

ORDERS = 12


async def lay(cell: Cell, count: int = ORDERS) -> tuple[Shop, list[UUID]]:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        return shop, [await sell(tx, shop) for _ in range(count)]


async def numbers(cell: Cell, kind: str = "invoice") -> list[int]:
    async with cell.read() as tx:
        cursor = await tx.execute("select n from document where kind = %s order by n", (kind,))
        return [row[0] for row in await cursor.fetchall()]


async def test_invoices_of_many_orders_at_once_have_no_gap_and_no_double(cell: Cell) -> None:
    _, sold = await lay(cell)
    moment = now()

    async def write(order: UUID, times: int) -> None:
        async def act(tx: Tx) -> None:
            await invoices.write_invoice(tx, order, moment)
            if times == 2:
                raise ConnectionResetError  # it had its number, and is rolled back

        await cell.run(act)

    async with asyncio.timeout(60):
        tries = [write(order, times) for order in sold for times in (1, 2, 3)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(a) for a in answers if a is not None] == [ConnectionResetError] * ORDERS
    assert await numbers(cell) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    async with cell.read() as tx:
        assert await invoices.check_documents(tx) == []


async def test_two_workers_told_everything_twice_write_one_document_each(
    cell: Cell, settings: Settings
) -> None:
    sold = [await laid.sell(cell, settings) for _ in range(4)]
    async with cell.tx() as tx:
        # All of one seller: they share a series.
        await tx.execute("update orders set seller_id = %s", (sold[0].shop.seller,))
    for _ in range(2):
        async with asyncio.timeout(60):
            await asyncio.gather(*(Courier(cell, REACTIONS).deliver_all() for _ in range(2)))
        async with cell.tx() as tx:
            await tx.execute("delete from receipt where handler like '%invoices%'")
            await tx.execute("update event set delivered_at = null where kind = 'OrderPaid'")
    assert await numbers(cell) == [1, 2, 3, 4]


async def test_without_the_lock_two_orders_take_one_number(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, sold = await lay(cell, 2)
    async with cell.tx() as tx:
        await tx.execute(
            "alter table document drop constraint document_counted,"
            " drop constraint document_numbered"
        )
        await tx.execute(
            "insert into document_series values (%s, 'invoice', %s, 0, %s)",
            (shop.seller, now().year, now()),
        )
    barrier = asyncio.Barrier(2)

    async def unlocked(tx: Tx, place: actions.Place, moment: datetime) -> actions.Turn:
        last = await value(
            tx, "select last from document_series where seller_id = %s", (place.order.seller,)
        )
        await barrier.wait()
        return actions.Turn(last, moment)

    async def write(order: UUID) -> None:
        await cell.run(lambda tx: invoices.write_invoice(tx, order, now()))

    monkeypatch.setattr(actions, "take_turn", unlocked)
    async with asyncio.timeout(30):
        await asyncio.gather(*(write(order) for order in sold))
    assert await numbers(cell) == [1, 1]


async def give_back(cell: Cell, settings: Settings, count: int) -> list[tuple[UUID, UUID]]:
    """Give money back of orders of one seller; returns each with its refund, not yet written."""
    given = []
    for _ in range(count):
        sold = await laid.sell(cell, settings)
        await laid.deliver(cell, sold)
        dear, _ = await laid.numbers(cell, sold)
        ask = Ask(new_id(), Reason.GOODWILL, Wanted({}, {dear: 500}))
        await cell.run(partial(parcels.give_money, order=sold.order, ask=ask, person=None))
        given.append((sold.order, ask.key))
        async with cell.tx() as tx:
            await tx.execute("update orders set seller_id = %s", (sold.shop.seller,))
            await invoices.write_invoice(tx, sold.order, now())
            # The courier would write them one by one.
            await tx.execute("update event set delivered_at = now()")
    return given


async def test_credit_notes_of_many_refunds_at_once_have_no_gap_and_no_double(
    cell: Cell, settings: Settings
) -> None:
    given = await give_back(cell, settings, 6)

    async def write(order: UUID, refund: UUID) -> None:
        await cell.run(lambda tx: invoices.write_credit_note(tx, order, refund, now()))

    async with asyncio.timeout(60):
        await asyncio.gather(*(write(*one) for one in given for _ in range(2)))
    assert await numbers(cell, "credit_note") == [1, 2, 3, 4, 5, 6]


async def test_without_the_lock_two_credit_notes_take_one_number(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = await give_back(cell, settings, 2)
    async with cell.tx() as tx:
        await tx.execute(
            "alter table document drop constraint document_counted,"
            " drop constraint document_numbered"
        )
    barrier = asyncio.Barrier(2)

    async def unlocked(tx: Tx, place: actions.Place, moment: datetime) -> actions.Turn:
        last = await value(
            tx,
            "select coalesce(max(last), 0) from document_series"
            " where seller_id = %s and kind = 'credit_note'",
            (place.order.seller,),
        )
        await barrier.wait()
        return actions.Turn(last, moment)

    async def write(order: UUID, refund: UUID) -> None:
        await cell.run(lambda tx: invoices.write_credit_note(tx, order, refund, now()))

    monkeypatch.setattr(actions, "take_turn", unlocked)
    async with asyncio.timeout(30):
        await asyncio.gather(*(write(*one) for one in given))
    assert await numbers(cell, "credit_note") == [1, 1]
