"""Answers to disputes: frozen when asked for, taken once, told when they are not taken."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
import time_machine
from fastapi import FastAPI

from panier import payments, people
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.payments import Answered, Answering, Evidence, Proof, answers, sandbox
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import paying

TOLD = Evidence(
    product="2 × candle", buyer="Anna Martin", email="anna@example.org", tracking="6A1",
    statement="Anna signed for it.",
)  # fmt: skip
RECEIPT = Proof("receipt", "FR-2026-1.pdf", "application/pdf", b"%PDF-1.7 receipt")


@pytest_asyncio.fixture(loop_scope="session")
async def person(cell: Cell) -> UUID:
    """Return one of finance."""
    async with cell.tx() as tx:
        return await people.create_person(
            tx, email="finance@example.org", name="Fatou", password_hash="x" * 60, language="fr"
        )


async def tell(cell: Cell, settings: Settings, app: FastAPI) -> None:
    """Let all be due and be told."""
    async with cell.tx() as tx:
        await paying.hasten(tx)
    await payments.deliver_webhooks(cell, settings, httpx2.ASGITransport(app=app))


@pytest_asyncio.fixture(loop_scope="session")
async def dispute(cell: Cell, settings: Settings, app: FastAPI) -> payments.Dispute:
    """Return a dispute over 29.80, because nothing arrived."""
    payment = await paying.pay(cell, settings, behaviour=Behaviour.DISPUTED)
    await tell(cell, settings, app)
    async with cell.read() as tx:
        (found,) = await payments.list_disputes(tx, payment.id)
    return found


async def answer(cell: Cell, dispute: payments.Dispute, wanted: Answering) -> None:
    async with cell.tx() as tx:
        await payments.answer_dispute(tx, dispute.id, "FR", wanted)


async def stands(cell: Cell, dispute: payments.Dispute) -> tuple[str, str | None]:
    """Return how the answer stands, and why it was not taken."""
    async with cell.read() as tx:
        found = await payments.find_answer(tx, dispute.id)
    assert found is not None
    return found.state, found.reason


async def at_bank(cell: Cell) -> dict[str, Any] | None:
    """Return what the buyer's bank was told."""
    async with cell.read() as tx:
        found: dict[str, Any] | None = await value(tx, "select evidence from sandbox_dispute")
    return found


async def test_evidence_is_handed_in_with_its_files(
    cell: Cell, settings: Settings, dispute: payments.Dispute, person: UUID
) -> None:
    await answer(cell, dispute, Answering(new_id(), person, TOLD, (RECEIPT,)))
    assert await stands(cell, dispute) == ("asked", None)
    assert await at_bank(cell) is None
    assert await payments.send_answers(cell, settings) == 1
    assert await stands(cell, dispute) == ("taken", None)
    told = await at_bank(cell)
    assert told is not None
    assert (told["tracking"], told["statement"]) == ("6A1", "Anna signed for it.")
    assert await payments.send_answers(cell, settings) == 0
    async with cell.read() as tx:
        assert await payments.list_proofs(tx, dispute.id) == [RECEIPT]
        with pytest.raises(NotFound):
            await payments.get_proof(tx, dispute.id, "proof")
    kind, body = (await paying.told(cell))[-1]
    assert (kind, body["reason"]) == ("DisputeAnswered", None)


@pytest.mark.parametrize(
    ("words", "expected"), [("winning_evidence", "won"), ("losing_evidence", "lost")]
)
async def test_the_sandbox_decides_by_a_word(
    cell: Cell,
    settings: Settings,
    app: FastAPI,
    dispute: payments.Dispute,
    person: UUID,
    *,
    words: str,
    expected: str,
) -> None:
    told = Evidence(product="", buyer="", email="", statement=f"It is {words}.")
    await answer(cell, dispute, Answering(new_id(), person, told))
    await payments.send_answers(cell, settings)
    await tell(cell, settings, app)
    async with cell.read() as tx:
        assert (await payments.find_dispute(tx, dispute.id, "FR")).state == expected


async def test_who_gives_in_loses_at_once(
    cell: Cell, settings: Settings, app: FastAPI, dispute: payments.Dispute, person: UUID
) -> None:
    await answer(cell, dispute, Answering(new_id(), person, None))
    await payments.send_answers(cell, settings)
    await tell(cell, settings, app)
    assert await stands(cell, dispute) == ("taken", None)
    async with cell.read() as tx:
        assert (await payments.find_dispute(tx, dispute.id, "FR")).state == "lost"


