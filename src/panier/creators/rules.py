"""Plans of shares, pure: which one decides, what it may promise, what a share comes to."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import _
from panier.kit.money import BASIS_POINTS, Money

SHARE_MIN, SHARE_MAX = 100, 8000
"""Basis points of the commission base: 1 to 80 %."""
PLANS_MAX = 1000
"""Plans of a seller that have not ended."""


class State(StrEnum):
    """Where a plan stands; whether it still holds is told by its days."""

    OPEN = "open"
    """Whoever presents has the share."""
    INVITED = "invited"
    """One person is asked."""
    ACCEPTED = "accepted"
    """That person has the share."""
    DECLINED = "declined"
    """They do not want it."""


TRANSITIONS: dict[State, frozenset[State]] = {
    State.OPEN: frozenset(),
    State.INVITED: frozenset({State.ACCEPTED, State.DECLINED}),
    State.ACCEPTED: frozenset(),
    State.DECLINED: frozenset(),
}


class Standing(StrEnum):
    """How a plan stands at a moment, as a list shows it."""

    HOLDS = "holds"
    """It gives a share, unless a more specific one does."""
    COMING = "coming"
    """It begins on a later day."""
    WAITING = "waiting"
    """The invited person has not answered."""
    DECLINED = "declined"
    """They do not want it."""
    OVER = "over"
    """It has ended."""


class Plan(msgspec.Struct, frozen=True):
    """Which share of its sales a seller gives to whom, and when."""

    id: UUID
    market: str
    seller: UUID
    product: UUID | None
    """None is all products of the seller."""
    creator: UUID | None
    """Whom it invites; None is whoever presents."""
    basis_points: int
    """Of the commission base, VAT included."""
    state: str
    """See State."""
    valid_from: datetime
    valid_until: datetime | None
    """The first moment at which it holds no more."""
    at: datetime
    made_by: UUID
    answered_at: datetime | None
    ended_by: UUID | None
    ended_at: datetime | None

    def over(self, moment: datetime) -> bool:
        """Tell whether it holds no more, nor ever again."""
        return self.valid_until is not None and self.valid_until <= max(moment, self.valid_from)

    def standing(self, moment: datetime) -> Standing:
        """Tell how it stands at `moment`."""
        if self.state == State.DECLINED:
            return Standing.DECLINED
        if self.over(moment):
            return Standing.OVER
        if self.state == State.INVITED:
            return Standing.WAITING
        return Standing.HOLDS if self.valid_from <= moment else Standing.COMING

    def holds(self, moment: datetime) -> bool:
        """Tell whether it gives a share at `moment`."""
        agreed = self.state in (State.OPEN, State.ACCEPTED)
        return agreed and self.valid_from <= moment and not self.over(moment)


class Sale(NamedTuple):
    """What is about to be sold: who presented it decides who has a share."""

    market: str
    host: UUID | None
    """The host of the show in which it was put into the basket; None outside a show."""
    seller: UUID
    product: UUID
    at: datetime


class Share(NamedTuple):
    """Who has which share of a sale."""

    creator: UUID
    basis_points: int


class Brought(msgspec.Struct, frozen=True):
    """What a host, or a show, brought: paid sales with a share in them, less refunds."""

    title: str
    """The host's name, or the show's title."""
    slug: str
    """The show's name in addresses."""
    orders: int
    units: int
    base_minor: int
    """What the share is taken of, VAT included."""
    share_minor: int
    currency: str

    @property
    def base(self) -> Money:
        """Return what the share is taken of."""
        return Money(self.base_minor, self.currency)

    @property
    def share(self) -> Money:
        """Return the share."""
        return Money(self.share_minor, self.currency)


class ShareTooLarge(PanierError):
    """VAT and commission leave at most %(most)s %% of the price for the host."""

    code, status = "share_too_large", 422


class PlanTooEarly(PanierError):
    """What was sold keeps its share: a plan begins today at the earliest, and ends after that."""

    code, status = "plan_too_early", 422


class PlanOver(PanierError):
    """This plan has ended already."""

    code, status = "plan_over", 409


class AlreadyAnswered(PanierError):
    """This invitation has been answered already."""

    code, status = "already_answered", 409


class NoSuchHost(PanierError):
    """No host of this market has this e-mail address."""

    code, status = "no_such_host", 422


class OwnStaff(PanierError):
    """Whoever works for the seller is not given a share of its sales."""

    code, status = "own_staff", 422


class TooManyPlans(PanierError):
    """A seller has at most %(most)s plans at once; please end one first."""

    code, status = "too_many_plans", 409


def find_plan(plans: Iterable[Plan], sale: Sale) -> Plan | None:
    """Return the plan that decides on a sale, or None.

    An invitation goes before an open plan, a plan for the product before one for all; among equals
    the one that began last, and of one moment the one that was written last.
    """
    if sale.host is None:
        return None
    fitting = [
        plan
        for plan in plans
        if (plan.market, plan.seller) == (sale.market, sale.seller)
        and plan.product in (None, sale.product)
        and plan.creator in (None, sale.host)
        and plan.holds(sale.at)
    ]
    return max(fitting, key=_weight, default=None)


def _weight(plan: Plan) -> tuple[bool, bool, datetime, UUID]:
    return plan.creator is not None, plan.product is not None, plan.valid_from, plan.id


def highest_share(vat_basis_points: int, commission_basis_points: int) -> int:
    """Return the largest share in basis points that a price bears beside VAT and commission."""
    without_vat = BASIS_POINTS * BASIS_POINTS // (BASIS_POINTS + vat_basis_points)
    return max(0, min(SHARE_MAX, without_vat - commission_basis_points))


def check_share(basis_points: int, vat_basis_points: int, commission_basis_points: int) -> None:
    """Refuse a share outside 1 to 80 %, or one that would cost the seller more than the price.

    VAT and commission are the highest that the plan may meet. Raises BadInput, ShareTooLarge.
    """
    if not SHARE_MIN <= basis_points <= SHARE_MAX:
        reason = _(
            "a share is between %(least)s and %(most)s %%",
            least=SHARE_MIN // 100,
            most=SHARE_MAX // 100,
        )
        raise BadInput(field="percent", reason=reason)
    most = highest_share(vat_basis_points, commission_basis_points)
    if basis_points > most:
        raise ShareTooLarge(most=f"{most // 100}.{most % 100:02}")


def check_days(valid_from: datetime, valid_until: datetime | None, moment: datetime) -> None:
    """Refuse a plan that would change what was sold, or that ends before it begins."""
    if valid_from < moment or (valid_until is not None and valid_until <= valid_from):
        raise PlanTooEarly


def check_answer(plan: Plan, to: State, moment: datetime) -> None:
    """Refuse a second answer, or one that comes too late; raises AlreadyAnswered, PlanOver."""
    if to not in TRANSITIONS[State(plan.state)]:
        raise AlreadyAnswered
    if plan.over(moment):
        raise PlanOver


def take_share(base: Money, vat: Money, commission: Money, basis_points: int) -> Money:
    """Return what the creator is given of `base`, the goods' price with `vat` inside.

    Never more than VAT and commission leave: each is rounded for itself, and either may have been
    raised since the plan was made.
    """
    left = max(Money.zero(base.currency), base - vat - commission)
    return min(base.percent(basis_points), left)
