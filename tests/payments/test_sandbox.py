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
from panier.payments import Charge, RefundAnswer, RefundState, RefundWanted, State, sandbox
from panier.payments.rules import Behaviour, Card

PRICE = Money(2980, "EUR")


async def token(cell: Cell, behaviour: Behaviour = Behaviour.SUCCEEDS) -> str:
    async with cell.tx() as tx:
        return (await sandbox.make_token(tx, Card(behaviour, "visa", "4242"))).token


def charge(card: str, key: UUID | None = None, *, keep: bool = False) -> Charge:
    return Charge(key or new_id(), "FR", card, PRICE, keep)


async def test_the_same_key_is_charged_once_and_answers_the_same(cell: Cell) -> None:
    wanted = charge(await token(cell))
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(sandbox.charge(cell, wanted) for _ in range(20)))
    assert {(a.state, a.reference) for a in answers} == {(State.PAID, answers[0].reference)}
    async with cell.tx() as tx:
        (alone,) = await sandbox.charge_batch(tx, [wanted])
    assert alone == answers[0]


async def test_the_same_key_for_another_amount_is_refused(cell: Cell) -> None:
    wanted = charge(await token(cell))
    await sandbox.charge(cell, wanted)
    with pytest.raises(payments.KeyReused):
        await sandbox.charge(cell, msgspec.structs.replace(wanted, amount=Money(1, "EUR")))


async def test_a_token_pays_once_even_when_two_processes_use_it(cell: Cell) -> None:
    card = await token(cell)
    first, second = charge(card), charge(card)

    async def ask(wanted: Charge) -> str:
        try:
            return (await sandbox.charge(cell, wanted)).state
        except payments.TokenRefused:
            return "refused"

    async with asyncio.timeout(30):
        assert sorted(await asyncio.gather(ask(first), ask(second))) == ["paid", "refused"]


async def test_an_old_or_unknown_token_is_refused(cell: Cell) -> None:
    card = await token(cell)
    async with cell.tx() as tx:
        await tx.execute("update sandbox_token set expires_at = %s", (now() - timedelta(1),))
    for name in (card, f"tok_{'0' * 32}"):
        with pytest.raises(payments.TokenRefused):
            await sandbox.charge(cell, charge(name))


async def test_a_kept_card_pays_again_and_again_until_it_is_forgotten(cell: Cell) -> None:
    answer = await sandbox.charge(cell, charge(await token(cell), keep=True))
    assert answer.kept_token is not None
    for _ in range(2):
        assert (await sandbox.charge(cell, charge(answer.kept_token))).state == State.PAID
    async with cell.tx() as tx:
        await sandbox.forget_token(tx, answer.kept_token)
    with pytest.raises(payments.TokenRefused):
        await sandbox.charge(cell, charge(answer.kept_token))


async def test_a_question_is_answered_once(cell: Cell) -> None:
    wanted = charge(await token(cell, Behaviour.CHALLENGE))
    asked = await sandbox.charge(cell, wanted)
    assert asked.state == State.ACTION
    assert asked.action_url == f"/fr/sandbox/challenge/{asked.reference}"
    assert asked.reference is not None
    for approved in (True, False):
        async with cell.tx() as tx:
            intent = await sandbox.answer_challenge(tx, asked.reference, approved=approved)
        assert intent.state == "succeeded"
    async with cell.read() as tx:
        answer = await sandbox.find_answer(tx, wanted.key)
        cursor = await tx.execute("select count(*) from sandbox_webhook")
        assert await cursor.fetchall() == [(1,)]
    assert answer is not None
    assert answer.state == State.PAID


async def test_a_cancelled_payment_cannot_be_confirmed_and_a_paid_one_not_cancelled(
    cell: Cell,
) -> None:
    asking = charge(await token(cell, Behaviour.CHALLENGE))
    asked = await sandbox.charge(cell, asking)
    cancelled = await sandbox.cancel(cell, asking)
    assert (cancelled.state, cancelled.reason) == (State.DECLINED, "expired")
    assert asked.reference is not None
    async with cell.tx() as tx:
        intent = await sandbox.answer_challenge(tx, asked.reference, approved=True)
    assert intent.state == "cancelled"
    paying = charge(await token(cell))
    await sandbox.charge(cell, paying)
    assert (await sandbox.cancel(cell, paying)).state == State.PAID


