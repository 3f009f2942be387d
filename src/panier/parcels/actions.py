"""Writes: packed, shipped, delivered, lost, cancelled; each under the order's lock, once a key."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

import msgspec

from panier import events, orders, stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, run, value
from panier.kit.errors import NotFound
from panier.kit.outbox import record
from panier.orders import State
from panier.parcels.refunds import Ask, ask_refund
from panier.parcels.reversal import WHOLE, Wanted
from panier.parcels.rules import (
    PARCELS_MAX,
    NotNow,
    Reason,
    check_carrier,
    check_tracking,
    choose,
)
from panier.parcels.standing import Work, advance, count, exists, lock
from panier.settings import Settings

OVERDUE_BATCH_MAX = 200
"""Parcels taken as delivered in one go."""


class NewParcel(msgspec.Struct, frozen=True):
    """A parcel that was given to its carrier."""

    key: UUID
    """The request's key: the same again is the same parcel."""
    carrier: str
    tracking: str = ""
    units: Mapping[int, int] | None = None
    """Units by line; None: all that is left to send."""


class Way(msgspec.Struct):
    """Which order a parcel belongs to."""

    order: UUID
    state: str


async def pack(tx: Tx, order: UUID, person: UUID | None) -> bool:
    """Note that an order is packed; false when it was already. Raises NotNow."""
    work = await lock(tx, order, person)
    if work.state in (State.PACKED, State.SHIPPED, State.DELIVERED):
        return False
    if work.state != State.PAID or not any(line.to_send for line in work.units):
        raise NotNow
    await orders.move_order(tx, work.order, State.PACKED, now(), person)
    return True


async def ship(tx: Tx, order: UUID, parcel: NewParcel, person: UUID | None) -> bool:
    """Send a parcel with all or a part of an order; false when this key did so before.

    Raises NotNow, TooManyUnits, NothingChosen, CarrierUnknown, BadInput.
    """
    carrier, tracking = check_carrier(parcel.carrier), check_tracking(parcel.tracking)
    work = await lock(tx, order, person)
    if await exists(tx, "parcel", parcel.key, order):
        return False
    if work.state not in (State.PAID, State.PACKED):
        raise NotNow
    units = choose(work.units, parcel.units, work.left("to_send"))
    if await value(tx, "select count(*) from parcel where order_id = %s", (order,)) >= PARCELS_MAX:
        raise NotNow
    if work.state == State.PAID:
        await orders.move_order(tx, work.order, State.PACKED, now(), person)
    await run(
        tx,
        "insert into parcel (id, order_id, market, carrier, tracking, state, shipped_at)"
        " values (%s, %s, %s, %s, %s, 'shipped', %s)",
        (parcel.key, order, work.order.market, carrier, tracking, now()),
    )
    await run(
        tx,
        "insert into parcel_line (parcel_id, order_id, n, quantity)"
        " select %s, %s, * from unnest(%s::smallint[], %s::int[])",
        (parcel.key, order, list(units), list(units.values())),
    )
    await count(tx, work, units, shipped=1)
    await record(
        tx,
        events.OrderShipped(
            market=work.order.market, order=order, seller=work.order.seller, parcel=parcel.key
        ),
    )
    await advance(tx, work)
    return True


async def deliver(
    tx: Tx, parcel: UUID, person: UUID | None = None, *, assumed: bool = False
) -> bool:
    """Note that a parcel has arrived; false when it is not under way any more."""
    work = await lock(tx, (await _way(tx, parcel)).order, person)
    if not await _end(tx, parcel, "delivered", assumed=assumed):
        return False
    await advance(tx, work)
    return True


