"""The till: reductions of many checkouts at once, granted under the locks of what is limited.

Whoever places orders opens it in his transaction: it locks the vouchers and deals that the
baskets ask for (in sorted order, so that two batches cannot block each other), counts what is
left and what each buyer has had. Each basket is then reduced in memory; what is accepted is
written at the end. Nobody else can use the same voucher until that transaction is over.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier.incentives.deal_till import (
    DealTill,
    Press,
    confirm_takes,
    give_takes_back,
    open_deals,
)
from panier.incentives.queries import Who, count_mine, list_entered, list_vouchers
from panier.incentives.rules import Cut, Goods, Kind, Reduced, Voucher, check_usable, reduce_basket
from panier.kit.db import Tx, run
from panier.kit.errors import PanierError
from panier.kit.money import Money

USES = """
insert into voucher_use (checkout_id, voucher_id, market, buyer, person_id, email_digest, state,
  currency, minor, platform_minor, at)
select checkout_id, voucher_id, market, buyer, person_id, email_digest, 'reserved', currency,
  minor, platform_minor, %b
from unnest(%b::uuid[], %b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %b::bytea[], %b::text[],
            %b::bigint[], %b::bigint[])
  g(checkout_id, voucher_id, market, buyer, person_id, email_digest, currency, minor,
    platform_minor)
"""
COUNT = """
update voucher v set used = v.used + t.uses from unnest(%s::uuid[], %s::int[]) t(id, uses)
where v.id = t.id
"""


class Want(NamedTuple):
    """A checkout that wants its reductions."""

    checkout: UUID
    who: Who
    market: str
    presses: Sequence[Press] = ()
    """What is in the basket, and since when."""


class ShownVoucher(msgspec.Struct, frozen=True):
    """A voucher in a basket: what it takes off, or why it does not."""

    code: str
    shipping: bool
    """It takes the delivery off, not a part of the goods' price."""
    off: Money
    problem: str | None


class _Use(NamedTuple):
    want: Want
    voucher: Voucher
    minor: int
    platform: int


class Till:
    """Vouchers of a batch, locked; filled by `open_till`."""

    def __init__(self, moment: datetime) -> None:
        """Start with no vouchers."""
        self.moment = moment
        self.vouchers: dict[UUID, Voucher] = {}
        self.entered: dict[tuple[UUID, str], list[UUID]] = {}
        self.used: defaultdict[UUID, int] = defaultdict(int)
        self.mine: defaultdict[tuple[UUID, UUID], int] = defaultdict(int)
        """Uses by checkout and voucher, before this batch."""
        self.deals = DealTill()
        self.accepted: list[_Use] = []
        self.known: defaultdict[tuple[UUID, object], set[int]] = defaultdict(set)
        """Places in `accepted`, by voucher and each of the buyer's marks."""

    def reduce(self, want: Want, lines: Sequence[Goods]) -> Reduced:
        """Say what deals and vouchers take off this basket; nothing is granted before `accept`.

        A deal is the seller's own reduction, and comes first.
        """
        granted = self.deals.grant(want.checkout, want.who, want.presses, lines)
        off: defaultdict[UUID, int] = defaultdict(int)
        for one in granted:
            off[one.variant] += one.off
        lines = [line._replace(price=line.price - off[line.variant]) for line in lines]
        mine = [self.vouchers[v] for v in self.entered.get((want.who.visitor, want.market), ())]
        refused = {
            voucher.id: problem
            for voucher in mine
            if (problem := self._refusal(want, voucher)) is not None
        }
        reduced = reduce_basket(lines, mine, refused)
        cuts = [
            cut.plus(Cut(seller=off[line.variant]))
            for line, cut in zip(lines, reduced.cuts, strict=True)
        ]
        return reduced._replace(cuts=cuts, deals=granted)

    def _refusal(self, want: Want, voucher: Voucher) -> PanierError | None:
        here = set().union(*(self.known[voucher.id, mark] for mark in _marks(want.who)))
        mine = self.mine[want.checkout, voucher.id] + len(here)
        used = self.used[voucher.id]
        return check_usable(voucher, want.market, self.moment, used=used, mine=mine)

    def show(self, want: Want, reduced: Reduced) -> list[ShownVoucher]:
        """Tell the buyer about each voucher in this basket, in the order they were entered."""
        shown = []
        for name in self.entered.get((want.who.visitor, want.market), ()):
            voucher, problem = self.vouchers[name], reduced.problems.get(name)
            off = Money(reduced.taken[name].total if problem is None else 0, voucher.currency)
            said = None if problem is None else problem.message()
            sends = voucher.kind == Kind.SHIPPING
            shown.append(ShownVoucher(voucher.code, sends, off, said))
        return shown

    def accept(self, want: Want, reduced: Reduced) -> None:
        """Grant what `reduce` said."""
        self.deals.accept(want.checkout, want.who, reduced.deals)
        for voucher, taken in reduced.taken.items():
            self.used[voucher] += 1
            for mark in _marks(want.who):
                self.known[voucher, mark].add(len(self.accepted))
            use = _Use(want, self.vouchers[voucher], taken.total, taken.platform)
            self.accepted.append(use)

    async def close(self, tx: Tx) -> None:
        """Write what was granted."""
        await self.deals.close(tx, self.moment)
        if not self.accepted:
            return
        uses = self.accepted
        await run(
            tx,
            USES,
            (
                self.moment,
                [use.want.checkout for use in uses],
                [use.voucher.id for use in uses],
                [use.want.market for use in uses],
                [use.want.who.visitor for use in uses],
                [use.want.who.person for use in uses],
                [use.want.who.email_digest for use in uses],
                [use.voucher.currency for use in uses],
                [use.minor for use in uses],
                [use.platform for use in uses],
            ),
        )
        await count_uses(tx, [use.voucher.id for use in uses], 1)


