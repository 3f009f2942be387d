"""Changes of what can be sold that are no sales: each with its reason, and who made it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from panier.kit.clock import now
from panier.kit.db import Tx, run, value
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import _
from panier.kit.ids import new_id
from panier.stock.counts import Change, lock
from panier.stock.rules import UNITS_MAX, Reason, check_change

WRITE = """
insert into stock_movement (id, variant_id, delta, reason, note, who, key, at, available)
select id, variant_id, delta, reason, note, %s, %s, %s, available
from unnest(%s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::text[], %s::int[])
  g(id, variant_id, delta, reason, note, available)
"""
NEW = """
insert into stock (variant_id, available) select unnest(%s::uuid[]), 0
on conflict (variant_id) do nothing
"""
# The next time it runs low is told again.
REARM = """
update stock set low_told = false
where variant_id = any(%s) and low_told and available > low_at
"""


class Movement(NamedTuple):
    """Units that came or went, other than by a sale."""

    variant: UUID
    delta: int
    reason: Reason
    note: str = ""


async def change_stock(
    tx: Tx,
    market: str,
    moves: Sequence[Movement],
    who: UUID | None = None,
    key: UUID | None = None,
) -> None:
    """Change what can be sold, all or nothing; `who` is the person that does it.

    The same `key` twice is one change. Raises NotEnough, TooManyUnits, WrongSign.
    """
    await run(tx, NEW, (sorted({move.variant for move in moves}),))
    change = Change(await lock(tx, [move.variant for move in moves]))
    if key is not None and await is_done(tx, key):
        return
    written = []
    for move in moves:
        check_change(move.reason, move.delta, change.left(move.variant))
        change.add(move.variant, market, available=move.delta)
        written.append((move, change.left(move.variant)))
    await change.write(tx)
    await note(tx, written, who, key)


async def is_done(tx: Tx, key: UUID) -> bool:
    """Tell whether a change with this key was made; ask with the stock locked."""
    return bool(await value(tx, "select true from stock_movement where key = %s limit 1", (key,)))


async def restock(
    tx: Tx, variant: UUID, quantity: int, market: str, *, text: str = "", who: UUID | None = None
) -> None:
    """Bring in `quantity` new units. Raises WrongSign, TooManyUnits."""
    await change_stock(tx, market, [Movement(variant, quantity, Reason.RESTOCK, text)], who)


async def correct(
    tx: Tx, variant: UUID, delta: int, market: str, *, text: str = "", who: UUID | None = None
) -> None:
    """Add to what can be sold, or take away, after a count. Raises NotEnough, TooManyUnits."""
    await change_stock(tx, market, [Movement(variant, delta, Reason.CORRECTION, text)], who)


async def set_stock(
    tx: Tx,
    variant: UUID,
    available: int,
    market: str,
    *,
    text: str = "",
    who: UUID | None = None,
    key: UUID | None = None,
) -> None:
    """Count a variant anew: `available` units are free (what is held or sold stays so)."""
    await run(tx, NEW, ([variant],))
    counts = await lock(tx, [variant])
    delta = available - counts.shelves[variant].available
    if delta:
        moved = Movement(variant, delta, Reason.CORRECTION, text)
        await change_stock(tx, market, [moved], who, key)


async def set_alert(tx: Tx, variant: UUID, low_at: int) -> None:
    """Tell the seller when no more than `low_at` units are free; 0 tells nobody.

    Where so few are left already, they know it. Raises BadInput.
    """
    if not 0 <= low_at <= UNITS_MAX:
        reason = _("a number of units from 0 to %(most)s", most=UNITS_MAX)
        raise BadInput(field="low_at", reason=reason)
    await run(tx, NEW, ([variant],))
    await run(
        tx,
        "update stock set low_at = %s, low_told = available <= %s where variant_id = %s",
        (low_at, low_at, variant),
    )


async def give_back(
    tx: Tx,
    units: Mapping[UUID, int],
    market: str,
    *,
    text: str = "",
    who: UUID | None = None,
) -> None:
    """Put sold goods that came back among what can be sold; `text` says which order's.

    Raises NotFound where fewer were sold.
    """
    change = Change(await lock(tx, units))
    cursor = await tx.execute(
        "select variant_id, sold from stock where variant_id = any(%s)", (list(units),)
    )
    sold: dict[UUID, int] = dict(await cursor.fetchall())
    written = []
    for variant, count in sorted(units.items()):
        if count < 1 or sold.get(variant, 0) < count:
            raise NotFound
        change.add(variant, market, available=count, sold=-count, returned=count)
        written.append((Movement(variant, count, Reason.RETURN, text), change.left(variant)))
    await change.write(tx)
    await note(tx, written, who)


async def note(
    tx: Tx,
    written: Sequence[tuple[Movement, int]],
    who: UUID | None = None,
    key: UUID | None = None,
) -> None:
    """Write down movements, each with the free units that it left."""
    if not written:
        return
    await run(
        tx,
        WRITE,
        (
            who,
            key,
            now(),
            [new_id() for _ in written],
            [move.variant for move, _ in written],
            [move.delta for move, _ in written],
            [move.reason.value for move, _ in written],
            [move.note for move, _ in written],
            [left for _, left in written],
        ),
    )
    brought = [move.variant for move, _ in written if move.delta > 0]
    if brought:
        await run(tx, REARM, (brought,))
