"""What a deal may be like: pure."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.clock import ms
from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import _
from panier.kit.money import Money

COUNTDOWN = range(10, 301)
"""Seconds from the announcement to the opening."""
LENGTH = range(10, 1201)
"""Seconds from the opening to the end."""
UNITS = range(1, 100_001)
"""Units at the deal's price."""


class DealRunning(PanierError):
    """A deal is announced or open already; end it first."""

    code, status = "deal_running", 409


class DealOffAir(PanierError):
    """Deals are made on air, not before or after."""

    code, status = "deal_off_air", 409


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """A price for a while, in one show; open from `opens_at` to before `closes_at`."""

    id: UUID
    market: str
    show_id: UUID
    product_id: UUID
    currency: str
    state: str
    """announced, open or closed."""
    units: int
    """How many units have its price, all variants together."""
    taken: int
    buyer_max: int
    """How many of them one buyer may have."""
    opens_at: datetime
    closes_at: datetime


def check_deal(countdown: int, seconds: int, units: int, buyer_max: int) -> None:
    """Refuse times and limits out of range; raises BadInput."""
    limits = {
        "countdown": (countdown, COUNTDOWN),
        "seconds": (seconds, LENGTH),
        "units": (units, UNITS),
        "buyer_max": (buyer_max, range(1, units + 1)),
    }
    for field, (given, allowed) in limits.items():
        if given not in allowed:
            reason = (
                _("a number from %(least)s to %(most)s", least=allowed[0], most=allowed[-1])
                if allowed
                else _("a number above nothing")
            )
            raise BadInput(field=field, reason=reason)


def tell_deal(
    deal: Deal, prices: Mapping[UUID, Money], lowest: Mapping[UUID, Money]
) -> dict[str, object]:
    """Build what the room is told: prices by variant, each with what it is reduced from."""
    return {
        "deal": str(deal.id),
        "product": str(deal.product_id),
        "currency": deal.currency,
        "prices": {
            str(variant): {"minor": price.minor, "was": lowest[variant].minor}
            for variant, price in prices.items()
        },
        "opens_at": ms(deal.opens_at),
        "closes_at": ms(deal.closes_at),
        "units": deal.units,
        "buyer_max": deal.buyer_max,
    }
