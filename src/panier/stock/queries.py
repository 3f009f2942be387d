"""Reads: what is left, who holds what, and whether the counts agree."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.db import Tx, rows
from panier.stock.counts import lock

HOLDS_MAX = 500
"""Holds read of one buyer."""

Pair = tuple[UUID | None, UUID]
"""A show (None: none) and a variant."""

HOLDS = """
select id, variant_id as variant, quantity, show_id as show, at, expires_at,
       checkout_id as checkout, extended, waiting_id is not null as offered,
       state <> 'wanted' as aside, kept_until,
       (select per_buyer from stock s where s.variant_id = hold.variant_id) as each
from hold
"""
LEFT_IN_SHOW = """
select s.variant_id, case when a.show_id is null then s.available
                          when a.beyond then a.available + s.available
                          else a.available end
from stock s left join allocation a
  on a.variant_id = s.variant_id and a.show_id = %s and a.closed_at is null
where s.variant_id = any(%s)
"""
# The same by show and variant.
LEFT_OF = """
select p.show, p.variant, case when a.show_id is null then s.available
                               when a.beyond then a.available + s.available
                               else a.available end
from unnest(%s::uuid[], %s::uuid[]) p(show, variant)
join stock s on s.variant_id = p.variant
left join allocation a
  on a.variant_id = p.variant and a.show_id = p.show and a.closed_at is null
"""
# Counts against holds; allocations against the holds of their show; and what is there, set aside
# or sold against what was ever brought in, so that held + sold <= stock. A return or an allocation
# only moves units from one count to another.
CHECKS = """
with held as (
  select variant_id, sum(quantity) filter (where state = 'held') as held,
         sum(quantity) filter (where state = 'sold') as sold
  from hold group by variant_id
), own as (
  select variant_id, show_id, sum(allocated) filter (where state = 'held') as held,
         sum(allocated) filter (where state = 'sold') as sold
  from hold where allocated > 0 group by variant_id, show_id
), counted as (
  select s.variant_id, s.held, s.sold, s.returned, s.available, s.allocations,
         coalesce(h.held, 0) as held_rows, coalesce(h.sold, 0) as sold_rows,
         (select coalesce(sum(available), 0) from allocation a
          where a.variant_id = s.variant_id) as apart,
         (select count(*) from allocation a
          where a.variant_id = s.variant_id and closed_at is null) as open,
         (select coalesce(sum(delta), 0) from stock_movement m
          where m.variant_id = s.variant_id
            and reason not in ('return', 'allocation', 'allocation_end')) as brought
  from stock s left join held h using (variant_id)
), shared as (
  select a.variant_id, a.held, a.sold, coalesce(o.held, 0) as held_rows,
         coalesce(o.sold, 0) as sold_rows
  from allocation a left join own o using (variant_id, show_id)
)
select rule, variant_id as variant, off::int from (
  select 'stock and its holds' as rule, variant_id, held - held_rows as off from counted
  union all
  select 'stock and its sales', variant_id, sold + returned - sold_rows from counted
  union all
  select 'stock and what was brought in', variant_id, available + apart + held + sold - brought
  from counted
  union all
  select 'stock and its open allocations', variant_id, allocations - open from counted
  union all
  select 'allocation and its holds', variant_id, held - held_rows from shared
  union all
  select 'allocation and its sales', variant_id, sold - sold_rows from shared) f
