"""What reductions come to and who bears them: pure.

Vouchers are stacked so: the first one entered stands; others join it only if all of them stack.
Fixed amounts come off first, then percentages of what is left (all of the same amount, so that
their order is nothing), then shipping. A voucher's minimum counts the goods it applies to, after
deals and before vouchers. A parcel with one line that a free-shipping voucher applies to travels
free as a whole. The buyer always pays at least PAID_MINOR_MIN: no provider moves less.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier.incentives.refusals import (
    VoucherLimitReached,
    VoucherMinimum,
    VoucherNotCombinable,
    VoucherNotHere,
    VoucherNotNeeded,
    VoucherNotYet,
    VoucherOver,
    VoucherUsedUp,
)
from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import _
from panier.kit.money import BASIS_POINTS, Money

PAID_MINOR_MIN = 50
"""What a basket costs at least after its vouchers, in minor units."""
ENTERED_MAX = 5
"""Vouchers in one basket."""
AMOUNT_MINOR_MAX = 1_000_000
"""The largest amount of a voucher or its minimum, in minor units."""
LIMIT_MAX = 1_000_000_000
"""The largest limit of uses; above it, set none."""
CODE = re.compile(r"(?=.{3,30}$)[A-Z0-9]+(?:-[A-Z0-9]+)*")


class Kind(StrEnum):
    """What a voucher takes off."""

    PERCENT = "percent"
    """A share of the goods it applies to."""
    FIXED = "fixed"
    """An amount of money."""
    SHIPPING = "shipping"
    """The parcels of the goods it applies to."""


class Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """A reduction for whoever knows its code; None does not limit, an empty list restricts not."""

    id: UUID
    code: str
    market: str
    seller_id: UUID | None
    """Whose it is; None: the platform's."""
    kind: str
    basis_points: int
    currency: str
    minor: int
    minimum_minor: int
    funding_basis_points: int
    """The platform's part of each reduction; the seller bears the rest."""
    stackable: bool
    uses_max: int | None
    buyer_max: int | None
    markets: list[str]
    products: list[UUID]
    sellers: list[UUID]
    shows: list[UUID]
    valid_from: datetime
    valid_until: datetime | None
    agreed_at: datetime | None
    ended_at: datetime | None
    used: int
    at: datetime

    @property
    def amount(self) -> Money:
        """Return what a fixed one takes off."""
        return Money(self.minor, self.currency)

    @property
    def minimum(self) -> Money:
        """Return from which amount of goods it counts."""
        return Money(self.minimum_minor, self.currency)


class Goods(NamedTuple):
    """A line of a basket as reductions see it."""

    variant: UUID
    product: UUID
    seller: UUID
    show: UUID | None
    """In which show it was put into the basket, the first unit of it."""
    unit: int
    """The regular price of one, in minor units."""
    price: int
    """Of all units, in minor units."""
    shipping: int
    """Its part of its seller's parcel, in minor units."""


