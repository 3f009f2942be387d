"""The counts of stock and how they change: the one place that writes them besides the hold desk.

Whoever changes counts locks the rows of stock first, in sorted order; that lock guards the
allocations of those variants too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from panier import events
from panier.kit.arrays import Uuids
from panier.kit.clock import now
from panier.kit.db import Tx, run
from panier.kit.ids import new_id
from panier.kit.outbox import record
from panier.stock.limits import Asker, count_had
from panier.stock.line import (
    Offer,
    Waiter,
    end_offers,
    find_unread,
    read_line,
    tell_offers,
    write_offers,
)
from panier.stock.rules import Share, reach, serve
from panier.stock.shelves import tell

# `alert_at`: the seller is told when no more than this are left; below 0 they are not, or were.
LOCK = """
select variant_id, available,
       case when low_told or low_at = 0 then -1 else low_at end as alert_at, allocations,
       closes_at, per_buyer
from stock where variant_id = any(%b) order by variant_id for update
"""
SHARES = """
select show_id, variant_id, available, beyond from allocation
where variant_id = any(%s) and closed_at is null order by show_id
"""
MOVE = """
update stock s set available = s.available + t.available, held = s.held + t.held,
                   sold = s.sold + t.sold, returned = s.returned + t.returned
from unnest(%s::uuid[], %s::int[], %s::int[], %s::int[], %s::int[])
  t(variant_id, available, held, sold, returned)
where s.variant_id = t.variant_id
"""
MOVE_SHARES = """
update allocation a set available = a.available + t.available, held = a.held + t.held,
                        sold = a.sold + t.sold
from unnest(%s::uuid[], %s::uuid[], %s::int[], %s::int[], %s::int[])
  t(show_id, variant_id, available, held, sold)
