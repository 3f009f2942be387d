"""Stages: what a market may become, what is possible in it."""

from enum import StrEnum

from panier.kit.errors import PanierError


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


class UnknownFee(PanierError):
    """No commission is agreed for this market on this day."""

    code, status = "unknown_fee", 409


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
