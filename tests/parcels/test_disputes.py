"""Disputes: held, won or lost, told in any order; everyone gives back their part, once."""

from collections.abc import Sequence

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from panier import events, ledger, orders, parcels, payments
from panier.kit.cells import Cell
from panier.kit.db import run, value
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.parcels import Cancelling, NotSettled, Wanted
from panier.parcels.disputes import book_lost
from panier.payments import find_case, sandbox
from panier.payments.rules import Behaviour
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying, paying
from tests.parcels import sold as laid
from tests.parcels.disputed import (
    NOTHING,
    books,
    decide,
    goodwill,
    hear,
    sell_disputed,
    tell,
)
from tests.parcels.sold import Sold
from tests.shop import lay_shop


async def test_disputed_money_is_held_and_ours_again_when_won(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    sold = await sell_disputed(cell, settings)
    before = await books(cell, sold)
    assert (before["clearing"], before["dispute"]) == (8467, 0)
    await hear(cell, settings, app)
    assert await books(cell, sold) == {**before, "clearing": 0, "dispute": 8467}
    await decide(cell, settings, app, won=True)
    assert await books(cell, sold) == before
    assert await laid.refunds(cell, sold.order) == []


async def test_lost_money_is_taken_back_from_all_to_the_last_cent(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    sold = await sell_disputed(cell, settings)
    await laid.deliver(cell, sold)
    await hear(cell, settings, app)
    await decide(cell, settings, app, won=False)
    assert await books(cell, sold) == NOTHING
    assert await laid.refunds(cell, sold.order) == [("dispute", "done", 8467)]
    assert await laid.state(cell, sold.order) == "refunded"
    assert await buying.events_of(cell, "OrderRefunded") == 1
    async with cell.read() as tx:
        letters = await value(
            tx, "select count(*) from mail where subject like '%%on its way back%%'"
        )
    assert letters == 0  # we sent nothing: their bank did


@pytest.mark.parametrize("won", [True, False])
async def test_news_that_come_twice_and_overtake_each_other_are_booked_once(
    cell: Cell, settings: Settings, app: FastAPI, *, won: bool
) -> None:
    sold = await laid.sell(cell, settings)
    await paying.turn(cell, duplicate=100, shuffled=100)
    async with cell.tx() as tx:
        intent = await value(tx, "select id from sandbox_intent")
        opened = await sandbox.open_dispute(tx, str(intent), "fraudulent")
        await sandbox.decide(tx, opened.id, won=won)
        # The decision, sent twice, is there first.
        late = "next_try_at + interval '1 hour' where body::text like '%%\"open\"%%'"
        assert await run(tx, f"update sandbox_webhook set next_try_at = {late}") == 2
    for minutes in (0, 59, 120):
        async with cell.tx() as tx:
            await run(
                tx,
                "update sandbox_webhook set next_try_at = next_try_at - make_interval(mins => %s)",
                (minutes,),
            )
        await payments.deliver_webhooks(cell, settings, httpx2.ASGITransport(app=app))
        await Courier(cell, REACTIONS).deliver_all()
        assert await buying.all_adds_up(cell)
    async with cell.read() as tx:
        assert (
            await value(tx, "select count(*) from sandbox_webhook where next_try_at < now()") == 0
        )
    after = await books(cell, sold)
    assert after == NOTHING if not won else (after["clearing"], after["dispute"]) == (8467, 0)
    assert await buying.events_of(cell, "DisputeClosed") == 1


async def test_only_what_was_not_given_back_before_is_lost(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    sold = await sell_disputed(cell, settings)
    await laid.deliver(cell, sold)
    dear, _ = await laid.numbers(cell, sold)
    await goodwill(cell, sold, Wanted({dear: 1}, {}, 100))
    await laid.work(cell, settings)
    await hear(cell, settings, app)
    assert (await books(cell, sold))["dispute"] == 8467 - 2590
    await decide(cell, settings, app, won=False)
    assert await books(cell, sold) == NOTHING
    assert await laid.refunds(cell, sold.order) == [
        ("goodwill", "done", 2590),
        ("dispute", "done", 5877),
    ]


async def test_what_is_lost_cannot_be_given_back_as_well(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    sold = await sell_disputed(cell, settings)
    await hear(cell, settings, app)
    asked = Cancelling(new_id(), by_buyer=False)
    with pytest.raises(payments.RefundTooLarge):
        await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    await decide(cell, settings, app, won=False)
    # The goods are still here: they are cancelled with it, and no money moves.
    with pytest.raises(parcels.NotNow):
        await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    await laid.work(cell, settings)
    assert await laid.refunds(cell, sold.order) == [
        ("dispute", "done", 8467),
        ("cancelled", "done", 0),
    ]
    assert await laid.state(cell, sold.order) == "refunded"
    assert await books(cell, sold) == NOTHING
    assert await buying.all_adds_up(cell)


@pytest.mark.parametrize("first", ["refund", "bank"])
async def test_the_banks_money_takes_the_place_of_a_refund_that_it_made_fail(
    cell: Cell, settings: Settings, app: FastAPI, first: str
) -> None:
    sold = await sell_disputed(cell, settings)
    await laid.deliver(cell, sold)
    dear, _ = await laid.numbers(cell, sold)
    await goodwill(cell, sold, Wanted({dear: 1}, {}))
    if first == "bank":
        # The refund waits: what it takes cannot be taken twice, and is written off meanwhile.
        await hear(cell, settings, app)
        await decide(cell, settings, app, won=False)
        after = await books(cell, sold)
        assert (after["dispute"], after["loss"], after["clearing"]) == (0, 2490, 0)
        await laid.work(cell, settings)
    else:
        await hear(cell, settings, app)
        await laid.work(cell, settings)
        assert await laid.refunds(cell, sold.order) == [("goodwill", "failed", 2490)]
        await decide(cell, settings, app, won=False)
    assert await laid.refunds(cell, sold.order) == [
        ("goodwill", "done", 2490),
        ("dispute", "done", 5977),
    ]
    assert await books(cell, sold) == NOTHING
    assert await buying.all_adds_up(cell)


async def test_a_part_is_shared_out_over_all_sellers_and_parcels_of_the_payment(
    cell: Cell, settings: Settings
) -> None:
    async with cell.tx() as tx:
        one, other = await lay_shop(tx), await lay_shop(tx, minor=1000)
    buyer = new_id()
    await buying.fill_basket(cell, one, buyer, 2)
    await buying.fill_basket(cell, other, buyer, 1)
    wanted = buying.placement(one, buyer, await buying.card(cell))
    await orders.check_out(cell, settings, wanted)
    async with cell.tx() as tx:
        placed = await orders.list_orders_of(tx, wanted.checkout)
        # 49.80 + 4.90 and 10.00 + 4.90: 69.60; half of it is 34.80
        assert sorted(order.total.minor for order in placed) == [1490, 5470]
        sold = Sold(one, one.variant, placed[0].id, wanted)
        await tell(tx, sold, 3480, "lost")
    await Courier(cell, REACTIONS).deliver_all()
    async with cell.read() as tx:
        back = await parcels.list_refunds(tx, [order.id for order in placed])
        assert {key: [r.minor for r in refunds] for key, refunds in back.items()} == {
            order.id: [order.total.minor // 2] for order in placed
        }
        cursor = await tx.execute(
            "select goods_minor, vat_minor, commission_minor, shipping_minor, shipping_vat_minor"
            " from order_refund_line order by goods_minor"
        )
        # 5 % commission of 10.00 and 49.80; 20 % VAT inside 10.00, 49.80 and 4.90
        assert await cursor.fetchall() == [(500, 84, 25, 245, 41), (2490, 415, 125, 245, 41)]
        assert await parcels.check_disputes(tx) == []
        assert await parcels.check_parcels(tx) == []
        assert await ledger.check_books(tx) == []


async def test_more_than_the_orders_hold_is_our_loss(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    dear, _ = await laid.numbers(cell, sold)
    await goodwill(cell, sold, Wanted({dear: 1}, {}))
    await laid.work(cell, settings)
    async with cell.tx() as tx:
        await tell(tx, sold, 8467, "lost")
    await Courier(cell, REACTIONS).deliver_all()
    # The bank took 24.90 that the buyer had back already: nobody but us has them to give.
    assert await books(cell, sold) == {**NOTHING, "clearing": -2490, "loss": 2490}
    async with cell.read() as tx:
        assert await parcels.check_disputes(tx) == []


async def test_money_that_came_too_late_is_the_buyers_by_their_bank(
    cell: Cell, settings: Settings
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    buyer = new_id()
    await buying.fill_basket(cell, shop, buyer)
    wanted = buying.placement(shop, buyer, await buying.card(cell, Behaviour.LATE))
    await orders.check_out(cell, settings, wanted)
    sold = Sold(shop, shop.variant, wanted.checkout, wanted)
    async with cell.tx() as tx:
        payment = await tell(tx, sold, 2980, "lost")
        (dispute,) = await payments.list_disputes(tx, payment)
        case = await find_case(tx, payment, dispute.id)
        with pytest.raises(NotSettled):  # told again later
            await book_lost(tx, *case)
    async with cell.tx() as tx:
        await tx.execute("delete from hold")
        await tx.execute("update stock set held = 0, available = 0")
        found = await payments.find_payment(tx, payment)
        assert found
        paid = events.PaymentReported(
            market="FR", payment=payment, state="paid", reference=found.reference or "",
            reason=None,
        )  # fmt: skip
        await REACTIONS[events.PaymentReported][0](tx, paid)
    for _ in range(2):
        async with cell.tx() as tx:
            await book_lost(tx, *await find_case(tx, payment, dispute.id))
    async with cell.read() as tx:
        found = await payments.find_payment(tx, payment)
        assert found
        assert found.state == "refunded"
        back = await ledger.get_balance(tx, ledger.Account("return", "FR", "EUR"))
        assert back == Money(0, "EUR")
    assert await books(cell, sold) == NOTHING


NAMES = ["opened", "closed", "done", "failed"]


@trying(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.permutations(NAMES), st.lists(st.sampled_from(NAMES), max_size=4))
async def test_events_in_any_order_and_number_give_the_same_books(
    cell: Cell, settings: Settings, order: Sequence[str], repeated: Sequence[str]
) -> None:
    """Tell of a refund that is through, one that the dispute let fail, and the lost dispute."""
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    dear, cheap = await laid.numbers(cell, sold)
    first = await goodwill(cell, sold, Wanted({}, {cheap: 1000}))
    second = await goodwill(cell, sold, Wanted({dear: 1}, {}))
    async with cell.tx() as tx:
        payment = await tell(tx, sold, 7467, "lost")
        (dispute,) = await payments.list_disputes(tx, payment)
        # Told by hand below, in another order.
        await tx.execute("update event set delivered_at = now()")
    told = {
        "opened": events.DisputeOpened(
            market="FR", dispute=dispute.id, payment=payment, amount=dispute.amount, reason="lost"
        ),
        "closed": events.DisputeClosed(
            market="FR", dispute=dispute.id, payment=payment, amount=dispute.amount, won=False
        ),
        "done": events.RefundDone(
            market="FR", refund=first, payment=payment, amount=Money(1000, "EUR"), reference="re"
        ),
        "failed": events.RefundFailed(
            market="FR",
            refund=second,
            payment=payment,
            amount=Money(2490, "EUR"),
            reason="payment_disputed",
            undone=False,
        ),
    }
    for name in (*order, *repeated):
        async with cell.tx() as tx:
            for reaction in REACTIONS[type(told[name])]:
                await reaction(tx, told[name])
            assert await ledger.check_books(tx) == []
    # 10.00 went back by us, the rest of 84.67 by the bank: nothing is left anywhere.
    assert await books(cell, sold) == NOTHING
    assert await laid.refunds(cell, sold.order) == [
        ("goodwill", "done", 1000),
        ("goodwill", "done", 2490),
        ("dispute", "done", 4977),
    ]
    async with cell.read() as tx:
        sql = "select count(*) from event where kind = 'OrderRefunded' and stream = %s"
        assert await value(tx, sql, (sold.order,)) == 3
        assert await parcels.check_disputes(tx) == []