where a.show_id = t.show_id and a.variant_id = t.variant_id
"""


KEPT = "id, variant_id, quantity, allocated, show_id, market, waiting_id"
"""The columns of a hold that make a Kept."""


class Shelf(NamedTuple):
    """A locked row of stock."""

    available: int
    alert_at: int
    allocations: int
    closes_at: datetime | None
    """Nobody can have it from then on; None: it stays."""
    each: int | None
    """Units that one buyer may have, with what they bought; None: no such limit."""


Shares = dict[tuple[UUID, UUID], Share]
"""What shows have of their own, by show and variant."""


class Kept(NamedTuple):
    """A hold, as far as counts go."""

    id: UUID
    variant: UUID
    quantity: int
    allocated: int
    show: UUID | None
    market: str
    waiting: UUID | None = None
    """Whose place in a line it is the offer to."""


class Counts(NamedTuple):
    """Locked counts of some variants, before a change."""

    shelves: dict[UUID, Shelf]
    shares: Shares


async def lock(tx: Tx, variants: Iterable[UUID]) -> Counts:
    """Lock the stock of `variants` until the end of the transaction, and read it."""
    cursor = await tx.execute(LOCK, (Uuids(sorted(set(variants))),), prepare=True, binary=True)
    shelves = {variant: Shelf(*counts) for variant, *counts in await cursor.fetchall()}
    return Counts(shelves, await read_shares(tx, shelves))


async def read_shares(tx: Tx, shelves: Mapping[UUID, Shelf]) -> Shares:
    """Read the open allocations of locked stock; asks nothing where there is none."""
    divided = [variant for variant, shelf in shelves.items() if shelf.allocations]
    if not divided:
        return {}
    cursor = await tx.execute(SHARES, (divided,))
    return {
        (show, variant): Share(available, beyond)
        for show, variant, available, beyond in await cursor.fetchall()
    }


class Change:
    """What a transaction does to the counts, written once per variant."""

    def __init__(self, before: Counts) -> None:
        """Start with no change to what was locked."""
        self.before = before
        self.counts: defaultdict[UUID, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self.own: defaultdict[tuple[UUID, UUID], list[int]] = defaultdict(lambda: [0, 0, 0])
        self.markets: dict[UUID, str] = {}
        self.shares = dict(before.shares)

    def add(
        self,
        variant: UUID,
        market: str,
        *,
        available: int = 0,
        held: int = 0,
        sold: int = 0,
        returned: int = 0,
    ) -> None:
        """Add units to the counts of `variant`; `available` are free to all."""
        row = self.counts[variant]
        for n, units in enumerate((available, held, sold, returned)):
            row[n] += units
        self.markets[variant] = market

    def add_own(
        self, show: UUID, variant: UUID, *, available: int = 0, held: int = 0, sold: int = 0
    ) -> None:
        """Add units to what a show has of its own."""
        row = self.own[show, variant]
        for n, units in enumerate((available, held, sold)):
            row[n] += units

    def set_share(self, show: UUID, variant: UUID, share: Share | None) -> None:
        """Let a show have another share than before, or none; its row is the caller's to write."""
        if share is None:
            self.shares.pop((show, variant), None)
        else:
            self.shares[show, variant] = share

    def free(self, hold: Kept) -> None:
        """Give a hold's units back to where they came from."""
        own = hold.allocated
        self.add(hold.variant, hold.market, available=hold.quantity - own, held=-hold.quantity)
        if own and hold.show:
            self.add_own(hold.show, hold.variant, available=own, held=-own)

    def sell(self, hold: Kept) -> None:
        """Sell a hold's units."""
        self.add(hold.variant, hold.market, held=-hold.quantity, sold=hold.quantity)
        if hold.allocated and hold.show:
            self.add_own(hold.show, hold.variant, held=-hold.allocated, sold=hold.allocated)

    def hold(self, hold: Kept) -> None:
        """Set a hold's units aside."""
        own = hold.allocated
        self.add(hold.variant, hold.market, available=own - hold.quantity, held=hold.quantity)
        if own and hold.show:
            self.add_own(hold.show, hold.variant, available=-own, held=own)

    def left(self, variant: UUID) -> int:
        """Return the free units as they will be."""
        moved = self.counts[variant][0] if variant in self.counts else 0
        return self.before.shelves[variant].available + moved

    def share(self, show: UUID | None, variant: UUID) -> Share | None:
        """Return what a show will have of its own."""
        share = self.shares.get((show, variant)) if show else None
        if share is None or show is None:
            return None
        moved = self.own[show, variant][0] if (show, variant) in self.own else 0
        return share._replace(available=share.available + moved)

    async def write(self, tx: Tx) -> None:
        """Write the counts, record what ran out, runs low or came back, tell what is left.

        What became free is offered to those who wait for it, before anybody else can have it.
        """
        if not self.counts:
            return
        behind: dict[UUID, UUID | None] = {v: None for v in self.counts if self._freed(v)}
        while behind:
            line = await read_line(tx, behind)
            await self._offer(tx, line)
            behind = {v: last for v, last in find_unread(line).items() if self._has_some(v)}
        columns = zip(*self.counts.values(), strict=True)
        await run(tx, MOVE, (list(self.counts), *(list(c) for c in columns)))
        if self.own:
            shows, variants = zip(*self.own, strict=True)
            columns = zip(*self.own.values(), strict=True)
            given = (list(shows), list(variants), *(list(c) for c in columns))
            await run(tx, MOVE_SHARES, given)
        after = {(s, v): self.share(s, v) or share for (s, v), share in self.shares.items()}
        left = {variant: self.left(variant) for variant in self.counts}
        await report(tx, self.before, left, after, self.markets)

    def _freed(self, variant: UUID) -> bool:
        if self.counts[variant][0] > 0:
            return True
        if any(of == variant and row[0] > 0 for (_, of), row in self.own.items()):
            return True
        return any(
            of == variant and share != self.before.shares.get((show, of))
            for (show, of), share in self.shares.items()
        )

    def _has_some(self, variant: UUID) -> bool:
        """Tell whether anything is left for somebody, free or a show's own."""
        own = (self.share(show, of) for show, of in self.shares if of == variant)
        return self.left(variant) > 0 or any(share.available > 0 for share in own if share)

    async def _offer(self, tx: Tx, line: list[Waiter]) -> None:
        """Hold what became free for those who wait, in the order they came.

        Who may have no more of it leaves the line.
        """
        moment = now()
        most = await self._most(tx, line)
        await end_offers(tx, [key for key, units in most.items() if not units], "left")
        offers = []
        for variant in dict.fromkeys(waiter.variant for waiter in line):
            ends = self.before.shelves[variant].closes_at
            if ends is not None and ends <= moment:
                continue
            waiters = [waiter for waiter in line if waiter.variant == variant]
            shares = {s: self.share(s, v) for s, v in self.shares if v == variant}
            own = {show: share for show, share in shares.items() if share}
            asked = [(waiter.show, most.get(waiter.key, waiter.quantity)) for waiter in waiters]
            served = serve(asked, self.left(variant), own)
            for waiter, (units, drawn) in zip(waiters, served, strict=True):
                if units:
                    until = moment + timedelta(seconds=waiter.seconds)
                    until = until if ends is None else min(until, ends)
                    offers.append(Offer(waiter, new_id(), units, drawn, until))
        for o in offers:
            held = Kept(o.hold, o.to.variant, o.units, o.own, o.to.show, o.to.market)
            self.hold(held)
        if offers:
            await write_offers(tx, offers, moment)
            tell_offers(tx, offers)
            await record(
                tx,
                *(
                    events.WaitingOffered(
                        market=o.to.market, variant=o.to.variant, waiting=o.to.key, hold=o.hold,
                        quantity=o.units, until=o.until,
                    )
                    for o in offers
                ),
            )  # fmt: skip

    async def _most(self, tx: Tx, line: list[Waiter]) -> dict[UUID, int]:
        """Return how much of what they wait for those may still have whose limit is short of it."""
        limits = {v: shelf.each for v, shelf in self.before.shelves.items() if shelf.each}
        limited = [waiter for waiter in line if waiter.variant in limits]
        if not limited:
            return {}
        had = await count_had(tx, [Asker(w.buyer, w.person, w.variant) for w in limited])
        return {
            w.key: max(0, min(w.quantity, limits[w.variant] - units))
            for w, units in zip(limited, had, strict=True)
        }


