"""Limits per buyer: what somebody has of a variant already, in the basket, being paid or bought.

A buyer is a browser and, where known, the person signed in there. Orders are read where they
stand, so that a limit counts what was bought before it was set. Units that were cancelled, lost
or came back are not theirs any more.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from panier.kit.arrays import Bigs, Uuids
from panier.kit.db import Tx, run
from panier.kit.errors import BadInput
from panier.kit.i18n import _
from panier.stock.rules import PER_BUYER_MAX

# By index whatever the statistics say: the buyer's checkouts, then their few orders.
ORDERED = """
coalesce((
  select sum(l.units) from (
    select id from checkout where buyer = w.buyer and state in ('placed', 'paid')
    union select id from checkout where person_id = w.person and state in ('placed', 'paid')) c
  cross join lateral (select id from orders where checkout_id = c.id offset 0) o
  cross join lateral (
    select l.quantity - coalesce(f.cancelled + f.lost + f.returned, 0) as units
    from order_line l left join fulfilment f on f.order_id = l.order_id and f.n = l.n
    where l.order_id = o.id and l.variant_id = w.variant_id offset 0) l), 0)
"""
IN_BASKET = """
coalesce((
  select sum(h.quantity) from hold h where h.buyer = w.buyer and h.variant_id = w.variant_id
    and h.state in ('held', 'wanted') and h.checkout_id is null), 0)
"""
ASKED = "unnest(%b::uuid[], %b::uuid[], %b::uuid[]) with ordinality w(buyer, person, variant_id, n)"
# In one look, or a payment that ends in between would be counted twice or not at all.
HAD = f"select ({IN_BASKET} + {ORDERED})::int from {ASKED} order by w.n"
HAD_ORDERED = f"select ({ORDERED})::int from {ASKED} order by w.n"
SERIALIZE = "select pg_advisory_xact_lock(key) from unnest(%b::bigint[]) key"
SIGNED = 1 << 63


class Asker(NamedTuple):
    """Who wants units of a variant; `person` if they are signed in."""

    buyer: UUID
    person: UUID | None
    variant: UUID


class Demand(NamedTuple):
    """Somebody is about to pay for so many units of a limited variant."""

    checkout: UUID
    asker: Asker
    units: int
    limit: int


class Over(NamedTuple):
    """A checkout has more of a variant than its buyer may have."""

    variant: UUID
    limit: int
    mine: int
    """With this checkout."""


async def count_had(tx: Tx, askers: Sequence[Asker]) -> list[int]:
    """Return what each asker has of their variant: in the basket, being paid, bought."""
    return await _count(tx, HAD, askers)


async def _count(tx: Tx, sql: str, askers: Sequence[Asker]) -> list[int]:
    columns = (
        Uuids([a.buyer for a in askers]),
        Uuids([a.person for a in askers]),
        Uuids([a.variant for a in askers]),
    )
    cursor = await tx.execute(sql, columns, prepare=True)
    return [row[0] for row in await cursor.fetchall()]


async def find_over(tx: Tx, demands: Sequence[Demand]) -> dict[UUID, Over]:
    """Return which checkouts, claimed and not yet orders, are over a limit, and how.

    Their buyers come one after the other until the end of `tx`. Of one buyer's checkouts in the
    same batch, the first is served. Asks nothing where there is no demand.
    """
    if not demands:
        return {}
    askers = [demand.asker for demand in demands]
    await _serialize(tx, askers)
    over: dict[UUID, Over] = {}
    for n, (demand, ordered) in enumerate(
        zip(demands, await _count(tx, HAD_ORDERED, askers), strict=True)
    ):
        mine = ordered + demand.units
        mine += sum(
            earlier.units
            for earlier in demands[:n]
            if earlier.checkout not in over and _same(demand.asker, earlier.asker)
        )
        if mine > demand.limit:
            over.setdefault(demand.checkout, Over(demand.asker.variant, demand.limit, mine))
    return over


def _same(one: Asker, other: Asker) -> bool:
    if one.variant != other.variant:
        return False
    return one.buyer == other.buyer or (one.person is not None and one.person == other.person)


async def _serialize(tx: Tx, askers: Sequence[Asker]) -> None:
    """Let each person, and each browser, be in one such transaction at a time."""
    who = {a.buyer for a in askers} | {a.person for a in askers if a.person is not None}
    keys = sorted({(key.int & (2 * SIGNED - 1)) - SIGNED for key in who})
    await tx.execute(SERIALIZE, (Bigs(keys),))


async def list_limits(tx: Tx, variants: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many of each variant one buyer may have; those without a limit are left out."""
    cursor = await tx.execute(
        "select variant_id, per_buyer from stock"
        " where variant_id = any(%s) and per_buyer is not null",
        (list(variants),),
    )
    return dict(await cursor.fetchall())


async def set_limit(tx: Tx, variant: UUID, limit: int | None) -> None:
    """Let one buyer have at most `limit` units, counted with what they have; None: no limit.

    What lies in baskets stays there until it is paid. Raises BadInput.
    """
    if limit is not None and not 1 <= limit <= PER_BUYER_MAX:
        reason = _("a number of units from %(least)s to %(most)s", least=1, most=PER_BUYER_MAX)
        raise BadInput(field="per_buyer", reason=reason)
    await run(
        tx,
        "insert into stock (variant_id, available, per_buyer) values (%s, 0, %s)"
        " on conflict (variant_id) do update set per_buyer = excluded.per_buyer",
        (variant, limit),
    )
