"""The deals' part of the till: units at a deal's price, granted under the deal's lock."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier.incentives.queries import Who
from panier.incentives.rules import Goods, Granted, grant_units
from panier.kit.db import Tx, rows, run

# Deals that a press of these shows and variants may have met; without a lock.
MET = """
select d.id, d.show_id, d.opens_at, d.closes_at, d.units, d.taken, d.buyer_max, p.variant_id,
       p.minor
from deal d join deal_price p on p.deal_id = d.id
where d.show_id = any(%s) and p.variant_id = any(%s) and d.opens_at <= %s
order by d.opens_at, d.id limit 1000
"""
LOCK = "select id, taken from deal where id = any(%s) order by id for update"
MINE = """
select w.n, (select coalesce(sum(quantity), 0) from (
  select checkout_id, variant_id, quantity from deal_take
  where deal_id = w.deal_id and buyer = w.buyer and state <> 'given_back'
  union
  select checkout_id, variant_id, quantity from deal_take
  where deal_id = w.deal_id and person_id = w.person_id and state <> 'given_back'
  union
  select checkout_id, variant_id, quantity from deal_take
  where deal_id = w.deal_id and email_digest = w.email_digest and state <> 'given_back') t)::int
from unnest(%s::int[], %s::uuid[], %s::uuid[], %s::uuid[], %s::bytea[])
  w(n, deal_id, buyer, person_id, email_digest)
"""
TAKES = """
insert into deal_take (checkout_id, deal_id, variant_id, buyer, person_id, email_digest, state,
  quantity, at)
select checkout_id, deal_id, variant_id, buyer, person_id, email_digest, 'reserved', quantity, %s
from unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::bytea[], %s::int[])
  g(checkout_id, deal_id, variant_id, buyer, person_id, email_digest, quantity)
"""
COUNT = """
update deal d set taken = d.taken + t.units from unnest(%s::uuid[], %s::int[]) t(id, units)
where d.id = t.id
"""


class Press(NamedTuple):
    """Units put into a basket at once, in a show or outside of one."""

    variant: UUID
    show: UUID | None
    units: int
    at: datetime


class _Met(msgspec.Struct):
    id: UUID
    show_id: UUID
    opens_at: datetime
    closes_at: datetime
    units: int
    taken: int
    buyer_max: int
    variant_id: UUID
    minor: int


class _Take(NamedTuple):
    checkout: UUID
    who: Who
    granted: Granted


class DealTill:
    """Deals of a batch, locked; filled by `open_deals`."""

    def __init__(self) -> None:
        """Start with no deals."""
        self.met: list[_Met] = []
        self.taken: dict[UUID, int] = {}
        self.mine: defaultdict[tuple[UUID, UUID], int] = defaultdict(int)
        """Units by checkout and deal, before this batch."""
        self.accepted: list[_Take] = []
        self.known: defaultdict[tuple[UUID, object], set[int]] = defaultdict(set)
        """Places in `accepted`, by deal and each of the buyer's marks."""

    def grant(
        self, checkout: UUID, who: Who, presses: Sequence[Press], lines: Sequence[Goods]
    ) -> list[Granted]:
        """Say which units have a deal's price; the first deals and lines come first."""
        granted: list[Granted] = []
        for line in lines:
            for deal in self.met:
                if deal.variant_id != line.variant or deal.minor >= line.unit:
                    continue
                wanted = sum(press.units for press in presses if _meets(press, deal))
                here = sum(g.units for g in granted if g.deal == deal.id)
                before = self.mine[checkout, deal.id] + self._had(deal.id, who)
                left = deal.units - self.taken[deal.id] - here
                units = grant_units(wanted, left, before + here, deal.buyer_max)
                if units:
                    off = units * (line.unit - deal.minor)
                    granted.append(Granted(deal.id, line.variant, units, off))
        return granted

    def _had(self, deal: UUID, who: Who) -> int:
        places = set().union(*(self.known[deal, mark] for mark in who if mark))
        return sum(self.accepted[place].granted.units for place in places)

    def accept(self, checkout: UUID, who: Who, granted: Sequence[Granted]) -> None:
        """Grant what `grant` said."""
        for one in granted:
            self.taken[one.deal] += one.units
            for mark in who:
                if mark:
                    self.known[one.deal, mark].add(len(self.accepted))
            self.accepted.append(_Take(checkout, who, one))

    async def close(self, tx: Tx, moment: datetime) -> None:
        """Write what was granted."""
        if not self.accepted:
            return
        takes = self.accepted
        await run(
            tx,
            TAKES,
            (
                moment,
                [take.checkout for take in takes],
                [take.granted.deal for take in takes],
                [take.granted.variant for take in takes],
                [take.who.visitor for take in takes],
                [take.who.person for take in takes],
                [take.who.email_digest for take in takes],
                [take.granted.units for take in takes],
            ),
        )
        units: defaultdict[UUID, int] = defaultdict(int)
        for take in takes:
            units[take.granted.deal] += take.granted.units
        await run(tx, COUNT, (list(units), list(units.values())))


