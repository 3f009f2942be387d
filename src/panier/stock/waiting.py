"""Waiting for what is sold out: getting in line, leaving it, and how one stands in it."""

from datetime import datetime
from time import monotonic
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run, value
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.stock.closing import closed
from panier.stock.counts import Change, lock
from panier.stock.limits import Asker, count_had
from panier.stock.rules import Closed, HoldLimitReached, LineFull, StillThere, check_each, reach

LINE_MAX = 10_000
"""Buyers who can wait for one variant; a few more where many come within a second."""
COUNTED_SECONDS = 1.0
"""How old a count of a line may be: at 10,000 it takes longer than getting in line does."""
POSITION_MAX = 500
"""So many places are counted for somebody who asks; beyond, nobody needs the number."""
PLACES_MAX = 100
"""Places of one buyer that are listed."""

JOIN = """
insert into waiting (id, variant_id, market, show_id, buyer, quantity, seconds, state, at,
                     person_id)
values (%s, %s, %s, %s, %s, %s, %s, 'waiting', %s, %s)
on conflict (buyer, variant_id) where state in ('waiting', 'offered') do nothing
"""
NO_MORE = """
update hold set state = 'released'
where buyer = %s and variant_id = %s and market = %s and state = 'wanted' and checkout_id is null
"""
LENGTH = "select count(*) from waiting where variant_id = %s and state = 'waiting'"
PLACES = """
select w.variant_id as variant, w.show_id as show, w.quantity, w.state, w.offer_until,
       (select count(*)::int from (
          select from waiting before
          where before.variant_id = w.variant_id and before.state = 'waiting'
            and (before.at, before.id) <= (w.at, w.id) limit %(beyond)s) b) as position
from waiting w join stock s on s.variant_id = w.variant_id
where w.buyer = %(buyer)s and w.market = %(market)s and w.state in ('waiting', 'offered')
  and (s.closes_at is null or s.closes_at > now())
order by w.at, w.id limit %(most)s
"""


class Place(msgspec.Struct):
    """How a buyer stands in the line for a variant."""

    variant: UUID
    show: UUID | None
    quantity: int
    state: str
    """waiting, or offered: then the units are held for them."""
    offer_until: datetime | None
    position: int
    """1 is the next; 0 with an offer; POSITION_MAX + 1 stands for any beyond."""


class Wish(msgspec.Struct, frozen=True):
    """Somebody wants to wait for units of a variant that is sold out."""

    buyer: UUID
    variant: UUID
    quantity: int
    market: str
    show: UUID | None
    seconds: int
    """How long an offer shall be theirs."""
    limit: int
    """Units that one buyer may hold of one variant."""
    person: UUID | None = None
    """Who it is, if they are signed in: an offer is told to them by mail."""


async def wait(tx: Tx, wish: Wish) -> None:
    """Get in line for a variant; being there already changes nothing.

    What the buyer only wanted of it leaves the basket: it is what they wait for now. Raises
    NotFound, HoldLimitReached, Closed, StillThere, LineFull.
    """
    if not 1 <= wish.quantity <= wish.limit:
        raise HoldLimitReached(limit=wish.limit)
    before = await lock(tx, [wish.variant])
    if wish.variant not in before.shelves:
        raise NotFound
    if closed(before, now()):
        raise Closed
    share = Change(before).share(wish.show, wish.variant)
    left = reach(before.shelves[wish.variant].available, share)
    if left:
        raise StillThere(available=left)
    if await _count_line(tx, wish.variant) >= LINE_MAX:
        raise LineFull
    await run(tx, NO_MORE, (wish.buyer, wish.variant, wish.market))
    each = before.shelves[wish.variant].each
    if each is not None:
        [had] = await count_had(tx, [Asker(wish.buyer, wish.person, wish.variant)])
        if refusal := check_each(each, had, wish.quantity):
            raise refusal
    row = (new_id(), wish.variant, wish.market, wish.show, wish.buyer, wish.quantity,
           wish.seconds, now(), wish.person)  # fmt: skip
    await run(tx, JOIN, row)


class Lengths:
    """Lines as this process counted them: by variant until when it counts, and how many wait."""

    def __init__(self, _cell: Cell) -> None:
        """Start with nothing counted."""
        self.counted: dict[int, tuple[float, int]] = {}


async def _count_line(tx: Tx, variant: UUID) -> int:
    counted = tx.cell.memory(Lengths).counted
    until, length = counted.get(variant.int, (0.0, 0))
    moment = monotonic()
    if until < moment:
        length = await value(tx, LENGTH, (variant,))
        if len(counted) >= LINE_MAX:
            counted.clear()
        counted[variant.int] = (moment + COUNTED_SECONDS, length)
    return length


async def leave(tx: Tx, buyer: UUID, variant: UUID, market: str) -> None:
    """Get out of the line; an offer that was made already is in the basket and stays there."""
    await run(
        tx,
        "update waiting set state = 'left' where buyer = %s and variant_id = %s and market = %s"
        " and state = 'waiting'",
        (buyer, variant, market),
    )


async def close_lines(tx: Tx, show: UUID) -> None:
    """Send everybody home who waits in a show that is over."""
    await run(
        tx, "update waiting set state = 'left' where show_id = %s and state = 'waiting'", (show,)
    )


async def list_places(tx: Tx, buyer: UUID, market: str) -> list[Place]:
    """List where `buyer` waits and what is offered to them, in the order they asked."""
    asked = {"buyer": buyer, "market": market, "most": PLACES_MAX, "beyond": POSITION_MAX + 1}
    return await rows(tx, PLACES, asked, Place)


class Offered(msgspec.Struct, frozen=True):
    """An open offer: units that are held for somebody who waited."""

    variant: UUID
    market: str
    show: UUID | None
    buyer: UUID
    person: UUID | None
    quantity: int
    until: datetime


async def find_offer(tx: Tx, waiting: UUID) -> Offered | None:
    """Return an offer that is open still, or None."""
    sql = """
    select w.variant_id as variant, w.market, w.show_id as show, w.buyer, w.person_id as person,
           h.quantity, h.expires_at as until
    from waiting w join hold h on h.id = w.hold_id
    where w.id = %s and w.state = 'offered' and h.state = 'held' and h.expires_at > %s
    """
    return await find(tx, sql, (waiting, now()), Offered)
