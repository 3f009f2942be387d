"""Returns: asked by the buyer in time, labelled by the seller, received, and paid back."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

import msgspec
from obstore.store import ObjectStore

from panier import catalog, events, markets, stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run, value
from panier.kit.errors import BadInput, NotFound, TooLarge
from panier.kit.i18n import _
from panier.kit.outbox import record
from panier.kit.store import put
from panier.orders import OrderLine, State
from panier.parcels.actions import wanted
from panier.parcels.refunds import Ask, ask_refund
from panier.parcels.rules import (
    LABEL_BYTES_MAX,
    REASON_MAX,
    CannotReturn,
    NotNow,
    Reason,
    TooLate,
    choose,
    goods_arrival,
    in_time,
    label_key,
    label_kind,
)
from panier.parcels.standing import Work, advance, count, exists, lock

RECEIVED = UUID("6f0d3c8e-2d0a-5f3e-8c64-6c2f7f9d5a11")
"""The name space of the refunds of returns (RFC 9562, UUIDv5)."""


class Giving(msgspec.Struct):
    """A return."""

    id: UUID
    order: UUID
    market: str
    state: str
    """asked, received or closed."""
    reason: str
    send_to: str
    label: str | None
    at: datetime
    ended_at: datetime | None


GIVING = 'id, order_id as "order", market, state, reason, send_to, label, at, ended_at'


class GivingLine(msgspec.Struct):
    """A line of a return."""

    n: int
    quantity: int
    received: int


async def ask_return(
    tx: Tx,
    order: UUID,
    key: UUID,
    units: Mapping[int, int] | None,
    reason: str,
    *,
    unopened: bool = False,
) -> bool:
    """Withdraw from a purchase or a part of it; false when this key did so before.

    `units` by line; None: all that the buyer has and may send back. `unopened`: the buyer says
    that what is sealed still is. Raises NotNow, TooLate, CannotReturn, TooManyUnits,
    NothingChosen.
    """
    work = await lock(tx, order)
    if await exists(tx, "giving_back", key, order):
        return False
    if not may_return(work.state):
        raise NotNow
    market = await markets.get_market(tx, work.order.market)
    if not in_time(await _find_arrival(tx, work), market.time_zone, now()):
        raise TooLate
    chosen = choose(work.units, units, _free(work, units, unopened=unopened))
    await run(
        tx,
        "insert into giving_back (id, order_id, market, state, reason, at)"
        " values (%s, %s, %s, 'asked', %s, %s)",
        (key, order, work.order.market, reason, now()),
    )
    await run(
        tx,
        "insert into giving_back_line (giving_back_id, order_id, n, quantity)"
        " select %s, %s, * from unnest(%s::smallint[], %s::int[])",
        (key, order, list(chosen), list(chosen.values())),
    )
    await count(tx, work, chosen, asked=1)
    await record(
        tx,
        events.ReturnAsked(
            market=work.order.market, order=order, seller=work.order.seller, giving_back=key
        ),
    )
    return True


def _free(work: Work, units: Mapping[int, int] | None, *, unopened: bool) -> dict[int, int]:
    """Return the units by line that may go back; raises CannotReturn for what is meant and kept."""
    left = {n: count for n, count in work.left("with_buyer").items() if count}
    kept = [line for line in work.lines if line.n in left and is_exempt(line, unopened=unopened)]
    free = {n: count for n, count in left.items() if n not in {line.n for line in kept}}
    meant = [line for line in kept if (units.get(line.n) if units is not None else not free)]
    if meant:
        line = meant[0]
        raise CannotReturn(title=line.title, reason=catalog.tell_exemption(line.withdrawal))
    return free


def is_exempt(line: OrderLine, *, unopened: bool) -> bool:
    """Tell whether a line stays bought: by law, or because its seal may be broken."""
    if line.withdrawal in catalog.SEALED:
        return not unopened
    return line.withdrawal != catalog.Withdrawal.ALLOWED


def may_return(state: str) -> bool:
    """Tell whether something of such an order may be with its buyer."""
    return state in (State.PACKED, State.SHIPPED, State.DELIVERED, State.REFUNDED)


async def _find_arrival(tx: Tx, work: Work) -> datetime | None:
    """Return when all goods of an order had arrived, or all of it where nothing was sent."""
    order = work.order.id
    cursor = await tx.execute("select state, ended_at from parcel where order_id = %s", (order,))
    arrived = goods_arrival(work.units, await cursor.fetchall())
    if arrived is not None:
        return arrived
    delivered: datetime | None = await value(
        tx, "select at from order_step where order_id = %s and state = 'delivered'", (order,)
    )
    return delivered


class Directions(msgspec.Struct, frozen=True):
    """How a buyer sends goods back, as the seller says it."""

    send_to: str
    """An address or other words."""
    label: bytes | None = None
    """A PDF or a PNG to put on the parcel."""


async def direct(cell: Cell, store: ObjectStore, giving: UUID, given: Directions) -> bool:
    """Tell a buyer how to send goods back; false when they were told before.

    Raises NotFound, NotNow when nothing is awaited any more, BadInput, BadLabel, TooLarge.
    """
    text, key = given.send_to.strip(), None
    if len(text) > REASON_MAX or not (text or given.label):
        raise BadInput(field="send_to", reason=_("say where to send it, or add a label"))
    if given.label is not None:
        if len(given.label) > LABEL_BYTES_MAX:
            raise TooLarge(limit=LABEL_BYTES_MAX)
        key = label_key(giving, label_kind(given.label))
        # The object first, and outside the transaction: a label that is named is there.
        await put(store, key, given.label)
    return await cell.run(lambda tx: _direct(tx, giving, text, key))


async def _direct(tx: Tx, giving: UUID, text: str, label: str | None) -> bool:
    found, work = await _lock_giving(tx, giving, None)
    if found.state != "asked":
        raise NotNow
    await run(
        tx,
        "update giving_back set send_to = %s, label = coalesce(%s, label) where id = %s",
        (text, label, giving),
    )
    if found.label is not None or found.send_to:
        return False
    await record(
        tx,
        events.ReturnLabelled(
            market=found.market, order=found.order, seller=work.order.seller, giving_back=giving
        ),
    )
    return True


async def receive(
    tx: Tx,
    giving: UUID,
    units: Mapping[int, int] | None,
    person: UUID | None,
    *,
    sellable: bool,
) -> bool:
    """Take in what came back and give its money back; false when it was taken in before.

    `units` that came, by line; None: all. What did not come is the buyer's as before. With
    `sellable` it can be sold again. Raises NotNow, TooManyUnits, NothingChosen.
    """
    found, work = await _lock_giving(tx, giving, person)
    if found.state == "received":
        return False
    if found.state != "asked":
        raise NotNow
    asked = {line.n: line.quantity for line in await list_giving_lines(tx, giving)}
    came = choose(work.units, units, asked)
    await _close(tx, work, giving, asked, "received")
    await run(
        tx,
        "update giving_back_line l set received = t.units"
        " from unnest(%s::smallint[], %s::int[]) t(n, units)"
        " where l.giving_back_id = %s and l.n = t.n",
        (list(came), list(came.values()), giving),
    )
    await count(tx, work, came, returned=1)
    if not any(line.kept for line in work.units if not line.booked):
        # Who sends back all that was sent has had all of it.
        await run(
            tx,
            "update parcel set state = 'delivered', ended_at = %s, assumed = true"
            " where order_id = %s and state = 'shipped'",
            (now(), work.order.id),
        )
    refund = Ask(uuid5(RECEIVED, giving.hex), Reason.WITHDRAWAL, wanted(work, came))
    await ask_refund(tx, work, refund)
    if sellable:
        await stock.give_back(
            tx, work.variants(came), work.order.market, text=work.order.number, who=person
        )
    await record(
        tx,
        events.OrderReturned(
            market=found.market, order=found.order, seller=work.order.seller, giving_back=giving
        ),
    )
    await advance(tx, work)
    return True


async def close_return(tx: Tx, giving: UUID, person: UUID | None) -> bool:
    """End a return of which nothing came; false when it had ended. The goods stay bought."""
    found, work = await _lock_giving(tx, giving, person)
    if found.state != "asked":
        return False
    asked = {line.n: line.quantity for line in await list_giving_lines(tx, giving)}
    await _close(tx, work, giving, asked, "closed")
    return True


async def _close(tx: Tx, work: Work, giving: UUID, asked: Mapping[int, int], state: str) -> None:
    await run(
        tx,
        "update giving_back set state = %s, ended_at = %s where id = %s",
        (state, now(), giving),
    )
    await count(tx, work, asked, asked=-1)


async def _lock_giving(tx: Tx, giving: UUID, person: UUID | None) -> tuple[Giving, Work]:
    found = await find_return(tx, giving)
    if found is None:
        raise NotFound
    work = await lock(tx, found.order, person)
    # Once more under the lock: somebody may have ended it meanwhile.
    again = await find_return(tx, giving)
    return again or found, work


async def find_return(tx: Tx, giving: UUID) -> Giving | None:
    """Return a return, if there is one of that name."""
    return await find(tx, f"select {GIVING} from giving_back where id = %s", (giving,), Giving)


async def list_giving_lines(tx: Tx, giving: UUID) -> list[GivingLine]:
    """List what is sent back."""
    sql = "select n, quantity, received from giving_back_line where giving_back_id = %s order by n"
    return await rows(tx, sql, (giving,), GivingLine)
