"""Invariants in production: whether books, stock, logs and provider agree.

Each check reads one snapshot of one cell and lists what does not add up; nothing is mended.
"""

import sys
from collections.abc import Sequence

import msgspec

from panier import ledger, orders, stock
from panier.kit.cells import Cell
from panier.kit.db import Tx, rows
from panier.kit.i18n import _
from panier.rooms.queries import check_logs
from panier.runtime import Runtime

FINDINGS_MAX = 100
"""Findings of one check; the first hundred tell enough."""

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
        return [
            *[Finding(f.rule, f.subject, f.minor) for f in await ledger.check_books(tx)],
            *[Finding(f.rule, str(f.variant), f.off) for f in await stock.check_stock(tx)],
            *[
                Finding("gap in a room's log", str(gap.show), gap.seq - gap.lines)
                for gap in await check_logs(tx)
            ],
            *[Finding(f.rule, f.subject, 0) for f in await orders.check_orders(tx)],
            *await _check_rows(tx),
        ]


async def _check_rows(tx: Tx) -> list[Finding]:
    return [
        finding
        for sql in (PARKED, PROVIDER)
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
