"""Reads: a market's disputes with their orders and answers, what presses first."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from panier.kit.db import Tx, rows
from panier.kit.money import Money

PAGE = 200
"""Disputes on a page."""
FILE = 50_000
"""Disputes in a file."""

LIST = """
select d.id, d.state, d.reason, d.minor, d.currency, d.at, d.closed_at, d.evidence_until,
  a.state as answer, a.dispute_id is not null and a.evidence is null as conceded,
  a.at as answered_at,
  coalesce((select string_agg(o.number, ', ' order by o.number) from checkout c
            join orders o on o.checkout_id = c.id where c.payment_id = p.id), '') as numbers
from dispute d join payment p on p.id = d.payment_id
left join dispute_answer a on a.dispute_id = d.id
where p.market = %(market)s and (%(open)s::bool is null or (d.state = 'open') = %(open)s)
order by d.state = 'open' desc, d.state = 'open' and coalesce(a.state, 'refused') = 'refused' desc,
  case when d.state = 'open' then coalesce(d.evidence_until, d.at) end,
  d.closed_at desc, d.id
limit %(limit)s
"""


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
    numbers: str

    @property
    def amount(self) -> Money:
        """Return what the bank took back."""
        return Money(self.minor, self.currency)

    @property
    def waits(self) -> bool:
        """Tell whether somebody still has to answer it."""
        return self.state == "open" and self.answer in (None, "refused")


async def list_cases(
    tx: Tx, market: str, *, still_open: bool | None = None, limit: int = PAGE
) -> list[Listed]:
    """List disputes: those to answer by their deadline, other open ones, the newest decided."""
    given = {"market": market, "open": still_open, "limit": limit}
    return await rows(tx, LIST, given, Listed)
