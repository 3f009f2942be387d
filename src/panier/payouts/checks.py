"""Checks of what is owed and paid: parts against lines, maturity and payouts against the books."""

from typing import LiteralString

import msgspec

from panier.kit.db import Tx, rows

FINDINGS_MAX = 100
"""Findings of one kind that are listed."""


class Finding(msgspec.Struct, frozen=True):
    """Something of what is owed and paid that does not add up."""

    rule: str
    subject: str
    off: int
    """By how much, in minor units; 0 where that is no number."""


# A sale's entries by account against the order's lines, and the equation of who gets what: buyer
# paid + subsidy = VAT + commission + creators + seller.
PARTS = """
with booked as (
  select p.order_id,
    coalesce(sum(e.minor) filter (where a.kind = 'clearing'), 0) as paid,
    coalesce(sum(e.minor) filter (where a.kind = 'subsidy'), 0) as subsidy,
    -coalesce(sum(e.minor) filter (where a.kind = 'vat'), 0) as vat,
    -coalesce(sum(e.minor) filter (where a.kind = 'commission'), 0) as commission,
    -coalesce(sum(e.minor) filter (where a.kind = 'creator'), 0) as creators,
    -coalesce(sum(e.minor) filter (where a.kind = 'seller'), 0) as seller
  from posting p join entry e on e.posting_id = p.id join account a on a.id = e.account_id
  where p.kind = 'sale' group by p.order_id),
summed as (
  select l.order_id, sum(l.goods_minor + l.shipping_minor) as paid,
    sum(l.subsidy_minor + l.shipping_subsidy_minor) as subsidy,
    sum(l.vat_minor + l.shipping_vat_minor) as vat, sum(l.commission_minor) as commission,
    sum(l.creator_minor) as creators,
    sum(l.commission_base_minor + l.shipping_minor + l.shipping_subsidy_minor - l.vat_minor
        - l.shipping_vat_minor - l.commission_minor - l.creator_minor) as seller
  from order_line l join booked b on b.order_id = l.order_id group by l.order_id)
select case
    when b.paid + b.subsidy <> b.vat + b.commission + b.creators + b.seller
      then 'the parts of a sale are not what was paid'
    else 'a sale and its lines differ' end as rule,
  o.number as subject,
  (abs(b.paid - s.paid) + abs(b.subsidy - s.subsidy) + abs(b.vat - s.vat)
   + abs(b.commission - s.commission) + abs(b.creators - s.creators)
   + abs(b.seller - s.seller))::bigint as off
from booked b join summed s on s.order_id = b.order_id join orders o on o.id = b.order_id
where (b.paid, b.subsidy, b.vat, b.commission, b.creators, b.seller)
  is distinct from (s.paid, s.subsidy, s.vat, s.commission, s.creators, s.seller)
order by o.number limit %(limit)s
"""
# All refunds and lost disputes of an order take back no more of any part than was sold.
REFUNDS = """
select 'more was taken back than was sold' as rule, concat_ws(' ', o.number, s.kind) as subject,
       abs(s.minor) as off
from (
  select p.order_id, c.kind, sum(e.minor)::bigint as minor
  from posting p join entry e on e.posting_id = p.id join account a on a.id = e.account_id
  cross join lateral (
    select case when a.kind in ('dispute', 'loss') then 'clearing' else a.kind end as kind) c
  where p.kind in ('sale', 'refund', 'dispute_lost')
    and p.order_id in (select order_id from posting where kind in ('refund', 'dispute_lost'))
  group by p.order_id, c.kind) s
join orders o on o.id = s.order_id
where s.minor * case when s.kind in ('clearing', 'subsidy') then 1 else -1 end < 0
order by o.number, s.kind limit %(limit)s
"""
# Nothing stands on an order's accounts once it was released, but what a refund that no worker has
# come to left there. All that stands is summed in one pass, by none of several helpers at once.
STANDING = """
with standing as materialized (
  select p.order_id, e.account_id, -sum(e.minor)::bigint as minor
  from posting p join entry e on e.posting_id = p.id
  where e.account_id in (select id from account where kind in ('seller', 'creator'))
  group by p.order_id, e.account_id having sum(e.minor) <> 0)
select 'a released order is still owed, or owes' as rule,
       concat_ws(' ', o.number, m.kind) as subject, f.minor as off
from standing f join account a on a.id = f.account_id
join maturity m on m.order_id = f.order_id and m.kind = a.kind and m.party::text = a.owner
  and m.currency = a.currency
join orders o on o.id = m.order_id
where m.released_at is not null
  and not exists (select 1 from event v where v.stream = m.order_id and v.delivered_at is null
                  and v.kind = 'OrderRefunded')
order by o.number, m.kind limit %(limit)s
"""
BALANCES = """
with moved as (
  select kind, party, currency, sum(released_minor) as released, sum(reserve_minor) as reserve
  from maturity group by kind, party, currency),
taken as (
  select kind, party, currency, sum(minor) as minor from payout
  where state in ('approved', 'sent', 'paid', 'failed') group by kind, party, currency)
(select 'due differs from what was released and paid out' as rule,
        concat_ws(' ', a.kind, a.owner, a.currency) as subject,
        (-a.balance_minor - coalesce(m.released - m.reserve, 0) + coalesce(t.minor, 0))::bigint
          as off
 from account a
 left join moved m on m.kind || '_due' = a.kind and m.party::text = a.owner
   and m.currency = a.currency
 left join taken t on t.kind || '_due' = a.kind and t.party::text = a.owner
   and t.currency = a.currency
 where a.kind in ('seller_due', 'creator_due')
   and -a.balance_minor <> coalesce(m.released - m.reserve, 0) - coalesce(t.minor, 0)
 order by a.id limit %(limit)s)
union all
(select 'reserve differs from what was kept back', concat_ws(' ', a.owner, a.currency),
        (-a.balance_minor - coalesce(m.reserve, 0))::bigint
 from account a left join moved m on m.kind = 'seller' and m.party::text = a.owner
   and m.currency = a.currency
 where a.kind = 'reserve' and -a.balance_minor <> coalesce(m.reserve, 0)
 order by a.id limit %(limit)s)
union all
(select 'payouts under way differ from the books', concat_ws(' ', a.owner, a.currency),
        (-a.balance_minor - coalesce(f.minor, 0))::bigint
 from account a
 cross join lateral (
   select sum(minor) as minor from payout x where x.provider = a.owner
     and x.currency = a.currency and x.state in ('approved', 'sent', 'failed')) f
 where a.kind = 'payout' and -a.balance_minor <> coalesce(f.minor, 0)
 order by a.id limit %(limit)s)
"""
LATE = """
(select 'what is due was not released' as rule, concat_ws(' ', o.number, m.kind) as subject,
        0::bigint as off
 from maturity m join orders o on o.id = m.order_id
 where m.look_at < now() - interval '1 hour' order by m.look_at limit %(limit)s)
union all
(select 'a delivered order has no day on which it is due', o.number, 0
 from orders o where o.state = 'delivered'
   and not exists (select 1 from maturity m where m.order_id = o.id)
   and not exists (select 1 from event v where v.stream = o.id and v.delivered_at is null
                   and v.kind = 'OrderDelivered')
 order by o.number limit %(limit)s)
union all
(select 'a payout was asked for too often without an answer', x.id::text, x.minor
 from payout x where x.state = 'approved' and x.next_try_at is null
 order by x.id limit %(limit)s)
"""
CHECKS: tuple[LiteralString, ...] = (PARTS, REFUNDS, STANDING, BALANCES, LATE)


async def check_payouts(tx: Tx) -> list[Finding]:
    """List what is owed or paid and does not add up; empty is right."""
    return [
        finding
        for sql in CHECKS
        for finding in await rows(tx, sql, {"limit": FINDINGS_MAX}, Finding)
    ]
