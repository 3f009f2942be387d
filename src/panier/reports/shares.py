"""What presenting brought: sales with a creator's share in them, less what was refunded."""

from collections.abc import Collection
from uuid import UUID

from panier.creators import Brought
from panier.kit.db import Tx, rows

LIST_MAX = 200
"""Hosts or shows in one answer; those with the largest share first."""

# Paid lines with a share, less what refunds have taken back of them: the refunds, which are few,
# are summed once and not looked for line by line.
SOLD = """
select {0}, sum(l.quantity - coalesce(b.quantity, 0))::bigint as units,
       sum(l.commission_base_minor - coalesce(b.base, 0))::bigint as base,
       sum(l.creator_minor - coalesce(b.creator, 0))::bigint as share
from orders o join order_line l on l.order_id = o.id left join (
  select r.order_id, r.n, sum(r.quantity) as quantity,
         sum(r.goods_minor + r.subsidy_minor)::bigint as base,
         sum(r.creator_minor)::bigint as creator
  from order_refund_line r join order_refund f on f.id = r.refund_id
  where f.state = 'done' group by r.order_id, r.n) b on b.order_id = l.order_id and b.n = l.n
"""
SUMS = """
count(*) as orders, sum(units)::bigint as units, sum(base)::bigint as base_minor,
sum(share)::bigint as share_minor, currency
"""
BY_HOST = f"""
select p.name as title, '' as slug, {SUMS}
from ({SOLD.format("o.id, l.creator_id, o.currency")}
  where o.seller_id = any(%s) and o.market = %s and o.paid_at is not null
    and l.creator_id is not null
  group by o.id, l.creator_id) sold join person p on p.id = sold.creator_id
group by p.id, currency order by share_minor desc, p.id limit %s
"""
BY_SHOW = f"""
select s.title, s.slug, {SUMS}
from ({SOLD.format("o.id, o.show_id, o.currency")}
  where o.show_id in (select id from show where host_id = %(host)s and market = %(market)s)
    and l.creator_id = %(host)s and o.paid_at is not null
  group by o.id) sold join show s on s.id = sold.show_id
group by s.id, currency order by s.starts_at desc, s.id limit %(limit)s
"""


async def list_hosts_who_sold(tx: Tx, market: str, sellers: Collection[UUID]) -> list[Brought]:
    """List who presented what these sellers sold, with what it cost them."""
    return await rows(tx, BY_HOST, (list(sellers), market, LIST_MAX), Brought)


async def list_shows_that_sold(tx: Tx, market: str, host: UUID) -> list[Brought]:
    """List the shows of a host with what they brought, the latest first.

    An order belongs to one show, the first of its basket; another host's is not looked into.
    """
    given = {"host": host, "market": market, "limit": LIST_MAX}
    return await rows(tx, BY_SHOW, given, Brought)
