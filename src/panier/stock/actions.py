"""Writes other than the press on the basket: give back, expire, claim, take, count anew.

Every one locks the stock rows first, in sorted order, then the holds: the order of the hold desk.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from panier import events
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, run
from panier.kit.errors import NotFound
from panier.kit.outbox import record
from panier.stock.shelves import tell

EXPIRE_BATCH_MAX = 500
"""Holds that one sweep frees."""

LOCK = """
select variant_id, available from stock where variant_id = any(%s) order by variant_id for update
"""
MOVE = """
update stock s set available = s.available + t.available, held = s.held + t.held,
                   sold = s.sold + t.sold
from unnest(%s::uuid[], %s::int[], %s::int[], %s::int[]) t(variant_id, available, held, sold)
where s.variant_id = t.variant_id
"""


class Claim(NamedTuple):
    """A checkout that wants to pay for what `buyer` holds in `market`."""

    checkout: UUID
    buyer: UUID
    market: str


class Change:
    """What a transaction does to the counts, written once per variant."""

    def __init__(self) -> None:
        """Start with no change."""
        self.counts: defaultdict[UUID, list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, variant: UUID, available: int = 0, held: int = 0, sold: int = 0) -> None:
        """Add units to the three counts of `variant`."""
        row = self.counts[variant]
        row[0] += available
        row[1] += held
        row[2] += sold

    async def write(self, tx: Tx, before: Mapping[UUID, int], markets: Mapping[UUID, str]) -> None:
        """Write the counts, record what became empty or came back, tell what is left."""
        if not self.counts:
            return
        columns = list(zip(*self.counts.values(), strict=True))
        await run(tx, MOVE, (list(self.counts), *(list(c) for c in columns)))
        left = {v: before[v] + row[0] for v, row in self.counts.items()}
        for variant, count in left.items():
            if before[variant] == 0 < count:
                fact = events.BackInStock(market=markets[variant], variant=variant)
                await record(tx, fact)
            elif before[variant] > 0 == count:
                await record(tx, events.SoldOut(market=markets[variant], variant=variant))
        tell(tx, left)


async def _lock(tx: Tx, variants: Iterable[UUID]) -> dict[UUID, int]:
    cursor = await tx.execute(LOCK, (sorted(set(variants)),))
    return dict(await cursor.fetchall())


async def set_stock(tx: Tx, variant: UUID, available: int, market: str) -> None:
    """Count a variant anew: `available` units may be sold (what is held or sold stays so)."""
    before = await _lock(tx, [variant])
    if variant not in before:
        await run(
            tx, "insert into stock (variant_id, available) values (%s, %s)", (variant, available)
        )
        return
    change = Change()
    change.add(variant, available=available - before[variant])
    await change.write(tx, before, {variant: market})


async def release(tx: Tx, buyer: UUID, variant: UUID, quantity: int, market: str) -> int:
    """Give back up to `quantity` held units, the latest first; returns how many the buyer keeps."""
    before = await _lock(tx, [variant])
    if variant not in before:
        raise NotFound
    cursor = await tx.execute(
        "select id, quantity from hold where buyer = %s and variant_id = %s and market = %s"
        " and state = 'held' and checkout_id is null order by at desc, id desc for update",
        (buyer, variant, market),
    )
    holds = await cursor.fetchall()
    left = quantity
    for key, units in holds:
        back = min(units, left)
        if back == units:
            await run(tx, "update hold set state = 'released' where id = %s", (key,))
        elif back:
            await run(tx, "update hold set quantity = quantity - %s where id = %s", (back, key))
        left -= back
    freed = quantity - left
    if freed:
        change = Change()
        change.add(variant, available=freed, held=-freed)
        await change.write(tx, before, {variant: market})
    kept: int = sum(units for _, units in holds) - freed
    return kept


async def expire_holds(cell: Cell) -> int:
    """Free holds whose time is over; returns how many were freed."""

    async def sweep(tx: Tx) -> int:
        moment = now()
        cursor = await tx.execute(
            "select id, variant_id from hold where state = 'held' and expires_at <= %s"
            " order by expires_at limit %s",
            (moment, EXPIRE_BATCH_MAX),
        )
        due = await cursor.fetchall()
        if not due:
            return 0
        before = await _lock(tx, (variant for _, variant in due))
        cursor = await tx.execute(
            "update hold set state = 'expired' where id = any(%s) and state = 'held'"
            " and expires_at <= %s returning id, variant_id, quantity, market",
            ([key for key, _ in due], moment),
        )
        freed = await cursor.fetchall()
        change = Change()
        for _, variant, quantity, _ in freed:
            change.add(variant, available=quantity, held=-quantity)
        await change.write(tx, before, {variant: market for _, variant, _, market in freed})
        await record(
            tx,
            *(
                events.HoldExpired(market=market, variant=variant, hold=key, quantity=quantity)
                for key, variant, quantity, market in freed
            ),
        )
        return len(freed)

    return await cell.run(sweep)


async def claim(tx: Tx, claims: Sequence[Claim], until: datetime) -> set[UUID]:
    """Tie what each buyer holds to a checkout; returns the checkouts that got something.

    The holds last at least `until` (UTC), so that they do not run out while the buyer pays.
    """
    cursor = await tx.execute(
        """
        update hold h set checkout_id = c.checkout, expires_at = greatest(h.expires_at, %s)
        from unnest(%s::uuid[], %s::uuid[], %s::text[]) c(checkout, buyer, market)
        where h.buyer = c.buyer and h.market = c.market and h.state = 'held'
          and h.checkout_id is null and h.expires_at > %s
        returning h.checkout_id
        """,
        (
            until,
            [c.checkout for c in claims],
            [c.buyer for c in claims],
            [c.market for c in claims],
            now(),
        ),
    )
    return {row[0] for row in await cursor.fetchall()}


async def unclaim(tx: Tx, checkout: UUID, until: datetime) -> None:
    """Put a checkout's holds back into the basket, for at least until `until`."""
    await run(
        tx,
        "update hold set checkout_id = null, expires_at = %s"
        " where checkout_id = %s and state = 'held'",
        (until, checkout),
    )


