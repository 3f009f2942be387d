"""Settlement: what an order earned becomes due some days after its delivery, less a reserve.

The amount is always what stands on the order's accounts at that moment: refunds before it are in
it already, a refund after it leaves something to move back. One row an order and party is locked
while it moves, and the number of its moves is the posting's key: nothing moves twice.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier import ledger
from panier.kit.cells import Cell
from panier.kit.db import Tx, rows, run
from panier.kit.money import Money
from panier.payouts.rules import Terms, agree, share_out
from panier.settings import Settings

RELEASE_BATCH_MAX = 500
"""Orders that one go of a worker releases."""
OWED = (ledger.SELLER, ledger.CREATOR)
"""The accounts on which an order's earnings first stand."""

EXPECT = """
insert into maturity (order_id, kind, party, market, currency, delivered_at, look_at)
select %b, kind, party, %b, currency, %b, %b
from unnest(%b::text[], %b::uuid[], %b::text[]) g(kind, party, currency)
order by kind, party on conflict do nothing
"""
MATURITY = """m.order_id as "order", m.kind, m.party, m.market, m.currency, m.delivered_at,
  m.available_at, m.reserve_until, m.reserve_basis_points, m.released_minor, m.reserve_minor,
  m.released_at, m.moves"""
DUE = f"""
select {MATURITY}, t.basis_points as agreed from maturity m
left join reserve_term t on m.kind = 'seller' and t.seller_id = m.party
where m.look_at <= %b order by m.look_at limit %b for update of m skip locked
"""
# All rows of the order: one that is being released at this moment is waited for.
OF_ORDERS = f"""
select {MATURITY}, null::int as agreed from maturity m where m.order_id = any(%b)
order by m.order_id, m.kind, m.party for update
"""
KEEP = """
update maturity m set available_at = g.available_at, reserve_until = g.reserve_until,
  reserve_basis_points = g.basis_points, released_minor = g.released, reserve_minor = g.reserve,
  released_at = g.released_at, moves = g.moves, look_at = g.look_at
from unnest(%b::uuid[], %b::text[], %b::uuid[], %b::timestamptz[], %b::timestamptz[], %b::int[],
            %b::bigint[], %b::bigint[], %b::timestamptz[], %b::smallint[], %b::timestamptz[])
  g(order_id, kind, party, available_at, reserve_until, basis_points, released, reserve,
    released_at, moves, look_at)
where m.order_id = g.order_id and m.kind = g.kind and m.party = g.party
"""


class Maturity(msgspec.Struct):
    """What of an order is whose, since when; amounts in minor units of `currency`."""

    order: UUID
    kind: str
    """The account on which it first stands: seller or creator."""
    party: UUID
    market: str
    currency: str
    delivered_at: datetime
    available_at: datetime | None
    reserve_until: datetime | None
    reserve_basis_points: int | None
    released_minor: int
    reserve_minor: int
    released_at: datetime | None
    moves: int
    agreed: int | None = None
    """The reserve agreed with this seller, in basis points."""
    look_at: datetime | None = None

    @property
    def owner(self) -> ledger.Party:
        """Return whose it is, for the books."""
        return ledger.Party(self.kind, self.party, self.currency)


async def expect(tx: Tx, order: UUID, market: str, delivered_at: datetime) -> None:
    """Note that an order has arrived: what it earned becomes due in time. Noted once."""
    owed = await ledger.sum_by_order(tx, [order], OWED)
    await run(
        tx,
        EXPECT,
        (
            order, market, delivered_at, delivered_at,
            [o.kind for o in owed], [UUID(o.owner) for o in owed], [o.currency for o in owed],
        ),
    )  # fmt: skip


async def release_due(cell: Cell, settings: Settings, moment: datetime) -> int:
    """Move what is due at `moment` (UTC); returns how many rows were looked at."""

    async def act(tx: Tx) -> int:
        due = await rows(tx, DUE, (moment, RELEASE_BATCH_MAX), Maturity)
        for row in due:
            _set_terms(row, settings)
        ripe = [row for row in due if row.available_at and row.available_at <= moment]
        await _move(tx, ripe, moment)
        for row in due:
            row.look_at = _next_look(row, moment)
        await _keep(tx, due)
        return len(due)

    return await cell.run(act)


async def correct(tx: Tx, orders: Sequence[UUID], moment: datetime) -> None:
    """Move what refunds changed of orders whose money was released before; else nothing."""
    found = await rows(tx, OF_ORDERS, (list(orders),), Maturity)
    released = [row for row in found if row.released_at is not None]
    await _move(tx, released, moment)
    for row in released:
        row.look_at = _next_look(row, moment)
    await _keep(tx, released)


def _set_terms(row: Maturity, settings: Settings) -> None:
    """Freeze the terms at the first look; a creator has no reserve."""
    if row.available_at is not None:
        return
    agreed = settings.reserve_basis_points if row.agreed is None else row.agreed
    terms: Terms = agree(
        row.delivered_at,
        settings.settlement_days,
        settings.reserve_days,
        agreed if row.kind == ledger.SELLER else 0,
    )
    row.available_at, row.reserve_until, row.reserve_basis_points = terms


async def _move(tx: Tx, found: Sequence[Maturity], moment: datetime) -> None:
    standings = {
        (s.order, ledger.Party(s.kind, UUID(s.owner), s.currency)): -s.amount
        for s in await ledger.sum_by_order(tx, sorted({row.order for row in found}), OWED)
    }
    postings = []
    for row in found:
        standing = standings.get((row.order, row.owner), Money.zero(row.currency))
        move = share_out(
            standing,
            Money(row.released_minor, row.currency),
            Money(row.reserve_minor, row.currency),
            row.reserve_basis_points or 0,
            keep=row.reserve_until is not None and moment < row.reserve_until,
        )
        row.released_at = row.released_at or moment
        if not (move.due or move.reserve):
            continue
        row.moves += 1
        row.released_minor += standing.minor
        row.reserve_minor += move.reserve.minor
        key = f"{row.order}:{row.kind}:{row.party}:{row.moves}"
        postings.append(ledger.release(key, row.order, row.owner, move.due, move.reserve))
    if postings:
        await ledger.post(tx, postings)


def _next_look(row: Maturity, moment: datetime) -> datetime | None:
    """Return when the clock has something to do again, if ever."""
    if row.available_at is not None and row.released_at is None:
        return row.available_at
    if row.reserve_minor and row.reserve_until is not None:
        return max(row.reserve_until, moment)
    return None


async def _keep(tx: Tx, changed: Sequence[Maturity]) -> None:
    await run(
        tx,
        KEEP,
        (
            [r.order for r in changed],
            [r.kind for r in changed],
            [r.party for r in changed],
            [r.available_at for r in changed],
            [r.reserve_until for r in changed],
            [r.reserve_basis_points for r in changed],
            [r.released_minor for r in changed],
            [r.reserve_minor for r in changed],
            [r.released_at for r in changed],
            [r.moves for r in changed],
            [r.look_at for r in changed],
        ),
    )
