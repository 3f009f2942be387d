"""What becomes of what was booked: over, given up, called off, alone and together with goods."""

from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI

from panier import bookings, parcels, stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import run, value
from panier.kit.ids import new_id
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import buying
from tests.bookings import laid as lay
from tests.bookings.laid import Laid
from tests.parcels import sold
from tests.parcels.disputed import decide, hear
from tests.shop import lay_variant


async def line_of(cell: Cell, order: UUID) -> int:
    """Return the number of the line that is a place."""
    async with cell.read() as tx:
        return int(await value(tx, "select n from booking where order_id = %s", (order,)))


async def give_up(cell: Cell, order: UUID, key: UUID | None = None) -> bool:
    n = await line_of(cell, order)
    return await cell.run(lambda tx: parcels.give_up(tx, order, n, key or new_id()))


async def call_off(cell: Cell, made: Laid) -> None:
    assert await cell.run(lambda tx: bookings.call_off(tx, made.slot, "Ill, sorry.", None))


async def test_an_order_of_places_costs_no_parcel_and_is_delivered_when_they_are_over(
    cell: Cell, settings: Settings
) -> None:
    made = await lay.lay(cell)
    order = await lay.book(cell, settings, made, 2)
    async with cell.read() as tx:
        paid = await value(
            tx, "select goods_minor || '+' || shipping_minor from orders where id = %s", (order,)
        )
    assert paid == "6000+0"
    assert await parcels.end_slots(cell) == 0
    assert await sold.state(cell, order) == "paid"
    await lay.pass_by(cell, made)
    assert await parcels.end_slots(cell) == 1
    assert await parcels.end_slots(cell) == 0
    assert await lay.is_seen_to(cell, made)
    assert await sold.steps(cell, order) == ["delivered"]
    await sold.work(cell, settings)
    async with cell.read() as tx:
        ended, clock = (
            await (
                await tx.execute(
                    "select b.ends_at, m.delivered_at from booking b join maturity m"
                    " on m.order_id = b.order_id where b.order_id = %s limit 1",
                    (order,),
                )
            ).fetchall()
        )[0]
    assert clock == ended  # the payout's clock began with the end of the slot
    assert await buying.events_of(cell, "OrderDelivered") == 1
    assert await buying.all_adds_up(cell)


