"""Refunds in parts: asked for in a transaction, sent by a worker, told once."""

import asyncio

import httpx2
import pytest
from fastapi import FastAPI

from panier import payments
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.payments import sandbox
from panier.payments.refunds import settle_refund
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import paying


async def test_parts_of_a_payment_go_back_and_are_told_once(cell: Cell, settings: Settings) -> None:
    payment = await paying.pay(cell, settings)
    first = await paying.ask_back(cell, payment.id, 1000)
    second = await paying.ask_back(cell, payment.id, 1980)
    assert await payments.send_refunds(cell, settings) == 2
    assert await payments.send_refunds(cell, settings) == 0
    assert [(await paying.refund(cell, key)).state for key in (first, second)] == ["done"] * 2
    assert await paying.given_back(cell) == 2980
    told = {body["refund"]: (kind, body["amount"]) for kind, body in await paying.told(cell)}
    assert told == {
        str(first): ("RefundDone", {"minor": 1000, "currency": "EUR"}),
        str(second): ("RefundDone", {"minor": 1980, "currency": "EUR"}),
    }
    async with cell.read() as tx:
        assert [r.minor for r in await payments.list_refunds(tx, payment.id)] == [1000, 1980]
    assert (await paying.get(cell, payment.id)).state == "paid"


async def test_the_same_key_is_one_refund_and_for_something_else_refused(
    cell: Cell, settings: Settings
) -> None:
    payment = await paying.pay(cell, settings)
    key = await paying.ask_back(cell, payment.id, 1000)
    assert await paying.ask_back(cell, payment.id, 1000, key) == key
    with pytest.raises(payments.KeyReused):
        await paying.ask_back(cell, payment.id, 1001, key)
    assert await payments.send_refunds(cell, settings) == 1
    assert await paying.given_back(cell) == 1000


async def test_what_cannot_be_given_back_is_refused(cell: Cell, settings: Settings) -> None:
    payment = await paying.pay(cell, settings)
    declined = await paying.pay(cell, settings, behaviour=Behaviour.DECLINED)
    for of, minor in ((payment.id, 2981), (payment.id, 0), (payment.id, -5), (declined.id, 1)):
        with pytest.raises(payments.RefundTooLarge):
            await paying.ask_back(cell, of, minor)
    async with cell.tx() as tx:
        with pytest.raises(payments.RefundTooLarge):
            await payments.request_refund(tx, payment.id, new_id(), Money(1, "GBP"))
    with pytest.raises(NotFound):
        await paying.ask_back(cell, new_id(), 1)
    assert await payments.send_refunds(cell, settings) == 0


async def test_a_request_that_is_rolled_back_leaves_the_money_free(
    cell: Cell, settings: Settings
) -> None:
    payment = await paying.pay(cell, settings)

    async def change_of_mind(tx: Tx) -> None:
        await payments.request_refund(tx, payment.id, new_id(), Money(2980, "EUR"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cell.run(change_of_mind)
    await paying.ask_back(cell, payment.id, 2980)
    assert await payments.send_refunds(cell, settings) == 1


async def test_a_worker_that_dies_before_it_notes_the_answer_gives_back_once(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = await paying.pay(cell, settings)
    key = await paying.ask_back(cell, payment.id, 1000)

    async def die(*_given: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr("panier.payments.refunds.settle_refund", die)
        with pytest.raises(asyncio.CancelledError):
            await payments.send_refunds(cell, settings)
    assert await paying.given_back(cell) == 1000
    assert (await paying.refund(cell, key)).state == "requested"
    assert await payments.send_refunds(cell, settings) == 0  # still the dead worker's
    async with cell.tx() as tx:
        await paying.hasten(tx)
    assert await payments.send_refunds(cell, settings) == 1
    assert await paying.given_back(cell) == 1000
    assert [kind for kind, _ in await paying.told(cell)] == ["RefundDone"]


@pytest.mark.parametrize("fault", ["lost", "unheard", "broken"])
async def test_a_provider_that_is_away_is_asked_again_and_gives_back_once(
    cell: Cell, settings: Settings, fault: str
) -> None:
    payment = await paying.pay(cell, settings)
    key = await paying.ask_back(cell, payment.id, 1000)
    await paying.turn(cell, **{fault: 100})
    assert await payments.send_refunds(cell, settings) == 1
    assert (await paying.refund(cell, key)).state == "requested"
    await paying.turn(cell)
    async with cell.tx() as tx:
        await paying.hasten(tx)
    assert await payments.send_refunds(cell, settings) == 1
    assert (await paying.refund(cell, key)).state == "done"
    assert await paying.given_back(cell) == 1000


async def test_a_refund_that_takes_its_time_is_done_when_the_provider_says_so(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    payment = await paying.pay(cell, settings, behaviour=Behaviour.REFUND_LATE)
    key = await paying.ask_back(cell, payment.id, 1000)
    await payments.send_refunds(cell, settings)
    assert (await paying.refund(cell, key)).state == "requested"
    assert await paying.told(cell) == []
    async with cell.tx() as tx:
        await paying.hasten(tx)
    transport = httpx2.ASGITransport(app=app)
    assert await payments.deliver_webhooks(cell, settings, transport) == 1
    assert (await paying.refund(cell, key)).state == "done"
    assert await payments.send_refunds(cell, settings) == 0


async def test_money_that_comes_back_after_all_is_told_and_may_be_sent_again(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    payment = await paying.pay(cell, settings, behaviour=Behaviour.REFUND_FAILS)
    key = await paying.ask_back(cell, payment.id, 2980)
    await payments.send_refunds(cell, settings)
    assert (await paying.refund(cell, key)).state == "done"
    async with cell.tx() as tx:
        await paying.hasten(tx)
    transport = httpx2.ASGITransport(app=app)
    assert await payments.deliver_webhooks(cell, settings, transport) == 1
    failed = await paying.refund(cell, key)
    assert (failed.state, failed.reason) == ("failed", "account_closed")
    kinds = [(kind, body.get("undone")) for kind, body in await paying.told(cell)]
    assert kinds == [("RefundDone", None), ("RefundFailed", True)]
    await paying.ask_back(cell, payment.id, 2980)


async def test_a_refund_that_the_provider_refuses_is_told_and_the_money_free_again(
    cell: Cell, settings: Settings
) -> None:
    payment = await paying.pay(cell, settings)
    async with cell.tx() as tx:
        await sandbox.open_dispute(tx, payment.reference or "", "fraudulent")
    key = await paying.ask_back(cell, payment.id, 1000)  # we have not heard of the dispute yet
    await payments.send_refunds(cell, settings)
    refused = await paying.refund(cell, key)
    assert (refused.state, refused.reason) == ("failed", "payment_disputed")
    ((kind, body),) = await paying.told(cell)
    assert (kind, body["reason"], body["undone"]) == ("RefundFailed", "payment_disputed", False)


async def test_old_news_of_a_refund_changes_nothing(cell: Cell, settings: Settings) -> None:
    payment = await paying.pay(cell, settings)
    key = await paying.ask_back(cell, payment.id, 1000)
    moved = []
    for state in ("done", "done", "requested", "failed", "done", "failed"):
        answer = payments.RefundAnswer(key, payments.RefundState(state), "re_1")
        async with cell.tx() as tx:
            moved.append(await settle_refund(tx, answer))
    assert moved == [True, False, False, True, False, False]
    assert [kind for kind, _ in await paying.told(cell)] == ["RefundDone", "RefundFailed"]