def _marks(who: Who) -> list[object]:
    return [mark for mark in who if mark]


async def open_till(tx: Tx, wants: Sequence[Want], moment: datetime, *, lock: bool = True) -> Till:
    """Lock and count what these checkouts ask for; without vouchers in a basket, one look.

    Without `lock` it shows what a basket would come to now, and grants nothing.
    """
    till = Till(moment)
    baskets = [(want.checkout, want.who, want.presses) for want in wants]
    till.deals = await open_deals(tx, baskets, moment, lock=lock)
    till.entered = await list_entered(tx, [(w.who.visitor, w.market) for w in wants])
    ids = {voucher for entered in till.entered.values() for voucher in entered}
    if not ids:
        return till
    for voucher in await list_vouchers(tx, sorted(ids), lock=lock):
        till.vouchers[voucher.id] = voucher
        till.used[voucher.id] = voucher.used
    asked = [
        (want, name)
        for want in wants
        for name in till.entered.get((want.who.visitor, want.market), ())
        if till.vouchers[name].buyer_max is not None
    ]
    counts = await count_mine(tx, [(want.who, name) for want, name in asked])
    for (want, name), count in zip(asked, counts, strict=True):
        till.mine[want.checkout, name] = count
    return till


async def count_uses(tx: Tx, vouchers: Sequence[UUID], step: int) -> None:
    """Count uses of vouchers up (`step` 1) or down (-1)."""
    uses = Counter(vouchers)
    await run(tx, COUNT, (list(uses), [count * step for count in uses.values()]))


async def confirm(tx: Tx, checkouts: Sequence[UUID]) -> None:
    """Note that these checkouts are paid; what they used leaves their buyers' baskets."""
    if not checkouts:
        return
    await confirm_takes(tx, checkouts)
    await run(
        tx,
        """
        with c as (
          update voucher_use set state = 'confirmed'
          where checkout_id = any(%s) and state = 'reserved'
          returning buyer, market, voucher_id)
        delete from voucher_entered e using c
        where e.buyer = c.buyer and e.market = c.market and e.voucher_id = c.voucher_id
        """,
        (list(checkouts),),
    )


async def give_back(tx: Tx, checkouts: Sequence[UUID]) -> None:
    """Let others use what these checkouts reserved and will not pay for; twice is once."""
    if not checkouts:
        return
    await give_takes_back(tx, checkouts)
    cursor = await tx.execute(
        "update voucher_use set state = 'given_back'"
        " where checkout_id = any(%s) and state = 'reserved' returning voucher_id",
        (list(checkouts),),
    )
    freed = [row[0] for row in await cursor.fetchall()]
    if freed:
        await list_vouchers(tx, freed, lock=True)
        await count_uses(tx, freed, -1)