@pytest.mark.parametrize("goods_first", [True, False])
async def test_with_goods_it_is_delivered_when_both_are(
    cell: Cell,
    settings: Settings,
    goods_first: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    made = await lay.lay(cell)
    order = await lay.book(cell, settings, made, candles=1)
    mixed = sold.Sold(made.shop, made.shop.variant, order, buying.placement(made.shop, order, ""))
    if goods_first:
        await sold.deliver(cell, mixed)
        assert await sold.state(cell, order) == "shipped"
    await lay.pass_by(cell, made)
    assert await parcels.end_slots(cell) == 1
    if not goods_first:
        assert await sold.state(cell, order) == "paid"
        await sold.deliver(cell, mixed)
    assert await sold.steps(cell, order) == ["packed", "shipped", "delivered"]
    await sold.work(cell, settings)
    assert await buying.all_adds_up(cell)


async def test_a_buyer_gives_a_place_up_in_time_and_has_the_money_back(
    cell: Cell, settings: Settings
) -> None:
    made = await lay.lay(cell)
    order, key = await lay.book(cell, settings, made), new_id()
    assert await give_up(cell, order, key)
    assert not await give_up(cell, order, key)
    await sold.work(cell, settings)
    assert await sold.refunds(cell, order) == [("cancelled", "done", 3000)]
    assert await sold.state(cell, order) == "refunded"
    assert await lay.counts(cell, made) == (2, 0, 0)
    assert await buying.all_adds_up(cell)


async def test_leisure_can_be_given_up_until_the_sellers_deadline_and_not_later(
    cell: Cell, settings: Settings
) -> None:
    made = await lay.lay(cell, withdrawal="dated_leisure_service", cancel_hours=24)
    order = await lay.book(cell, settings, made)
    async with cell.tx() as tx:
        await run(tx, "update booking set cancel_until = %s", (now() - timedelta(seconds=1),))
    with pytest.raises(parcels.TooLate):
        await give_up(cell, order)
    async with cell.tx() as tx:
        # Nothing that the seller says later changes what the buyer was promised.
        await bookings.change_terms(tx, made.service, lay.terms(withdrawal="allowed"))
    with pytest.raises(parcels.TooLate):
        await give_up(cell, order)


async def test_without_an_exemption_a_place_can_be_given_up_until_it_begins(
    cell: Cell, settings: Settings
) -> None:
    made = await lay.lay(cell, withdrawal="allowed", cancel_hours=24)
    order = await lay.book(cell, settings, made)
    async with cell.tx() as tx:
        await run(tx, "update booking set cancel_until = %s", (now() - timedelta(days=1),))
    assert await give_up(cell, order)
    other = await lay.book(cell, settings, made)
    async with cell.tx() as tx:
        begun = now() - timedelta(minutes=1)
        await run(tx, "update booking set cancel_until = %s, starts_at = %s", (begun, begun))
    with pytest.raises(parcels.TooLate):
        await give_up(cell, other)


async def test_a_slot_called_off_refunds_everybody_once_and_writes_to_them(
    cell: Cell, settings: Settings
) -> None:
    made = await lay.lay(cell, places=5)
    alone = await lay.book(cell, settings, made, 2)
    mixed = await lay.book(cell, settings, made, candles=1)
    await lay.hold(cell, made, new_id())
    await call_off(cell, made)
    with pytest.raises((stock.Closed, stock.SoldOut)):
        await lay.hold(cell, made, new_id())
    assert await parcels.end_slots(cell) == 2
    assert await parcels.end_slots(cell) == 0
    await sold.work(cell, settings)
    assert await sold.refunds(cell, alone) == [("cancelled", "done", 6000)]
    assert await sold.refunds(cell, mixed) == [("cancelled", "done", 3000)]
    assert await sold.state(cell, alone) == "refunded"
    assert await sold.state(cell, mixed) == "paid"  # the candle is still to send
    async with cell.read() as tx:
        mails = await (
            await tx.execute("select body_text from mail where subject like '%%cancelled%%'")
        ).fetchall()
    assert len(mails) == 2
    assert all("Ill, sorry." in body for (body,) in mails)
    assert all("Maison Lumen has called this off:" in body for (body,) in mails)
    assert await buying.all_adds_up(cell)


@pytest.mark.parametrize("end", ["cancelled", "lost", "returned"])
async def test_without_its_goods_an_order_with_a_place_pays_no_delivery(
    cell: Cell, settings: Settings, end: str
) -> None:
    made = await lay.lay(cell)
    async with cell.tx() as tx:
        mug = await lay_variant(tx, made.shop.product, 10, 2000)
    order = await lay.book(cell, settings, made, goods=mug)
    mixed = sold.Sold(made.shop, mug, order, buying.placement(made.shop, order, ""))
    if end == "cancelled":
        asked = parcels.Cancelling(new_id(), by_buyer=True)
        assert await cell.run(lambda tx: parcels.cancel(tx, order, asked, None))
    else:
        parcel = await sold.ship(cell, mixed)
        if end == "lost":
            assert await cell.run(lambda tx: parcels.lose(tx, parcel, None))
    if end == "returned":
        await lay.pass_by(cell, made)
        assert await parcels.end_slots(cell) == 1
        assert await cell.run(lambda tx: parcels.deliver(tx, parcel))
        key = new_id()
        assert await cell.run(lambda tx: parcels.ask_return(tx, order, key, None, ""))
        assert await cell.run(lambda tx: parcels.receive(tx, key, None, None, sellable=True))
    await sold.work(cell, settings)
    reason = "withdrawal" if end == "returned" else end
    assert await sold.refunds(cell, order) == [(reason, "done", 2490)]
    assert await buying.all_adds_up(cell)


async def test_what_is_cut_off_in_the_middle_goes_on_and_refunds_nothing_twice(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await lay.lay(cell, places=3)
    orders = [await lay.book(cell, settings, made) for _ in range(3)]
    await call_off(cell, made)
    monkeypatch.setattr("panier.parcels.bookings.ORDERS_MAX", 1)
    assert await parcels.end_slots(cell) == 1
    assert not await lay.is_seen_to(cell, made)
    while await parcels.end_slots(cell):
        pass
    await sold.work(cell, settings)
    for order in orders:
        assert await sold.refunds(cell, order) == [("cancelled", "done", 3000)]
    assert await lay.is_seen_to(cell, made)
    assert await buying.all_adds_up(cell)


@pytest.mark.parametrize("won", [True, False])
async def test_a_disputed_payment_waits_for_the_bank_and_holds_up_nobody(
    cell: Cell, settings: Settings, app: FastAPI, *, won: bool
) -> None:
    made = await lay.lay(cell, places=3)
    disputed = await lay.book(cell, settings, made, behaviour=Behaviour.DISPUTED)
    others = [await lay.book(cell, settings, made) for _ in range(2)]
    await hear(cell, settings, app)
    await call_off(cell, made)
    assert await parcels.end_slots(cell) == 2
    assert await parcels.end_slots(cell) == 0
    assert not await lay.is_seen_to(cell, made)
    await sold.work(cell, settings)
    for order in others:
        assert await sold.refunds(cell, order) == [("cancelled", "done", 3000)]
    assert await sold.refunds(cell, disputed) == []
    await decide(cell, settings, app, won=won)
    assert await parcels.end_slots(cell) == (1 if won else 0)
    assert await parcels.end_slots(cell) == 0
    assert await lay.is_seen_to(cell, made)
    await sold.work(cell, settings)
    lost = [("dispute", "done", 3000), ("cancelled", "done", 0)]  # the loss gave the place up
    assert await sold.refunds(cell, disputed) == ([("cancelled", "done", 3000)] if won else lost)
    assert await buying.all_adds_up(cell)


async def test_what_is_exempt_stays_bought_and_the_rest_goes_back(
    cell: Cell, settings: Settings
) -> None:
    bought = await sold.sell(cell, settings)
    await sold.deliver(cell, bought)
    dear, cheap = await sold.numbers(cell, bought)
    order = bought.order

    async def exempt(n: int, reason: str) -> None:
        async with cell.tx() as tx:
            await run(
                tx, "update order_line set withdrawal = %s where order_id = %s and n = %s",
                (reason, order, n),
            )  # fmt: skip

    async def ask(units: dict[int, int] | None, *, unopened: bool = False) -> bool:
        return await cell.run(
            lambda tx: parcels.ask_return(tx, order, new_id(), units, "", unopened=unopened)
        )

    await exempt(dear, "made_to_order")
    with pytest.raises(parcels.CannotReturn) as refused:
        await ask({dear: 1, cheap: 1})
    assert refused.value.message() == (
        "Made to your wishes: it cannot be sent back. Please leave out “Candle”."
    )
    await exempt(cheap, "sealed_hygiene")
    with pytest.raises(parcels.CannotReturn):
        await ask({cheap: 1})
    with pytest.raises(parcels.CannotReturn):
        await ask(None)
    assert await ask({cheap: 1}, unopened=True)
    await exempt(cheap, "allowed")
    assert await ask(None)
    async with cell.read() as tx:
        asked = await value(
            tx, "select string_agg(n || ':' || asked, ' ' order by n) from fulfilment"
            " where asked > 0",
        )  # fmt: skip
    assert asked == f"{cheap}:3"
