"""Disputes: opened by a buyer's bank, decided later, told once in whatever order."""

from datetime import UTC, datetime

import httpx2
import pytest
from fastapi import FastAPI

from panier import payments
from panier.kit.cells import Cell
from panier.kit.errors import NotFound
from panier.kit.money import Money
from panier.payments import sandbox
from panier.payments.disputes import settle_dispute
from panier.payments.provider import DisputeNews
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import paying


async def tell(cell: Cell, settings: Settings, app: FastAPI) -> int:
    """Let all be due and be told."""
    async with cell.tx() as tx:
        await paying.hasten(tx)
    transport = httpx2.ASGITransport(app=app)
    return await payments.deliver_webhooks(cell, settings, transport)


async def disputed(cell: Cell, settings: Settings, app: FastAPI) -> payments.Dispute:
    """Pay with the card that is disputed, and hear of it."""
    payment = await paying.pay(cell, settings, behaviour=Behaviour.DISPUTED)
    assert await tell(cell, settings, app) == 1
    async with cell.read() as tx:
        (dispute,) = await payments.list_disputes(tx, payment.id)
    return dispute


@pytest.mark.parametrize("won", [True, False])
async def test_a_disputed_payment_is_won_or_lost(
    cell: Cell, settings: Settings, app: FastAPI, *, won: bool
) -> None:
    dispute = await disputed(cell, settings, app)
    assert (dispute.state, dispute.amount) == ("open", Money(2980, "EUR"))
    assert dispute.reason == "product_not_received"
    for _ in range(2):
        async with cell.tx() as tx:
            await sandbox.decide(tx, dispute.reference, won=won)
    assert await tell(cell, settings, app) == 1
    async with cell.read() as tx:
        (closed,) = await payments.list_disputes(tx, dispute.payment)
    assert closed.state == ("won" if won else "lost")
    opened, ended = await paying.told(cell)
    assert opened[0] == "DisputeOpened"
    assert (ended[0], ended[1]["won"]) == ("DisputeClosed", won)
    if won:
        await paying.ask_back(cell, dispute.payment, 2980)
    else:
        with pytest.raises(payments.RefundTooLarge):
            await paying.ask_back(cell, dispute.payment, 1)


async def test_what_is_disputed_cannot_be_given_back_as_well(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    dispute = await disputed(cell, settings, app)
    with pytest.raises(payments.RefundTooLarge):
        await paying.ask_back(cell, dispute.payment, 1)


async def test_only_what_was_not_given_back_is_disputed(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    payment = await paying.pay(cell, settings, behaviour=Behaviour.DISPUTED)
    await paying.ask_back(cell, payment.id, 980)
    await payments.send_refunds(cell, settings)
    await tell(cell, settings, app)
    async with cell.read() as tx:
        (dispute,) = await payments.list_disputes(tx, payment.id)
    assert dispute.minor == 2000


async def test_nothing_is_left_to_dispute_of_a_payment_that_went_back(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    payment = await paying.pay(cell, settings, behaviour=Behaviour.DISPUTED)
    await paying.ask_back(cell, payment.id, 2980)
    await payments.send_refunds(cell, settings)
    assert await tell(cell, settings, app) == 0


async def test_a_decision_that_overtakes_its_opening_tells_both_once(
    cell: Cell, settings: Settings
) -> None:
    payment = await paying.pay(cell, settings)
    told = []
    for state in ("lost", "open", "lost", "won"):
        news = DisputeNews("dp_1", payment.reference or "", payment.amount, "fraudulent", state)
        async with cell.tx() as tx:
            told.append(await settle_dispute(tx, "sandbox", news))
    assert told == [True, False, False, False]
    assert [kind for kind, _ in await paying.told(cell)] == ["DisputeOpened", "DisputeClosed"]


async def test_a_deadline_may_be_told_later_and_moved(cell: Cell, settings: Settings) -> None:
    payment = await paying.pay(cell, settings)
    first, last = datetime(2036, 11, 20, tzinfo=UTC), datetime(2036, 11, 27, tzinfo=UTC)
    for until in (None, first, last, None):
        news = DisputeNews(
            "dp_1", payment.reference or "", payment.amount, "fraudulent", "open", until
        )
        async with cell.tx() as tx:
            await settle_dispute(tx, "sandbox", news)
    async with cell.read() as tx:
        (dispute,) = await payments.list_disputes(tx, payment.id)
    assert dispute.evidence_until == last


async def test_a_dispute_over_nothing_of_ours_is_not_taken(cell: Cell) -> None:
    news = DisputeNews("dp_1", "pi_unknown", Money(1, "EUR"), "fraudulent", "open")
    async with cell.tx() as tx:
        with pytest.raises(NotFound):
            await settle_dispute(tx, "sandbox", news)
