"""Reads: who has which share of a sale; plans as sellers and hosts see them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from panier.creators.rules import PLANS_MAX, Plan, Sale, Share, State, find_plan
from panier.kit.db import Tx, find, rows
from panier.kit.errors import NotFound

LIST_MAX = 500
"""Plans in one answer."""

PLAN = """
p.id, p.market, p.seller_id as seller, p.product_id as product, p.creator_id as creator,
p.basis_points, p.state, p.valid_from, p.valid_until, p.at, p.made_by, p.answered_at, p.ended_by,
p.ended_at
"""
# Of each seller the plans that may matter now, and who of the hosts works for it.
FITTING = f"""
select {PLAN}, array(
  select r.person_id from role r where r.seller_id = p.seller_id and r.person_id = any(%(hosts)s)
) as staff
from creator_plan p
where p.seller_id = any(%(sellers)s) and p.state in ('open', 'accepted')
  and (p.creator_id is null or p.creator_id = any(%(hosts)s))
  and (p.product_id is null or p.product_id = any(%(products)s))
  and p.valid_from <= %(last)s and (p.valid_until is null or p.valid_until > %(first)s)
"""


class _Fitting(Plan, frozen=True):
    staff: list[UUID]


class Shown(Plan, frozen=True):
    """A plan with the names that a page shows."""

    seller_name: str
    product_title: dict[str, str] | None
    """By language."""
    creator_name: str | None
    maker_name: str


SHOWN = f"""
select {PLAN}, s.name as seller_name, g.title as product_title, c.name as creator_name,
  m.name as maker_name
from creator_plan p join seller s on s.id = p.seller_id join person m on m.id = p.made_by
left join product g on g.id = p.product_id left join person c on c.id = p.creator_id
where p.market = %(market)s
"""


async def find_shares(tx: Tx, wanted: Sequence[Sale]) -> list[Share | None]:
    """Return who has which share of each sale, in the order asked for: one query for all.

    A seller's own staff has none. Where every sale is outside a show nothing is read.
    """
    shown = {sale for sale in wanted if sale.host is not None}
    if not shown:
        return [None] * len(wanted)
    moments = [sale.at for sale in shown]
    plans = await rows(
        tx,
        FITTING,
        {
            "hosts": list({sale.host for sale in shown}),
            "sellers": list({sale.seller for sale in shown}),
            "products": list({sale.product for sale in shown}),
            "first": min(moments),
            "last": max(moments),
        },
        _Fitting,
    )
    found: dict[Sale, Share] = {}
    for sale in shown:
        plan = find_plan(plans, sale)
        if plan is not None and sale.host is not None and not _works_for(plans, sale):
            found[sale] = Share(sale.host, plan.basis_points)
    return [found.get(sale) for sale in wanted]


def _works_for(plans: Collection[_Fitting], sale: Sale) -> bool:
    return any(plan.seller == sale.seller and sale.host in plan.staff for plan in plans)


async def list_plans(
    tx: Tx, market: str, sellers: Collection[UUID] | None, limit: int = LIST_MAX
) -> list[Shown]:
    """List the plans of these sellers (None: all of the market), the latest first."""
    sql = SHOWN + (
        " and (%(sellers)s::uuid[] is null or p.seller_id = any(%(sellers)s))"
        " order by p.at desc, p.id desc limit %(limit)s"
    )
    given = None if sellers is None else list(sellers)
    return await rows(tx, sql, {"market": market, "sellers": given, "limit": limit}, Shown)


async def list_invitations(
    tx: Tx, market: str, creator: UUID, limit: int = LIST_MAX
) -> list[Shown]:
    """List what a person was invited to, answered or not, the latest first."""
    sql = SHOWN + " and p.creator_id = %(creator)s order by p.at desc, p.id desc limit %(limit)s"
    return await rows(tx, sql, {"market": market, "creator": creator, "limit": limit}, Shown)


async def list_open_plans(
    tx: Tx, market: str, creator: UUID, moment: datetime, limit: int = LIST_MAX
) -> list[Shown]:
    """List the open plans that have not ended, by seller; without those of one's own employer."""
    sql = SHOWN + (
        " and p.state = %(open)s and (p.valid_until is null"
        " or p.valid_until > greatest(p.valid_from, %(moment)s))"
        " and not exists (select from role r where r.person_id = %(creator)s"
        " and r.seller_id = p.seller_id)"
        " order by s.name, p.valid_from desc, p.id desc limit %(limit)s"
    )
    given = {
        "market": market,
        "creator": creator,
        "moment": moment,
        "open": State.OPEN.value,
        "limit": limit,
    }
    return await rows(tx, sql, given, Shown)


async def lock_plan(tx: Tx, market: str, plan: UUID) -> Plan:
    """Return a plan of `market` that nobody else changes until the commit; raises NotFound."""
    sql = f"select {PLAN} from creator_plan p where p.id = %s and p.market = %s for update"
    found = await find(tx, sql, (plan, market), Plan)
    if found is None:
        raise NotFound
    return found


async def count_living(tx: Tx, seller: UUID, moment: datetime) -> int:
    """Count a seller's plans that have not ended, at most PLANS_MAX."""
    cursor = await tx.execute(
        "select count(*) from (select from creator_plan where seller_id = %s"
        " and state <> 'declined' and (valid_until is null or valid_until > %s) limit %s) p",
        (seller, moment, PLANS_MAX),
    )
    ((count,),) = await cursor.fetchall()
    return int(count)
