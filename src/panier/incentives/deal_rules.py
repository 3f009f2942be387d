"""What a deal may be like, and how far its seller agreed to it: pure."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.clock import ms
from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import _
from panier.kit.money import BASIS_POINTS, Money

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


class DealNotAgreed(PanierError):
    """%(seller)s has not agreed to this deal; ask them, or stay within what they agreed to."""

    code, status = "deal_not_agreed", 409


class RequestDecided(PanierError):
    """This was answered, taken back or too old in the meantime; nothing has changed."""

    code, status = "deal_request_decided", 409


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


AGREED_UNITS_MAX = 1_000_000
"""Units that a seller can agree to at once."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How far hosts may go: a part off the price of the day, or no lower than a price."""

    currency: str
    basis_points: int | None = None
    floor_minor: int | None = None
    units: int
    """Of all deals together; 0: none."""
    valid_from: datetime
    valid_until: datetime | None = None


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller agreed to, for one product or for all, and what of it is spoken for."""

    id: UUID
    market: str
    seller_id: UUID
    product_id: UUID | None
    currency: str
    basis_points: int | None
    floor_minor: int | None
    units: int
    valid_from: datetime
    valid_until: datetime | None
    used: int

    @property
    def left(self) -> int:
        """Return the units that no deal has been promised."""
        return max(0, self.units - self.used)

    @property
    def floor(self) -> Money | None:
        """Return the lowest price, where it is one."""
        return None if self.floor_minor is None else Money(self.floor_minor, self.currency)

    def lowest(self, price: int) -> int:
        """Return the lowest price agreed to for what costs `price` without a deal."""
        if self.floor_minor is not None:
            return self.floor_minor
        off = self.basis_points or 0
        return -(-price * (BASIS_POINTS - off) // BASIS_POINTS)

    def covers(
        self,
        prices: Mapping[UUID, int],
        now_at: Mapping[UUID, int],
        units: int,
        between: tuple[datetime, datetime],
    ) -> bool:
        """Tell whether a deal is within it; `now_at`: what the variants cost without one."""
        opens_at, closes_at = between
        return (
            units <= self.left
            and self.valid_from <= opens_at
            and (self.valid_until is None or closes_at <= self.valid_until)
            and all(minor >= self.lowest(now_at[variant]) for variant, minor in prices.items())
        )


def check_bounds(bounds: Bounds, *, for_one: bool) -> None:
    """Refuse bounds that say nothing, or too much; raises BadInput."""
    if (bounds.basis_points is None) == (bounds.floor_minor is None):
        raise BadInput(field="floor", reason=_("give a part in percent or a lowest price"))
    if bounds.basis_points is not None and not 1 <= bounds.basis_points < BASIS_POINTS:
        raise BadInput(field="percent", reason=_("a part is more than 0 and less than 100 percent"))
    if bounds.floor_minor is not None and not for_one:
        raise BadInput(field="floor", reason=_("a lowest price is for one product"))
    if bounds.floor_minor is not None and bounds.floor_minor < 1:
        raise BadInput(field="floor", reason=_("a price is more than nothing"))
    if not 0 <= bounds.units <= AGREED_UNITS_MAX:
        reason = _("a number from %(least)s to %(most)s", least=0, most=AGREED_UNITS_MAX)
        raise BadInput(field="units", reason=reason)
    if bounds.valid_until is not None and bounds.valid_until <= bounds.valid_from:
        raise BadInput(field="last_day", reason=_("the last day is before the first"))