def _meets(press: Press, deal: _Met) -> bool:
    return (
        press.variant == deal.variant_id
        and press.show == deal.show_id
        and deal.opens_at <= press.at < deal.closes_at
    )


async def open_deals(
    tx: Tx,
    wants: Sequence[tuple[UUID, Who, Sequence[Press]]],
    moment: datetime,
    *,
    lock: bool,
) -> DealTill:
    """Find, lock and count the deals that these baskets (checkout, who, presses) met."""
    till = DealTill()
    presses = [press for _, _, pressed in wants for press in pressed if press.show is not None]
    if not presses:
        return till
    asked = (
        sorted({press.show for press in presses if press.show is not None}),
        sorted({press.variant for press in presses}),
        moment,
    )
    found = await rows(tx, MET, asked, _Met)
    till.met = [deal for deal in found if any(_meets(press, deal) for press in presses)]
    if not till.met:
        return till
    till.taken = {deal.id: deal.taken for deal in till.met}
    if lock:
        cursor = await tx.execute(LOCK, (sorted(till.taken),))
        till.taken = dict(await cursor.fetchall())
    pairs = [
        (checkout, who, deal)
        for checkout, who, pressed in wants
        for deal in sorted({d.id for d in till.met if any(_meets(p, d) for p in pressed)})
    ]
    cursor = await tx.execute(
        MINE,
        (
            list(range(len(pairs))),
            [deal for _, _, deal in pairs],
            [who.visitor for _, who, _ in pairs],
            [who.person for _, who, _ in pairs],
            [who.email_digest for _, who, _ in pairs],
        ),
    )
    for n, units in await cursor.fetchall():
        checkout, _, deal = pairs[n]
        till.mine[checkout, deal] = units
    return till


async def confirm_takes(tx: Tx, checkouts: Sequence[UUID]) -> None:
    """Note that these checkouts are paid."""
    await run(
        tx,
        "update deal_take set state = 'confirmed'"
        " where checkout_id = any(%s) and state = 'reserved'",
        (list(checkouts),),
    )


async def give_takes_back(tx: Tx, checkouts: Sequence[UUID]) -> None:
    """Let others have the units that these checkouts will not pay for; twice is once."""
    cursor = await tx.execute(
        "update deal_take set state = 'given_back' where checkout_id = any(%s)"
        " and state = 'reserved' returning deal_id, quantity",
        (list(checkouts),),
    )
    freed: defaultdict[UUID, int] = defaultdict(int)
    for deal, units in await cursor.fetchall():
        freed[deal] -= units
    if freed:
        await tx.execute(LOCK, (sorted(freed),))
        await run(tx, COUNT, (list(freed), list(freed.values())))
