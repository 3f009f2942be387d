"""Reads: the reports that were written, and the shows that have none yet."""

from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.db import Tx, find, rows
from panier.kit.money import Money
from panier.reports.aired import AIRED, Aired
from panier.reports.figures import Finding, Room, Sales

LIST_MAX = 100
"""Shows on one page of reports."""


class Listed(msgspec.Struct, frozen=True):
    """A line of the list of reports; the figures are None while the report is being written."""

    slug: str
    title: str
    host: str
    live_at: datetime | None
    ended_at: datetime
    visitors: int | None
    orders: int | None
    minor: int | None
    currency: str

    @property
    def revenue(self) -> Money:
        """Return what was sold."""
        return Money(self.minor or 0, self.currency)


LIST = """
select s.slug, s.title, h.name as host, s.live_at, s.ended_at,
  (r.room->>'visitors')::int as visitors, (r.sales->>'orders')::int as orders,
  (r.sales->>'minor')::bigint as minor, m.currency
from show s join market m on m.code = s.market join person h on h.id = s.host_id
left join show_report r on r.show_id = s.id
where s.market = %(market)s and s.state = 'ended'
  and (%(host)s::uuid is null or s.host_id = %(host)s)
order by s.ended_at desc limit %(limit)s
"""


async def list_reports(tx: Tx, market: str, host: UUID | None) -> list[Listed]:
    """List a market's ended shows, the latest first; of one host, or of all with None."""
    return await rows(tx, LIST, {"market": market, "host": host, "limit": LIST_MAX}, Listed)


class Report(msgspec.Struct, frozen=True):
    """A show's report; its parts are None while it is being written."""

    show: Aired
    host: str
    room: Room | None
    sales: Sales | None
    findings: list[Finding]
    written_at: datetime | None


REPORT = """
select h.name as host, r.room::text as room, r.sales::text as sales,
       r.findings::text as findings, r.written_at
from show s join person h on h.id = s.host_id left join show_report r on r.show_id = s.id
where s.id = %s
"""


class _Stored(msgspec.Struct):
    host: str
    room: str | None
    sales: str | None
    findings: str | None
    written_at: datetime | None


async def find_report(tx: Tx, market: str, slug: str) -> Report | None:
    """Return the report of a market's show, or None when there is no such show."""
    show = await find(tx, AIRED + "where s.market = %s and s.slug = %s", (market, slug), Aired)
    if show is None:
        return None
    stored = await find(tx, REPORT, (show.id,), _Stored)
    if stored is None:
        return None
    return Report(
        show=show,
        host=stored.host,
        room=msgspec.json.decode(stored.room, type=Room) if stored.room else None,
        sales=msgspec.json.decode(stored.sales, type=Sales) if stored.sales else None,
        findings=msgspec.json.decode(stored.findings or "[]", type=list[Finding]),
        written_at=stored.written_at,
    )
