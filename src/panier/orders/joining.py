"""One parcel a show: which earlier order's parcel stands open for somebody who buys again."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import msgspec

from panier.baskets import Asking, OpenParcel
from panier.kit.db import Tx, rows
from panier.kit.errors import PanierError
from panier.orders.addresses import check_address

# The oldest order of that buyer, show, seller and address that is paid and not packed, has goods
# that still stand and pays its own parcel: what joined another goes wherever that one went. A
# share of the row's lock keeps it so until whoever looks has committed: packing and cancelling
# wait.
OPEN = """
select w.n, o.id, o.number
from unnest(%(n)s::int[], %(buyer)s::uuid[], %(person)s::uuid[], %(market)s::text[],
            %(seller)s::uuid[], %(show)s::uuid[], %(country)s::text[], %(address)s::jsonb[])
  w(n, buyer, person, market, seller, show, country, address)
cross join lateral (
  select o.id, o.number from checkout c join orders o on o.checkout_id = c.id
  where (c.buyer = w.buyer or c.person_id = w.person) and c.market = w.market
    and o.seller_id = w.seller and o.show_id = w.show and o.state = 'paid'
    and o.joins_id is null
    and c.address->>'country' = w.country
    and (w.address is null or lower(c.address::text) = lower(w.address::text))
    and exists (select 1 from order_line l
      left join fulfilment f on f.order_id = l.order_id and f.n = l.n
      where l.order_id = o.id and l.quantity > coalesce(f.cancelled, 0) and not exists (
        select 1 from booking b where b.order_id = l.order_id and b.n = l.n))
  order by o.id limit 1 {share}) o
"""
LOOK = OPEN.format(share="")
LOCK = OPEN.format(share="for share of o")


# All paid orders that share the parcel of each: the one that was first and those that join it.
TOGETHER = """
select w.id as of, t.id, t.number, t.state
from unnest(%s::uuid[]) w(id) join orders o on o.id = w.id
join orders t on t.id = coalesce(o.joins_id, o.id) or t.joins_id = coalesce(o.joins_id, o.id)
where t.id <> o.id and t.paid_at is not null order by t.number
"""


class Together(msgspec.Struct, frozen=True):
    """Another order that goes in the same parcel as the order `of`."""

    of: UUID
    id: UUID
    number: str
    state: str


class _Found(msgspec.Struct):
    n: int
    id: UUID
    number: str


async def find_open_parcels(tx: Tx, asked: Sequence[Asking]) -> list[OpenParcel | None]:
    """Say for each who asks, in their order, which order's parcel stands open; as things look.

    An address that cannot be read as one counts as not known yet.
    """
    return await _find(tx, [_tidied(asking) for asking in asked], LOOK)


async def lock_open_parcels(tx: Tx, asked: Sequence[Asking]) -> list[OpenParcel | None]:
    """Say the same for addresses that are checked, and keep it so until the end of `tx`.

    Asked again once locked: who waited for the lock has seen the lines as they were before.
    """
    found = await _find(tx, asked, LOCK)
    while any(found) and (again := await _find(tx, asked, LOCK)) != found:
        found = again
    return found


async def list_together(tx: Tx, orders: Sequence[UUID]) -> dict[UUID, list[Together]]:
    """Return by order which others go in the same parcel; those without any are left out."""
    found: defaultdict[UUID, list[Together]] = defaultdict(list)
    for one in await rows(tx, TOGETHER, (list(orders),), Together):
        found[one.of].append(one)
    return found


async def _find(tx: Tx, asked: Sequence[Asking], sql: str) -> list[OpenParcel | None]:
    found = await rows(
        tx,
        sql,
        {
            "n": list(range(len(asked))),
            "buyer": [a.buyer for a in asked],
            "person": [a.person for a in asked],
            "market": [a.market for a in asked],
            "seller": [a.seller for a in asked],
            "show": [a.show for a in asked],
            "country": [a.country for a in asked],
            "address": [
                msgspec.json.encode(a.address).decode() if a.address else None for a in asked
            ],
        },
        _Found,
    )
    parcels = {one.n: OpenParcel(one.id, one.number) for one in found}
    return [parcels.get(n) for n in range(len(asked))]


def _tidied(asking: Asking) -> Asking:
    if asking.address is None:
        return asking
    try:
        return asking._replace(address=check_address(asking.address, asking.country))
    except PanierError:
        return asking._replace(address=None)
