"""Disputes: a buyer's bank takes a payment back, and decides later whose the money is."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from panier import events
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.kit.outbox import record
from panier.payments.provider import DisputeNews
from panier.payments.queries import Payment, find_payment

DISPUTE = """id, payment_id as payment, reference, minor, currency, state, reason, at, closed_at,
  evidence_until"""


class Dispute(msgspec.Struct):
    """A dispute over a payment, or over a part of it."""

    id: UUID
    payment: UUID
    reference: str
    minor: int
    currency: str
    state: Literal["open", "won", "lost"]
    reason: str
    at: datetime
    closed_at: datetime | None
    evidence_until: datetime | None = None
    """Until when evidence is taken (UTC); empty: the provider does not say."""

    @property
    def amount(self) -> Money:
        """Return what the bank took back."""
        return Money(self.minor, self.currency)


class Disputed(msgspec.Struct):
    """The payment that a dispute is about, locked."""

    id: UUID
    market: str
    currency: str


async def settle_dispute(tx: Tx, provider: str, news: DisputeNews) -> bool:
    """Note what the provider says of a dispute, and tell; false when it is old news.

    A decision that overtakes its opening opens the dispute too. Raises NotFound for a payment
    that is not ours.
    """
    payment = await find(
        tx,
        "select id, market, currency from payment where provider = %s and reference = %s"
        " for update",
        (provider, news.payment_reference),
        Disputed,
    )
    if payment is None:
        raise NotFound
    sql = f"select {DISPUTE} from dispute where provider = %s and reference = %s"
    known = await find(tx, sql, (provider, news.reference), Dispute)
    opened = known is None
    if known is None:
        known = await _open(tx, provider, payment, news)
    elif known.state == "open" and news.evidence_until not in (None, known.evidence_until):
        moved = "update dispute set evidence_until = %s where id = %s"
        await run(tx, moved, (news.evidence_until, known.id))
    closed = known.state == "open" and news.state != "open"
    if closed:
        await _close(tx, payment, known, won=news.state == "won")
    return opened or closed


async def _open(tx: Tx, provider: str, payment: Disputed, news: DisputeNews) -> Dispute:
    dispute = Dispute(
        id=new_id(),
        payment=payment.id,
        reference=news.reference,
        minor=news.amount.minor,
        currency=news.amount.currency,
        state="open",
        reason=news.reason,
        at=now(),
        closed_at=None,
        evidence_until=news.evidence_until,
    )
    await run(
        tx,
        "insert into dispute (id, payment_id, provider, reference, minor, currency, state, reason,"
        " at, evidence_until) values (%s, %s, %s, %s, %s, %s, 'open', %s, %s, %s)",
        (
            dispute.id, payment.id, provider, dispute.reference, dispute.minor, dispute.currency,
            dispute.reason, dispute.at, dispute.evidence_until,
        ),
    )  # fmt: skip
    await run(
        tx,
        "update payment set disputed_minor = disputed_minor + %s where id = %s",
        (dispute.minor, payment.id),
    )
    await record(
        tx,
        events.DisputeOpened(
            market=payment.market,
            dispute=dispute.id,
            payment=payment.id,
            amount=dispute.amount,
            reason=dispute.reason,
            evidence_until=dispute.evidence_until,
        ),
    )
    return dispute


async def _close(tx: Tx, payment: Disputed, dispute: Dispute, *, won: bool) -> None:
    await run(
        tx,
        "update dispute set state = %s, closed_at = %s where id = %s",
        ("won" if won else "lost", now(), dispute.id),
    )
    if won:
        await run(
            tx,
            "update payment set disputed_minor = disputed_minor - %s where id = %s",
            (dispute.minor, payment.id),
        )
    await record(
        tx,
        events.DisputeClosed(
            market=payment.market,
            dispute=dispute.id,
            payment=payment.id,
            amount=dispute.amount,
            won=won,
        ),
    )


async def find_case(tx: Tx, payment: UUID, dispute: UUID) -> tuple[Payment, Dispute]:
    """Return a dispute and its payment; raises NotFound."""
    found = await find_payment(tx, payment)
    case = next((d for d in await list_disputes(tx, payment) if d.id == dispute), None)
    if found is None or case is None:
        raise NotFound
    return found, case


async def find_dispute(tx: Tx, dispute: UUID, market: str) -> Dispute:
    """Return a market's dispute; raises NotFound."""
    sql = f"""select {DISPUTE} from dispute where id = %s
              and payment_id in (select id from payment where market = %s)"""
    found = await find(tx, sql, (dispute, market), Dispute)
    if found is None:
        raise NotFound
    return found


async def lock_dispute(tx: Tx, dispute: UUID, market: str) -> Dispute:
    """Return a market's dispute, locked: nobody answers it meanwhile. Raises NotFound."""
    await tx.execute("select 1 from dispute where id = %s for update", (dispute,))
    return await find_dispute(tx, dispute, market)


async def list_disputes(tx: Tx, payment: UUID) -> list[Dispute]:
    """List a payment's disputes, oldest first."""
    sql = f"select {DISPUTE} from dispute where payment_id = %s order by at, id"
    return await rows(tx, sql, (payment,), Dispute)
