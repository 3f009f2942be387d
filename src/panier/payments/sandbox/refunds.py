"""Refunds as the sandbox keeps them: several a payment, never more in sum than was paid."""

import secrets
from datetime import timedelta
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run
from panier.payments.provider import KeyReused, RefundAnswer, RefundWanted
from panier.payments.rules import Behaviour, RefundState
from panier.payments.sandbox.intents import LATE_BATCH_MAX, LATE_SECONDS, find_intent
from panier.payments.sandbox.webhooks import RefundTold, queue

REFUND = "id, intent_id, key, minor, state, reason"
# The amount is claimed and the refund written in one statement.
CLAIM = """
with claimed as (
  update sandbox_intent set refunded_minor = refunded_minor + %(minor)s
  where id = %(intent)s and state = 'succeeded' and refunded_minor + %(minor)s <= minor
    and currency = %(currency)s
    and not exists (select 1 from sandbox_dispute d where d.intent_id = sandbox_intent.id
                    and d.state in ('open', 'lost'))
  returning id)
insert into sandbox_refund (id, intent_id, key, minor, at, state, becomes, settles_at)
select %(id)s, id, %(key)s, %(minor)s, %(at)s, %(state)s, %(becomes)s, %(settles_at)s from claimed
"""
SETTLE = """
with due as (
  select id from sandbox_refund where settles_at <= %s order by settles_at limit %s
  for update skip locked)
update sandbox_refund r set state = becomes, settles_at = null,
  reason = case when becomes = 'failed' then 'account_closed' end
from due, sandbox_intent i where r.id = due.id and i.id = r.intent_id
returning r.id, r.intent_id, r.key, r.minor, r.state, r.reason, i.market
"""
STATES = {
    "pending": RefundState.REQUESTED,
    "succeeded": RefundState.DONE,
    "failed": RefundState.FAILED,
}
BECOMES = {
    Behaviour.REFUND_LATE: ("pending", "succeeded"),
    Behaviour.REFUND_FAILS: ("succeeded", "failed"),
}
"""The cards whose refunds change after a while: from, to."""


class Refund(msgspec.Struct):
    """A refund as the provider keeps it."""

    id: str
    intent_id: str
    key: UUID
    minor: int
    state: str
    reason: str | None


async def refund(cell: Cell, wanted: RefundWanted) -> RefundAnswer:
    """Give money back, once for this key; a refusal is an answer.

    Raises KeyReused for a key that was used for another payment or amount.
    """

    async def act(tx: Tx) -> RefundAnswer:
        # The payment's row is the lock: refunds of one payment come one after the other.
        await tx.execute(
            "select 1 from sandbox_intent where id = %s for update", (wanted.reference,)
        )
        sql = f"select {REFUND} from sandbox_refund where key = %s"
        known = await find(tx, sql, (wanted.key,), Refund)
        if known is None and await _claim(tx, wanted):
            known = await find(tx, sql, (wanted.key,), Refund)
        if known is None:
            return RefundAnswer(
                wanted.key, RefundState.FAILED, reason=await _refusal(tx, wanted.reference)
            )
        if (known.intent_id, known.minor) != (wanted.reference, wanted.amount.minor):
            raise KeyReused
        return RefundAnswer(wanted.key, STATES[known.state], known.id, known.reason)

    return await cell.run(act)


async def _claim(tx: Tx, wanted: RefundWanted) -> bool:
    cursor = await tx.execute(
        "select t.behaviour from sandbox_intent i join sandbox_token t on t.token = i.token"
        " where i.id = %s",
        (wanted.reference,),
    )
    row = await cursor.fetchone()
    state, becomes = BECOMES.get(Behaviour(row[0]), ("succeeded", None)) if row else ("", None)
    claimed = await run(
        tx,
        CLAIM,
        {
            "id": f"re_{secrets.token_hex(16)}",
            "intent": wanted.reference,
            "key": wanted.key,
            "minor": wanted.amount.minor,
            "currency": wanted.amount.currency,
            "at": now(),
            "state": state,
            "becomes": becomes,
            "settles_at": now() + timedelta(seconds=LATE_SECONDS) if becomes else None,
        },
    )
    return claimed == 1


async def _refusal(tx: Tx, reference: str) -> str:
    intent = await find_intent(tx, reference)
    if intent is None:
        return "payment_unknown"
    if intent.state != "succeeded":
        return "payment_not_paid"
    cursor = await tx.execute(
        "select 1 from sandbox_dispute where intent_id = %s and state in ('open', 'lost')",
        (reference,),
    )
    return "payment_disputed" if await cursor.fetchone() else "amount_too_large"


class _Due(Refund):
    market: str


async def settle_refunds(tx: Tx) -> None:
    """Let refunds change whose time has come, and queue the news."""
    due = await rows(tx, SETTLE, (now(), LATE_BATCH_MAX), _Due)
    failed = [r for r in due if r.state == "failed"]
    for r in failed:
        await run(
            tx,
            "update sandbox_intent set refunded_minor = refunded_minor - %s where id = %s",
            (r.minor, r.intent_id),
        )
    await queue(tx, [(r.market, _told(r)) for r in due])


def _told(r: _Due) -> RefundTold:
    return RefundTold(refund=r.key, reference=r.id, state=STATES[r.state], reason=r.reason)
