"""Refunds: in part, failed, asked again, undone; the books follow to the last cent."""

import pytest

from panier import parcels, payments
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.ids import new_id
from panier.parcels import WHOLE, Ask, NotNow, Reason, RefundTooMuch, Wanted
from panier.payments import RefundAnswer
from panier.payments.refunds import settle_refund
from panier.payments.rules import RefundState
from panier.settings import Settings
from tests import buying
from tests.parcels import sold as laid
from tests.parcels.sold import Sold


async def goodwill(cell: Cell, sold: Sold, wanted: Wanted) -> Ask:
    ask = Ask(new_id(), Reason.GOODWILL, wanted, "Sorry for the scratch")
    assert await cell.run(lambda tx: parcels.give_money(tx, sold.order, ask, None))
    return ask


async def test_goodwill_reverses_its_share_of_each_part(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    dear, _ = await laid.numbers(cell, sold)
    ask = await goodwill(cell, sold, Wanted({}, {dear: 1000}, 100))
    assert not await cell.run(lambda tx: parcels.give_money(tx, sold.order, ask, None))
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [("goodwill", "done", 1100)]
    # 10.00 of 49.80: 1.67 of 8.30 VAT, 0.50 of 2.49 commission; 1.00 of the parcel.
    after = await laid.balances(cell, sold)
    assert after["clearing"] == 8467 - 1100
    assert after["commission"] == -399 + 50
    assert after["vat"] == -1412 + 167 + 17
    assert sum(after.values()) == 0
    assert await laid.state(cell, sold.order) == "delivered"
    assert await buying.all_adds_up(cell)


async def test_refunds_in_many_steps_leave_nothing_in_the_books(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    dear, cheap = await laid.numbers(cell, sold)
    for wanted in (
        Wanted({}, {dear: 333}),
        Wanted({cheap: 1}, {}),
        Wanted({}, {dear: 1}, 17),
        Wanted({dear: 1}, {}),
        Wanted({cheap: 1}, {cheap: 7}),
        Wanted({dear: 1, cheap: 1}, {}, WHOLE),
    ):
        await goodwill(cell, sold, wanted)
        await laid.work(cell, settings)
    assert set((await laid.balances(cell, sold)).values()) == {0}
    assert await laid.state(cell, sold.order) == "refunded"
    with pytest.raises(NotNow):
        await goodwill(cell, sold, Wanted({}, {dear: 1}))
    assert await buying.all_adds_up(cell)


async def test_more_than_was_paid_is_refused(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    dear, _ = await laid.numbers(cell, sold)
    with pytest.raises(NotNow):  # not sent yet: that is a cancellation
        await goodwill(cell, sold, Wanted({}, {dear: 1}))
    await laid.deliver(cell, sold)
    await goodwill(cell, sold, Wanted({}, {dear: 4000}))
    with pytest.raises(RefundTooMuch):
        await goodwill(cell, sold, Wanted({}, {dear: 981}))
    assert await laid.refunds(cell, sold.order) == [("goodwill", "asked", 4000)]


async def answer(tx: Tx, ask: Ask, state: RefundState) -> None:
    """Let the provider say how the refund of this key went."""
    cursor = await tx.execute("select key from order_refund where id = %s", (ask.key,))
    ((key,),) = await cursor.fetchall()
    assert await settle_refund(tx, RefundAnswer(key, state, "re_1", "card_closed"))


async def test_a_refund_that_failed_is_asked_again_and_booked_once(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    before = await laid.balances(cell, sold)
    dear, _ = await laid.numbers(cell, sold)
    ask = await goodwill(cell, sold, Wanted({dear: 1}, {}))
    async with cell.tx() as tx:
        await answer(tx, ask, RefundState.FAILED)
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [("goodwill", "failed", 2490)]
    assert await laid.balances(cell, sold) == before
    with pytest.raises(RefundTooMuch):  # its money is still set aside
        await goodwill(cell, sold, Wanted({dear: 2}, {}))
    assert await cell.run(lambda tx: parcels.ask_again(tx, ask.key, None))
    assert not await cell.run(lambda tx: parcels.ask_again(tx, ask.key, None))
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [("goodwill", "done", 2490)]
    assert (await laid.balances(cell, sold))["clearing"] == 8467 - 2490
    assert await buying.events_of(cell, "OrderRefunded") == 1
    assert await buying.all_adds_up(cell)


async def test_a_refund_that_comes_back_later_is_taken_back_in_the_books(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    before = await laid.balances(cell, sold)
    dear, _ = await laid.numbers(cell, sold)
    ask = await goodwill(cell, sold, Wanted({dear: 1}, {}))
    await laid.work(cell, settings)
    async with cell.tx() as tx:
        await answer(tx, ask, RefundState.FAILED)
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [("goodwill", "failed", 2490)]
    assert await laid.balances(cell, sold) == before
    assert await cell.run(lambda tx: parcels.ask_again(tx, ask.key, None))
    await laid.work(cell, settings)
    assert (await laid.balances(cell, sold))["clearing"] == 8467 - 2490


async def test_the_provider_hears_of_each_refund_once(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    dear, _ = await laid.numbers(cell, sold)
    ask = await goodwill(cell, sold, Wanted({dear: 1}, {}))
    for _ in range(3):
        await laid.work(cell, settings)
    async with cell.read() as tx:
        (refund,) = await payments.list_refunds(tx, await _payment(tx, sold))
    assert (refund.id, refund.minor, refund.state) == (ask.key, 2490, "done")


async def _payment(tx: Tx, sold: Sold):  # type: ignore[no-untyped-def]  # noqa: ANN202
    cursor = await tx.execute(
        "select payment_id from checkout where id = %s", (sold.placed.checkout,)
    )
    ((payment,),) = await cursor.fetchall()
    return payment
