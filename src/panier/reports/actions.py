"""Writes: the report of one show, and its sales anew when a payment came late."""

from typing import Any
from uuid import UUID

import msgspec

from panier.kit.clock import now
from panier.kit.db import Tx, find, run
from panier.reports.aired import Aired
from panier.reports.figures import Room, Sales
from panier.reports.room import read_room
from panier.reports.rules import find_suggestions
from panier.reports.sales import read_sales

# Whoever comes second waits here for the first, and then reads what both have seen.
CLAIM = """
insert into show_report (show_id, market, written_at) values (%(show)s, %(market)s, %(now)s)
on conflict (show_id) do update set written_at = excluded.written_at
returning room::text as room
"""
KEEP = """
update show_report set room = %s::jsonb, sales = %s::jsonb, findings = %s::jsonb
where show_id = %s
"""


class _Claimed(msgspec.Struct):
    room: str | None


async def write_report(tx: Tx, show: Aired) -> None:
    """Write the report of an ended show; once written, only its sales are read anew.

    The log of an ended show does not change, so a payment that comes late costs no second
    reading of it.
    """
    claimed = await find(
        tx, CLAIM, {"show": show.id, "market": show.market, "now": now()}, _Claimed
    )
    sales = await read_sales(tx, show)
    if claimed is not None and claimed.room is not None:
        room = msgspec.json.decode(claimed.room, type=Room)
    else:
        room = await read_room(tx, show, {sold.product: sold.title for sold in sales.products})
    await _keep(tx, show.id, room, sales)


async def _keep(tx: Tx, show: UUID, room: Room, sales: Sales) -> None:
    findings = find_suggestions(room, sales)
    texts: list[Any] = [msgspec.json.encode(part).decode() for part in (room, sales, findings)]
    await run(tx, KEEP, (*texts, show))
