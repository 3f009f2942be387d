"""How an order stands: locked with its lines and parcels, counted, and moved when that follows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from panier import events, orders
from panier.kit.clock import now
from panier.kit.db import Tx, rows, run, value
from panier.kit.outbox import record
from panier.orders import Order, OrderLine, State
from panier.parcels.rules import Standing, Units, next_state

# Made when an order is first touched after its payment: most columns start at zero.
MAKE = """
insert into fulfilment (order_id, n, quantity, paid_minor)
select order_id, n, quantity, goods_minor + shipping_minor from order_line where order_id = %s
on conflict do nothing
"""
COUNT = """
update fulfilment f set cancelled = f.cancelled + t.units * %(cancelled)s,
  shipped = f.shipped + t.units * %(shipped)s, lost = f.lost + t.units * %(lost)s,
  asked = f.asked + t.units * %(asked)s, returned = f.returned + t.units * %(returned)s,
  performed = f.performed + t.units * %(performed)s
from unnest(%(n)s::smallint[], %(units)s::int[]) t(n, units)
where f.order_id = %(order)s and f.n = t.n
"""
# Money with the buyer, and units it was for, of all refunds that are through.
BACK = """
select coalesce(sum(l.goods_minor + l.shipping_minor), 0)::bigint as minor,
       coalesce(sum(l.quantity), 0)::int as units
from order_refund r join order_refund_line l on l.refund_id = r.id
where r.order_id = %s and r.state = 'done'
"""
COUNTS = ("cancelled", "shipped", "lost", "asked", "returned", "performed")


class ParcelState(msgspec.Struct):
    """Where a parcel is."""

    id: UUID
    state: str
    ended_at: datetime | None
    assumed: bool


class Back(msgspec.Struct):
    """What a buyer has back."""

    minor: int
    units: int


@dataclass
class Work:
    """A locked order that is being worked on."""

    order: Order
    lines: list[OrderLine]
    units: list[Units]
    person: UUID | None
    """Who works on it; None: its buyer, or the clock."""

    @property
    def state(self) -> State:
        """Return where it stands."""
        return State(self.order.state)

    def left(self, name: str) -> dict[int, int]:
        """Return a count of each line: to_send, with_buyer, asked …."""
        return {line.n: int(getattr(line, name)) for line in self.units}

    def variants(self, units: Mapping[int, int]) -> dict[UUID, int]:
        """Return these units by variant."""
        counts: dict[UUID, int] = {}
        for line in self.lines:
            if line.n in units:
                counts[line.variant] = counts.get(line.variant, 0) + units[line.n]
        return counts


async def lock(tx: Tx, order: UUID, person: UUID | None = None) -> Work:
    """Lock an order that was paid; raises NotFound."""
    found = await orders.lock_order(tx, order)
    await run(tx, MAKE, (order,))
    lines = (await orders.list_lines(tx, [order]))[order]
    return Work(found, lines, (await list_units(tx, [order]))[order], person)


async def list_units(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, list[Units]]:
    """Return what became of each line's units, by order; where nothing did, zeros."""
    cursor = await tx.execute(
        """
        select l.order_id, l.n, l.quantity, coalesce(f.cancelled, 0), coalesce(f.shipped, 0),
               coalesce(f.lost, 0), coalesce(f.asked, 0), coalesce(f.returned, 0),
               coalesce(f.performed, 0), b.order_id is not null
        from order_line l left join fulfilment f on f.order_id = l.order_id and f.n = l.n
        left join booking b on b.order_id = l.order_id and b.n = l.n
        where l.order_id = any(%s) order by l.order_id, l.n
        """,
        (list(order_ids),),
    )
    units: defaultdict[UUID, list[Units]] = defaultdict(list)
    for order, *counts in await cursor.fetchall():
        units[order].append(Units(*counts))
    return units


async def count(tx: Tx, work: Work, units: Mapping[int, int], **signs: int) -> None:
    """Add `units` by line to the counts named, each with its sign: shipped=1, asked=-1."""
    given = {name: signs.get(name, 0) for name in COUNTS}
    params = {"n": list(units), "units": list(units.values()), "order": work.order.id, **given}
    await run(tx, COUNT, params)
    work.units = (await list_units(tx, [work.order.id]))[work.order.id]


async def advance(tx: Tx, work: Work) -> None:
    """Move an order as far as how it stands leads; tells when it has arrived."""
    # Read again: a refund that costs nothing may have moved it a moment ago.
    work.order = await orders.lock_order(tx, work.order.id)
    parcels = await rows(
        tx,
        "select id, state, ended_at, assumed from parcel where order_id = %s",
        (work.order.id,),
        ParcelState,
    )
    standing = Standing(work.units, [p.state for p in parcels], await _all_back(tx, work))
    while (state := next_state(work.state, standing)) != work.state:
        moment = now()
        if state == State.DELIVERED:
            arrived_at, assumed = max(_arrivals(work, parcels))
            fact = events.OrderDelivered(
                market=work.order.market,
                order=work.order.id,
                seller=work.order.seller,
                at=arrived_at,
                assumed=assumed,
            )
            await record(tx, fact)
            moment = fact.at
        await orders.move_order(tx, work.order, state, moment, work.person)


def _arrivals(work: Work, parcels: Sequence[ParcelState]) -> list[tuple[datetime, bool]]:
    """Return when each part of an order arrived or took place, and whether nobody told so."""
    performed = {line.n for line in work.units if line.performed}
    return [
        *((p.ended_at, p.assumed) for p in parcels if p.state == "delivered" and p.ended_at),
        *((line.ends_at, True) for line in work.lines if line.n in performed and line.ends_at),
    ]


async def _all_back(tx: Tx, work: Work) -> bool:
    (back,) = await rows(tx, BACK, (work.order.id,), Back)
    total = work.order.total.minor
    if total:
        return back.minor == total
    return back.units == sum(line.quantity for line in work.units)


async def exists(tx: Tx, table: str, key: UUID, order: UUID) -> bool:
    """Tell whether this request was done before, for this order."""
    sql = {
        "parcel": "select order_id from parcel where id = %s",
        "giving_back": "select order_id from giving_back where id = %s",
        "order_refund": "select order_id from order_refund where id = %s",
    }[table]
    return bool(await value(tx, sql, (key,)) == order)
