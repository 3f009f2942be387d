"""The life of an order after it is paid: packed, shipped, delivered, lost, cancelled."""

import pytest

from panier import parcels
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from panier.parcels import Cancelling, NewParcel, NotNow, TooManyUnits
from panier.settings import Settings
from tests import buying
from tests.parcels import sold as laid


async def test_an_order_is_packed_shipped_and_delivered_once(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    assert await cell.run(lambda tx: parcels.pack(tx, sold.order, None))
    assert not await cell.run(lambda tx: parcels.pack(tx, sold.order, None))
    parcel = NewParcel(new_id(), "Colissimo", " 6a 123 ")
    assert await cell.run(lambda tx: parcels.ship(tx, sold.order, parcel, None))
    assert not await cell.run(lambda tx: parcels.ship(tx, sold.order, parcel, None))
    assert await laid.state(cell, sold.order) == "shipped"
    assert await cell.run(lambda tx: parcels.deliver(tx, parcel.key))
    assert not await cell.run(lambda tx: parcels.deliver(tx, parcel.key))
    assert await laid.steps(cell, sold.order) == ["packed", "shipped", "delivered"]
    assert await buying.events_of(cell, "OrderShipped") == 1
    assert await buying.events_of(cell, "OrderDelivered") == 1
    assert await buying.all_adds_up(cell)


async def test_another_request_cannot_send_what_was_sent(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    dear, cheap = await laid.numbers(cell, sold)
    first = await laid.ship(cell, sold, {dear: 1, cheap: 3})
    assert await laid.state(cell, sold.order) == "packed"
    with pytest.raises(TooManyUnits):
        await laid.ship(cell, sold, {cheap: 1})
    second = await laid.ship(cell, sold)
    assert await laid.state(cell, sold.order) == "shipped"
    with pytest.raises(NotNow):
        await laid.ship(cell, sold)
    await cell.run(lambda tx: parcels.deliver(tx, second))
    assert await laid.state(cell, sold.order) == "shipped"
    await cell.run(lambda tx: parcels.deliver(tx, first))
    assert await laid.state(cell, sold.order) == "delivered"


async def test_a_parcel_without_news_counts_as_delivered_after_seven_days(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.ship(cell, sold)
    async with cell.tx() as tx:
        await laid.age(tx, sold.order, 6)
    assert await parcels.deliver_overdue(cell, settings) == 0
    async with cell.tx() as tx:
        await laid.age(tx, sold.order, 1)
    assert await parcels.deliver_overdue(cell, settings) == 1
    assert await parcels.deliver_overdue(cell, settings) == 0
    assert await laid.state(cell, sold.order) == "delivered"
    async with cell.read() as tx:
        cursor = await tx.execute("select body from event where kind = 'OrderDelivered'")
        ((body,),) = await cursor.fetchall()
    assert body["assumed"] is True
    assert body["seller"] == str(sold.shop.seller)


async def test_a_buyer_cancels_what_is_not_packed_and_has_all_back(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    asked = Cancelling(new_id(), by_buyer=True)
    assert await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    assert not await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    assert await laid.state(cell, sold.order) == "cancelled"
    assert await laid.refunds(cell, sold.order) == [("cancelled", "asked", 8467)]
    assert await buying.counts(cell, sold.shop) == (10, 0, 0)
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [("cancelled", "done", 8467)]
    assert await laid.state(cell, sold.order) == "refunded"
    assert set((await laid.balances(cell, sold)).values()) == {0}
    assert await buying.all_adds_up(cell)


async def test_a_buyer_cannot_cancel_what_is_packed(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    await cell.run(lambda tx: parcels.pack(tx, sold.order, None))
    asked = Cancelling(new_id(), by_buyer=True)
    with pytest.raises(NotNow):
        await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    assert await laid.refunds(cell, sold.order) == []


async def test_a_seller_cancels_a_part_and_sends_the_rest(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    dear, _ = await laid.numbers(cell, sold)
    asked = Cancelling(new_id(), by_buyer=False, units={dear: 1}, sellable=False)
    await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    assert await laid.state(cell, sold.order) == "paid"
    assert await buying.counts(cell, sold.shop) == (8, 0, 2)
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [("cancelled", "done", 2490)]
    # 24.90: 4.15 VAT, 1.25 commission (rounded half up), the rest the seller's.
    before_vat, before_commission = 1412, 399  # 8.30 + 5.00 + 0.51 + 0.31; 2.49 + 1.50
    assert await laid.balances(cell, sold) == {
        "clearing": 8467 - 2490,
        "vat": -(before_vat - 415),
        "commission": -(before_commission - 125),
        "seller": -(8467 - 1412 - 399) + (2490 - 415 - 125),
        "subsidy": 0,
    }
    await laid.deliver(cell, sold)
    assert await laid.state(cell, sold.order) == "delivered"
    assert await buying.all_adds_up(cell)


async def test_a_lost_parcel_gives_all_back(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    parcel = await laid.ship(cell, sold)
    assert await cell.run(lambda tx: parcels.lose(tx, parcel, None))
    assert not await cell.run(lambda tx: parcels.lose(tx, parcel, None))
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [("lost", "done", 8467)]
    assert await laid.state(cell, sold.order) == "refunded"
    assert await laid.steps(cell, sold.order) == ["packed", "shipped", "refunded"]
    assert await buying.counts(cell, sold.shop) == (8, 0, 2)
    assert await buying.all_adds_up(cell)


async def test_one_of_two_parcels_lost_gives_its_goods_back_only(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    dear, cheap = await laid.numbers(cell, sold)
    first = await laid.ship(cell, sold, {dear: 2})
    second = await laid.ship(cell, sold, {cheap: 3})
    await cell.run(lambda tx: parcels.lose(tx, first, None))
    await cell.run(lambda tx: parcels.deliver(tx, second))
    with pytest.raises(NotNow):
        await cell.run(lambda tx: parcels.lose(tx, second, None))
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [("lost", "done", 4980)]
    assert await laid.state(cell, sold.order) == "delivered"
    assert await buying.all_adds_up(cell)


async def test_what_was_never_paid_cannot_be_sent(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    async with cell.tx() as tx:
        await tx.execute("update orders set state = 'declined'")
    for act in (
        lambda tx: parcels.pack(tx, sold.order, None),
        lambda tx: parcels.ship(tx, sold.order, NewParcel(new_id(), "ups"), None),
        lambda tx: parcels.cancel(tx, sold.order, Cancelling(new_id(), by_buyer=True), None),
    ):
        with pytest.raises(NotNow):
            await cell.run(act)