async def lose(tx: Tx, parcel: UUID, person: UUID | None) -> bool:
    """Note that a parcel never arrived, and give its units' money back; false when noted before.

    Also the price of the parcel when the buyer is left without goods. Raises NotNow for a parcel
    that arrived.
    """
    way = await _way(tx, parcel)
    work = await lock(tx, way.order, person)
    if not await _end(tx, parcel, "lost"):
        if (await _way(tx, parcel)).state == "lost":
            return False
        raise NotNow
    cursor = await tx.execute("select n, quantity from parcel_line where parcel_id = %s", (parcel,))
    inside: dict[int, int] = dict(await cursor.fetchall())
    # What a buyer has asked to send back out of a lost parcel cannot come: it is not refunded here.
    units = {
        line.n: min(inside[line.n], line.with_buyer) for line in work.units if line.n in inside
    }
    units = {n: lost for n, lost in units.items() if lost}
    if units:
        await count(tx, work, units, lost=1)
        await ask_refund(tx, work, Ask(parcel, Reason.LOST, wanted(work, units)))
    await advance(tx, work)
    return True


class Cancelling(msgspec.Struct, frozen=True):
    """What will not be sent."""

    key: UUID
    by_buyer: bool
    units: Mapping[int, int] | None = None
    """Units by line; None: all that is left to send."""
    sellable: bool = True
    """The units go back to what can be sold."""
    note: str = ""
    disputed: bool = False
    """The buyer's bank has taken the money back."""


async def cancel(tx: Tx, order: UUID, asked: Cancelling, person: UUID | None) -> bool:
    """Cancel what is not yet sent and give its money back; false when this key did so before.

    A buyer may until the order is packed, the seller until it is sent. Raises NotNow,
    TooManyUnits, NothingChosen.
    """
    work = await lock(tx, order, person)
    if await exists(tx, "order_refund", asked.key, order):
        return False
    if work.state not in ((State.PAID,) if asked.by_buyer else (State.PAID, State.PACKED)):
        raise NotNow
    if asked.by_buyer and any(line.shipped for line in work.units):
        raise NotNow
    units = choose(work.units, asked.units, work.left("to_send"))
    await take_back(tx, work, asked, units)
    return True


async def take_back(tx: Tx, work: Work, asked: Cancelling, units: Mapping[int, int]) -> None:
    """Cancel these units of a locked order: their money goes back, their buyer is told."""
    await count(tx, work, units, cancelled=1)
    await ask_refund(tx, work, Ask(asked.key, Reason.CANCELLED, wanted(work, units), asked.note))
    if asked.sellable:
        await stock.give_back(
            tx, work.variants(units), work.order.market, text=work.order.number, who=work.person
        )
    await record(
        tx,
        events.OrderCancelled(
            market=work.order.market,
            order=work.order.id,
            seller=work.order.seller,
            units=sorted(units.items()),
            whole=not any(line.kept for line in work.units),
            by_buyer=asked.by_buyer,
            disputed=asked.disputed,
        ),
    )
    await advance(tx, work)


def wanted(work: Work, units: Mapping[int, int]) -> Wanted:
    """Return a refund of units; of the parcel's price too when no goods are left with the buyer.

    Places in a slot are in no parcel: they leave nothing to pay one for.
    """
    kept = any(line.kept for line in work.units if not line.booked)
    return Wanted(units, {}, 0 if kept else WHOLE)


async def deliver_overdue(cell: Cell, settings: Settings) -> int:
    """Take parcels without news as delivered, so that settlement goes on; returns how many."""
    before = now() - timedelta(days=settings.delivered_after_days)
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select id from parcel where state = 'shipped' and shipped_at <= %s"
            " order by shipped_at limit %s",
            (before, OVERDUE_BATCH_MAX),
        )
        due: list[UUID] = [row[0] for row in await cursor.fetchall()]
    ended = 0
    for parcel in due:
        ended += await cell.run(partial(deliver, parcel=parcel, assumed=True))
    return ended


async def _way(tx: Tx, parcel: UUID) -> Way:
    sql = 'select order_id as "order", state from parcel where id = %s'
    found = await find(tx, sql, (parcel,), Way)
    if found is None:
        raise NotFound
    return found


async def _end(tx: Tx, parcel: UUID, state: str, *, assumed: bool = False) -> bool:
    return bool(
        await run(
            tx,
            "update parcel set state = %s, ended_at = %s, assumed = %s"
            " where id = %s and state = 'shipped'",
            (state, now(), assumed, parcel),
        )
    )
