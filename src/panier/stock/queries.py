"""Reads: what is left, who holds what, and whether the counts agree."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.db import Tx, rows

HOLDS_MAX = 500
"""Holds read of one buyer."""


class Hold(msgspec.Struct):
    """Stock set aside for a buyer."""

    id: UUID
    variant: UUID
    quantity: int
    show: UUID | None
    at: datetime
    expires_at: datetime
    checkout: UUID | None


class Finding(msgspec.Struct):
    """A count that does not agree with its rows."""

    variant: UUID
    held: int
    held_rows: int
    sold: int
    sold_rows: int


async def list_holds(tx: Tx, buyer: UUID, market: str) -> list[Hold]:
    """List what `buyer` holds in `market` and is not being paid for, oldest first."""
    sql = """
    select id, variant_id as variant, quantity, show_id as show, at, expires_at,
           checkout_id as checkout
    from hold where buyer = %s and market = %s and state = 'held' and checkout_id is null
      and expires_at > now()
    order by at, id limit %s
    """
    return await rows(tx, sql, (buyer, market, HOLDS_MAX), Hold)


async def list_claimed(tx: Tx, checkouts: Sequence[UUID]) -> list[Hold]:
    """List what these checkouts are paying for or have paid for, oldest first."""
    sql = """
    select id, variant_id as variant, quantity, show_id as show, at, expires_at,
           checkout_id as checkout
    from hold where checkout_id = any(%s) order by at, id
    """
    return await rows(tx, sql, (list(checkouts),), Hold)


async def get_availability(tx: Tx, variants: Sequence[UUID]) -> dict[UUID, int]:
    """Return the units left of each variant that has stock."""
    cursor = await tx.execute(
        "select variant_id, available from stock where variant_id = any(%s)", (list(variants),)
    )
    return dict(await cursor.fetchall())


async def check_stock(tx: Tx) -> list[Finding]:
    """List variants whose counts disagree with their holds; empty is right."""
    sql = """
    select s.variant_id as variant, s.held, coalesce(h.held, 0)::int as held_rows,
           s.sold, coalesce(h.sold, 0)::int as sold_rows
    from stock s left join (
      select variant_id, sum(quantity) filter (where state = 'held') as held,
             sum(quantity) filter (where state = 'sold') as sold
      from hold group by variant_id) h using (variant_id)
    where s.held <> coalesce(h.held, 0) or s.sold <> coalesce(h.sold, 0)
    order by s.variant_id limit 100
    """
    return await rows(tx, sql, None, Finding)
