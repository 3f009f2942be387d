"""Writes to holds other than the press on the basket: give back, expire, claim, take.

Who changes holds and counts locks the stock rows first, in sorted order, then the holds: the order
of the hold desk. One exception: a sale of what is set aside needs no look at the stock, so it moves
its holds and counts them last, that a hot product's row is not locked while orders and books are
written. Nobody who has the stock waits for those holds: what sweeps leaves out locked ones, and an
allocation or a closing (which change holds of others) makes a sale lock the stock first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from panier import events
from panier.kit.arrays import Texts, Uuids
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, run
from panier.kit.errors import NotFound
from panier.kit.outbox import record
from panier.stock.closing import closed
from panier.stock.counts import KEPT, Change, Kept, lock
from panier.stock.line import end_offers
from panier.stock.rules import NothingToExtend, draw

EXPIRE_BATCH_MAX = 500
"""Holds that one sweep frees."""
UNHELD = ("wanted", "expired")
"""States of what a checkout claimed for which no stock is set aside."""
LYING = ("held", "wanted")
"""States of what lies in a basket."""
# Of what checkouts claimed: the variant, and whether it is set aside with nothing else to heed.
CLAIMED = """
select variant_id, state = 'held' and allocated = 0 and closes_at is null
from hold where checkout_id = any(%s)
"""
# Those of them that nobody is at work on.
EXPIRE = f"""
update hold set state = 'expired' where id in (
  select id from hold where id = any(%(due)s) and state = 'held' and expires_at <= %(moment)s
  for update skip locked)
returning {KEPT}
"""
# What expires, in the words that let the index hold_expiry be used.
DUE = "expires_at <= %(moment)s and expires_at > '-infinity'"
# Rows that somebody is at work on are left for the next sweep: it waits for nobody.
FORGET = f"""
update hold set state = 'expired' where id in (
  select id from hold where state = 'wanted' and {DUE}
  order by expires_at limit %(most)s for update skip locked)
