"""The waiting line of a variant: read, served and left in the transaction that frees units.

Its rows are guarded by the lock on the row of stock, as allocations are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from panier import rooms
from panier.kit.clock import ms
from panier.kit.db import Tx, run

READ_MAX = 500
"""Waiting buyers of a variant that are looked at at once; the next ones after them."""

# The next of each line, in the order in which they came.
NEXT = """
select w.* from unnest(%s::uuid[], %s::uuid[]) v(id, after) cross join lateral (
  select id, variant_id, buyer, show_id, quantity, seconds, market, person_id from waiting
  where variant_id = v.id and state = 'waiting'
    and (v.after is null or (at, id) > (select p.at, p.id from waiting p where p.id = v.after))
  order by at, id limit %s) w
"""
OFFER = """
with offered as (
  update waiting w set state = 'offered', hold_id = t.hold, offer_until = t.until
  from unnest(%(keys)s::uuid[], %(holds)s::uuid[], %(untils)s::timestamptz[]) t(id, hold, until)
  where w.id = t.id)
insert into hold (id, variant_id, market, show_id, buyer, quantity, allocated, state, at,
                  expires_at, waiting_id, closes_at)
select hold, variant, market, show, buyer, units, own, 'held', %(at)s, until, key,
       (select closes_at from stock where variant_id = variant)
from unnest(%(holds)s::uuid[], %(variants)s::uuid[], %(markets)s::text[], %(shows)s::uuid[],
            %(buyers)s::uuid[], %(units)s::int[], %(owns)s::int[], %(untils)s::timestamptz[],
            %(keys)s::uuid[])
  g(hold, variant, market, show, buyer, units, own, until, key)
"""


class Waiter(NamedTuple):
    """Somebody who waits for units of a variant."""

    key: UUID
    variant: UUID
    buyer: UUID
    show: UUID | None
    quantity: int
    seconds: int
    """How long an offer is theirs."""
    market: str
    person: UUID | None


class Offer(NamedTuple):
    """Units held for somebody who waited for them."""

    to: Waiter
    hold: UUID
    units: int
    own: int
    """Of these, units that are set aside for the show."""
    until: datetime


async def read_line(tx: Tx, variants: Mapping[UUID, UUID | None]) -> list[Waiter]:
    """Read who waits for these variants, whose stock is locked, in the order they came.

    Of each at most READ_MAX, those behind the one that is named; None: from the first.
    """
    cursor = await tx.execute(NEXT, (list(variants), list(variants.values()), READ_MAX))
    return [Waiter(*row) for row in await cursor.fetchall()]


def find_unread(line: Sequence[Waiter]) -> dict[UUID, UUID | None]:
    """Return of which variants there may be more to read, and behind whom."""
    read = Counter(waiter.variant for waiter in line)
    last: dict[UUID, UUID | None] = {waiter.variant: waiter.key for waiter in line}
    return {variant: last[variant] for variant, count in read.items() if count == READ_MAX}


async def write_offers(tx: Tx, offers: Sequence[Offer], at: datetime) -> None:
    """Write the holds of offers, and that they were made."""
    await run(
        tx,
        OFFER,
        {
            "keys": [o.to.key for o in offers],
            "holds": [o.hold for o in offers],
            "untils": [o.until for o in offers],
            "variants": [o.to.variant for o in offers],
            "markets": [o.to.market for o in offers],
            "shows": [o.to.show for o in offers],
            "buyers": [o.to.buyer for o in offers],
            "units": [o.units for o in offers],
            "owns": [o.own for o in offers],
            "at": at,
        },
    )


def tell_offers(tx: Tx, offers: Sequence[Offer]) -> None:
    """Tell those who wait in a room of their offers, once this transaction is committed."""
    cell = tx.cell

    def tell() -> None:
        for o in offers:
            if o.to.show is not None:
                body = {"variant": o.to.variant, "quantity": o.units, "until": ms(o.until)}
                rooms.tell_visitor(cell, o.to.show, o.to.buyer, "offer", body)

    tx.after_commit(tell)


async def end_offers(tx: Tx, keys: Sequence[UUID | None], state: str) -> None:
    """Note what became of places: taken, passed or left; None stands for a hold that was none."""
    ended = [key for key in keys if key is not None]
    if ended:
        await run(tx, "update waiting set state = %s where id = any(%s)", (state, ended))