async def take(tx: Tx, checkouts: Sequence[UUID]) -> set[UUID]:
    """Sell what these checkouts claimed; returns those that got everything.

    A hold that ran out meanwhile is taken again where stock allows. A checkout that cannot have
    all of it gets nothing: what it still held is free again. Taking twice sells once.
    """
    cursor = await tx.execute(
        "select distinct variant_id from hold where checkout_id = any(%s)", (list(checkouts),)
    )
    before = await _lock(tx, [row[0] for row in await cursor.fetchall()])
    cursor = await tx.execute(
        "select checkout_id, id, variant_id, quantity, state, market from hold"
        " where checkout_id = any(%s) order by id for update",
        (list(checkouts),),
    )
    holds: dict[UUID, list[tuple[UUID, UUID, int, str, str]]] = {c: [] for c in checkouts}
    for checkout, *rest in await cursor.fetchall():
        holds[checkout].append(tuple(rest))
    left, change, taken = dict(before), Change(), set()
    states: dict[UUID, str] = {}
    for checkout, claimed in holds.items():
        missing: defaultdict[UUID, int] = defaultdict(int)
        for _, variant, quantity, state, _ in claimed:
            if state == "expired":
                missing[variant] += quantity
        whole = bool(claimed) and all(left[v] >= q for v, q in missing.items())
        if whole:
            taken.add(checkout)
        for key, variant, quantity, state, _ in claimed:
            if whole and state in ("held", "expired"):
                was_held = quantity if state == "held" else 0
                change.add(variant, available=was_held - quantity, held=-was_held, sold=quantity)
                left[variant] += was_held - quantity
                states[key] = "sold"
            elif not whole and state == "held":
                change.add(variant, available=quantity, held=-quantity)
                left[variant] += quantity
                states[key] = "released"
    await run(
        tx,
        "update hold h set state = t.state from unnest(%s::uuid[], %s::text[]) t(id, state)"
        " where h.id = t.id",
        (list(states), list(states.values())),
    )
    markets = {v: m for claimed in holds.values() for _, v, _, _, m in claimed}
    await change.write(tx, before, markets)
    return taken
