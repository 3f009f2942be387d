"""Statements: everything that changed what a seller or creator is owed in a month, from the books.

Nothing is stored: entries never change, so a month that is over reads the same for ever. The
opening balance and all changes come to the closing balance, to the cent.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from panier import ledger
from panier.kit.clock import now
from panier.kit.db import Tx, rows, value
from panier.kit.errors import TooLarge
from panier.kit.money import Money
from panier.payouts.rules import Period
from panier.payouts.spans import NEVER_AFTER, NEVER_BEFORE, find_span

MOVES_MAX = 50_000
"""Postings of one statement."""

ENTRIES = """
from entry e join posting p on p.id = e.posting_id
where e.account_id = any(%(accounts)s) and e.posting_id between %(first)s and %(last)s
  and p.at >= %(from)s and p.at < %(until)s
"""
SUMS = f"""
select e.account_id as account, -sum(e.minor)::bigint as owed {ENTRIES} group by e.account_id
"""
MOVES = f"""
select m.*, coalesce(o.number, '') as number from (
  select p.id, p.kind, p.order_id as "order", p.at, -sum(e.minor)::bigint as net,
         coalesce(-sum(e.minor) filter (where e.account_id = %(reserve)s), 0)::bigint as reserve
  {ENTRIES} group by p.id) m
left join orders o on o.id = m.order order by m.at, m.id limit %(limit)s
"""
PARTS = """
select e.posting_id as posting, a.kind, sum(e.minor)::bigint as minor
from entry e join account a on a.id = e.account_id
where e.posting_id = any(%s) group by e.posting_id, a.kind
"""
LINES = """
select l.order_id as "order", o.number, l.title, l.quantity, l.list_minor as list,
       -(l.seller_discount_minor + l.cofunding_minor) as discount,
       l.subsidy_minor + l.shipping_subsidy_minor as subsidy,
       l.shipping_minor + l.shipping_subsidy_minor as shipping,
       -(l.vat_minor + l.shipping_vat_minor) as vat, -l.commission_minor as commission,
       -l.creator_minor as creator, l.creator_basis_points,
       case when %(kind)s = 'creator' then l.creator_minor
            else l.commission_base_minor + l.shipping_minor + l.shipping_subsidy_minor
                 - l.vat_minor - l.shipping_vat_minor - l.commission_minor - l.creator_minor
       end as net
from order_line l join orders o on o.id = l.order_id
where l.order_id = any(%(orders)s) and (%(kind)s = 'seller' or l.creator_id = %(party)s)
order by l.order_id, l.n
"""
STANDS = "select id as account, -balance_minor as owed from account where id = any(%s)"
FIRST = "select min(first_at) from account where id = any(%s)"


class Line(msgspec.Struct):
    """A line that was sold: its parts in minor units, and what of it is the reader's."""

    order: UUID
    number: str
    title: str
    quantity: int
    list: int
    discount: int
    """What the seller bore of reductions: at or below zero, as all that is taken off."""
    subsidy: int
    """What the platform paid of the price; inside the other figures."""
    shipping: int
    """All of the parcel: the buyer's part and the platform's."""
    vat: int
    commission: int
    creator: int
    creator_basis_points: int
    net: int
    at: datetime | None = None


class Move(msgspec.Struct):
    """A posting that changed what somebody has."""

    id: UUID
    kind: str
    """The posting's kind."""
    order: UUID | None
    number: str
    at: datetime
    net: int
    """By how much they are owed more, in minor units."""
    reserve: int
    """By how much more is kept back."""
    parts: dict[str, int] = {}
    """A refund's entries by kind of account: debit above zero, credit below."""


class Statement(msgspec.Struct):
    """A month of somebody's balance; amounts in minor units of `currency`."""

    owner: ledger.Party
    period: Period
    currency: str
    opening: int
    closing: int
    pending: int
    due: int
    reserve: int
    lines: list[Line]
    changes: list[Move]
    """Refunds, and whatever else changed what is owed for an order."""
    payouts: list[Move]
    reserves: list[Move]
    """What was kept back and what became free; the balance stays the same."""

    def money(self, minor: int) -> Money:
        """Return an amount of this statement as money."""
        return Money(minor, self.currency)

    def total(self, column: str) -> Money:
        """Return the sum of a column of the lines."""
        return self.money(sum(getattr(line, column) for line in self.lines))

    @property
    def changed(self) -> int:
        """Return what refunds and corrections come to."""
        return sum(move.net for move in self.changes)

    @property
    def paid(self) -> int:
        """Return what payouts come to: below zero, as it left the balance."""
        return sum(move.net for move in self.payouts)