async def test_a_bank_listens_once(
    cell: Cell, settings: Settings, dispute: payments.Dispute, person: UUID
) -> None:
    wanted = Answering(new_id(), person, TOLD)
    await answer(cell, dispute, wanted)
    await answer(cell, dispute, wanted)  # the same form twice is one answer
    await payments.send_answers(cell, settings)
    await answer(cell, dispute, wanted)
    with pytest.raises(Answered):
        await answer(cell, dispute, Answering(new_id(), person, None))
    assert await stands(cell, dispute) == ("taken", None)


async def test_nobody_answers_what_is_decided_or_another_markets(
    cell: Cell, settings: Settings, app: FastAPI, dispute: payments.Dispute, person: UUID
) -> None:
    async with cell.tx() as tx:
        with pytest.raises(NotFound):
            await payments.answer_dispute(tx, dispute.id, "GB", Answering(new_id(), person, TOLD))
        await sandbox.decide(tx, dispute.reference, won=True)
    await tell(cell, settings, app)
    with pytest.raises(answers.Decided):
        await answer(cell, dispute, Answering(new_id(), person, TOLD))


async def test_after_the_deadline_one_can_only_give_in(
    cell: Cell, dispute: payments.Dispute, person: UUID
) -> None:
    with time_machine.travel(now() + timedelta(days=8), tick=False):
        with pytest.raises(answers.TooLate):
            await answer(cell, dispute, Answering(new_id(), person, TOLD))
        await answer(cell, dispute, Answering(new_id(), person, None))
    assert await stands(cell, dispute) == ("asked", None)


async def test_what_the_bank_did_not_take_is_told_and_may_be_answered_anew(
    cell: Cell, settings: Settings, app: FastAPI, dispute: payments.Dispute, person: UUID
) -> None:
    await answer(cell, dispute, Answering(new_id(), person, TOLD, (RECEIPT,)))
    async with cell.tx() as tx:
        # Eight days on the way: the bank no longer listens.
        await tx.execute("update sandbox_dispute set at = at - interval '8 days'")
    await payments.send_answers(cell, settings)
    assert await stands(cell, dispute) == ("refused", "too_late")
    kind, body = (await paying.told(cell))[-1]
    assert (kind, body["reason"]) == ("DisputeAnswered", "too_late")
    await answer(cell, dispute, Answering(new_id(), person, None))
    async with cell.read() as tx:
        assert await payments.list_proofs(tx, dispute.id) == []
    await payments.send_answers(cell, settings)
    assert await stands(cell, dispute) == ("taken", None)


async def test_a_decision_that_came_first_is_said_so(
    cell: Cell, settings: Settings, dispute: payments.Dispute, person: UUID
) -> None:
    await answer(cell, dispute, Answering(new_id(), person, TOLD))
    async with cell.tx() as tx:
        await sandbox.decide(tx, dispute.reference, won=False)
    await payments.send_answers(cell, settings)
    assert await stands(cell, dispute) == ("refused", "decided")


async def test_an_answer_outlives_a_provider_that_is_away_and_is_taken_once(
    cell: Cell, settings: Settings, dispute: payments.Dispute, person: UUID
) -> None:
    await answer(cell, dispute, Answering(new_id(), person, TOLD))
    # Taken, but nobody heard: as if the worker had died before it could note it.
    await paying.turn(cell, unheard=100)
    assert await payments.send_answers(cell, settings) == 1
    assert await stands(cell, dispute) == ("asked", None)
    first = await at_bank(cell)
    assert first is not None
    assert await payments.send_answers(cell, settings) == 0, "not before its time"
    await paying.turn(cell)
    async with cell.tx() as tx:
        await paying.hasten(tx)
    assert await payments.send_answers(cell, settings) == 1
    assert await stands(cell, dispute) == ("taken", None)
    assert await at_bank(cell) == first


async def give_two_answers(cell: Cell, dispute: payments.Dispute, person: UUID) -> list[Any]:
    """Let two of finance answer at once: one has evidence, the other gives in."""
    given = [Answering(new_id(), person, TOLD), Answering(new_id(), person, None)]
    async with asyncio.timeout(30):
        return await asyncio.gather(
            *(answer(cell, dispute, one) for one in given), return_exceptions=True
        )


async def test_of_two_answers_at_once_one_counts(
    cell: Cell, dispute: payments.Dispute, person: UUID
) -> None:
    outcomes = await give_two_answers(cell, dispute, person)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Answered", "NoneType"]


async def test_without_the_guard_the_later_answer_would_overwrite_the_first(
    cell: Cell, dispute: payments.Dispute, person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = "where dispute_answer.state = 'refused'"
    assert guard in answers.ASK
    monkeypatch.setattr(answers, "ASK", answers.ASK.replace(guard, ""))
    assert await give_two_answers(cell, dispute, person) == [None, None]
