"""Refunds: asked for inside a caller's transaction, sent by a worker, told by an event.

Between any two steps the process may die. What it leaves is a refund that is not finished; a
worker asks the provider again by the refund's key, which gives the money back once.
"""

from datetime import datetime
from uuid import UUID

import msgspec
import structlog

from panier import events
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run
from panier.kit.errors import NotFound, PanierError
from panier.kit.money import Money
from panier.kit.outbox import record
from panier.payments.actions import LOOK_SECONDS, LOOK_SECONDS_MAX
from panier.payments.adapters import provider_of
from panier.payments.provider import KeyReused, RefundAnswer, RefundWanted
from panier.payments.queries import find_payment
from panier.payments.rules import REFUND_TRANSITIONS, RefundState, RefundTooLarge
from panier.settings import Settings

BATCH_MAX = 50
"""Refunds that a worker sends in one go."""

REFUND = """r.id, r.payment_id as payment, p.market, p.provider, p.reference as payment_reference,
  r.minor, r.currency, r.state, r.reason, r.reference, r.at, r.changed_at"""
# Both in one statement, so that no two can be granted the same money.
REQUEST = """
with granted as (
  update payment set refunded_minor = refunded_minor + %(minor)s
  where id = %(payment)s and state = 'paid' and currency = %(currency)s
    and refunded_minor + disputed_minor + %(minor)s <= minor
  returning id)
insert into payment_refund (id, payment_id, minor, currency, state, at, changed_at, look_at)
select %(key)s, id, %(minor)s, %(currency)s, 'requested', %(at)s, %(at)s, %(at)s from granted
"""
CLAIM = f"""
update payment_refund r set looks = least(r.looks + 1, 1000),
  look_at = %(now)s + least(%(max)s, %(seconds)s * 2 ^ least(r.looks, 10)) * interval '1 s'
from payment p
where p.id = r.payment_id and r.id in (
  select id from payment_refund where look_at <= %(now)s order by look_at limit %(limit)s
  for update skip locked)
returning {REFUND}
"""
MOVE = """
update payment_refund set state = %s, reference = coalesce(%s, reference), reason = %s,
  changed_at = %s, look_at = null
where id = %s and state = %s
"""

log = structlog.get_logger()


class Refund(msgspec.Struct):
    """A part of a payment, or all of it, that goes back to the buyer."""

    id: UUID
    payment: UUID
    market: str
    provider: str
    payment_reference: str | None
    minor: int
    currency: str
    state: RefundState
    reason: str | None
    reference: str | None
    at: datetime
    changed_at: datetime

    @property
    def amount(self) -> Money:
        """Return what goes back."""
        return Money(self.minor, self.currency)


async def request_refund(tx: Tx, payment: UUID, key: UUID, amount: Money) -> Refund:
    """Promise a buyer `amount` of a payment back; a worker sends it, RefundDone tells when done.

    The same `key` is one refund. Raises NotFound, KeyReused, and RefundTooLarge for more than is
    left of the payment: what was paid less other refunds and disputes.
    """
    # Whoever asks for the same key at the same moment waits here, and finds it.
    await tx.execute("select 1 from payment where id = %s for update", (payment,))
    known = await find_refund(tx, key)
    if known is None and amount.minor <= 0:
        raise RefundTooLarge
    if known is None:
        given = {
            "payment": payment,
            "key": key,
            "minor": amount.minor,
            "currency": amount.currency,
            "at": now(),
        }
        if not await run(tx, REQUEST, given):
            if await find_payment(tx, payment) is None:
                raise NotFound
            raise RefundTooLarge
        known = await get_refund(tx, key)
    if (known.payment, known.amount) != (payment, amount):
        raise KeyReused
    return known


async def find_refund(tx: Tx, key: UUID) -> Refund | None:
    """Return the refund, if there is one."""
    sql = f"""select {REFUND} from payment_refund r join payment p on p.id = r.payment_id
              where r.id = %s"""
    return await find(tx, sql, (key,), Refund)


async def get_refund(tx: Tx, key: UUID) -> Refund:
    """Return the refund; raises NotFound."""
    found = await find_refund(tx, key)
    if found is None:
        raise NotFound
    return found


async def list_refunds(tx: Tx, payment: UUID) -> list[Refund]:
    """List a payment's refunds, oldest first."""
    sql = f"""select {REFUND} from payment_refund r join payment p on p.id = r.payment_id
              where r.payment_id = %s order by r.at, r.id"""
    return await rows(tx, sql, (payment,), Refund)


async def send_refunds(cell: Cell, settings: Settings) -> int:
    """Ask the provider for the refunds that are due; returns how many were asked for.

    Several workers may do this at once: a refund is one worker's for a while.
    """
    given = {"now": now(), "seconds": LOOK_SECONDS, "max": LOOK_SECONDS_MAX, "limit": BATCH_MAX}
    async with cell.tx() as tx:
        due = await rows(tx, CLAIM, given, Refund)
    for refund in due:
        try:
            await _send(cell, settings, refund)
        except PanierError as error:
            log.warning("refund not finished", refund=str(refund.id), error=str(error))
    return len(due)


async def _send(cell: Cell, settings: Settings, refund: Refund) -> None:
    wanted = RefundWanted(
        refund.id, refund.payment, refund.payment_reference or "", refund.market, refund.amount
    )
    answer = await provider_of(settings, refund.provider).refund(cell, wanted)
    await cell.run(lambda tx: settle_refund(tx, answer))


async def settle_refund(tx: Tx, answer: RefundAnswer) -> bool:
    """Note what the provider says of a refund, and tell; false when it is old news.

    Raises NotFound for a refund that is not ours.
    """
    # The payment first, then the refund: the order in which request_refund locks them.
    await tx.execute(
        "select 1 from payment where id = (select payment_id from payment_refund where id = %s)"
        " for update",
        (answer.key,),
    )
    refund = await get_refund(tx, answer.key)
    before = RefundState(refund.state)
    if answer.state not in REFUND_TRANSITIONS[before]:
        return False
    await run(
        tx,
        MOVE,
        (answer.state.value, answer.reference, answer.reason, now(), refund.id, before.value),
    )
    if answer.state == RefundState.FAILED:
        await run(
            tx,
            "update payment set refunded_minor = refunded_minor - %s where id = %s",
            (refund.minor, refund.payment),
        )
        await record(
            tx,
            events.RefundFailed(
                market=refund.market,
                refund=refund.id,
                payment=refund.payment,
                amount=refund.amount,
                reason=answer.reason or "unknown",
                undone=before == RefundState.DONE,
            ),
        )
    else:
        await record(
            tx,
            events.RefundDone(
                market=refund.market,
                refund=refund.id,
                payment=refund.payment,
                amount=refund.amount,
                reference=answer.reference or "",
            ),
        )
    return True
