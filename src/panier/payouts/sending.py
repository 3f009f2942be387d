"""Sending payouts: asked of the provider by key, again until it answers, and booked as it says.

The amount left the balance when the run was approved. The provider is asked outside any
transaction, by a key that was written before: whoever is killed in the middle, the next worker asks
the same again. Only after a final no does a payout get another key.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from panier import events, ledger, payments
from panier.kit.cells import Cell
from panier.kit.db import Tx, run, value
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.kit.outbox import record
from panier.payouts.queries import Payout, lock_payouts
from panier.payouts.rules import TRANSITIONS, CannotRetry, State
from panier.settings import Settings

SEND_BATCH_MAX = 50
"""Payouts that a worker takes at once."""
LEASE_SECONDS = 120
"""A worker that took payouts and died gives them back after this time."""
LOOK_SECONDS = 60
"""When a payout that the provider works on is asked about again."""
TRIES_MAX = 10
"""Calls without an answer before a person has to look."""
BACK_OFF_SECONDS_MAX = 3600
"""The longest wait between two tries."""
AWAY = "provider_away"

CLAIM = """
update payout set attempts = attempts + 1, next_try_at = %b
where id in (select id from payout where next_try_at <= %b order by next_try_at limit %b
             for update skip locked)
returning id
"""
ANSWERED = {
    payments.TransferState.SENT: State.SENT,
    payments.TransferState.DONE: State.PAID,
    payments.TransferState.FAILED: State.FAILED,
}
"""The provider's words in ours."""

log = structlog.get_logger()


async def send_payouts(cell: Cell, settings: Settings, moment: datetime) -> int:
    """Ask the provider about every payout that is due at `moment`; returns how many."""

    async def claim(tx: Tx) -> list[Payout]:
        lease = moment + timedelta(seconds=LEASE_SECONDS)
        cursor = await tx.execute(CLAIM, (lease, moment, SEND_BATCH_MAX))
        return await lock_payouts(tx, [row[0] for row in await cursor.fetchall()])

    claimed = await cell.run(claim)
    for payout in claimed:
        await _send(cell, settings, payout, moment)
    return len(claimed)


async def _send(cell: Cell, settings: Settings, payout: Payout, moment: datetime) -> None:
    key = payout.transfer_key
    if key is None:
        raise NotFound
    try:
        answer = await _ask(cell, settings, payout, key)
    except payments.ProviderAway:
        await cell.run(lambda tx: _wait(tx, payout, moment))
        return
    await cell.run(lambda tx: settle(tx, answer, moment))


async def _ask(
    cell: Cell, settings: Settings, payout: Payout, key: UUID
) -> payments.TransferAnswer:
    """Ask how the transfer stands if it was sent, else (or if it is not known) for it.

    Of the provider in whose books it was begun, whichever is in use for new payments now.
    """
    settings = settings.model_copy(update={"payments": payout.provider})
    if payout.state == State.SENT:
        found = await payments.find_transfer(cell, settings, key)
        if found is not None:
            return found
    wanted = payments.Transfer(key, payout.party, payout.market, payout.amount)
    return await payments.transfer(cell, settings, wanted)


async def _wait(tx: Tx, payout: Payout, moment: datetime) -> None:
    """Try again later; after TRIES_MAX somebody has to look."""
    wait = timedelta(seconds=min(BACK_OFF_SECONDS_MAX, 2**payout.attempts))
    again = moment + wait if payout.attempts < TRIES_MAX else None
    await run(
        tx,
        "update payout set next_try_at = %s, reason = %s, changed_at = %s"
        " where id = %s and transfer_key = %s and state = any(%s)",
        (again, AWAY, moment, payout.id, payout.transfer_key, [State.APPROVED, State.SENT]),
    )
    log.warning("payout not answered", payout=str(payout.id), attempts=payout.attempts)


async def settle(tx: Tx, answer: payments.TransferAnswer, moment: datetime) -> bool:
    """Take in what a provider said of a transfer; false when it changes nothing.

    What comes late, twice or out of order changes nothing: states move by their table only.
    """
    payout = await _lock_by_key(tx, answer.key)
    if payout is None:
        return False
    to = ANSWERED[answer.state]
    if payout.state == State.PAID and to == State.FAILED:
        to = State.RETURNED  # it had arrived, and the bank sent it back
    if to not in TRANSITIONS[payout.state] or payout.provider is None:
        if payout.state == to == State.SENT:
            await _look_later(tx, payout, moment)
        return False
    if to == State.PAID:
        posting = ledger.confirm_payout(payout.id, payout.provider, payout.amount)
        await ledger.post(tx, [posting])
    if to == State.RETURNED:
        undone = ledger.undo_payout(payout.id, payout.owner, payout.provider, payout.amount)
        await ledger.post(tx, [undone])
    look = moment + timedelta(seconds=LOOK_SECONDS) if to == State.SENT else None
    await run(
        tx,
        "update payout set state = %s, reference = coalesce(%s, reference), reason = %s,"
        " attempts = 0, next_try_at = %s, changed_at = %s where id = %s",
        (to.value, answer.reference, answer.reason, look, moment, payout.id),
    )
    await _tell(tx, payout, to, answer.reason)
    return True


async def _tell(tx: Tx, payout: Payout, to: State, reason: str | None) -> None:
    fact = events.PayoutMoved(market=payout.market, payout=payout.id, state=to.value, reason=reason)
    await record(tx, fact)


async def _look_later(tx: Tx, payout: Payout, moment: datetime) -> None:
    wait = min(BACK_OFF_SECONDS_MAX, LOOK_SECONDS * 2**payout.attempts)
    await run(
        tx,
        "update payout set next_try_at = %s, reason = null where id = %s",
        (moment + timedelta(seconds=wait), payout.id),
    )


async def _lock_by_key(tx: Tx, key: UUID) -> Payout | None:
    found = await value(tx, "select id from payout where transfer_key = %s", (key,))
    locked = await lock_payouts(tx, [found]) if found else []
    return locked[0] if locked and locked[0].transfer_key == key else None


async def retry(tx: Tx, key: UUID, run_id: UUID, moment: datetime) -> None:
    """Have a payout sent again, decided by a person.

    After a final no under a new key; where nobody knows whether it was sent, under the same one.
    Raises NotFound, CannotRetry.
    """
    payout = await _access(tx, key, run_id)
    if payout.state == State.FAILED:
        transfer = new_id()
    elif payout.unanswered and payout.transfer_key is not None:
        transfer = payout.transfer_key
    else:
        raise CannotRetry
    await run(
        tx,
        "update payout set state = 'approved', transfer_key = %s, reason = null, attempts = 0,"
        " next_try_at = %s, changed_at = %s where id = %s",
        (transfer, moment, moment, key),
    )


async def give_back(tx: Tx, key: UUID, run_id: UUID, moment: datetime) -> None:
    """Put a failed payout's amount back into the balance. Raises NotFound, CannotRetry."""
    payout = await _access(tx, key, run_id)
    if payout.state != State.FAILED or payout.provider is None:
        raise CannotRetry
    await ledger.post(
        tx, [ledger.return_payout(payout.id, payout.owner, payout.provider, payout.amount)]
    )
    await run(
        tx,
        "update payout set state = 'returned', changed_at = %s where id = %s",
        (moment, key),
    )
    await _tell(tx, payout, State.RETURNED, payout.reason)


async def _access(tx: Tx, key: UUID, run_id: UUID) -> Payout:
    locked = await lock_payouts(tx, [key])
    if not locked or locked[0].run != run_id:
        raise NotFound
    return locked[0]