where off <> 0 order by rule, variant_id limit 100
"""


class Hold(msgspec.Struct):
    """Stock set aside for a buyer."""

    id: UUID
    variant: UUID
    quantity: int
    show: UUID | None
    at: datetime
    expires_at: datetime
    checkout: UUID | None
    extended: bool
    """It was kept longer once, which is all there is."""
    offered: bool
    """Its buyer waited for it, and others wait behind."""
    aside: bool
    """Stock is set aside for it; else who pays first gets it."""
    kept_until: datetime | None
    """While a payment is under way: when it would have ended without one."""
    each: int | None = None
    """Units of the variant that one buyer may have, with what they bought; None: no such limit."""


class Places(msgspec.Struct, frozen=True):
    """The counts of a variant."""

    available: int
    held: int
    sold: int
    apart: int
    """Left of what is set aside for single shows."""

    @property
    def whole(self) -> int:
        """Return all there is of it, whoever has it."""
        return self.available + self.held + self.sold + self.apart


class Finding(msgspec.Struct):
    """Counts that do not agree, and by how many units."""

    rule: str
    variant: UUID
    off: int


async def list_holds(tx: Tx, buyer: UUID, market: str) -> list[Hold]:
    """List what is in a buyer's basket in `market` and not being paid for, oldest first."""
    sql = HOLDS + (
        "where buyer = %s and market = %s and state in ('held', 'wanted') and checkout_id is null"
        " and expires_at > now() order by at, id limit %s"
    )
    return await rows(tx, sql, (buyer, market, HOLDS_MAX), Hold)


async def list_claimed(tx: Tx, checkouts: Sequence[UUID]) -> list[Hold]:
    """List what these checkouts are paying for or have paid for, oldest first."""
    sql = HOLDS + "where checkout_id = any(%s) order by at, id"
    return await rows(tx, sql, (list(checkouts),), Hold)


async def get_availability(
    tx: Tx, variants: Sequence[UUID], show: UUID | None = None
) -> dict[UUID, int]:
    """Return the units left of each variant that has stock, for sale in `show` or anywhere."""
    if show is None:
        cursor = await tx.execute(
            "select variant_id, available from stock where variant_id = any(%s)", (list(variants),)
        )
        return dict(await cursor.fetchall())
    cursor = await tx.execute(LEFT_IN_SHOW, (show, list(variants)))
    return dict(await cursor.fetchall())


async def find_gone(tx: Tx, baskets: Mapping[UUID, Sequence[Hold]]) -> dict[UUID, dict[UUID, int]]:
    """Return, by basket, the variants of which less is left than it wants unheld, and how much.

    A look before money is asked for; who pays first is decided by `take`. Asks nothing where all
    is set aside.
    """
    wanted: dict[UUID, Counter[Pair]] = {}
    for key, holds in baskets.items():
        unheld = [hold for hold in holds if not hold.aside]
        if unheld:
            wanted[key] = Counter()
            for hold in unheld:
                wanted[key][hold.show, hold.variant] += hold.quantity
    if not wanted:
        return {}
    pairs = list(dict.fromkeys(pair for units in wanted.values() for pair in units))
    asked = ([show for show, _ in pairs], [variant for _, variant in pairs])
    cursor = await tx.execute(LEFT_OF, asked)
    left: dict[Pair, int] = {(show, of): units for show, of, units in await cursor.fetchall()}
    gone = {
        key: {of: left.get((show, of), 0) for (show, of), n in units.items()
              if left.get((show, of), 0) < n}
        for key, units in wanted.items()
    }  # fmt: skip
    return {key: short for key, short in gone.items() if short}


async def list_counts(tx: Tx, variants: Sequence[UUID]) -> dict[UUID, Places]:
    """Return the counts of each variant that has stock."""
    sql = """
    select s.variant_id, s.available, s.held, s.sold,
           (select coalesce(sum(a.available), 0)::int from allocation a
            where a.variant_id = s.variant_id and a.closed_at is null)
    from stock s where s.variant_id = any(%s)
    """
    cursor = await tx.execute(sql, (list(variants),))
    return {variant: Places(*counts) for variant, *counts in await cursor.fetchall()}


async def lock_counts(tx: Tx, variants: Sequence[UUID]) -> dict[UUID, Places]:
    """Return the same, and keep it so until the end of `tx`."""
    await lock(tx, variants)
    return await list_counts(tx, variants)


async def check_stock(tx: Tx) -> list[Finding]:
    """List variants whose counts disagree with their holds or movements; empty is right."""
    return await rows(tx, CHECKS, None, Finding)
