"""The sandbox provider: idempotent, stateful, and shut after what is over."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from panier import payments
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import Conflict, NotFound
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.payments import Charge, State, sandbox
from panier.payments.rules import Behaviour, Card

PRICE = Money(2980, "EUR")


async def token(cell: Cell, behaviour: Behaviour = Behaviour.SUCCEEDS) -> str:
    async with cell.tx() as tx:
        return (await sandbox.make_token(tx, Card(behaviour, "visa", "4242"))).token


def charge(card: str, key: UUID | None = None, *, keep: bool = False) -> Charge:
    return Charge(key or new_id(), "FR", card, PRICE, keep)


async def test_the_same_key_is_charged_once_and_answers_the_same(cell: Cell) -> None:
    wanted = charge(await token(cell))
    async with asyncio.timeout(20):
        answers = await asyncio.gather(*(payments.charge(cell, wanted) for _ in range(20)))
    assert {(a.state, a.reference) for a in answers} == {(State.PAID, answers[0].reference)}
    async with cell.tx() as tx:
        (alone,) = await sandbox.charge_batch(tx, [wanted])
    assert alone == answers[0]


async def test_the_same_key_for_another_amount_is_refused(cell: Cell) -> None:
    wanted = charge(await token(cell))
    await payments.charge(cell, wanted)
    with pytest.raises(payments.KeyReused):
        await payments.charge(cell, msgspec.structs.replace(wanted, amount=Money(1, "EUR")))


async def test_a_token_pays_once_even_when_two_processes_use_it(cell: Cell) -> None:
    card = await token(cell)
    first, second = charge(card), charge(card)

    async def ask(wanted: Charge) -> str:
        try:
            return (await payments.charge(cell, wanted)).state
        except payments.TokenRefused:
            return "refused"

    async with asyncio.timeout(20):
        assert sorted(await asyncio.gather(ask(first), ask(second))) == ["paid", "refused"]


async def test_an_old_or_unknown_token_is_refused(cell: Cell) -> None:
    card = await token(cell)
    async with cell.tx() as tx:
        await tx.execute("update sandbox_token set expires_at = %s", (now() - timedelta(1),))
    for name in (card, f"tok_{'0' * 32}"):
        with pytest.raises(payments.TokenRefused):
            await payments.charge(cell, charge(name))


async def test_a_kept_card_pays_again_and_again_until_it_is_forgotten(cell: Cell) -> None:
    answer = await payments.charge(cell, charge(await token(cell), keep=True))
    assert answer.kept_token is not None
    for _ in range(2):
        assert (await payments.charge(cell, charge(answer.kept_token))).state == State.PAID
    async with cell.tx() as tx:
        await payments.forget_token(tx, answer.kept_token)
    with pytest.raises(payments.TokenRefused):
        await payments.charge(cell, charge(answer.kept_token))


async def test_a_question_is_answered_once(cell: Cell) -> None:
    wanted = charge(await token(cell, Behaviour.CHALLENGE))
    asked = await payments.charge(cell, wanted)
    assert asked.state == State.ACTION
    assert asked.action_url == f"/fr/sandbox/challenge/{asked.reference}"
    assert asked.reference is not None
    for approved in (True, False):
        async with cell.tx() as tx:
            intent = await sandbox.answer_challenge(tx, asked.reference, approved=approved)
        assert intent.state == "succeeded"
    async with cell.read() as tx:
        answer = await payments.find_answer(tx, wanted.key)
        cursor = await tx.execute("select count(*) from sandbox_webhook")
        assert await cursor.fetchall() == [(1,)]
    assert answer is not None
    assert answer.state == State.PAID


async def test_a_cancelled_payment_cannot_be_confirmed_and_a_paid_one_not_cancelled(
    cell: Cell,
) -> None:
    asking = charge(await token(cell, Behaviour.CHALLENGE))
    asked = await payments.charge(cell, asking)
    cancelled = await payments.cancel(cell, asking)
    assert (cancelled.state, cancelled.reason) == (State.DECLINED, "expired")
    assert asked.reference is not None
    async with cell.tx() as tx:
        intent = await sandbox.answer_challenge(tx, asked.reference, approved=True)
    assert intent.state == "cancelled"
    paying = charge(await token(cell))
    await payments.charge(cell, paying)
    assert (await payments.cancel(cell, paying)).state == State.PAID


async def test_only_what_was_paid_goes_back_and_only_once(cell: Cell) -> None:
    wanted = charge(await token(cell))
    paid = await payments.charge(cell, wanted)
    assert paid.reference is not None
    first = await payments.refund(cell, paid.reference, wanted.key, PRICE)
    assert await payments.refund(cell, paid.reference, wanted.key, PRICE) == first
    with pytest.raises(payments.KeyReused):
        await payments.refund(cell, paid.reference, wanted.key, Money(1, "EUR"))
    with pytest.raises(NotFound):
        await payments.refund(cell, "pi_0", wanted.key, PRICE)
    declined = await payments.charge(cell, charge(await token(cell, Behaviour.DECLINED)))
    assert declined.reference is not None
    with pytest.raises(Conflict):
        await payments.refund(cell, declined.reference, new_id(), PRICE)
