"""Lines of an order that are places in a slot: when, where and until when they can be given up."""

from collections.abc import Iterable
from uuid import UUID

from panier.baskets import Line
from panier.kit.db import Tx, run

BOOKINGS = """
insert into booking (order_id, n, variant_id, starts_at, ends_at, place, cancel_until)
select * from unnest(%s::uuid[], %s::smallint[], %s::uuid[], %s::timestamptz[],
                     %s::timestamptz[], %s::text[], %s::timestamptz[])
"""


async def write_bookings(tx: Tx, lines: Iterable[tuple[UUID, int, Line]]) -> None:
    """Write what is booked by these lines of orders; asks nothing where only goods were bought."""
    table = [
        (order, n, line.offer.variant, slot.starts_at, slot.ends_at, slot.place, slot.cancel_until)
        for order, n, line in lines
        if (slot := line.offer.slot)
    ]
    if table:
        await run(tx, BOOKINGS, tuple(list(column) for column in zip(*table, strict=True)))