async def test_parts_go_back_each_once_and_never_more_than_was_paid(cell: Cell) -> None:
    paid = await sandbox.charge(cell, charge(await token(cell)))

    def part(minor: int, key: UUID | None = None, currency: str = "EUR") -> RefundWanted:
        wanted = Money(minor, currency)
        return RefundWanted(key or new_id(), paid.payment, paid.reference or "", "FR", wanted)

    first = part(1000)
    answer = await sandbox.refund(cell, first)
    assert answer.state == RefundState.DONE
    assert await sandbox.refund(cell, first) == answer
    with pytest.raises(payments.KeyReused):
        await sandbox.refund(cell, part(1, first.key))
    assert (await sandbox.refund(cell, part(1981))).reason == "amount_too_large"
    assert (await sandbox.refund(cell, part(1980, currency="GBP"))).state == RefundState.FAILED
    assert (await sandbox.refund(cell, part(1980))).state == RefundState.DONE
    assert (await sandbox.refund(cell, part(1))).reason == "amount_too_large"


async def test_nothing_goes_back_of_what_is_unknown_or_was_declined(cell: Cell) -> None:
    unknown = RefundWanted(new_id(), new_id(), "pi_0", "FR", PRICE)
    answer = await sandbox.refund(cell, unknown)
    assert answer == RefundAnswer(unknown.key, RefundState.FAILED, None, "payment_unknown")
    declined = await sandbox.charge(cell, charge(await token(cell, Behaviour.DECLINED)))
    wanted = RefundWanted(new_id(), declined.payment, declined.reference or "", "FR", PRICE)
    assert (await sandbox.refund(cell, wanted)).reason == "payment_not_paid"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour.DECLINED, "declined"),
        (Behaviour.INSUFFICIENT, "insufficient_funds"),
        (Behaviour.DO_NOT_HONOUR, "do_not_honour"),
        (Behaviour.LOST, "lost_card"),
        (Behaviour.STOLEN, "stolen_card"),
        (Behaviour.EXPIRED, "card_expired"),
        (Behaviour.WRONG_CVC, "wrong_cvc"),
        (Behaviour.ERROR, "processing_error"),
    ],
)
async def test_a_card_is_declined_for_its_reason(
    cell: Cell, behaviour: Behaviour, reason: str
) -> None:
    answer = await sandbox.charge(cell, charge(await token(cell, behaviour)))
    assert (answer.state, answer.reason) == (State.DECLINED, reason)


async def test_authorised_money_is_taken_once_all_or_a_part(cell: Cell) -> None:
    wanted = charge(await token(cell))
    held = await sandbox.authorise(cell, wanted)
    assert await sandbox.authorise(cell, wanted) == held
    assert held.state == "authorised"
    for wrong in (Money(2981, "EUR"), Money(2980, "GBP")):
        with pytest.raises(Conflict):
            await sandbox.capture(cell, held.id, wrong)
    for _ in range(2):
        taken = await sandbox.capture(cell, held.id, Money(2000, "EUR"))
        assert (taken.state, taken.minor) == ("succeeded", 2000)
    with pytest.raises(Conflict):
        await sandbox.capture(cell, held.id, Money(2001, "EUR"))
    with pytest.raises(NotFound):
        await sandbox.capture(cell, "pi_0", PRICE)


async def test_authorised_money_that_was_freed_cannot_be_taken(cell: Cell) -> None:
    wanted = charge(await token(cell))
    held = await sandbox.authorise(cell, wanted)
    assert (await sandbox.cancel(cell, wanted)).state == State.DECLINED
    with pytest.raises(Conflict):
        await sandbox.capture(cell, held.id, PRICE)
