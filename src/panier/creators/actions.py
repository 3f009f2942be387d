"""Writes: a seller makes and ends plans, a host answers an invitation.

A plan is never changed: what it promised stays readable beside the orders that froze it.
"""

from datetime import datetime
from uuid import UUID

from panier import catalog, markets, people
from panier.creators.queries import count_living, lock_plan
from panier.creators.rules import (
    PLANS_MAX,
    NoSuchHost,
    OwnStaff,
    PlanOver,
    State,
    TooManyPlans,
    check_answer,
    check_days,
    check_share,
)
from panier.kit.clock import now
from panier.kit.db import Tx, run
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import _
from panier.kit.ids import new_id

HOST = "host"
"""The role that presents."""


async def create_plan(
    tx: Tx,
    *,
    market: str,
    seller: UUID,
    product: UUID | None,
    email: str | None,
    basis_points: int,
    valid_from: datetime | None,
    valid_until: datetime | None,
    by: UUID,
) -> UUID:
    """Promise a share of the seller's sales (or a product's) to whoever presents, or to `email`.

    Without `valid_from` it holds from now on. Raises NotFound (no such seller), BadInput,
    ShareTooLarge, PlanTooEarly, NoSuchHost, OwnStaff, TooManyPlans and people.BadEmail.
    """
    moment = now()
    begins = valid_from or moment
    if (await catalog.get_seller(tx, seller)).market != market:
        raise NotFound
    check_days(begins, valid_until, moment)
    home = await markets.get_market(tx, market)
    category = await _category(tx, seller, product)
    check_share(
        basis_points,
        await markets.get_highest_vat_rate(tx, home.country, category, home.day(begins)),
        await markets.get_highest_commission(tx, market, home.day(begins)),
    )
    creator = await _find_host(tx, market, seller, email) if email else None
    if await count_living(tx, seller, moment) >= PLANS_MAX:
        raise TooManyPlans(most=PLANS_MAX)
    plan = new_id()
    await run(
        tx,
        "insert into creator_plan (id, market, seller_id, product_id, creator_id, basis_points,"
        " state, valid_from, valid_until, made_by, at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            plan, market, seller, product, creator, basis_points,
            State.INVITED if creator else State.OPEN, begins, valid_until, by, moment,
        ),
    )  # fmt: skip
    return plan


async def _category(tx: Tx, seller: UUID, product: UUID | None) -> str | None:
    """Return a product's VAT category; None for all that the seller has or may have."""
    if product is None:
        return None
    known = (await catalog.find_products(tx, [product], "")).get(product)
    if known is None or known.seller.id != seller:
        raise BadInput(field="product", reason=_("this seller does not sell this product"))
    return known.vat_category


async def _find_host(tx: Tx, market: str, seller: UUID, email: str) -> UUID:
    person = await people.find_person_by_email(tx, people.normal_email(email))
    roles = await people.list_roles(tx, person.id) if person else []
    if person is None or not any(r.role == HOST and r.market == market for r in roles):
        raise NoSuchHost
    if any(r.seller_id == seller for r in roles):
        raise OwnStaff
    return person.id


async def answer(tx: Tx, market: str, plan: UUID, creator: UUID, to: State) -> None:
    """Accept or decline an invitation; the same answer again changes nothing.

    Raises NotFound (also for somebody else's), AlreadyAnswered, PlanOver.
    """
    found = await lock_plan(tx, market, plan)
    if found.creator != creator:
        raise NotFound
    if found.state == to:
        return
    check_answer(found, to, now())
    await run(
        tx,
        "update creator_plan set state = %s, answered_at = %s where id = %s",
        (to.value, now(), plan),
    )


async def end_plan(tx: Tx, market: str, plan: UUID, by: UUID) -> None:
    """End a plan now, or before it begins; what was sold keeps its share.

    Raises NotFound, PlanOver.
    """
    found, moment = await lock_plan(tx, market, plan), now()
    if found.over(moment):
        raise PlanOver
    await run(
        tx,
        "update creator_plan set valid_until = greatest(valid_from, %s), ended_by = %s,"
        " ended_at = %s where id = %s",
        (moment, by, moment, plan),
    )
