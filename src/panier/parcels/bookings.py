"""Places in slots: given up by their buyers, called off by the seller, over by the clock."""

from datetime import datetime
from functools import partial
from uuid import UUID, uuid5

import msgspec
import structlog

from panier import catalog, markets
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, rows
from panier.kit.errors import PanierError
from panier.orders import OrderLine, State
from panier.parcels.actions import Cancelling, take_back
from panier.parcels.rules import NotNow, TooLate, cancel_until, choose
from panier.parcels.standing import Work, advance, count, exists, lock

log = structlog.get_logger()

SLOTS_MAX = 50
"""Slots that are over or called off which one go of the timer looks at."""
ORDERS_MAX = 200
"""Orders of one slot in one go."""
LIVING = (State.PAID, State.PACKED, State.SHIPPED)
"""Where a place may still be to come."""

# Orders with places of a slot that neither took place nor were cancelled.
WAITING = """
select b.order_id from booking b join orders o on o.id = b.order_id
left join fulfilment f on f.order_id = b.order_id and f.n = b.n
join order_line l on l.order_id = b.order_id and l.n = b.n
where b.variant_id = %s and o.state in ('paid', 'packed', 'shipped')
  and coalesce(f.cancelled, 0) + coalesce(f.performed, 0) < l.quantity
order by b.order_id limit %s
"""
# Paid, or being paid: whoever is refused later has no place.
BOOKED = """
select b.order_id as "order", o.number, o.state, o.paid_at, c.name, c.email, c.language,
       l.quantity, coalesce(f.cancelled, 0) as cancelled, coalesce(f.performed, 0) as performed
from booking b join orders o on o.id = b.order_id join checkout c on c.id = o.checkout_id
join order_line l on l.order_id = b.order_id and l.n = b.n
left join fulfilment f on f.order_id = b.order_id and f.n = b.n
where b.variant_id = %s and o.paid_at is not null
order by coalesce(f.cancelled, 0) >= l.quantity, o.paid_at, o.id limit %s
"""


class Booked(msgspec.Struct):
    """Somebody who booked places of a slot."""

    order: UUID
    number: str
    state: str
    paid_at: datetime
    name: str
    email: str
    language: str
    quantity: int
    cancelled: int
    performed: int

    @property
    def places(self) -> int:
        """Return the places that are theirs."""
        return self.quantity - self.cancelled


async def give_up(
    tx: Tx, order: UUID, n: int, key: UUID, *, seller: UUID | None = None, note: str = ""
) -> bool:
    """Cancel the places of one line; false when this key did so before.

    `seller`: who does it at the seller's, whom no deadline binds; None: the buyer, in time.
    Raises NotNow, TooLate, NothingChosen.
    """
    work = await lock(tx, order, seller)
    if await exists(tx, "order_refund", key, order):
        return False
    line = next((line for line in work.lines if line.n == n and line.starts_at), None)
    if work.state not in LIVING or line is None:
        raise NotNow
    if seller is None:
        market = await markets.get_market(tx, work.order.market)
        until = last_moment(line, work.order.paid_at, market.time_zone)
        if until is None or now() > until:
            raise TooLate
    units = choose(work.units, None, {n: work.left("to_come")[n]})
    await take_back(tx, work, Cancelling(key, by_buyer=seller is None, note=note), units)
    return True


def last_moment(line: OrderLine, paid_at: datetime | None, time_zone: str) -> datetime | None:
    """Return until when a buyer may give a place up; None for what is no paid place in a slot."""
    if line.cancel_until is None or line.starts_at is None or paid_at is None:
        return None
    withdraw = line.withdrawal == catalog.Withdrawal.ALLOWED
    return cancel_until(line.cancel_until, line.starts_at, paid_at, time_zone, withdraw=withdraw)


async def end_slots(cell: Cell) -> int:
    """See to slots that are over or were called off; returns for how many orders.

    Each order in a transaction of its own: delivered, or refunded and told. What is cut off in
    the middle goes on the next time, and does nothing twice. An order that cannot be refunded
    yet, such as one whose payment is disputed, is tried again the next time and holds up nobody.
    """
    async with cell.read() as tx:
        slots = await catalog.list_finished_slots(tx, now(), SLOTS_MAX)
    ended = 0
    for slot in slots:
        async with cell.read() as tx:
            cursor = await tx.execute(WAITING, (slot.variant, ORDERS_MAX))
            waiting: list[UUID] = [row[0] for row in await cursor.fetchall()]
        for order in waiting:
            try:
                await cell.run(partial(_end, order=order, slot=slot))
            except PanierError as error:
                log.warning("place not seen to", order=str(order), error=repr(error))
            else:
                ended += 1
        if not waiting:
            await cell.run(partial(catalog.end_slot, variant=slot.variant))
    return ended


async def _end(tx: Tx, order: UUID, slot: catalog.SlotRow) -> None:
    work = await lock(tx, order)
    units = _to_come(work, slot.variant)
    if not units or work.state not in LIVING:
        return
    if slot.cancelled_at is None:
        await count(tx, work, units, performed=1)
        await advance(tx, work)
        return
    key = uuid5(slot.variant, order.hex)
    asked = Cancelling(key, by_buyer=False, sellable=False, note=slot.note)
    await take_back(tx, work, asked, units)


def _to_come(work: Work, variant: UUID) -> dict[int, int]:
    left = work.left("to_come")
    return {line.n: left[line.n] for line in work.lines if line.variant == variant and left[line.n]}


async def list_booked(tx: Tx, variant: UUID, limit: int = 1000) -> list[Booked]:
    """List who booked a slot, in the order they paid; after them, who cancelled.

    A slot has at most 1,000 places: whoever comes is never cut off.
    """
    return await rows(tx, BOOKED, (variant, limit), Booked)
