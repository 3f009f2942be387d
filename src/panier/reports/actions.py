"""Writes: the report of one show, and its sales anew when payments came late."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, run
from panier.reports.aired import Aired, find_aired
from panier.reports.figures import Room
from panier.reports.room import read_room
from panier.reports.rules import find_suggestions
from panier.reports.sales import read_sales

BOOKED_AFTER = timedelta(seconds=15)
"""By then every gateway has written its last ten seconds of a show."""
REPORTS_MAX = 20
"""Reports that one round of `write_due` writes."""

# A sale that does not see this row yet was there before whoever writes the report reads it.
ASK = """
insert into show_report (show_id, market, written_at, stale)
values (%(show)s, %(market)s, %(now)s, true)
on conflict (show_id) do update set stale = true
"""
# Late sales wait for whoever has claimed it; another worker leaves it alone.
CLAIM = """
update show_report set written_at = %(now)s, stale = false
where show_id in (select show_id from show_report where show_id = %(show)s
                  and (stale or %(early)s) for update skip locked)
returning room::text as room, room_at
"""
KEEP = """
update show_report set room = %s::jsonb, sales = %s::jsonb, findings = %s::jsonb, room_at = %s
where show_id = %s
"""
DUE = """
select show_id, bool_or(early) as early from (
  select r.show_id, true as early from show_report r join show s on s.id = r.show_id
  where s.ended_at > %(now)s - interval '1 hour' and s.ended_at <= %(now)s - %(after)s
    and r.room_at < s.ended_at + %(after)s
  union all
  select show_id, false from show_report where stale) found
group by show_id order by show_id limit %(limit)s
"""


class _Claimed(msgspec.Struct):
    room: str | None
    room_at: datetime | None


async def ask_for_report(tx: Tx, show: Aired) -> None:
    """Have the report of an ended show written soon."""
    await run(tx, ASK, {"show": show.id, "market": show.market, "now": now()})


async def write_due(cell: Cell) -> int:
    """Write the reports that were asked for, that lack sales or the gateways' last booking.

    Returns how many were due.
    """
    values = {"now": now(), "after": BOOKED_AFTER, "limit": REPORTS_MAX}
    async with cell.read() as tx:
        found = await (await tx.execute(DUE, values)).fetchall()
    for show, early in found:
        await cell.run(partial(_write, show, early=early))
    return len(found)


async def mark_stale(tx: Tx, show: UUID) -> None:
    """Note that a report lacks sales: after many of them it is written once.

    Whoever writes the report at this moment is waited for: it may have read before the sale.
    """
    await run(tx, "update show_report set stale = true where show_id = %s", (show,))


async def _write(show: UUID, tx: Tx, *, early: bool) -> None:
    """Write a report; once the room was read only the sales are read anew, unless too `early`.

    The log of an ended show does not change, so a payment that comes late costs no second
    reading of it. Only the last seconds of viewers are booked after the end.
    """
    values = {"show": show, "now": now(), "early": early}
    claimed, aired = await find(tx, CLAIM, values, _Claimed), await find_aired(tx, show)
    if claimed is None or aired is None:
        return
    sales = await read_sales(tx, aired)
    if claimed.room is not None and not early:
        room, read_at = msgspec.json.decode(claimed.room, type=Room), claimed.room_at
    else:
        read_at = now()
        room = await read_room(tx, aired, {sold.product: sold.title for sold in sales.products})
    findings = find_suggestions(room, sales)
    texts: list[Any] = [msgspec.json.encode(part).decode() for part in (room, sales, findings)]
    await run(tx, KEEP, (*texts, read_at, show))
