"""Sending back: in time, in part, with a label, received, paid back, sold again."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from panier import orders, parcels
from panier.kit.cells import Cell
from panier.kit.errors import BadInput, TooLarge
from panier.kit.ids import new_id
from panier.kit.store import get
from panier.parcels import Directions, NothingChosen, NotNow, TooLate, TooManyUnits
from panier.parcels.queries import Story, list_stories
from panier.parcels.rules import BadLabel
from panier.runtime import Runtime
from panier.settings import Settings
from tests import buying
from tests.bookings import laid as slots
from tests.parcels import sold as laid

PDF = b"%PDF-1.7 a label"


async def test_all_of_it_back_pays_goods_and_parcel_and_can_be_sold_again(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    giving = new_id()
    assert await cell.run(lambda tx: parcels.ask_return(tx, sold.order, giving, None, "too small"))
    assert not await cell.run(lambda tx: parcels.ask_return(tx, sold.order, giving, None, ""))
    assert await laid.refunds(cell, sold.order) == []
    assert await cell.run(lambda tx: parcels.receive(tx, giving, None, None, sellable=True))
    assert not await cell.run(lambda tx: parcels.receive(tx, giving, None, None, sellable=True))
    assert await laid.state(cell, sold.order) == "returned"
    assert await buying.counts(cell, sold.shop) == (10, 0, 0)
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [("withdrawal", "done", 8467)]
    assert await laid.state(cell, sold.order) == "refunded"
    assert set((await laid.balances(cell, sold)).values()) == {0}
    assert await buying.events_of(cell, "OrderReturned") == 1
    assert await buying.all_adds_up(cell)


async def test_a_part_back_pays_its_goods_only(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    dear, cheap = await laid.numbers(cell, sold)
    giving = new_id()
    units = {dear: 1, cheap: 2}
    await cell.run(lambda tx: parcels.ask_return(tx, sold.order, giving, units, ""))
    with pytest.raises(TooManyUnits):  # two of three are on their way back already
        await cell.run(lambda tx: parcels.ask_return(tx, sold.order, new_id(), {cheap: 2}, ""))
    # One of the two cheap ones came, in no state to be sold.
    came = {dear: 1, cheap: 1}
    await cell.run(lambda tx: parcels.receive(tx, giving, came, None, sellable=False))
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [("withdrawal", "done", 3489)]
    assert await laid.state(cell, sold.order) == "delivered"
    assert await buying.counts(cell, sold.shop) == (8, 0, 2)
    # What did not come may still be sent back.
    rest = {dear: 1, cheap: 2}
    later = new_id()
    await cell.run(lambda tx: parcels.ask_return(tx, sold.order, later, rest, ""))
    await cell.run(lambda tx: parcels.receive(tx, later, None, None, sellable=True))
    await laid.work(cell, settings)
    assert (await laid.refunds(cell, sold.order))[1] == ("withdrawal", "done", 8467 - 3489)
    assert set((await laid.balances(cell, sold)).values()) == {0}
    assert await buying.all_adds_up(cell)


async def story_of(cell: Cell, order: UUID) -> Story:
    async with cell.read() as tx:
        found = await orders.find_order(tx, order)
        assert found is not None
        (story,) = await list_stories(tx, [found], "Europe/Paris")
    return story


async def test_goods_are_withdrawn_from_in_time_of_their_own_arrival_not_of_the_class(
    cell: Cell, settings: Settings
) -> None:
    made = await slots.lay(cell)
    order = await slots.book(cell, settings, made, candles=1)
    sold = laid.Sold(made.shop, made.shop.variant, order, buying.placement(made.shop, order, ""))
    parcel = await laid.ship(cell, sold)
    assert (await story_of(cell, order)).deadline is None
    assert await cell.run(lambda tx: parcels.deliver(tx, parcel))
    async with cell.tx() as tx:
        await tx.execute(
            "update parcel set ended_at = '2026-01-05T10:00Z' where order_id = %s", (order,)
        )
    # The class is still to come, and 14 days after the candle are over.
    story = await story_of(cell, order)
    assert str(story.deadline) == "2026-01-19 23:59:59.999999+01:00"
    last, late = datetime(2026, 1, 19, 22, tzinfo=UTC), datetime(2026, 1, 19, 23, tzinfo=UTC)
    assert list(story.returnable(last).values()) == [1]
    assert story.returnable(late) == {}
    with pytest.raises(TooLate):
        await cell.run(lambda tx: parcels.ask_return(tx, order, new_id(), None, ""))
    await slots.pass_by(cell, made)
    assert await parcels.end_slots(cell) == 1
    assert await laid.state(cell, order) == "delivered"
    assert str((await story_of(cell, order)).deadline) == "2026-01-19 23:59:59.999999+01:00"
    with pytest.raises(TooLate):
        await cell.run(lambda tx: parcels.ask_return(tx, order, new_id(), None, ""))


async def test_who_sends_back_before_any_news_has_had_it(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    await laid.ship(cell, sold)
    giving = new_id()
    await cell.run(lambda tx: parcels.ask_return(tx, sold.order, giving, None, ""))
    await cell.run(lambda tx: parcels.receive(tx, giving, None, None, sellable=True))
    assert await laid.steps(cell, sold.order) == ["packed", "shipped", "delivered", "returned"]
    assert await buying.events_of(cell, "OrderDelivered") == 1


async def test_who_sends_back_goods_beside_a_class_has_had_them_and_keeps_the_class(
    cell: Cell, settings: Settings
) -> None:
    made = await slots.lay(cell)
    order = await slots.book(cell, settings, made, candles=1)
    sold = laid.Sold(made.shop, made.shop.variant, order, buying.placement(made.shop, order, ""))
    await laid.ship(cell, sold)
    giving = new_id()
    await cell.run(lambda tx: parcels.ask_return(tx, order, giving, None, ""))
    await cell.run(lambda tx: parcels.receive(tx, giving, None, None, sellable=True))
    assert (await story_of(cell, order)).parcels[0].state == "delivered"
    await slots.pass_by(cell, made)
    assert await parcels.end_slots(cell) == 1
    assert await laid.state(cell, order) == "delivered"
    assert await buying.all_adds_up(cell)


async def test_after_fourteen_days_it_is_too_late(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    async with cell.tx() as tx:
        await laid.age(tx, sold.order, 14)
    first = new_id()
    dear, _ = await laid.numbers(cell, sold)
    await cell.run(lambda tx: parcels.ask_return(tx, sold.order, first, {dear: 1}, ""))
    async with cell.tx() as tx:
        await laid.age(tx, sold.order, 3)  # the last day is never a Saturday or Sunday
    with pytest.raises(TooLate):
        await cell.run(lambda tx: parcels.ask_return(tx, sold.order, new_id(), {dear: 1}, ""))


async def test_what_was_not_sent_cannot_come_back(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    with pytest.raises(NotNow):
        await cell.run(lambda tx: parcels.ask_return(tx, sold.order, new_id(), None, ""))
    dear, cheap = await laid.numbers(cell, sold)
    await laid.ship(cell, sold, {dear: 2})
    with pytest.raises(TooManyUnits):
        await cell.run(lambda tx: parcels.ask_return(tx, sold.order, new_id(), {cheap: 1}, ""))
    with pytest.raises(NothingChosen):
        await cell.run(lambda tx: parcels.ask_return(tx, sold.order, new_id(), {}, ""))


async def test_nothing_came_so_the_goods_stay_bought(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    giving = new_id()
    await cell.run(lambda tx: parcels.ask_return(tx, sold.order, giving, None, ""))
    assert await cell.run(lambda tx: parcels.close_return(tx, giving, None))
    assert not await cell.run(lambda tx: parcels.close_return(tx, giving, None))
    with pytest.raises(NotNow):
        await cell.run(lambda tx: parcels.receive(tx, giving, None, None, sellable=True))
    assert await laid.refunds(cell, sold.order) == []
    assert await cell.run(lambda tx: parcels.ask_return(tx, sold.order, new_id(), None, ""))


async def test_a_label_is_kept_and_told_of_once(
    cell: Cell, settings: Settings, runtime: Runtime
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    giving = new_id()
    await cell.run(lambda tx: parcels.ask_return(tx, sold.order, giving, None, ""))
    for wrong, error in (
        (Directions("", b"<html>"), BadLabel),
        (Directions("", PDF + b"x" * 5 * 1024 * 1024), TooLarge),
        (Directions(" "), BadInput),
        (Directions("x" * 501), BadInput),
    ):
        with pytest.raises(error):
            await parcels.direct(cell, runtime.store, giving, wrong)
    assert await parcels.direct(cell, runtime.store, giving, Directions("1 rue Basse", PDF))
    again = Directions("2 rue Basse", PDF + b" corrected")
    assert not await parcels.direct(cell, runtime.store, giving, again)
    assert await get(runtime.store, f"labels/{giving}.pdf") == PDF + b" corrected"
    assert await buying.events_of(cell, "ReturnLabelled") == 1
