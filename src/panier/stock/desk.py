"""The hold desk: everybody who presses at the same moment commits together.

A batch locks the stock rows it touches (in sorted order, so that two processes cannot block each
other), reads what is left and what the buyers hold, decides in Python and writes. Most presses of
a flash sale come after the last unit: those are answered from memory (`shelves`).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import psycopg

from panier import events
from panier.kit.arrays import Ints, Texts, Uuids
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Conflict, PanierError
from panier.kit.i18n import _
from panier.kit.outbox import record
from panier.stock.rules import HoldLimitReached, Request, SoldOut, grant
from panier.stock.shelves import Shelves, tell

LOCK = """
select variant_id, available from stock where variant_id = any(%b) order by variant_id for update
"""
# What each request's buyer holds of its variant, and whether this very request was granted before.
# A subquery a row, so that the plan is an index look-up each whatever the statistics say.
HELD = """
select f.units, f.known from unnest(%b::uuid[], %b::uuid[], %b::uuid[])
  with ordinality w(id, buyer, variant_id, n)
cross join lateral (
  select coalesce(sum(h.quantity), 0)::int as units,
         max(h.expires_at) filter (where h.id = w.id) as known
  from hold h where h.buyer = w.buyer and h.variant_id = w.variant_id
    and h.state = 'held' and h.checkout_id is null) f
order by w.n
"""
TAKE = """
with taken as (
  update stock s set available = s.available - t.quantity, held = s.held + t.quantity
  from unnest(%b::uuid[], %b::int[]) t(variant_id, quantity) where s.variant_id = t.variant_id)
insert into hold (id, variant_id, market, show_id, buyer, quantity, state, at, expires_at)
select id, variant_id, market, show_id, buyer, quantity, 'held', m.at,
       m.at + (seconds * interval '1 s')
from unnest(%b::uuid[], %b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %b::int[], %b::int[])
  w(id, variant_id, market, show_id, buyer, quantity, seconds),
  (select %b::timestamptz) m(at)
"""


class Wanted(msgspec.Struct, frozen=True):
    """A press on the basket. `hold` is the request's own key: asked twice, granted once."""

    hold: UUID
    buyer: UUID
    variant: UUID
    quantity: int
    market: str
    show: UUID | None
    seconds: int
    """How long the stock is set aside."""
    limit: int
    """Units that one buyer may hold of one variant."""


class Held(msgspec.Struct, frozen=True):
    """Stock set aside: `in_basket` units of this variant are the buyer's now."""

    hold: UUID
    variant: UUID
    quantity: int
    expires_at: datetime
    available: int
    in_basket: int


async def hold(cell: Cell, wanted: Wanted) -> Held:
    """Set stock aside for a buyer until it expires (UTC).

    Commits together with whoever presses at the same moment. Raises SoldOut, NotEnough,
    HoldLimitReached, NotFound, BadInput.
    """
    [answer] = await hold_all(cell, [wanted])
    if isinstance(answer, PanierError):
        raise answer
    return answer


async def hold_all(cell: Cell, presses: Sequence[Wanted]) -> list[Held | PanierError]:
    """Answer many presses of one moment as `hold` does each, in their order."""
    shelves = cell.memory(Shelves)
    answers: list[Held | PanierError | None] = [_refuse(w, shelves) for w in presses]
    asked = [w for w, refusal in zip(presses, answers, strict=True) if refusal is None]
    found = iter(await cell.desk(hold_batch).ask_all(asked) if asked else ())
    return [next(found) if answer is None else answer for answer in answers]


def _refuse(wanted: Wanted, shelves: Shelves) -> PanierError | None:
    if wanted.quantity < 1:
        return BadInput(reason=_("at least one"), field="quantity")
    if wanted.quantity > wanted.limit:
        return HoldLimitReached(limit=wanted.limit)
    if shelves.is_empty(wanted.variant):
        return SoldOut(variant=str(wanted.variant))
    return None


async def hold_batch(tx: Tx, batch: list[Wanted]) -> list[Held | PanierError]:
    """Answer a batch of presses in one transaction, in order of arrival.

    A key that was used for a hold which has ended since breaks the batch; it is tried alone then,
    and refused. Keys of dictionaries are the ids as integers: a UUID's own hash is slow Python.
    """
    variants = sorted({w.variant.int for w in batch})
    cursor = await tx.execute(
        LOCK, (Uuids([UUID(int=v) for v in variants]),), prepare=True, binary=True
    )
    available: dict[int, int] = {v.int: count for v, count in await cursor.fetchall()}
    in_basket, known = await _read_holds(tx, batch)

    fresh: dict[int, Wanted] = {}
    for w in batch:
        if w.hold.int not in known:
            fresh.setdefault(w.hold.int, w)
    requests = [Request(w.buyer.int, w.variant.int, w.quantity) for w in fresh.values()]
    refusals = dict(zip(fresh, grant(requests, available, in_basket, batch[0].limit), strict=True))
    granted = [w for key, w in fresh.items() if refusals[key] is None]
    moment = now()
    until = {s: moment + timedelta(seconds=s) for s in {w.seconds for w in granted}}
    for w in granted:
        available[w.variant.int] -= w.quantity
        in_basket[w.buyer.int, w.variant.int] += w.quantity
        known[w.hold.int] = until[w.seconds]
    if granted:
        await _take(tx, granted, moment)
    markets = {w.variant.int: w.market for w in granted}
    emptied = [v for v in markets if available[v] == 0]
    await record(tx, *(events.SoldOut(market=markets[v], variant=UUID(int=v)) for v in emptied))
    tell(tx, {UUID(int=v): count for v, count in available.items()})
    return [
        refusals.get(w.hold.int)
        or Held(
            w.hold, w.variant, w.quantity, known[w.hold.int], available[w.variant.int],
            in_basket[w.buyer.int, w.variant.int],
        )
        for w in batch
    ]  # fmt: skip


async def _read_holds(
    tx: Tx, batch: list[Wanted]
) -> tuple[dict[tuple[int, int], int], dict[int, datetime]]:
    cursor = await tx.execute(
        HELD,
        (
            Uuids([w.hold for w in batch]),
            Uuids([w.buyer for w in batch]),
            Uuids([w.variant for w in batch]),
        ),
        prepare=True,
        binary=True,
    )
    in_basket: dict[tuple[int, int], int] = {}
    known: dict[int, datetime] = {}
    for w, (units, expires_at) in zip(batch, await cursor.fetchall(), strict=True):
        in_basket[w.buyer.int, w.variant.int] = units
        if expires_at is not None:
            known[w.hold.int] = expires_at
    return in_basket, known


async def _take(tx: Tx, granted: list[Wanted], moment: datetime) -> None:
    totals: defaultdict[int, int] = defaultdict(int)
    for w in granted:
        totals[w.variant.int] += w.quantity
    try:
        await tx.execute(
            TAKE,
            (
                Uuids(UUID(int=v) for v in totals),
                Ints(totals.values()),
                Uuids([w.hold for w in granted]),
                Uuids([w.variant for w in granted]),
                Texts([w.market for w in granted]),
                Uuids([w.show for w in granted]),
                Uuids([w.buyer for w in granted]),
                Ints([w.quantity for w in granted]),
                Ints([w.seconds for w in granted]),
                moment,
            ),
            prepare=True,
        )
    except psycopg.errors.UniqueViolation:
        if len(granted) == 1:
            raise Conflict from None
        raise
