"""Reads what was sold: the paid orders that name a show, by product and over time."""

from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.db import Tx, find, rows
from panier.reports.aired import Aired
from panier.reports.figures import Sale, Sales, Sold
from panier.reports.rules import step_seconds

TOTALS = """
select count(*)::int as orders, coalesce(sum(o.goods_minor), 0)::bigint as minor,
  coalesce(sum(o.shipping_minor), 0)::bigint as shipping_minor,
  count(distinct c.buyer)::int as buyers,
  (count(*) filter (where o.at > %(end)s))::int as orders_after
from orders o join checkout c on c.id = o.checkout_id
where o.show_id = %(show)s and o.paid_at is not null
"""
# A press on the basket while its product was on the picture, paid in the end.
PINNED_UNITS = """
select v.product_id, sum(h.quantity)::int
from (select distinct checkout_id from orders where show_id = %(show)s and paid_at is not null) o
join hold h on h.checkout_id = o.checkout_id and h.state = 'sold'
join variant v on v.id = h.variant_id
where exists (select 1 from pin p where p.show_id = %(show)s and p.product_id = v.product_id
              and h.at >= p.pinned_at and h.at < coalesce(p.unpinned_at, %(end)s))
group by 1
"""
PRODUCTS = """
with sold as (
  select l.product_id, sum(l.quantity)::int as units, count(distinct o.id)::int as orders,
         sum(l.goods_minor)::bigint as minor
  from orders o join order_line l on l.order_id = o.id
  where o.show_id = %(show)s and o.paid_at is not null group by 1
), named as (
  select product_id, min(position) as position from run_sheet where show_id = %(show)s group by 1
  union all select product_id, 10000 from pin where show_id = %(show)s
  union all select product_id, 20000 from sold
)
select p.id as product, p.title, coalesce(s.units, 0) as units, coalesce(s.orders, 0) as orders,
       coalesce(s.minor, 0) as minor
from (select product_id, min(position) as position from named group by 1) n
join product p on p.id = n.product_id left join sold s on s.product_id = p.id
order by s.minor desc nulls last, n.position
"""
BY_STEP = """
select (floor(extract(epoch from o.at - %(start)s) / %(step)s) * %(step)s)::int as at,
  sum(l.units)::int as units, sum(o.goods_minor)::bigint as minor
from orders o
cross join lateral (select sum(quantity) as units from order_line where order_id = o.id) l
where o.show_id = %(show)s and o.paid_at is not null and o.at between %(start)s and %(end)s
group by 1 order by 1
"""


class Totals(msgspec.Struct):
    """What all paid orders of a show come to, in minor units."""

    orders: int
    minor: int
    shipping_minor: int
    buyers: int
    orders_after: int


class Product(msgspec.Struct):
    """What was sold of a product, in minor units."""

    product: UUID
    title: dict[str, str]
    units: int
    orders: int
    minor: int


async def read_totals(
    tx: Tx, show: Aired, until: datetime | None = None
) -> tuple[Totals, list[Product]]:
    """Read what the paid orders that name the show come to, in all and by product."""
    span = {"show": show.id, "end": show.ended_at or until or show.start}
    totals = await find(tx, TOTALS, span, Totals)
    assert totals is not None  # noqa: S101 - an aggregate always has a row
    return totals, await rows(tx, PRODUCTS, span, Product)


async def read_sales(tx: Tx, show: Aired) -> Sales:
    """Read the paid orders that name the show, with when each product was sold."""
    step = step_seconds(show.seconds)
    end = show.ended_at or show.start
    # The last step belongs to the show although it may be cut short.
    span = {"show": show.id, "start": show.start, "end": end, "step": step}
    totals, products = await read_totals(tx, show)
    pinned = dict(await (await tx.execute(PINNED_UNITS, span)).fetchall())
    return Sales(
        currency=show.currency,
        orders=totals.orders,
        units=sum(p.units for p in products),
        minor=totals.minor,
        shipping_minor=totals.shipping_minor,
        buyers=totals.buyers,
        orders_after=totals.orders_after,
        products=[
            Sold(p.product, p.title, p.units, p.orders, p.minor, pinned.get(p.product, 0))
            for p in products
        ],
        points=await rows(tx, BY_STEP, span, Sale),
    )
