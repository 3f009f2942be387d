"""What a seller sees of their stock: variants with their counts, and the history of each."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.db import Tx, find, rows

Table = Iterator[Sequence[str | int]]

PAGE = 50
"""Variants, or movements, on one page."""
LIST_MAX = 10_000
"""Variants, or movements, in one file."""

SHELF = """
select v.id as variant, v.sku, s.id as seller, s.name as seller_name,
       coalesce(p.title->>%(language)s, p.title->>m.languages[1], p.slug) as title,
       coalesce(v.title->>%(language)s, v.title->>m.languages[1], '') as variant_title,
       coalesce(k.available, 0) as available, coalesce(k.held, 0) as held,
       coalesce(k.sold, 0) as sold, coalesce(k.low_at, 5) as low_at, k.per_buyer,
       coalesce((select sum(available)::int from allocation
                 where variant_id = v.id and closed_at is null), 0) as apart
from variant v join product p on p.id = v.product_id join seller s on s.id = p.seller_id
join market m on m.code = p.market left join stock k on k.variant_id = v.id
"""
# Empty filters match all; a seller's staff see their own sellers, the market's team all of them.
LIST = (
    SHELF
    + """
where p.market = %(market)s
  and (k.closes_at is null or k.closes_at > now())
  and (%(sellers)s::uuid[] is null or p.seller_id = any(%(sellers)s))
  and (%(text)s = '' or strpos(lower(v.sku), lower(%(text)s)) > 0 or exists (
    select 1 from jsonb_each_text(p.title) t where strpos(lower(t.value), lower(%(text)s)) > 0))
  and (not %(low)s or coalesce(k.available, 0) <= coalesce(k.low_at, 5))
  and (%(after)s::uuid is null or (v.sku, v.id) > (
    select sku, id from variant where id = %(after)s))
order by v.sku, v.id limit %(limit)s
"""
)
MOVEMENTS = """
select m.id, m.at, m.delta, m.reason, m.note, m.available, p.name as who
from stock_movement m left join person p on p.id = m.who
where m.variant_id = %s and (%s::uuid is null or m.id < %s)
order by m.id desc limit %s
"""


class Filter(msgspec.Struct, frozen=True):
    """Which variants are asked for; None and empty do not filter."""

    market: str
    sellers: list[UUID] | None
    language: str
    text: str = ""
    low: bool = False


class ShelfRow(msgspec.Struct):
    """A variant and its counts."""

    variant: UUID
    sku: str
    seller: UUID
    seller_name: str
    title: str
    variant_title: str
    available: int
    """Free to be sold anywhere."""
    held: int
    sold: int
    low_at: int
    per_buyer: int | None
    """Units that one buyer may have; None: no such limit."""
    apart: int
    """Left of what is set aside for single shows."""

    @property
    def low(self) -> bool:
        """Tell whether the seller wants to know how few are left."""
        return 0 < self.available <= self.low_at


class MovementRow(msgspec.Struct):
    """Units that came or went."""

    id: UUID
    at: datetime
    delta: int
    reason: str
    note: str
    available: int
    who: str | None


async def list_shelves(
    tx: Tx, asked: Filter, after: UUID | None = None, limit: int = PAGE
) -> list[ShelfRow]:
    """List variants by their number, those behind `after`."""
    params = {**msgspec.structs.asdict(asked), "after": after, "limit": min(limit, LIST_MAX)}
    return await rows(tx, LIST, params, ShelfRow)


async def find_shelf(tx: Tx, market: str, variant: UUID, language: str) -> ShelfRow | None:
    """Return one variant with its counts, or None where `market` does not sell it."""
    sql = SHELF + "where v.id = %(variant)s and p.market = %(market)s"
    params = {"variant": variant, "market": market, "language": language}
    return await find(tx, sql, params, ShelfRow)


async def list_movements(
    tx: Tx, variant: UUID, before: UUID | None = None, limit: int = PAGE
) -> list[MovementRow]:
    """List what came and went, the latest first, what is older than `before`."""
    params = (variant, before, before, min(limit, LIST_MAX))
    return await rows(tx, MOVEMENTS, params, MovementRow)


SHELF_HEAD = (
    "sku", "title", "variant", "seller", "available", "held", "apart", "sold", "low_at",
    "per_buyer",
)  # fmt: skip
MOVEMENT_HEAD = ("at", "change", "reason", "note", "who", "available")


def shelf_table(shelves: Iterable[ShelfRow]) -> Table:
    """Return variants as a table for spreadsheets."""
    for s in shelves:
        yield (
            s.sku, s.title, s.variant_title, s.seller_name, s.available, s.held, s.apart, s.sold,
            s.low_at, s.per_buyer or "",
        )  # fmt: skip


def movement_table(movements: Iterable[MovementRow]) -> Table:
    """Return a history as a table for spreadsheets; times in UTC."""
    for m in movements:
        at = m.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        yield at, m.delta, m.reason, m.note, m.who or "", m.available