async def report(
    tx: Tx,
    before: Counts,
    left: Mapping[UUID, int],
    shares: Shares,
    markets: Mapping[UUID, str],
) -> None:
    """Record what crossed a line, and tell what is left once this is committed."""
    facts: list[events.Event] = []
    low: list[UUID] = []
    for variant, free in left.items():
        if variant not in markets:
            continue
        shelf, market = before.shelves[variant], markets[variant]
        apart = [show for show, of in shares if of == variant] if shares else []
        facts += crossed(market, variant, (shelf.available, free), apart=apart)
        for show in apart:
            now_own, own = shares[show, variant], before.shares.get((show, variant))
            lefts = (reach(shelf.available, own), reach(free, now_own))
            facts += crossed(market, variant, lefts, show=show)
        if free <= shelf.alert_at < shelf.available:
            low.append(variant)
            facts.append(events.LowStock(market=market, variant=variant, available=free))
    if low:
        await run(tx, "update stock set low_told = true where variant_id = any(%s)", (low,))
    await record(tx, *facts)
    tell(tx, left, {pair: reach(left[pair[1]], share) for pair, share in shares.items()
                    if pair[1] in left})  # fmt: skip


def crossed(
    market: str,
    variant: UUID,
    lefts: tuple[int, int],
    *,
    show: UUID | None = None,
    apart: list[UUID] | None = None,
) -> list[events.Event]:
    """Return the fact that units ran out or came back; `lefts` is before and after."""
    before, after = lefts
    if (before > 0) == (after > 0):
        return []
    kind = events.BackInStock if after else events.SoldOut
    return [kind(market=market, variant=variant, show=show, apart=apart or [])]