class _Sum(msgspec.Struct):
    account: UUID
    owed: int


class _Part(msgspec.Struct):
    posting: UUID
    kind: str
    minor: int


async def write_statement(tx: Tx, owner: ledger.Party, period: Period) -> Statement:
    """Draw up the statement of a month. Raises TooLarge."""
    accounts = [account.id for account in owner.accounts]
    opening = await _open(tx, accounts, period)
    month = await _find_span(tx, accounts, period.start, period.end)
    closing = Counter(opening)
    closing.update(await _sum(tx, month))  # a sum with + would drop what is below zero
    given = {**month, "reserve": owner.reserve.id, "limit": MOVES_MAX + 1}
    moves = await rows(tx, MOVES, given, Move)
    if len(moves) > MOVES_MAX:
        raise TooLarge(limit=MOVES_MAX)
    sales = [move for move in moves if move.kind == ledger.SALE]
    payouts = [move for move in moves if move.kind in PAYOUTS]
    changes = [
        move for move in moves if move.net and move.kind != ledger.SALE and move.kind not in PAYOUTS
    ]
    lines, odd = await _list_lines(tx, owner, sales)
    await _add_parts(tx, changes)
    return Statement(
        owner=owner,
        period=period,
        currency=owner.currency,
        opening=opening.total(),
        closing=closing.total(),
        pending=closing[owner.owed.id],
        due=closing[owner.due.id],
        reserve=closing[owner.reserve.id],
        lines=lines,
        changes=[*changes, *odd],
        payouts=payouts,
        reserves=[move for move in moves if move.reserve],
    )


async def _open(tx: Tx, accounts: list[UUID], period: Period) -> Counter[UUID]:
    """Return what stood on each account as the period began, as what is owed.

    Counted from whichever end is nearer: from nothing, or back from what stands there now.
    """
    first, today = await _find_first(tx, accounts), now()
    if first is None or period.start - first < today - period.start:
        return await _sum(tx, await _find_span(tx, accounts, NEVER_BEFORE, period.start))
    stands = Counter({s.account: s.owed for s in await rows(tx, STANDS, (accounts,), _Sum)})
    stands.subtract(await _sum(tx, await _find_span(tx, accounts, period.start, NEVER_AFTER)))
    return stands


async def _find_span(
    tx: Tx, accounts: list[UUID], begin: datetime, until: datetime
) -> dict[str, Any]:
    """Return the parameters of ENTRIES for a span of time."""
    span = msgspec.structs.asdict(await find_span(tx, begin, until))
    return {**span, "from": begin, "until": until, "accounts": accounts}


async def _sum(tx: Tx, span: dict[str, Any]) -> Counter[UUID]:
    """Return by how much each account was owed more in a span of time."""
    return Counter({s.account: s.owed for s in await rows(tx, SUMS, span, _Sum)})


PAYOUTS = frozenset({ledger.PAYOUT_BEGUN, ledger.PAYOUT_RETURNED, ledger.PAYOUT_UNDONE})
"""Postings that take a payout from the balance, or put it back."""


async def _list_lines(
    tx: Tx, owner: ledger.Party, sales: Sequence[Move]
) -> tuple[list[Line], list[Move]]:
    """List what was sold; a sale whose lines do not come to its entry is shown as a difference."""
    at = {move.order: move.at for move in sales}
    found = await rows(tx, LINES, {"orders": list(at), "kind": owner.kind, "party": owner.id}, Line)
    nets: defaultdict[UUID | None, int] = defaultdict(int)
    for line in found:
        line.at = at[line.order]
        nets[line.order] += line.net
    odd = [
        msgspec.structs.replace(move, net=move.net - nets[move.order])
        for move in sales
        if move.net != nets[move.order]
    ]
    position = {move.order: n for n, move in enumerate(sales)}
    return sorted(found, key=lambda line: position[line.order]), odd


async def _add_parts(tx: Tx, changes: Sequence[Move]) -> None:
    by_id = {move.id: move for move in changes}
    for move in changes:
        move.parts = {}
    for part in await rows(tx, PARTS, (list(by_id),), _Part):
        by_id[part.posting].parts[part.kind] = part.minor


async def find_first_entry(tx: Tx, owner: ledger.Party) -> datetime | None:
    """Return when something was first booked for somebody."""
    return await _find_first(tx, [account.id for account in owner.accounts])


async def _find_first(tx: Tx, accounts: list[UUID]) -> datetime | None:
    found: datetime | None = await value(tx, FIRST, (accounts,))
    return found
