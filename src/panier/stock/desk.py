"""The hold desk: everybody who presses at the same moment commits together.

A batch locks the stock rows it touches (in sorted order, so that two processes cannot block each
other), reads what is left and what the buyers hold, decides in Python and writes. Most presses of
a flash sale come after the last unit: those are answered from memory (`shelves`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import psycopg

from panier.kit.arrays import Ints, Texts, Uuids
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Conflict, PanierError
from panier.kit.i18n import _
from panier.stock.closing import cap_new, closings
from panier.stock.counts import Counts, lock, report
from panier.stock.limits import Asker, count_had
from panier.stock.rules import Closed, HoldLimitReached, Request, Share, SoldOut, grant, reach
from panier.stock.shelves import Shelves

# What each request's buyer holds of its variant, and whether this very request was granted before.
# A subquery a row, so that the plan is an index look-up each whatever the statistics say.
HELD = """
select f.units, f.known from unnest(%b::uuid[], %b::uuid[], %b::uuid[])
  with ordinality w(id, buyer, variant_id, n)
cross join lateral (
  select coalesce(sum(h.quantity), 0)::int as units,
         max(h.expires_at) filter (where h.id = w.id) as known
  from hold h where h.buyer = w.buyer and h.variant_id = w.variant_id
    and h.state in ('held', 'wanted') and h.checkout_id is null) f
order by w.n
"""
# What each buyer wants of a variant without its being set aside.
UNHELD = """
select f.units from unnest(%b::uuid[], %b::uuid[]) with ordinality w(buyer, variant_id, n)
cross join lateral (
  select coalesce(sum(h.quantity), 0)::int as units from hold h
  where h.buyer = w.buyer and h.variant_id = w.variant_id and h.state = 'wanted'
    and h.checkout_id is null) f
order by w.n
"""
WRITE = """
insert into hold (id, variant_id, market, show_id, buyer, quantity, state, at, expires_at)
select id, variant_id, market, show_id, buyer, quantity, '{state}', m.at,
       m.at + (seconds * interval '1 s')
from unnest(%b::uuid[], %b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %b::int[], %b::int[])
  w(id, variant_id, market, show_id, buyer, quantity, seconds),
  (select %b::timestamptz) m(at)
"""
TAKE = """
with taken as (
  update stock s set available = s.available - t.free, held = s.held + t.quantity
  from unnest(%b::uuid[], %b::int[], %b::int[]) t(variant_id, free, quantity)
  where s.variant_id = t.variant_id)
""" + WRITE.format(state="held")
# Of a show where who pays first gets it: in the basket, and nothing is set aside.
WANT = WRITE.format(state="wanted")
# Only where a show has units of its own: which of the holds just written draw on them.
TAKE_OWN = """
with own as (
  update allocation a set available = a.available - t.units, held = a.held + t.units
  from (select show_id, variant_id, sum(units) as units
        from unnest(%(shows)s::uuid[], %(variants)s::uuid[], %(units)s::int[])
          g(show_id, variant_id, units) group by 1, 2) t
  where a.show_id = t.show_id and a.variant_id = t.variant_id)
update hold h set allocated = t.units
from unnest(%(holds)s::uuid[], %(units)s::int[]) t(id, units) where h.id = t.id
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
    aside: bool = True
    """Set stock aside; without, it lies in the basket and who pays first gets it."""
    person: UUID | None = None
    """Who it is, if they are signed in: what they bought elsewhere counts."""


class Held(msgspec.Struct, frozen=True):
    """Stock set aside: `in_basket` units of this variant are the buyer's now.

    Where the press set nothing aside (not `aside`), they are still whoever's pays first.
    """

    hold: UUID
    variant: UUID
    quantity: int
    expires_at: datetime
    available: int
    """What is left to sell where the press came from."""
    in_basket: int
    aside: bool


