"""What presenting brought: sales with a creator's share in them, less what was refunded."""

from collections.abc import Collection
from uuid import UUID

from panier.creators import Brought
from panier.kit.db import Tx, rows

LIST_MAX = 200
"""Hosts or shows in one answer; those with the largest share first."""

SUMS = """
count(distinct o.id) as orders, sum(l.quantity - coalesce(back.quantity, 0))::bigint as units,
sum(l.commission_base_minor - coalesce(back.base, 0))::bigint as base_minor,
sum(l.creator_minor - coalesce(back.creator, 0))::bigint as share_minor, o.currency
"""
# Paid lines with a share; what refunds have taken back of each.
LINES = """
orders o join order_line l on l.order_id = o.id
left join lateral (
  select sum(r.quantity) as quantity, sum(r.goods_minor + r.subsidy_minor) as base,
         sum(r.creator_minor) as creator
  from order_refund_line r join order_refund f on f.id = r.refund_id
  where r.order_id = l.order_id and r.n = l.n and f.state = 'done') back on true
"""
BY_HOST = f"""
select p.name as title, '' as slug, {SUMS}
from {LINES} join person p on p.id = l.creator_id
where o.seller_id = any(%s) and o.market = %s and o.paid_at is not null
group by p.id, o.currency order by share_minor desc, p.id limit %s
"""
BY_SHOW = f"""
select s.title, s.slug, {SUMS}
from {LINES} join show s on s.id = o.show_id
where s.host_id = %s and s.market = %s and l.creator_id = s.host_id and o.paid_at is not null
group by s.id, o.currency order by max(s.starts_at) desc, s.id limit %s
"""


async def list_hosts_who_sold(tx: Tx, market: str, sellers: Collection[UUID]) -> list[Brought]:
    """List who presented what these sellers sold, with what it cost them."""
    return await rows(tx, BY_HOST, (list(sellers), market, LIST_MAX), Brought)


async def list_shows_that_sold(tx: Tx, market: str, host: UUID) -> list[Brought]:
    """List the shows of a host with what they brought, the latest first.

    An order belongs to one show, the first of its basket; another host's is not looked into.
    """
    return await rows(tx, BY_SHOW, (host, market, LIST_MAX), Brought)
