"""Stock that nobody can have from a moment on, such as the places of a class that begins.

The moment stands in the row of stock, which every press locks, so that no hold, no offer and no
payment outlives it; each hold of such stock knows it too.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from panier.kit.db import Tx, run
from panier.stock.counts import Counts, lock

NEW = """
insert into stock (variant_id, available) select unnest(%s::uuid[]), 0
on conflict (variant_id) do nothing
"""
CLOSE = """
update stock s set closes_at = t.moment
from unnest(%s::uuid[], %s::timestamptz[]) t(variant_id, moment) where s.variant_id = t.variant_id
"""
CAP = """
update hold h set closes_at = s.closes_at, expires_at = least(h.expires_at, s.closes_at)
from stock s where s.variant_id = h.variant_id and s.variant_id = any(%s)
  and h.state in ('held', 'wanted')
"""
CAP_NEW = """
update hold h set closes_at = s.closes_at, expires_at = least(h.expires_at, s.closes_at)
from stock s where s.variant_id = h.variant_id and h.id = any(%s)
"""


def closed(counts: Counts, moment: datetime) -> frozenset[UUID]:
    """Return the variants that nobody can have any more at `moment`."""
    return frozenset(
        variant
        for variant, shelf in counts.shelves.items()
        if shelf.closes_at is not None and shelf.closes_at <= moment
    )


def closings(counts: Counts) -> dict[int, datetime]:
    """Return when variants close, those that do; ids as integers."""
    return {
        variant.int: shelf.closes_at
        for variant, shelf in counts.shelves.items()
        if shelf.closes_at is not None
    }


async def cap_new(tx: Tx, holds: Collection[UUID]) -> None:
    """Let holds just written end when their stock closes."""
    await run(tx, CAP_NEW, (list(holds),))


async def close_at(tx: Tx, closings: Mapping[UUID, datetime]) -> None:
    """Let nobody have these variants from their moments (UTC) on; what is held ends then too.

    Whoever waits for one that has closed waits no longer.
    """
    variants = sorted(closings)
    await run(tx, NEW, (variants,))
    await lock(tx, variants)
    await run(tx, CLOSE, (variants, [closings[variant] for variant in variants]))
    await run(tx, CAP, (variants,))
    await run(
        tx,
        "update waiting w set state = 'left' from stock s where s.variant_id = w.variant_id"
        " and s.variant_id = any(%s) and s.closes_at <= now() and w.state = 'waiting'",
        (variants,),
    )
