"""Paying in tests, without a checkout: a payment of ours that the sandbox has taken."""

from uuid import UUID

from panier import payments
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.payments import sandbox
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import buying


async def pay(
    cell: Cell, settings: Settings, minor: int = 2980, behaviour: Behaviour = Behaviour.SUCCEEDS
) -> payments.Payment:
    """Pay with a test card; the payment is written and moved as a checkout does it."""
    token = await buying.card(cell, behaviour)
    new = payments.NewPayment(
        new_id(), "FR", Money(minor, "EUR"), token, keep=False, provider="sandbox"
    )
    async with cell.tx() as tx:
        await payments.create(tx, [new])
    wanted = payments.Charge(new.id, "FR", token, new.amount, keep=False)
    answer = await payments.provider_of(settings, "sandbox").charge(cell, wanted)
    async with cell.tx() as tx:
        await payments.move(tx, [answer])
    return await get(cell, new.id)


async def get(cell: Cell, payment: UUID) -> payments.Payment:
    """Return the payment."""
    async with cell.read() as tx:
        found = await payments.find_payment(tx, payment)
    assert found is not None
    return found


async def ask_back(cell: Cell, payment: UUID, minor: int, key: UUID | None = None) -> UUID:
    """Ask for a part of a payment back; returns the refund's key."""
    key = key or new_id()
    async with cell.tx() as tx:
        await payments.request_refund(tx, payment, key, Money(minor, "EUR"))
    return key


async def refund(cell: Cell, key: UUID) -> payments.Refund:
    """Return the refund."""
    async with cell.read() as tx:
        found = await payments.find_refund(tx, key)
    assert found is not None
    return found


async def given_back(cell: Cell) -> int:
    """Return the minor units that the provider gave back and still counts as given back."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select coalesce(sum(minor), 0) from sandbox_refund where state <> 'failed'"
        )
        ((minor,),) = await cursor.fetchall()
    return int(minor)


async def hasten(tx: Tx) -> None:
    """Let all that the sandbox or a worker waits for be due now."""
    for table, column in (
        ("sandbox_intent", "settles_at"),
        ("sandbox_refund", "settles_at"),
        ("sandbox_transfer", "settles_at"),
        ("sandbox_payout", "settles_at"),
        ("sandbox_dispute", "opens_at"),
        ("sandbox_webhook", "next_try_at"),
        ("payment_refund", "look_at"),
        ("card_to_forget", "look_at"),
        ("dispute_answer", "look_at"),
    ):
        await tx.execute(f"update {table} set {column} = now() where {column} is not null")


async def told(cell: Cell) -> list[tuple[str, dict[str, object]]]:
    """List kind and body of the events told, oldest first."""
    async with cell.read() as tx:
        cursor = await tx.execute("select kind, body from event order by id")
        return await cursor.fetchall()


async def turn(cell: Cell, **faults: int) -> None:
    """Turn the fault switch."""
    async with cell.tx() as tx:
        await sandbox.turn_switch(tx, sandbox.Faults(**faults))