async def hold(cell: Cell, wanted: Wanted) -> Held:
    """Set stock aside for a buyer until it expires (UTC).

    Commits together with whoever presses at the same moment. Raises SoldOut, NotEnough,
    HoldLimitReached (BuyerLimitReached where the seller set the limit), Closed, NotFound, BadInput.
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
    before = await lock(tx, [UUID(int=v) for v in sorted({w.variant.int for w in batch})])
    available = {v.int: shelf.available for v, shelf in before.shelves.items()}
    shares = {(s.int, v.int): share for (s, v), share in before.shares.items()}
    in_basket, known = await _read_holds(tx, batch)
    moment = now()
    ends = closings(before)
    over = {variant for variant, closes_at in ends.items() if closes_at <= moment}
    fresh: dict[int, Wanted] = {}
    for w in batch:
        if w.hold.int not in known:
            fresh.setdefault(w.hold.int, w)
    refusals = _refuse_closed(fresh, over) if over else {}
    requests = [
        Request(w.buyer.int, w.variant.int, w.quantity, w.show.int if w.show else 0, w.aside)
        for w in fresh.values()
    ]
    unheld = await _read_unheld(tx, [w for w in fresh.values() if not w.aside])
    each, had = await _read_limits(tx, fresh.values(), before)
    answers = grant(requests, available, in_basket, batch[0].limit, shares, unheld=unheld,
                    each=each, had=had)  # fmt: skip
    granted: list[tuple[Wanted, int]] = []
    for w, answer in zip(fresh.values(), answers, strict=True):
        if isinstance(answer, int):
            granted.append((w, answer))
        else:
            refusals[w.hold.int] = answer
    until = {s: moment + timedelta(seconds=s) for s in {w.seconds for w, _ in granted}}
    for w, own in granted:
        if w.aside:
            available[w.variant.int] -= w.quantity - own
        if own and w.show:
            pair = (w.show.int, w.variant.int)
            shares[pair] = shares[pair]._replace(available=shares[pair].available - own)
        in_basket[w.buyer.int, w.variant.int] += w.quantity
        known[w.hold.int] = min(until[w.seconds], ends.get(w.variant.int, until[w.seconds]))
    if granted:
        await _write(tx, granted, moment)
        if ends:
            await cap_new(tx, [w.hold for w, _ in granted])
    await report(
        tx,
        before,
        {UUID(int=v): count for v, count in available.items()},
        {(UUID(int=s), UUID(int=v)): share for (s, v), share in shares.items()},
        {w.variant: w.market for w, _ in granted},
    )
    return [
        refusals.get(w.hold.int)
        or Held(
            w.hold, w.variant, w.quantity, known[w.hold.int], _left(w, available, shares),
            in_basket[w.buyer.int, w.variant.int], w.aside,
        )
        for w in batch
    ]  # fmt: skip


def _refuse_closed(fresh: dict[int, Wanted], over: set[int]) -> dict[int, PanierError]:
    """Take out of `fresh` what asks for closed stock; returns the refusals."""
    late = {key: w for key, w in fresh.items() if w.variant.int in over}
    for key in late:
        del fresh[key]
    return {key: Closed(variant=str(w.variant)) for key, w in late.items()}


def _left(wanted: Wanted, available: dict[int, int], shares: dict[tuple[int, int], Share]) -> int:
    free = available[wanted.variant.int]
    if not shares or wanted.show is None:
        return free
    return reach(free, shares.get((wanted.show.int, wanted.variant.int)))


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


async def _read_unheld(tx: Tx, wanted: list[Wanted]) -> dict[tuple[int, int], int]:
    """Return what these buyers want already without its being set aside."""
    if not wanted:
        return {}
    asked = (Uuids([w.buyer for w in wanted]), Uuids([w.variant for w in wanted]))
    cursor = await tx.execute(UNHELD, asked, prepare=True, binary=True)
    units = [row[0] for row in await cursor.fetchall()]
    return {(w.buyer.int, w.variant.int): n for w, n in zip(wanted, units, strict=True)}


async def _read_limits(
    tx: Tx, wanted: Iterable[Wanted], before: Counts
) -> tuple[dict[int, int], dict[tuple[int, int], int]]:
    """Return limits per buyer by variant, and what these buyers have of those variants already.

    Asks nothing where no variant has a limit.
    """
    each = {v.int: shelf.each for v, shelf in before.shelves.items() if shelf.each is not None}
    if not each:
        return {}, {}
    askers = list({Asker(w.buyer, w.person, w.variant) for w in wanted if w.variant.int in each})
    had: dict[tuple[int, int], int] = {}
    for asker, units in zip(askers, await count_had(tx, askers), strict=True):
        pair = (asker.buyer.int, asker.variant.int)
        had[pair] = max(had.get(pair, 0), units)
    return each, had


async def _write(tx: Tx, granted: list[tuple[Wanted, int]], moment: datetime) -> None:
    taken = [(w, own) for w, own in granted if w.aside]
    wanted = [w for w, _ in granted if not w.aside] if len(taken) < len(granted) else []
    try:
        if taken:
            await _take(tx, taken, moment)
        if wanted:
            await tx.execute(WANT, (*_columns(wanted), moment), prepare=True)
    except psycopg.errors.UniqueViolation:
        if len(granted) == 1:
            raise Conflict from None
        raise


def _columns(asked: list[Wanted]) -> tuple[object, ...]:
    return (
        Uuids([w.hold for w in asked]),
        Uuids([w.variant for w in asked]),
        Texts([w.market for w in asked]),
        Uuids([w.show for w in asked]),
        Uuids([w.buyer for w in asked]),
        Ints([w.quantity for w in asked]),
        Ints([w.seconds for w in asked]),
    )


async def _take(tx: Tx, granted: list[tuple[Wanted, int]], moment: datetime) -> None:
    totals: defaultdict[int, int] = defaultdict(int)
    free: defaultdict[int, int] = defaultdict(int)
    for w, own in granted:
        totals[w.variant.int] += w.quantity
        free[w.variant.int] += w.quantity - own
    counts = (Uuids(UUID(int=v) for v in totals), Ints(free.values()), Ints(totals.values()))
    asked = _columns([w for w, _ in granted])
    await tx.execute(TAKE, (*counts, *asked, moment), prepare=True)
    drawn = [(w, own) for w, own in granted if own]
    if drawn:
        await tx.execute(
            TAKE_OWN,
            {
                "holds": [w.hold for w, _ in drawn],
                "shows": [w.show for w, _ in drawn],
                "variants": [w.variant for w, _ in drawn],
                "units": [own for _, own in drawn],
            },
        )
