"""Whatever dies in between, a payment is finished, exactly once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from panier import orders, payments, stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.money import Money
from panier.orders import checkout as flow
from panier.orders.place import Placed, place_batch
from panier.orders.settle import settle_batch
from panier.payments import sandbox
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import buying
from tests.shop import Shop, lay_shop

ANNA, BEN = UUID(int=1), UUID(int=2)


async def lay(cell: Cell, units: int = 10) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx, units)


async def place(cell: Cell, shop: Shop, buyer: UUID = ANNA,
                behaviour: Behaviour = Behaviour.SUCCEEDS) -> Placed:  # fmt: skip
    """Place and stop there, as a process that dies before it asks the provider."""
    await buying.fill_basket(cell, shop, buyer)
    wanted = buying.placement(shop, buyer, await buying.card(cell, behaviour))
    return await cell.desk(place_batch).ask(wanted)


async def die_before_settling(cell: Cell, settings: Settings, placed: Placed) -> None:
    """Pay and die between the provider's yes and our own books."""

    async def die(*_given: object) -> None:
        raise asyncio.CancelledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow, "_settle", die)
        with pytest.raises(asyncio.CancelledError):
            await orders.pay(cell, settings, placed)


async def later(cell: Cell, settings: Settings, seconds: int) -> int:
    """Let time go by and a worker look."""
    async with cell.tx() as tx:
        await buying.age_payments(tx, seconds)
    return await orders.resume_payments(cell, settings)