class Cut(NamedTuple):
    """What vouchers take off one line, in minor units, by who bears it."""

    seller: int = 0
    """By a seller's own voucher: the seller alone."""
    cofunding: int = 0
    """The seller's part of a joint voucher."""
    subsidy: int = 0
    """The platform's part."""
    shipping: int = 0
    """Off its part of the parcel, whoever bears it."""
    shipping_subsidy: int = 0
    """The platform's part of that."""

    @property
    def goods(self) -> int:
        """Return what comes off the goods."""
        return self.seller + self.cofunding + self.subsidy

    def plus(self, other: "Cut") -> "Cut":
        """Return both together."""
        return Cut(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Taken(NamedTuple):
    """What one voucher takes off a basket, in minor units."""

    total: int
    platform: int
    """What of it the platform bears."""


class Reduced(NamedTuple):
    """A basket after its vouchers."""

    cuts: list[Cut]
    """One a line, in their order."""
    taken: dict[UUID, Taken]
    """By voucher, of those that apply."""
    problems: dict[UUID, PanierError]
    """By voucher, of those that do not."""
    deals: Sequence["Granted"] = ()
    """Units that deals give; their reductions are in the cuts as well."""


class Granted(NamedTuple):
    """Units of one line at a deal's price."""

    deal: UUID
    variant: UUID
    units: int
    off: int
    """What it takes off all of them, in minor units."""


def check_usable(
    voucher: Voucher, market: str, at: datetime, *, used: int, mine: int
) -> PanierError | None:
    """Say why `voucher` cannot be used at all; `mine` is how often this buyer has used it."""
    if market not in voucher.markets:
        return VoucherNotHere(code=voucher.code)
    if voucher.agreed_at is None or at < voucher.valid_from:
        return VoucherNotYet(code=voucher.code)
    if voucher.ended_at is not None or (voucher.valid_until and at >= voucher.valid_until):
        return VoucherOver(code=voucher.code)
    if voucher.buyer_max is not None and mine >= voucher.buyer_max:
        return VoucherLimitReached(code=voucher.code)
    if voucher.uses_max is not None and used >= voucher.uses_max:
        return VoucherUsedUp(code=voucher.code)
    return None


def check_new(
    *,
    kind: str,
    code: str,
    basis_points: int,
    minor: int,
    minimum_minor: int,
    funding_basis_points: int,
    limits: Sequence[int | None],
    begins: datetime,
    ends: datetime | None,
    moment: datetime,
    seller: UUID | None,
    sellers: Sequence[UUID],
) -> None:
    """Refuse a voucher that could not be used or whose cost nobody has taken on."""
    if not CODE.fullmatch(code):
        raise BadInput(field="code", reason=_("3 to 30 letters, digits and hyphens"))
    if kind == Kind.PERCENT and not 0 < basis_points <= BASIS_POINTS:
        raise BadInput(field="amount", reason=_("a percentage is from 0.01 to 100"))
    if kind == Kind.FIXED and not 0 < minor <= AMOUNT_MINOR_MAX:
        raise BadInput(field="amount", reason=_("an amount is more than nothing"))
    if not 0 <= minimum_minor <= AMOUNT_MINOR_MAX:
        raise BadInput(field="minimum", reason=_("an amount is nothing or more"))
    if any(limit is not None and not 0 < limit <= LIMIT_MAX for limit in limits):
        raise BadInput(field="limits", reason=_("a limit is a whole number above nothing"))
    if ends is not None and ends <= max(begins, moment):
        raise BadInput(field="valid_until", reason=_("it ends before it begins"))
    if not 0 <= funding_basis_points <= BASIS_POINTS:
        raise BadInput(field="funding", reason=_("a percentage is from 0 to 100"))
    if seller is not None and (funding_basis_points or list(sellers) != [seller]):
        raise BadInput(field="funding", reason=_("a seller bears their own voucher alone"))
    if seller is None and funding_basis_points < BASIS_POINTS and len(sellers) != 1:
        reason = _("name the one seller who bears a part of it")
        raise BadInput(field="sellers", reason=reason)


def applies(voucher: Voucher, line: Goods) -> bool:
    """Tell whether `line` is among what `voucher` is restricted to."""
    return (
        (not voucher.products or line.product in voucher.products)
        and (not voucher.sellers or line.seller in voucher.sellers)
        and (not voucher.shows or line.show in voucher.shows)
    )


def reduce_basket(
    lines: Sequence[Goods], vouchers: Sequence[Voucher], refused: Mapping[UUID, PanierError]
) -> Reduced:
    """Take vouchers, in the order they were entered, off a basket.

    `refused` are those that cannot be used whatever the basket holds. Every part is exact: what
    a voucher takes is the sum of what it takes off the lines, and no line falls below nothing.
    """
    problems = dict(refused)
    standing: list[Voucher] = []
    for voucher in vouchers:
        if voucher.id in problems:
            continue
        problem = _check_basket(voucher, lines, standing)
        if problem is None:
            standing.append(voucher)
        else:
            problems[voucher.id] = problem
    basket = _Basket(lines)
    for kind in (Kind.FIXED, Kind.PERCENT, Kind.SHIPPING):
        basket.take([voucher for voucher in standing if voucher.kind == kind], kind)
    return Reduced(basket.cuts, basket.taken, problems)


def _check_basket(
    voucher: Voucher, lines: Sequence[Goods], standing: Sequence[Voucher]
) -> PanierError | None:
    eligible = [line for line in lines if applies(voucher, line)]
    if not eligible:
        return VoucherNotHere(code=voucher.code)
    if sum(line.price for line in eligible) < voucher.minimum_minor:
        minimum = Money(voucher.minimum_minor, voucher.currency)
        return VoucherMinimum(code=voucher.code, minimum=minimum)
    sellers = {line.seller for line in eligible}
    parcels = sum(line.shipping for line in lines if line.seller in sellers)
    if voucher.kind == Kind.SHIPPING and not parcels:
        return VoucherNotNeeded(code=voucher.code)
    if standing and not all(v.stackable for v in (*standing, voucher)):
        return VoucherNotCombinable(code=voucher.code)
    return None


class _Basket:
    """Lines while vouchers are taken off them, in minor units."""

    def __init__(self, lines: Sequence[Goods]) -> None:
        self.lines = lines
        self.prices = [line.price for line in lines]
        self.shipping = [line.shipping for line in lines]
        self.cuts = [Cut() for _ in lines]
        self.taken: dict[UUID, Taken] = {}

    @property
    def room(self) -> int:
        """How much may still come off the whole basket."""
        return max(0, sum(self.prices) + sum(self.shipping) - PAID_MINOR_MIN)

    def take(self, vouchers: Sequence[Voucher], kind: Kind) -> None:
        """Take vouchers of one kind off; percentages are all of the prices as they stand now."""
        prices = list(self.prices)
        for voucher in vouchers:
            if kind == Kind.SHIPPING:
                self._take_shipping(voucher)
                continue
            chosen = [n for n, line in enumerate(self.lines) if applies(voucher, line)]
            wish = voucher.minor
            if kind == Kind.PERCENT:
                base = Money(sum(prices[n] for n in chosen), voucher.currency)
                wish = base.percent(voucher.basis_points).minor
            weights = [self.prices[n] for n in chosen]
            parts = share(min(wish, sum(weights), self.room), weights)
            platform = share(_platform(voucher, sum(parts)), parts)
            self.taken[voucher.id] = Taken(sum(parts), sum(platform))
            for n, part, subsidy in zip(chosen, parts, platform, strict=True):
                self.prices[n] -= part
                rest = part - subsidy
                joint = voucher.funding_basis_points > 0
                cut = Cut(0 if joint else rest, rest if joint else 0, subsidy)
                self.cuts[n] = self.cuts[n].plus(cut)

    def _take_shipping(self, voucher: Voucher) -> None:
        sellers = {line.seller for line in self.lines if applies(voucher, line)}
        chosen = [n for n, line in enumerate(self.lines) if line.seller in sellers]
        weights = [self.shipping[n] for n in chosen]
        parts = share(min(sum(weights), self.room), weights)
        platform = share(_platform(voucher, sum(parts)), parts)
        self.taken[voucher.id] = Taken(sum(parts), sum(platform))
        for n, part, subsidy in zip(chosen, parts, platform, strict=True):
            self.shipping[n] -= part
            cut = Cut(shipping=part, shipping_subsidy=subsidy)
            self.cuts[n] = self.cuts[n].plus(cut)


def _platform(voucher: Voucher, minor: int) -> int:
    return Money(minor, voucher.currency).percent(voucher.funding_basis_points).minor


def share(minor: int, weights: Sequence[int]) -> list[int]:
    """Share an amount out by `weights` (largest remainder); no part exceeds its weight.

    `minor` is at most the sum of the weights: then a weight that gets a left-over unit has a
    fraction above its whole part, so even rounded up it is at most itself.
    """
    if not minor:
        return [0] * len(weights)
    return [part.minor for part in Money(minor, "").split(list(weights))]


def grant_units(wanted: int, left: int, mine: int, buyer_max: int) -> int:
    """Return how many of `wanted` units a deal still gives, `mine` of them taken before."""
    return max(0, min(wanted, left, buyer_max - mine))


def digest_email(email: str) -> bytes:
    """Return by which a buyer's address is known again: lower case, without a "+tag"; 32 bytes."""
    local, _, domain = email.strip().lower().rpartition("@")
    return hashlib.sha256(f"{local.partition('+')[0]}@{domain}".encode()).digest()
