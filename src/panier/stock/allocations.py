"""Units set aside for one show: only it sells them, and what is left is free when it is over."""

from datetime import datetime
from uuid import UUID

import msgspec

from panier import shows
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import _
from panier.stock.counts import Change, lock
from panier.stock.movements import Movement, note
from panier.stock.rules import UNITS_MAX, AllocationUsed, NotEnough, Reason, Share, ShowOver

LIST_MAX = 100
"""Allocations of a variant that are listed."""

FIND = """
select show_id as show, units, available, held, sold, beyond, closed_at from allocation
where variant_id = %s
"""
PUT = """
insert into allocation (show_id, variant_id, market, units, available, held, sold, beyond, at)
values (%(show)s, %(variant)s, %(market)s, %(units)s, %(available)s, %(held)s, %(sold)s,
        %(beyond)s, %(at)s)
on conflict (show_id, variant_id) do update set
  units = excluded.units, available = excluded.available, beyond = excluded.beyond,
  closed_at = null
"""
COUNT = """
update stock s set allocations = (
  select count(*) from allocation a where a.variant_id = s.variant_id and a.closed_at is null)
where s.variant_id = any(%s)
"""
CLOSE = """
update allocation set available = 0, held = 0, closed_at = %s
where show_id = %s and variant_id = any(%s)
"""
# Units held on account of the show are like any others from now on.
LET_GO = """
update hold set allocated = 0
where show_id = %s and variant_id = any(%s) and allocated > 0 and state in ('held', 'expired')
"""


class Allocation(msgspec.Struct):
    """What a show has of its own of a variant."""

    show: UUID
    units: int
    available: int
    held: int
    sold: int
    beyond: bool
    """Once its own are gone, the show may sell what is free to all."""
    closed_at: datetime | None


async def allocate(
    tx: Tx,
    show: UUID,
    variant: UUID,
    units: int,
    *,
    beyond: bool,
    market: str,
    who: UUID | None = None,
) -> None:
    """Let `show` have `units` of its own in all, sold and held ones of them included.

    Raises NotFound, ShowOver, NotEnough, AllocationUsed, BadInput.
    """
    if not 1 <= units <= UNITS_MAX:
        reason = _("a number of units from 1 to %(most)s", most=UNITS_MAX)
        raise BadInput(field="units", reason=reason)
    live = await shows.get_show_unmoved(tx, show)
    if live.market != market:
        raise NotFound
    if live.state not in shows.OPEN:
        raise ShowOver
    before = await lock(tx, [variant])
    if variant not in before.shelves:
        raise NotEnough(available=0)
    has = await find(tx, FIND + "and show_id = %s", (variant, show), Allocation)
    held, sold, left = (has.held, has.sold, has.available) if has else (0, 0, 0)
    used = held + sold
    if units < used:
        raise AllocationUsed(least=used)
    more, free = units - used - left, before.shelves[variant].available
    if more > free:
        raise NotEnough(available=free)
    row = {"show": show, "variant": variant, "market": market, "units": units,
           "available": units - used, "held": held, "sold": sold, "beyond": beyond,
           "at": now()}  # fmt: skip
    await run(tx, PUT, row)
    await run(tx, COUNT, ([variant],))
    # Whoever sets units aside knows that they are fewer now: no alarm.
    quiet = {key: shelf._replace(alert_at=-1) for key, shelf in before.shelves.items()}
    change = Change(before._replace(shelves=quiet))
    change.add(variant, market, available=-more)
    change.set_share(show, variant, Share(units - used, beyond))
    await change.write(tx)
    if more:
        moved = Movement(variant, -more, Reason.ALLOCATION, live.title)
        await note(tx, [(moved, change.left(variant))], who)


async def free_allocations(
    tx: Tx, show: UUID, market: str, *, variant: UUID | None = None, who: UUID | None = None
) -> None:
    """Free what `show` has of its own and did not sell; of one variant, or of all."""
    cursor = await tx.execute(
        "select variant_id from allocation where show_id = %s and closed_at is null"
        " and (%s::uuid is null or variant_id = %s)",
        (show, variant, variant),
    )
    change = Change(await lock(tx, [row[0] for row in await cursor.fetchall()]))
    # Read again under the lock: somebody else may have been faster.
    own = {v: share for (s, v), share in change.before.shares.items() if s == show}
    if not own:
        return
    await run(tx, CLOSE, (now(), show, list(own)))
    await run(tx, LET_GO, (show, list(own)))
    await run(tx, COUNT, (list(own),))
    for key, share in own.items():
        change.add(key, market, available=share.available)
        change.set_share(show, key, None)
    await change.write(tx)
    title = (await shows.get_show(tx, show)).title
    await note(
        tx,
        [
            (Movement(key, share.available, Reason.ALLOCATION_END, title), change.left(key))
            for key, share in own.items()
            if share.available
        ],
        who,
    )


async def list_allocations(tx: Tx, variant: UUID) -> list[Allocation]:
    """List what shows have or had of a variant, open ones first, then the latest."""
    sql = FIND + "order by closed_at is not null, at desc limit %s"
    return await rows(tx, sql, (variant, LIST_MAX), Allocation)
