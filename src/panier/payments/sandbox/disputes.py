"""Disputes as the sandbox keeps them: a card that always disputes, and a bank that decides."""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from psycopg.types.json import Jsonb

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run, value
from panier.kit.errors import NotFound
from panier.kit.money import Money
from panier.payments.provider import Reply
from panier.payments.sandbox.intents import LATE_BATCH_MAX
from panier.payments.sandbox.webhooks import DisputeTold, queue

EVIDENCE_DAYS = 7
"""So long the buyer's bank takes evidence."""
WORDS = {"winning_evidence": True, "losing_evidence": False}
"""A statement with one of these decides at once, as with Stripe's tests."""

DISPUTE = """d.id, d.intent_id, i.market, i.currency, coalesce(d.minor, 0) as minor, d.reason,
  d.state, d.at, d.evidence, d.evidence_at"""
OPEN_DUE = f"""
with due as (
  select id from sandbox_dispute where opens_at <= %s order by opens_at limit %s
  for update skip locked)
update sandbox_dispute d set opens_at = null, state = 'open', at = d.opens_at,
  minor = i.minor - i.refunded_minor
from due, sandbox_intent i
where d.id = due.id and i.id = d.intent_id and i.minor > i.refunded_minor
returning {DISPUTE}
"""
OPEN = """
insert into sandbox_dispute (id, intent_id, minor, reason, state, at)
select 'dp_' || substr(id, 4), id, minor - refunded_minor, %s, 'open', %s
from sandbox_intent where id = %s and state = 'succeeded' and minor > refunded_minor
on conflict (intent_id) do nothing
"""


class Dispute(msgspec.Struct):
    """A dispute as the buyer's bank keeps it."""

    id: str
    intent_id: str
    market: str
    currency: str
    minor: int
    reason: str
    state: Literal["open", "won", "lost"]
    at: datetime
    evidence: dict[str, Any] | None
    """What the bank was told: the texts of provider.Evidence."""
    evidence_at: datetime | None

    @property
    def evidence_until(self) -> datetime:
        """Return until when the bank listens."""
        return self.at + timedelta(days=EVIDENCE_DAYS)

    @property
    def amount(self) -> Money:
        """Return what the bank took back."""
        return Money(self.minor, self.currency)


async def open_due(tx: Tx) -> None:
    """Open the disputes whose time has come; what was given back by then is not disputed."""
    opened = await rows(tx, OPEN_DUE, (now(), LATE_BATCH_MAX), Dispute)
    await queue(tx, [(d.market, _told(d)) for d in opened])
    await run(tx, "delete from sandbox_dispute where opens_at <= %s", (now(),))


async def open_dispute(tx: Tx, intent: str, reason: str) -> Dispute:
    """Let a buyer's bank take a payment back, once a payment. Raises NotFound."""
    opened = await run(tx, OPEN, (reason, now(), intent))
    sql = f"""select {DISPUTE} from sandbox_dispute d join sandbox_intent i on i.id = d.intent_id
              where d.intent_id = %s"""
    dispute = await find(tx, sql, (intent,), Dispute)
    if dispute is None:
        raise NotFound
    if opened:
        await queue(tx, [(dispute.market, _told(dispute))])
    return dispute


async def decide(tx: Tx, name: str, *, won: bool) -> Dispute:
    """Decide an open dispute, once; returns it as it stands. Raises NotFound."""
    decided = await run(
        tx,
        "update sandbox_dispute set state = %s, closed_at = %s where id = %s and state = 'open'",
        ("won" if won else "lost", now(), name),
    )
    dispute = await find_dispute(tx, name)
    if dispute is None:
        raise NotFound
    if decided:
        await queue(tx, [(dispute.market, _told(dispute))])
    return dispute


async def answer(cell: Cell, wanted: Reply) -> str | None:
    """Take what the shop says, once; returns why not."""

    async def act(tx: Tx) -> str | None:
        await tx.execute(
            "select 1 from sandbox_dispute where id = %s for update", (wanted.reference,)
        )
        known = await find_dispute(tx, wanted.reference)
        if known is None:
            return "unknown"
        if wanted.evidence is None:
            return None if (await decide(tx, known.id, won=False)).state == "lost" else "decided"
        if known.evidence_at is not None:
            sql = "select evidence_key = %s from sandbox_dispute where id = %s"
            return None if await value(tx, sql, (wanted.key, known.id)) else "answered"
        if known.state != "open":
            return "decided"
        if known.evidence_until < now():
            return "too_late"
        await run(
            tx,
            "update sandbox_dispute set evidence = %s, evidence_at = %s, evidence_key = %s"
            " where id = %s",
            (Jsonb(msgspec.to_builtins(wanted.evidence)), now(), wanted.key, known.id),
        )
        for word, won in WORDS.items():
            if word in wanted.evidence.statement:
                await decide(tx, known.id, won=won)
        return None

    return await cell.run(act)


async def find_dispute(tx: Tx, name: str) -> Dispute | None:
    """Return the dispute of that name, once it is open."""
    sql = f"""select {DISPUTE} from sandbox_dispute d join sandbox_intent i on i.id = d.intent_id
              where d.id = %s and d.state <> 'coming'"""
    return await find(tx, sql, (name,), Dispute)


async def list_open(tx: Tx, market: str, limit: int = 50) -> list[Dispute]:
    """List a market's open disputes, oldest first, for the sandbox's own page."""
    sql = f"""select {DISPUTE} from sandbox_dispute d join sandbox_intent i on i.id = d.intent_id
              where d.state = 'open' and i.market = %s order by d.at, d.id limit %s"""
    return await rows(tx, sql, (market, limit), Dispute)


def _told(d: Dispute) -> DisputeTold:
    return DisputeTold(
        dispute=d.id,
        payment_reference=d.intent_id,
        amount=d.amount,
        reason=d.reason,
        state=d.state,
        evidence_until=d.evidence_until if d.state == "open" else None,
    )
