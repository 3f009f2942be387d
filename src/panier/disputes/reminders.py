"""Finance is reminded of what nobody has answered, while there still is time."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from panier import markets
from panier.disputes.letters import remind_of
from panier.disputes.rules import FINAL, STUCK
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, rows

BEFORE = timedelta(days=2)
"""So long before the end of the time to answer."""
BATCH_MAX = 50
"""Disputes that one round reminds of."""

# Marked in the transaction that writes the letters: each is reminded of once.
PRESSING = """
update dispute d set reminded_at = %(now)s from payment p
where p.id = d.payment_id and d.id in (
  select o.id from dispute o
  where o.state = 'open' and o.reminded_at is null
    and o.evidence_until between %(now)s and %(until)s
    and not exists (select 1 from dispute_answer a where a.dispute_id = o.id
                    and (a.state = 'taken' or (a.state = 'asked' and a.at > %(stuck)s)
                         or a.reason = any(%(final)s)))
  order by o.evidence_until limit %(limit)s for update skip locked)
returning d.id, p.market, d.minor, d.currency, d.reason, d.evidence_until
"""


class Pressing(msgspec.Struct):
    """A dispute that wants an answer soon."""

    id: UUID
    market: str
    minor: int
    currency: str
    reason: str
    evidence_until: datetime


async def remind(cell: Cell) -> int:
    """Write to finance about disputes whose time ends soon, once each; returns how many."""

    async def act(tx: Tx) -> int:
        moment = now()
        given = {
            "now": moment, "until": moment + BEFORE, "stuck": moment - STUCK,
            "final": list(FINAL), "limit": BATCH_MAX,
        }  # fmt: skip
        pressing = await rows(tx, PRESSING, given, Pressing)
        for market in sorted({one.market for one in pressing}):
            of = [one for one in pressing if one.market == market]
            await remind_of(tx, await markets.get_market(tx, market), of)
        return len(pressing)

    return await cell.run(act)
