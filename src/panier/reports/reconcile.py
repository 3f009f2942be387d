"""Invariants in production: whether books, stock, logs and provider agree.

Each check reads one snapshot of one cell and lists what does not add up; nothing is mended.
"""

import sys
from collections.abc import Sequence

import msgspec

from panier import invoices, ledger, orders, parcels, payouts, stock
from panier.kit.cells import Cell
from panier.kit.db import Tx, rows
from panier.kit.i18n import _
from panier.rooms.queries import check_logs
from panier.runtime import Runtime

FINDINGS_MAX = 100
"""Findings of one check; the first hundred tell enough."""

MINUTES_MAX = 60
"""What one look at whole tables may take; half a minute, as for all others, is too little."""
MEMORY_MB = 64
"""What the database may take for each step of it, however large the tables are."""

PARKED = """
select 'event parked' as rule, concat_ws(' ', kind, id, error) as subject, attempts::int as off
from event where parked order by id limit %(limit)s
"""
# The provider's own books: what is at the bank against what we were told.
PROVIDER = """
select 'payment is paid, the provider has no money' as rule, p.id::text as subject, 1 as off
from payment p left join sandbox_intent i on i.id = p.reference
where p.provider = 'sandbox' and p.state in ('paid', 'refunding', 'refunded')
  and (i.id is null or i.state <> 'succeeded' or i.minor <> p.minor or i.currency <> p.currency)
union all
select 'the provider has money that no payment knows of', i.id, 1
from sandbox_intent i
where i.state = 'succeeded' and i.at < now() - interval '15 minutes'
  and not exists (select 1 from payment p where p.provider = 'sandbox' and p.reference = i.id
                  and p.state in ('paid', 'refunding', 'refunded'))
limit %(limit)s
"""
# What left for sellers and creators, one by one.
TRANSFERS = """
(select 'payout is paid, the provider moved nothing' as rule, x.id::text as subject,
        x.minor as off
 from payout x left join sandbox_transfer t on t.key = x.transfer_key
 where x.provider = 'sandbox' and x.state = 'paid'
   and (t.id is null or t.state <> 'succeeded' or t.minor <> x.minor
        or t.currency <> x.currency)
 order by x.id limit %(limit)s)
union all
(select 'the provider moved money that no payout knows of', t.id, t.minor - t.reversed_minor
 from sandbox_transfer t
 where t.state = 'succeeded' and t.minor > t.reversed_minor
   and t.at < now() - interval '15 minutes'
   and not exists (select 1 from payout x where x.transfer_key = t.key and x.state = 'paid')
 order by t.id limit %(limit)s)
"""
# What buyers' banks took back, one by one.
DISPUTES = """
(select case
     when s.id is null or s.minor <> d.minor or i.currency <> d.currency
       or i.id is distinct from p.reference then 'the provider knows another dispute'
     else 'the provider decided a dispute otherwise' end as rule,
   d.id::text as subject, d.minor - coalesce(s.minor, 0) as off
 from dispute d join payment p on p.id = d.payment_id
 left join sandbox_dispute s on s.id = d.reference left join sandbox_intent i on i.id = s.intent_id
 where d.provider = 'sandbox'
   and (s.id is null or s.minor <> d.minor or i.currency <> d.currency
        or i.id is distinct from p.reference or d.state <> 'open' and s.state <> d.state)
 order by d.id limit %(limit)s)
union all
(select 'the provider has a dispute that we never heard of', s.id, coalesce(s.minor, 0)
 from sandbox_dispute s join sandbox_intent i on i.id = s.intent_id
 where s.state <> 'coming' and s.at < now() - interval '15 minutes'
   and exists (select 1 from payment p where p.provider = 'sandbox' and p.reference = i.id)
   and not exists (select 1 from dispute d where d.provider = 'sandbox' and d.reference = s.id)
 order by s.id limit %(limit)s)
"""
# The sum: charges less refunds, disputes and transfers is what stands on clearing. What the
# provider did and we have not heard of yet is in neither.
CLEARING = """
with charged as (
  select i.currency, sum(i.minor) as minor from sandbox_intent i
  join payment p on p.provider = 'sandbox' and p.reference = i.id
  where i.state = 'succeeded' and p.state in ('paid', 'refunding', 'refunded')
  group by i.currency),
refunded as (
  select i.currency, sum(r.minor) as minor from sandbox_refund r
  join sandbox_intent i on i.id = r.intent_id
  where r.state = 'succeeded'
    and (exists (select 1 from posting where key = 'refund:' || r.key)
         or exists (select 1 from payment where id = r.key and state = 'refunded'))
  group by i.currency),
disputed as (
  select i.currency, sum(s.minor) as minor from sandbox_dispute s
  join sandbox_intent i on i.id = s.intent_id
  join dispute d on d.provider = 'sandbox' and d.reference = s.id
  where exists (select 1 from posting where key = 'dispute:' || d.id)
    and not (s.state = 'won' and exists (select 1 from posting where key = 'dispute_won:' || d.id))
  group by i.currency),
moved as (
  select t.currency, sum(t.minor - t.reversed_minor) as minor from sandbox_transfer t
  join payout x on x.transfer_key = t.key
  where t.state = 'succeeded' and x.state = 'paid' group by t.currency)
select 'the provider has another sum than the books' as rule,
       concat_ws(' ', 'sandbox', f.currency) as subject, (f.books - f.bank)::bigint as off
from (
  select c.currency, coalesce(a.balance_minor, 0) as books,
         coalesce(n.minor, 0) - coalesce(r.minor, 0) - coalesce(b.minor, 0)
           - coalesce(m.minor, 0) as bank
  from (select currency from charged union
        select currency from account where kind = 'clearing' and owner = 'sandbox') c
  left join account a on a.kind = 'clearing' and a.owner = 'sandbox' and a.currency = c.currency
  left join charged n on n.currency = c.currency
  left join refunded r on r.currency = c.currency
  left join disputed b on b.currency = c.currency
  left join moved m on m.currency = c.currency) f
where f.books <> f.bank order by f.currency limit %(limit)s
"""