"""


class Claim(NamedTuple):
    """A checkout that wants to pay for what `buyer` holds in `market`."""

    checkout: UUID
    buyer: UUID
    market: str


async def release(tx: Tx, buyer: UUID, variant: UUID, quantity: int, market: str) -> int:
    """Give back up to `quantity` units, the latest first; returns how many the buyer keeps.

    What is only wanted goes before what is set aside.
    """
    before = await lock(tx, [variant])
    if variant not in before.shelves:
        raise NotFound
    cursor = await tx.execute(
        f"select state, {KEPT} from hold where buyer = %s and variant_id = %s and market = %s"
        " and state in ('held', 'wanted') and checkout_id is null"
        " order by state = 'held', at desc, id desc for update",
        (buyer, variant, market),
    )
    holds = [(state == "held", Kept(*row)) for state, *row in await cursor.fetchall()]
    change, left, given_up = Change(before), quantity, list[UUID | None]()
    for aside, hold in holds:
        back = min(hold.quantity, left)
        # Units that are free to all go back first: the show's own are its buyers' longest.
        own = max(0, back - (hold.quantity - hold.allocated))
        if back == hold.quantity:
            await run(tx, "update hold set state = 'released' where id = %s", (hold.id,))
            given_up.append(hold.waiting)
        elif back:
            await run(
                tx,
                "update hold set quantity = quantity - %s, allocated = allocated - %s"
                " where id = %s",
                (back, own, hold.id),
            )
        if back and aside:
            change.free(hold._replace(quantity=back, allocated=own))
        left -= back
    await end_offers(tx, given_up, "passed")
    await change.write(tx)
    return sum(hold.quantity for _, hold in holds) - (quantity - left)


async def expire_holds(cell: Cell) -> int:
    """Free holds whose time is over; returns how many ended.

    What was only wanted leaves its basket, and nothing is free for it.
    """

    async def sweep(tx: Tx) -> int:
        moment = now()
        asked = {"moment": moment, "most": EXPIRE_BATCH_MAX}
        cursor = await tx.execute(
            f"select id, variant_id from hold where state = 'held' and {DUE}"
            " order by expires_at limit %(most)s",
            asked,
        )
        due = await cursor.fetchall()
        if not due:
            return await run(tx, FORGET, asked)
        before = await lock(tx, (variant for _, variant in due))
        cursor = await tx.execute(EXPIRE, {"due": [key for key, _ in due], "moment": moment})
        freed = [Kept(*row) for row in await cursor.fetchall()]
        change = Change(before)
        for hold in freed:
            change.free(hold)
        await end_offers(tx, [hold.waiting for hold in freed], "passed")
        await change.write(tx)
        await record(
            tx,
            *(
                events.HoldExpired(
                    market=h.market, variant=h.variant, hold=h.id, quantity=h.quantity
                )
                for h in freed
            ),
        )
        return len(freed)

    return await cell.run(sweep)


async def extend(tx: Tx, buyer: UUID, market: str, seconds: int) -> list[UUID]:
    """Keep what `buyer` has in the basket `seconds` longer, each hold once; returns those holds.

    An offer to somebody who waited is not extended: others wait behind. Raises NothingToExtend.
    """
    cursor = await tx.execute(
        "update hold set expires_at = least(expires_at + make_interval(secs => %s), closes_at),"
        " extended = true"
        " where buyer = %s and market = %s and state = 'held' and checkout_id is null"
        " and not extended and waiting_id is null and expires_at > %s returning id",
        (seconds, buyer, market, now()),
    )
    extended = [row[0] for row in await cursor.fetchall()]
    if not extended:
        raise NothingToExtend
    return extended


async def claim(tx: Tx, claims: Sequence[Claim], until: datetime) -> set[UUID]:
    """Tie what each buyer has in the basket to a checkout; returns those that got something.

    The holds last at least `until` (UTC), so that they do not run out while the buyer pays.
    """
    cursor = await tx.execute(
        """
        update hold h set checkout_id = c.checkout, kept_until = h.expires_at,
          expires_at = least(greatest(h.expires_at, %s), h.closes_at)
        from unnest(%b::uuid[], %b::uuid[], %b::text[]) c(checkout, buyer, market)
        where h.buyer = c.buyer and h.market = c.market and h.state in ('held', 'wanted')
          and h.checkout_id is null and h.expires_at > %s
        returning h.checkout_id
        """,
        (
            until,
            Uuids([c.checkout for c in claims]),
            Uuids([c.buyer for c in claims]),
            Texts([c.market for c in claims]),
            now(),
        ),
    )
    return {row[0] for row in await cursor.fetchall()}


async def unclaim(tx: Tx, until: Mapping[UUID, datetime]) -> None:
    """Put these holds of a checkout back into the basket, each until its moment (UTC)."""
    await run(
        tx,
        "update hold h set checkout_id = null, kept_until = null,"
        " expires_at = least(t.until, h.closes_at)"
        " from unnest(%s::uuid[], %s::timestamptz[]) t(id, until)"
        " where h.id = t.id and h.state in ('held', 'wanted')",
        (list(until), list(until.values())),
    )


async def take(tx: Tx, checkouts: Sequence[UUID]) -> set[UUID]:
    """Sell what these checkouts claimed; returns those that got everything.

    What is only wanted, or ran out meanwhile, is taken now where stock allows: who pays first gets
    it. A checkout that cannot have all of it gets nothing: what it still held is free again; so is
    what has closed. Taking twice sells once.
    """
    cursor = await tx.execute(CLAIMED, (list(checkouts),))
    looked = await cursor.fetchall()
    variants = {row[0] for row in looked}
    standing = all(row[1] for row in looked)
    before = None if standing else await lock(tx, variants)
    claims = await _lock_claims(tx, checkouts)
    held = [hold for claimed in claims.values() for state, hold in claimed if state == "held"]
    if standing and len(held) == len(looked):
        await _move(tx, [("sold", hold) for hold in held])
        tx.before_commit(lambda: _count_sold(tx, held))
        return {checkout for checkout, claimed in claims.items() if claimed}
    return await _take_anew(tx, Change(before or await lock(tx, variants)), claims)


Claims = dict[UUID, list[tuple[str, Kept]]]
"""What checkouts claimed, each with its state."""


async def _lock_claims(tx: Tx, checkouts: Sequence[UUID]) -> Claims:
    cursor = await tx.execute(
        f"select checkout_id, state, {KEPT} from hold where checkout_id = any(%s)"
        " order by id for update",
        (list(checkouts),),
    )
    claims: Claims = {checkout: [] for checkout in checkouts}
    for checkout, state, *rest in await cursor.fetchall():
        claims[checkout].append((state, Kept(*rest)))
    return claims


async def _count_sold(tx: Tx, sold: Sequence[Kept]) -> None:
    change = Change(await lock(tx, (hold.variant for hold in sold)))
    for hold in sold:
        change.sell(hold)
    await change.write(tx)


async def _take_anew(tx: Tx, change: Change, claims: Claims) -> set[UUID]:
    """Take under the lock on the stock, where not all that was claimed still stands."""
    taken, moved = set(), list[tuple[str, Kept]]()
    over = closed(change.before, now())
    for checkout, claimed in claims.items():
        held = [hold for state, hold in claimed if state == "held"]
        given_up = not claimed or any(
            state == "released" or (hold.variant in over and state != "sold")
            for state, hold in claimed
        )
        unheld = [hold for state, hold in claimed if state in UNHELD]
        # Asked last, for it changes the counts: who is refused has moved none.
        again = None if given_up else _take_now(change, unheld)
        if again is not None:
            taken.add(checkout)
            moved += [("sold", hold) for hold in (*held, *again)]
        else:
            moved += [("released", hold) for state, hold in claimed if state in LYING]
        for hold in held:
            (change.sell if checkout in taken else change.free)(hold)
    await _move(tx, moved)
    await change.write(tx)
    return taken


async def _move(tx: Tx, moved: Sequence[tuple[str, Kept]]) -> None:
    """Write the new states of holds, and what becomes of the offers that they were."""
    if moved:
        await run(
            tx,
            "update hold h set state = t.state, allocated = t.allocated"
            " from unnest(%s::uuid[], %s::text[], %s::int[]) t(id, state, allocated)"
            " where h.id = t.id",
            ([h.id for _, h in moved], [s for s, _ in moved], [h.allocated for _, h in moved]),
        )
    await end_offers(tx, [h.waiting for state, h in moved if state == "sold"], "taken")
    await end_offers(tx, [h.waiting for state, h in moved if state == "released"], "passed")


def _take_now(change: Change, unheld: Sequence[Kept]) -> list[Kept] | None:
    """Sell what is not set aside, where all of it can be had; None where not."""
    left = {hold.variant: change.left(hold.variant) for hold in unheld}
    shares = {(h.show, h.variant): change.share(h.show, h.variant) for h in unheld}
    again = []
    for hold in unheld:
        pair = (hold.show, hold.variant)
        share = shares[pair]
        own = draw(hold.quantity, left[hold.variant], share)
        if own is None:
            return None
        left[hold.variant] -= hold.quantity - own
        if share:
            shares[pair] = share._replace(available=share.available - own)
        again.append(hold._replace(allocated=own))
    for hold in again:
        change.hold(hold)
        change.sell(hold)
    return again
