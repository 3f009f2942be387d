"""What a market may become, what is possible in it, which commission holds for whom: pure."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import N_, _


class Stage(StrEnum):
    """Where a market is in its life."""

    DRAFT = "draft"
    """Being prepared; only its own team sees it."""
    PILOT = "pilot"
    """Sells to those who have the address."""
    OPEN = "open"
    """Sells, and is listed."""
    PAUSED = "paused"
    """Sells nothing for now; orders, returns and replays stay."""
    CLOSING = "closing"
    """Sells nothing more; open orders are brought to their end."""
    CLOSED = "closed"
    """Over; its pages are gone, its books are kept."""


class Tier(StrEnum):
    """What a seller is to us, as far as the commission goes."""

    KEY_ACCOUNT = "key_account"
    """Agreed with one by one."""
    STANDARD = "standard"
    """Everybody else."""
    FIRST_90_DAYS = "first_90_days"
    """Everybody else, from their first day until the ninetieth."""


class FeeRule(msgspec.Struct, frozen=True):
    """What commission holds for which sellers and products of a market, and when."""

    id: UUID
    market: str
    tier: str | None
    """See Tier; None is all."""
    category: str | None
    """See VAT_CATEGORIES; None is all."""
    basis_points: int
    valid_from: date
    valid_until: date | None
    """The first day on which it holds no more; `valid_from` itself: it never began."""
    at: datetime
    made_by: UUID | None
    ended_by: UUID | None
    ended_at: datetime | None

    def holds(self, day: date) -> bool:
        """Tell whether `day` is one of its days."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


class Standing(StrEnum):
    """How a fee rule stands on a day, as a list shows it."""

    HOLDS = "holds"
    """It decides, unless a more specific one does."""
    COVERED = "covered"
    """A later one for the same tier and category decides in its place."""
    COMING = "coming"
    """It begins on a later day."""
    OVER = "over"
    """It has ended, or never began."""


TRANSITIONS: dict[Stage, frozenset[Stage]] = {
    Stage.DRAFT: frozenset({Stage.PILOT, Stage.CLOSED}),
    Stage.PILOT: frozenset({Stage.OPEN, Stage.PAUSED, Stage.CLOSING}),
    Stage.OPEN: frozenset({Stage.PAUSED, Stage.CLOSING}),
    Stage.PAUSED: frozenset({Stage.PILOT, Stage.OPEN, Stage.CLOSING}),
    Stage.CLOSING: frozenset({Stage.CLOSED}),
    Stage.CLOSED: frozenset(),
}
VAT_CATEGORIES = frozenset(
    {
        "standard",
        "reduced",
        "super_reduced",
        "food",
        "basic_food",
        "herbs",
        "books",
        "children_clothing",
        "zero",
    }
)
"""What a product may be; data.toml explains them and has each country's rates."""
CATEGORY_NAMES = {
    "standard": N_("Standard-rate goods"),
    "reduced": N_("Reduced-rate goods"),
    "super_reduced": N_("Super-reduced-rate goods"),
    "food": N_("Food"),
    "basic_food": N_("Basic food"),
    "herbs": N_("Fresh herbs"),
    "books": N_("Books"),
    "children_clothing": N_("Children’s clothes and shoes"),
    "zero": N_("Zero-rated goods"),
}
"""How a page calls them."""
COMMISSION_DEFAULT = 500
"""Basis points where no rule says otherwise."""
COMMISSION_MAX = 5000
"""Basis points; more than half of a price is no commission."""
RULES_MAX = 500
"""Fee rules of a market that have not ended."""
SELLING = frozenset({Stage.PILOT, Stage.OPEN})
PUBLIC = frozenset({Stage.PILOT, Stage.OPEN, Stage.PAUSED, Stage.CLOSING})


class StageRefused(PanierError):
    """A market cannot take this step from the stage that it is in."""

    code, status = "stage_refused", 409


class MarketPaused(PanierError):
    """Nothing is sold here at the moment; orders and returns are looked after as always."""

    code, status = "market_paused", 409


class UnknownVatRate(PanierError):
    """No VAT rate is known for this kind of product in this country on this day."""

    code, status = "unknown_vat_rate", 409


class FeeTooEarly(PanierError):
    """What was sold keeps its commission: a rule begins tomorrow at the earliest."""

    code, status = "fee_too_early", 422


class FeeEndTooEarly(PanierError):
    """What was sold keeps its commission: a rule ends with today at the earliest."""

    code, status = "fee_end_too_early", 422


class FeeRuleOver(PanierError):
    """This rule has ended already."""

    code, status = "fee_rule_over", 409


def check_move(stage: str, to: str) -> None:
    """Refuse a step that is not in the table; raises StageRefused."""
    if Stage(to) not in TRANSITIONS[Stage(stage)]:
        raise StageRefused(stage=stage, to=to)


def can_sell(stage: str) -> bool:
    """Tell whether baskets and payments are taken."""
    return stage in SELLING


def check_selling(stage: str) -> None:
    """Refuse to sell where nothing is sold; raises MarketPaused."""
    if not can_sell(stage):
        raise MarketPaused


def is_public(stage: str) -> bool:
    """Tell whether anybody with the address may look at it."""
    return stage in PUBLIC


def find_fee(rules: Iterable[FeeRule], tier: str, category: str, day: date) -> FeeRule | None:
    """Return the rule that decides, or None: then COMMISSION_DEFAULT holds.

    The most specific one wins: for tier and category, for the tier, for the category, for all.
    Among equals the one that began last, and of one day the one that was written last.
    """
    fitting = [
        rule
        for rule in rules
        if rule.holds(day) and rule.tier in (None, tier) and rule.category in (None, category)
    ]
    return max(fitting, key=_weight, default=None)


def _weight(rule: FeeRule) -> tuple[bool, bool, date, UUID]:
    return rule.tier is not None, rule.category is not None, rule.valid_from, rule.id


def check_fee(
    tier: str | None, category: str | None, basis_points: int, valid_from: date, today: date
) -> None:
    """Refuse an unknown tier or category, an absurd rate, or a rule that changes what was sold.

    Raises BadInput, FeeTooEarly.
    """
    if tier is not None and tier not in set(Tier):
        raise BadInput(field="tier", reason=tier)
    if category is not None and category not in VAT_CATEGORIES:
        raise BadInput(field="category", reason=category)
    if not 0 <= basis_points <= COMMISSION_MAX:
        reason = _("a commission is between 0 and %(most)s %%", most=COMMISSION_MAX // 100)
        raise BadInput(field="percent", reason=reason)
    if valid_from <= today:
        raise FeeTooEarly


def check_fee_end(rule: FeeRule, last_day: date, today: date) -> None:
    """Refuse to end a rule in the past, or one that is over; raises FeeEndTooEarly, FeeRuleOver."""
    if rule.valid_until is not None and rule.valid_until <= max(today, rule.valid_from):
        raise FeeRuleOver
    if last_day < today:
        raise FeeEndTooEarly


def fee_standing(rule: FeeRule, rules: Iterable[FeeRule], day: date) -> Standing:
    """Tell how a rule stands among all `rules` on `day`."""
    if rule.valid_until is not None and rule.valid_until <= max(day, rule.valid_from):
        return Standing.OVER
    if rule.valid_from > day:
        return Standing.COMING
    alike = [r for r in rules if (r.tier, r.category) == (rule.tier, rule.category)]
    decides = find_fee(alike, rule.tier or "", rule.category or "", day)
    return Standing.COVERED if decides and decides.id != rule.id else Standing.HOLDS
