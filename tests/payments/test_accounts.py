"""Money on to sellers and creators: moved once a key, taken back in parts, told when late."""

import asyncio
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from panier import payments
from panier.kit.cells import Cell
from panier.kit.errors import Conflict, NotFound
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.payments import Reversal, Transfer, TransferState, sandbox
from panier.settings import Settings
from tests import paying

SELLER = UUID(int=7)
PAID = Money(5000, "EUR")


async def account(cell: Cell, settings: Settings, email: str = "anna@example.org") -> str:
    """Open the seller's account; returns the provider's name for it."""
    wanted = payments.NewAccount(SELLER, "seller", "FR", "FR", email, "Anna")
    return (await payments.open_account(cell, settings, wanted)).reference


def money_for_seller(key: UUID | None = None, amount: Money = PAID) -> Transfer:
    return Transfer(key or new_id(), SELLER, "FR", amount)


async def balance(cell: Cell, name: str) -> int:
    async with cell.read() as tx:
        return (await sandbox.get_balance(tx, name, "EUR")).minor


async def test_an_account_is_opened_once(cell: Cell, settings: Settings) -> None:
    async with asyncio.timeout(30):
        names = await asyncio.gather(*(account(cell, settings) for _ in range(8)))
    assert len(set(names)) == 1
    async with cell.read() as tx:
        found = await payments.find_account(tx, SELLER, "sandbox")
    assert found is not None
    assert (found.reference, found.state) == (names[0], "active")


async def test_money_is_moved_once_a_key(cell: Cell, settings: Settings) -> None:
    name = await account(cell, settings)
    wanted = money_for_seller()
    assert await payments.find_transfer(cell, settings, wanted.key) is None
    async with asyncio.timeout(30):
        answers = await asyncio.gather(
            *(payments.transfer(cell, settings, wanted) for _ in range(10))
        )
    assert set(answers) == {answers[0]}
    assert answers[0].state == TransferState.DONE
    assert await payments.find_transfer(cell, settings, wanted.key) == answers[0]
    assert await balance(cell, name) == 5000
    with pytest.raises(payments.KeyReused):
        await payments.transfer(cell, settings, money_for_seller(wanted.key, Money(1, "EUR")))


async def test_a_transfer_whose_answer_was_lost_is_found_by_its_key(
    cell: Cell, settings: Settings
) -> None:
    name = await account(cell, settings)
    wanted = money_for_seller()
    await paying.turn(cell, unheard=100)
    with pytest.raises(payments.ProviderAway):
        await payments.transfer(cell, settings, wanted)
    await paying.turn(cell)
    assert (await payments.transfer(cell, settings, wanted)).state == TransferState.DONE
    assert await balance(cell, name) == 5000


@pytest.mark.parametrize(
    ("email", "reason"),
    [("closed@example.org", "account_closed"), ("pending+1@example.org", "account_restricted")],
)
async def test_a_transfer_that_cannot_arrive_is_refused_and_moves_nothing(
    cell: Cell, settings: Settings, email: str, reason: str
) -> None:
    name = await account(cell, settings, email)
    answer = await payments.transfer(cell, settings, money_for_seller())
    assert (answer.state, answer.reason) == (TransferState.FAILED, reason)
    assert await balance(cell, name) == 0


async def test_a_transfer_to_nobody_is_refused(cell: Cell, settings: Settings) -> None:
    answer = await payments.transfer(cell, settings, money_for_seller())
    assert (answer.state, answer.reason) == (TransferState.FAILED, "account_missing")


@pytest.mark.parametrize(
    ("email", "states", "left"),
    [("late@example.org", ["sent", "done"], 5000), ("bounces@example.org", ["done", "failed"], 0)],
)
async def test_a_transfer_that_ends_later_is_told(
    cell: Cell,
    settings: Settings,
    app: FastAPI,
    *,
    email: str,
    states: list[str],
    left: int,
) -> None:
    first, then = states
    name = await account(cell, settings, email)
    wanted = money_for_seller()
    assert (await payments.transfer(cell, settings, wanted)).state == first
    async with cell.tx() as tx:
        await paying.hasten(tx)
    transport = httpx2.ASGITransport(app=app)
    assert await payments.deliver_webhooks(cell, settings, transport) == 1
    ((kind, body),) = await paying.told(cell)
    assert (kind, body["transfer"], body["state"]) == ("TransferReported", str(wanted.key), then)
    answer = await payments.find_transfer(cell, settings, wanted.key)
    assert answer is not None
    assert answer.state == then
    assert await balance(cell, name) == left


async def test_parts_are_taken_back_each_once_and_never_more_than_was_moved(
    cell: Cell, settings: Settings
) -> None:
    name = await account(cell, settings)
    moved = money_for_seller()
    await payments.transfer(cell, settings, moved)

    async def take(minor: int, key: UUID | None = None) -> payments.TransferAnswer:
        wanted = Reversal(key or new_id(), moved.key, Money(minor, "EUR"))
        return await payments.reverse_transfer(cell, settings, wanted)

    key = new_id()
    assert [(await take(3000, key)).state for _ in range(2)] == ["done", "done"]
    assert await balance(cell, name) == 2000
    with pytest.raises(payments.KeyReused):
        await take(1, key)
    assert (await take(2001)).reason == "amount_too_large"
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(take(600) for _ in range(10)))
    assert sorted(a.state for a in answers) == ["done"] * 3 + ["failed"] * 7
    assert await balance(cell, name) == 200
    unknown = Reversal(new_id(), new_id(), PAID)
    with pytest.raises(NotFound):
        await payments.reverse_transfer(cell, settings, unknown)


async def test_no_more_is_paid_out_than_stands_on_the_account(
    cell: Cell, settings: Settings
) -> None:
    name = await account(cell, settings)
    await payments.transfer(cell, settings, money_for_seller())

    async def pay_out(minor: int) -> bool:
        try:
            await sandbox.pay_out(cell, new_id(), name, Money(minor, "EUR"))
        except Conflict:
            return False
        return True

    async with asyncio.timeout(30):
        assert sum(await asyncio.gather(*(pay_out(2000) for _ in range(8)))) == 2
    assert await balance(cell, name) == 1000


async def test_an_account_that_the_provider_restricts_is_known_here(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    name = await account(cell, settings)
    async with cell.tx() as tx:
        await sandbox.set_state(tx, name, payments.AccountState.RESTRICTED)
    transport = httpx2.ASGITransport(app=app)
    assert await payments.deliver_webhooks(cell, settings, transport) == 1
    async with cell.read() as tx:
        found = await payments.find_account(tx, SELLER, "sandbox")
    assert found is not None
    assert found.state == "restricted"
