"""Reads: a market's disputes with their orders and answers, what presses first."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from panier.disputes.rules import FINAL, STUCK
from panier.kit.clock import now
from panier.kit.db import Tx, rows
from panier.kit.money import Money

PAGE = 200
"""Disputes on a page."""
FILE = 50_000
"""Disputes in a file."""

CASES = """
from dispute d join payment p on p.id = d.payment_id
left join dispute_answer a on a.dispute_id = d.id
"""
WAITS = """(d.state = 'open' and (a.dispute_id is null
  or (a.state = 'refused' and a.reason <> all(%(final)s))
  or (a.state = 'asked' and a.at < %(stuck)s)))"""
LIST = f"""
select d.id, d.state, d.reason, d.minor, d.currency, d.at, d.closed_at, d.evidence_until,
  a.state as answer, a.dispute_id is not null and a.evidence is null as conceded,
  a.at as answered_at, {WAITS} as waits,
  coalesce((select string_agg(o.number, ', ' order by o.number) from checkout c
            join orders o on o.checkout_id = c.id where c.payment_id = p.id), '') as numbers
{CASES}
where p.market = %(market)s and (%(open)s::bool is null or (d.state = 'open') = %(open)s)
order by d.state = 'open' desc, waits desc,
  case when d.state = 'open' then coalesce(d.evidence_until, d.at) end,
  d.closed_at desc, d.id
limit %(limit)s
"""
SUMS = f"""
select d.currency, sum(d.minor)::bigint as minor, count(*) as disputes,
  count(*) filter (where {WAITS}) as waiting
{CASES}
where d.state = 'open' and p.market = %(market)s group by d.currency order by d.currency
"""


class Sum(msgspec.Struct):
    """What banks hold in a currency."""

    currency: str
    minor: int
    disputes: int
    waiting: int
    """Of these, how many want an answer."""

    @property
    def amount(self) -> Money:
        """Return it as money."""
        return Money(self.minor, self.currency)


class Listed(msgspec.Struct):
    """A dispute in a list."""

    id: UUID
    state: Literal["open", "won", "lost"]
    reason: str
    minor: int
    currency: str
    at: datetime
    closed_at: datetime | None
    evidence_until: datetime | None
    answer: Literal["asked", "taken", "refused"] | None
    conceded: bool
    answered_at: datetime | None
    waits: bool
    """Somebody has to see to it: it is not answered, or the answer does not get there."""
    numbers: str

    @property
    def amount(self) -> Money:
        """Return what the bank took back."""
        return Money(self.minor, self.currency)


async def list_cases(
    tx: Tx, market: str, *, still_open: bool | None = None, limit: int = PAGE
) -> list[Listed]:
    """List disputes: those to answer by their deadline, other open ones, the newest decided."""
    given = {"market": market, "open": still_open, "limit": limit, **_waiting()}
    return await rows(tx, LIST, given, Listed)


async def sum_open(tx: Tx, market: str) -> list[Sum]:
    """Sum a market's open disputes by currency."""
    return await rows(tx, SUMS, {"market": market, **_waiting()}, Sum)


def _waiting() -> dict[str, object]:
    return {"final": list(FINAL), "stuck": now() - STUCK}