async def test_a_death_between_the_providers_yes_and_our_books_is_made_good_once(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    placed = await place(cell, shop)
    await die_before_settling(cell, settings, placed)
    assert await buying.states(cell) == [("created", "placed", "placed")]
    assert await orders.resume_payments(cell, settings) == 0  # its own process may be slow
    assert await later(cell, settings, 31) == 1
    assert await later(cell, settings, 10_000) == 0
    assert await buying.states(cell) == [("paid", "paid", "paid")]
    assert await buying.charges(cell) == [("succeeded", 2980)]
    assert await buying.taken(cell) == Money(2980, "EUR")
    assert await buying.events_of(cell, "OrderPaid") == 1
    assert await buying.all_adds_up(cell)


async def test_two_workers_finish_a_payment_once(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    await die_before_settling(cell, settings, await place(cell, shop))
    async with cell.tx() as tx:
        await buying.age_payments(tx, 31)
    async with asyncio.timeout(30):
        looked = await asyncio.gather(*(orders.resume_payments(cell, settings) for _ in range(8)))
    assert sum(looked) == 1
    assert await buying.events_of(cell, "OrderPaid") == 1
    assert await buying.all_adds_up(cell)


async def test_a_death_before_the_provider_heard_is_asked_for_by_the_same_key(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await place(cell, shop)
    assert await later(cell, settings, 31) == 1
    assert await buying.charges(cell) == [("succeeded", 2980)]
    assert await buying.states(cell) == [("paid", "paid", "paid")]
    assert await buying.all_adds_up(cell)


async def test_a_payment_that_nobody_asked_for_in_time_is_fenced_and_the_basket_freed(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    placed = await place(cell, shop)
    assert await later(cell, settings, 901) == 1
    assert await buying.states(cell) == [("declined", "declined", "declined")]
    # The process was only slow: what it asks for now is refused by the fence.
    async with cell.read() as tx:
        payment = await payments.find_payment(tx, placed.payment.id)
    assert payment is not None
    answer = await sandbox.charge(
        cell,
        payments.Charge(payment.id, "FR", payment.token, payment.amount, keep=False),
    )
    assert (answer.state, answer.reason) == ("declined", "expired")
    assert await buying.charges(cell) == [("cancelled", 2980)]
    assert await buying.all_adds_up(cell)


async def test_an_unanswered_question_of_the_bank_ends_with_the_time_to_pay(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 1)
    placed = await place(cell, shop, behaviour=Behaviour.CHALLENGE)
    assert (await orders.pay(cell, settings, placed)).state == "action"
    assert await later(cell, settings, 31) == 0
    assert await later(cell, settings, 900) == 1
    assert await buying.states(cell) == [("declined", "declined", "declined")]
    async with cell.read() as tx:
        assert len(await stock.list_holds(tx, ANNA, "FR")) == 1
    assert await buying.all_adds_up(cell)


async def test_a_late_payment_whose_stock_is_still_there_takes_it_again(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 1)
    placed = await place(cell, shop, behaviour=Behaviour.LATE)
    assert (await orders.pay(cell, settings, placed)).state == "pending"
    await expire(cell)
    assert await buying.counts(cell, shop) == (1, 0, 0)
    await settle_late(cell)
    settled = await orders.refresh(cell, settings, placed.id)
    assert settled.state == "paid"
    assert await buying.counts(cell, shop) == (0, 0, 1)
    assert await buying.all_adds_up(cell)


async def test_a_late_payment_whose_stock_is_gone_goes_back_once(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 1)
    placed = await place(cell, shop, behaviour=Behaviour.LATE)
    await orders.pay(cell, settings, placed)
    await expire(cell)
    await buying.fill_basket(cell, shop, BEN)
    _, bens = await orders.check_out(
        cell, settings, buying.placement(shop, BEN, await buying.card(cell))
    )
    assert bens.state == "paid"
    await settle_late(cell)
    assert (await orders.refresh(cell, settings, placed.id)).state == "refused"
    assert await buying.taken(cell) == Money(2 * 2980, "EUR")
    assert await buying.all_adds_up(cell)

    assert await orders.resume_payments(cell, settings) == 1
    assert await later(cell, settings, 10_000) == 0
    assert await buying.states(cell) == [
        ("refunded", "refused", "refused"),
        ("paid", "paid", "paid"),
    ]
    assert await buying.taken(cell) == Money(2980, "EUR")
    async with cell.read() as tx:
        cursor = await tx.execute("select minor from sandbox_refund")
        assert await cursor.fetchall() == [(2980,)]
    assert await buying.events_of(cell, "OrderRefused") == 1
    assert await buying.counts(cell, shop) == (0, 0, 1)
    assert await buying.all_adds_up(cell)


async def test_a_death_between_refund_and_books_refunds_once(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 1)
    placed = await place(cell, shop, behaviour=Behaviour.LATE)
    await orders.pay(cell, settings, placed)
    await expire(cell)
    await buying.fill_basket(cell, shop, BEN)
    await settle_late(cell)
    await orders.refresh(cell, settings, placed.id)
    async with cell.read() as tx:
        payment = await payments.find_payment(tx, placed.payment.id)
    assert payment is not None
    assert payment.reference is not None
    wanted = payments.RefundWanted(payment.id, payment.id, payment.reference, "FR", payment.amount)
    first = await sandbox.refund(cell, wanted)
    assert await later(cell, settings, 60) == 1
    assert await sandbox.refund(cell, wanted) == first
    assert await buying.states(cell) == [("refunded", "refused", "refused")]
    assert await buying.taken(cell) == Money(0, "EUR")
    assert await buying.all_adds_up(cell)


async def test_what_a_provider_says_twice_late_or_the_wrong_way_round_changes_nothing(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    placed = await place(cell, shop)
    await orders.pay(cell, settings, placed)
    for state in ("pending", "declined", "action", "paid", "paid"):
        answer = payments.Answer(payment=placed.payment.id, state=payments.State(state))
        settled = await cell.desk(settle_batch).ask(answer)
        assert settled.state == "paid"
    assert await buying.events_of(cell, "OrderPaid") == 1
    assert await buying.taken(cell) == Money(2980, "EUR")
    assert await buying.all_adds_up(cell)


async def test_contradicting_words_in_one_batch_settle_once(cell: Cell) -> None:
    shop = await lay(cell)
    placed = await place(cell, shop)
    words = [
        payments.Answer(payment=placed.payment.id, state=payments.State(state))
        for state in ("paid", "declined", "pending", "paid")
    ]
    async with cell.tx() as tx:
        answers = await settle_batch(tx, words)
    assert {a.state for a in answers if isinstance(a, orders.Settled)} == {"paid"}
    assert await buying.events_of(cell, "OrderPaid") == 1


async def expire(cell: Cell) -> None:
    """Let all holds run out."""
    async with cell.tx() as tx:
        await tx.execute(
            "update hold set expires_at = %s where state = 'held'", (now() - timedelta(seconds=1),)
        )
    await stock.expire_holds(cell)


async def settle_late(cell: Cell) -> None:
    """Let the provider take the late money now."""
    async with cell.tx() as tx:
        await tx.execute("update sandbox_intent set state = 'succeeded' where state = 'pending'")
