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
"""Reports that one round of `complete_reports` writes anew."""

# Whoever comes second waits here for the first, and then reads what both have seen.
CLAIM = """
insert into show_report (show_id, market, written_at) values (%(show)s, %(market)s, %(now)s)
on conflict (show_id) do update set written_at = excluded.written_at, stale = false
returning room::text as room, room_at
"""
KEEP = """
update show_report set room = %s::jsonb, sales = %s::jsonb, findings = %s::jsonb, room_at = %s
where show_id = %s
"""
INCOMPLETE = """
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


async def write_report(tx: Tx, show: Aired, *, read_again: bool = False) -> None:
    """Write the report of an ended show; once the room was read, only the sales are read anew.

    The log of an ended show does not change, so a payment that comes late costs no second
    reading of it. Only the last seconds of viewers are booked after the end: see
    `complete_reports`.
    """
    values = {"show": show.id, "market": show.market, "now": now()}
    claimed = await find(tx, CLAIM, values, _Claimed) or _Claimed(None, None)
    sales = await read_sales(tx, show)
    if claimed.room is not None and not read_again:
        room, read_at = msgspec.json.decode(claimed.room, type=Room), claimed.room_at
    else:
        read_at = now()
        room = await read_room(tx, show, {sold.product: sold.title for sold in sales.products})
    findings = find_suggestions(room, sales)
    texts: list[Any] = [msgspec.json.encode(part).decode() for part in (room, sales, findings)]
    await run(tx, KEEP, (*texts, read_at, show.id))


async def complete_reports(cell: Cell) -> int:
    """Write reports anew that came before the gateways' last booking, or before sales.

    Returns how many.
    """
    values = {"now": now(), "after": BOOKED_AFTER, "limit": REPORTS_MAX}
    async with cell.read() as tx:
        found = await (await tx.execute(INCOMPLETE, values)).fetchall()
    for show, early in found:
        await cell.run(partial(_write_again, show, early=early))
    return len(found)


async def mark_stale(tx: Tx, show: UUID) -> None:
    """Note that a report lacks sales: after many of them it is written once.

    Whoever writes the report at this moment is waited for: it may have read before the sale.
    """
    await run(tx, "update show_report set stale = true where show_id = %s", (show,))


async def _write_again(show: UUID, tx: Tx, *, early: bool) -> None:
    aired = await find_aired(tx, show)
    if aired is not None:
        await write_report(tx, aired, read_again=early)
