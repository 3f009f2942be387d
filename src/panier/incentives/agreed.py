"""What sellers agreed to beforehand: how far hosts may go with their prices without asking.

A deal counts against the agreement it was made by with all its units while it runs, and as long
afterwards as a basket that met it may still be paid; then with those that were taken.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from panier import catalog
from panier.incentives.deal_rules import Agreement, Bounds, check_bounds
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run, value
from panier.kit.errors import NotFound
from panier.kit.ids import new_id

BASKET_MINUTES = 30
"""So long after a deal's end its price may still be claimed: no hold becomes older."""
LIST_MAX = 200
"""Agreements on one page."""

AGREEMENT = """
select a.id, a.market, a.seller_id, a.product_id, a.currency, a.basis_points, a.floor_minor,
       a.units, a.valid_from, a.valid_until, (
  select coalesce(sum(case when d.closes_at > d.opens_at and d.closes_at > %(settled)s
                           then d.units else d.taken end), 0)::int
  from deal d where d.agreement_id = a.id) as used
from deal_agreement a
"""
TRIES = 3
"""How often an agreement is looked for that is replaced while we wait for it."""


async def find_agreement(tx: Tx, market: str, seller: UUID, product: UUID) -> Agreement | None:
    """Return what a seller agreed to for a product: its own, else that for all; None: nothing."""
    sql = AGREEMENT + (
        " where a.market = %(market)s and a.seller_id = %(seller)s and a.ended_at is null"
        " and (a.product_id = %(product)s or a.product_id is null)"
        " order by a.product_id is null limit 1"
    )
    return await find(tx, sql, _asked(market, seller=seller, product=product), Agreement)


async def lock_agreement(tx: Tx, market: str, seller: UUID, product: UUID) -> Agreement | None:
    """Return the same, and let nobody else count on it until this transaction ends."""
    for _try in range(TRIES):
        found = await find_agreement(tx, market, seller, product)
        if found is None:
            return None
        sql = "select true from deal_agreement where id = %s and ended_at is null for update"
        if await value(tx, sql, (found.id,)):
            # Counted again now that it is ours: what others promised before us is seen.
            return await get_agreement(tx, found.id)
    return None


async def list_agreements(tx: Tx, market: str, sellers: Sequence[UUID] | None) -> list[Agreement]:
    """List what is agreed now by these sellers (None: all of the market), that for all first."""
    sql = AGREEMENT + (
        " where a.market = %(market)s and a.ended_at is null"
        " and (%(sellers)s::uuid[] is null or a.seller_id = any(%(sellers)s))"
        " order by a.seller_id, a.product_id nulls first limit %(limit)s"
    )
    given = list(sellers) if sellers is not None else None
    return await rows(tx, sql, {**_asked(market, sellers=given), "limit": LIST_MAX}, Agreement)


async def get_agreement(tx: Tx, agreement: UUID) -> Agreement:
    """Return what was agreed; raises NotFound, also when it was ended."""
    sql = AGREEMENT + " where a.id = %(id)s and a.ended_at is null"
    found = await find(tx, sql, _asked("", id=agreement), Agreement)
    if found is None:
        raise NotFound
    return found


async def agree_to_deals(
    tx: Tx, seller: UUID, bounds: Bounds, by: UUID | None, product: UUID | None = None
) -> UUID:
    """Let hosts make deals within bounds from now on; what was agreed before for it ends.

    Raises NotFound for another seller's product, BadInput.
    """
    check_bounds(bounds, for_one=product is not None)
    of = await catalog.get_seller(tx, seller)
    if product is not None and (await catalog.get_product(tx, product, "en")).seller.id != seller:
        raise NotFound
    moment, key = now(), new_id()
    await run(
        tx,
        "update deal_agreement set ended_at = %s where market = %s and seller_id = %s"
        " and product_id is not distinct from %s and ended_at is null",
        (moment, of.market, seller, product),
    )
    given = {
        "id": key, "market": of.market, "seller": seller, "product": product, "by": by,
        "at": moment, **msgspec.structs.asdict(bounds),
    }  # fmt: skip
    await run(
        tx,
        "insert into deal_agreement (id, market, seller_id, product_id, currency, basis_points,"
        " floor_minor, units, valid_from, valid_until, made_by, at) values (%(id)s, %(market)s,"
        " %(seller)s, %(product)s, %(currency)s, %(basis_points)s, %(floor_minor)s, %(units)s,"
        " %(valid_from)s, %(valid_until)s, %(by)s, %(at)s)",
        given,
    )
    return key


async def end_agreement(tx: Tx, agreement: UUID) -> None:
    """Agree to nothing more; deals that run keep their price. Twice is once."""
    await run(
        tx,
        "update deal_agreement set ended_at = %s where id = %s and ended_at is null",
        (now(), agreement),
    )


def _asked(market: str, **given: object) -> dict[str, object]:
    return {"market": market, "settled": settled_before(now()), **given}


def settled_before(moment: datetime) -> datetime:
    """Return before when a deal must have ended for its units to be counted as they were taken."""
    return moment - timedelta(minutes=BASKET_MINUTES)