class Finding(msgspec.Struct, frozen=True):
    """Something that does not add up."""

    rule: str
    subject: str
    """What it is about."""
    off: int
    """By how much; 0 where that is no number."""


async def reconcile(cell: Cell) -> list[Finding]:
    """Check one cell; an empty list is right."""
    async with cell.tx() as tx:
        await tx.execute("set transaction isolation level repeatable read read only")
        await tx.execute(
            "select set_config('statement_timeout', %s, true), set_config('work_mem', %s, true)",
            (f"{MINUTES_MAX}min", f"{MEMORY_MB}MB"),
        )
        return [
            *[Finding(f.rule, f.subject, f.minor) for f in await ledger.check_books(tx)],
            *[Finding(f.rule, str(f.variant), f.off) for f in await stock.check_stock(tx)],
            *[
                Finding("gap in a room's log", str(gap.show), gap.seq - gap.lines)
                for gap in await check_logs(tx)
            ],
            *[Finding(f.rule, f.subject, 0) for f in await orders.check_orders(tx)],
            *[Finding(f.rule, f.subject, 0) for f in await parcels.check_parcels(tx)],
            *[Finding(f.rule, f.subject, 0) for f in await parcels.check_disputes(tx)],
            *[Finding(f.rule, f.subject, 0) for f in await invoices.check_documents(tx)],
            *[Finding(f.rule, f.subject, f.off) for f in await payouts.check_payouts(tx)],
            *await _check_rows(tx),
        ]


async def _check_rows(tx: Tx) -> list[Finding]:
    return [
        finding
        for sql in (PARKED, PROVIDER, TRANSFERS, DISPUTES, CLEARING)
        for finding in await rows(tx, sql, {"limit": FINDINGS_MAX}, Finding)
    ]


async def reconcile_all(runtime: Runtime) -> bool:
    """Check every cell and print what was found; returns whether all is right."""
    right = True
    for cell in runtime.cells:
        findings = await reconcile(cell)
        right = right and not findings
        sys.stdout.write(f"{_table(cell.name, findings)}\n")
    return right


def _table(cell: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return _("%(cell)s: everything adds up", cell=cell)
    width = max(len(finding.rule) for finding in findings)
    lines = [f"  {f.rule:{width}}  {f.off:>8}  {f.subject}" for f in findings]
    return "\n".join([_("%(cell)s: findings", cell=cell), *lines])
