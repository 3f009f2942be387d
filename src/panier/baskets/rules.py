"""What a basket comes to: pure, the same for the sheet, the order and the books.

Prices include VAT, that of the country to which they go. A seller's parcel costs one amount
whatever is in it; it is shared out over its lines by their price, and each share bears the VAT of
its line: a parcel follows what it carries (Directive 2006/112/EC, article 78; HMRC VAT notice
700/24).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier.catalog import Offer
from panier.kit.money import Money


class Each(NamedTuple):
    """How many of a variant one buyer may have."""

    limit: int
    more: int
    """Units that this buyer may still add."""


class Item(msgspec.Struct, frozen=True):
    """So many of one variant, held until `expires_at` (UTC)."""

    variant: UUID
    quantity: int
    expires_at: datetime
    extended: bool = False
    """It was kept longer once."""
    offered: bool = False
    """Its buyer waited in line for it."""
    unheld: int = 0
    """Units of it that are not set aside: who pays first gets them."""
    left: int | None = None
    """What is left to sell where that is less than `unheld`; None: enough."""
    each: Each | None = None
    """How many one buyer may have; None: no such limit."""


class Destination(NamedTuple):
    """Where a basket goes, and who taxes it."""

    country: str
    """ISO 3166: whose VAT is inside."""
    reverse_charge: bool = False
    """A business there owes the VAT itself: all amounts are net of it."""


class Cut(msgspec.Struct, frozen=True):
    """What a line costs its buyer less, by who bears it; VAT included, in minor units from 0."""

    seller_discount: int = 0
    """Borne by the seller alone."""
    cofunding: int = 0
    """The seller's part of a reduction that the platform shares."""
    subsidy: int = 0
    """The platform's part."""
    shipping_discount: int = 0
    """Off the line's share of the parcel, borne by the seller."""
    shipping_subsidy: int = 0
    """The same, borne by the platform."""


class Line(msgspec.Struct, frozen=True):
    """A line of a basket or an order; every amount includes VAT, which is told besides.

    The platform's part of a reduction is money for the seller, so VAT is inside it as well
    (Directive 2006/112/EC, article 73: subsidies directly linked to the price).
    """

    offer: Offer
    quantity: int
    expires_at: datetime
    extended: bool
    offered: bool
    vat_basis_points: int
    list: Money
    """All units at their regular price."""
    seller_discount: Money
    cofunding: Money
    subsidy: Money
    total: Money
    """What the buyer pays for all units: the list price less the three."""
    vat: Money
    """The VAT inside `total` and `subsidy`."""
    shipping: Money
    """What the buyer pays of the line's share of its seller's parcel."""
    shipping_subsidy: Money
    """What the platform pays of it."""
    shipping_vat: Money
    """The VAT inside `shipping` and `shipping_subsidy`."""
    unheld: int = 0
    """Units that are not set aside: who pays first gets them."""
    left: int | None = None
    """What is left to sell where that is less than `unheld`; None: enough."""
    each: Each | None = None
    """How many one buyer may have; None: no such limit."""

    @property
    def base(self) -> Money:
        """Return what the seller gets for the goods: commission and shares are taken of it."""
        return self.total + self.subsidy

    @property
    def vat_paid(self) -> Money:
        """Return the VAT inside what the buyer pays, without what the platform pays."""
        rate = self.vat_basis_points
        return self.total.vat_inside(rate) + self.shipping.vat_inside(rate)


class Sums(msgspec.Struct, frozen=True):
    """What lines come to."""

    goods: Money
    shipping: Money
    vat: Money
    """The VAT inside goods, shipping and what the platform pays of them."""

    @property
    def total(self) -> Money:
        """Return what the buyer pays."""
        return self.goods + self.shipping


def join_items(items: Iterable[Item]) -> list[Item]:
    """Make one item of each variant, in the order of their first.

    How long it is held, and whether that was kept longer or offered, is said of what ends first.
    """
    joined: dict[UUID, Item] = {}
    for item in items:
        first = joined.get(item.variant)
        joined[item.variant] = (
            item
            if first is None
            else msgspec.structs.replace(
                min(first, item, key=attrgetter("expires_at")),
                quantity=first.quantity + item.quantity,
                unheld=first.unheld + item.unheld,
            )
        )
    return list(joined.values())


def price(
    items: Sequence[Item],
    offers: Mapping[UUID, Offer],
    rates: Mapping[str, int],
    country: str,
    joined: Collection[UUID] = (),
) -> list[Line]:
    """Price items, seller by seller; `rates` is VAT of `country` in basis points by category.

    Each seller with something to send sends to `country`; the parcels of those in `joined` stand
    open already, and cost nothing more. An item that is not offered any more is left out: whoever
    sells must refuse it. Amounts are a consumer's: see `destinations.net`.
    """
    offered = [(item, offers[item.variant]) for item in items if item.variant in offers]
    first_seen: dict[UUID, int] = {}
    for _, offer in offered:
        first_seen.setdefault(offer.seller, len(first_seen))
    offered.sort(key=lambda pair: first_seen[pair[1].seller])
    lines: list[Line] = []
    for _, group in groupby(offered, key=lambda pair: pair[1].seller):
        parcel = list(group)
        totals = [offer.unit * item.quantity for item, offer in parcel]
        sent = [offer.is_sent for _, offer in parcel]
        seller = parcel[0][1]
        asked = seller.parcels[country].minor if any(sent) and seller.seller not in joined else 0
        weights = [total.minor * goes for total, goes in zip(totals, sent, strict=True)]
        whole = Money(asked, seller.unit.currency)
        shares = whole.split(weights) if asked else [whole] * len(weights)
        for (item, offer), total, share in zip(parcel, totals, shares, strict=True):
            rate, zero = rates[offer.vat_category], Money.zero(total.currency)
            lines.append(
                Line(
                    offer=offer,
                    quantity=item.quantity,
                    expires_at=item.expires_at,
                    extended=item.extended,
                    offered=item.offered,
                    vat_basis_points=rate,
                    list=total,
                    seller_discount=zero,
                    cofunding=zero,
                    subsidy=zero,
                    total=total,
                    vat=total.vat_inside(rate),
                    shipping=share,
                    shipping_subsidy=zero,
                    shipping_vat=share.vat_inside(rate),
                    unheld=item.unheld,
                    left=item.left,
                    each=item.each,
                )
            )
    return lines


def reduce(lines: Sequence[Line], cuts: Mapping[UUID, Cut]) -> list[Line]:
    """Reduce lines by the cuts of their variants; raises ValueError for a cut beyond the line."""
    return [
        _reduce(line, cuts[line.offer.variant]) if line.offer.variant in cuts else line
        for line in lines
    ]


def _reduce(line: Line, cut: Cut) -> Line:
    rate, currency = line.vat_basis_points, line.total.currency
    total = line.total.minor - cut.seller_discount - cut.cofunding - cut.subsidy
    shipping = line.shipping.minor - cut.shipping_discount - cut.shipping_subsidy
    if min(total, shipping, *msgspec.structs.astuple(cut)) < 0:
        raise ValueError(f"{line.offer.sku}: {cut} is not within {line.total} and {line.shipping}")
    subsidy = Money(line.subsidy.minor + cut.subsidy, currency)
    shipping_subsidy = Money(line.shipping_subsidy.minor + cut.shipping_subsidy, currency)
    paid, sent = Money(total, currency), Money(shipping, currency)
    return msgspec.structs.replace(
        line,
        seller_discount=Money(line.seller_discount.minor + cut.seller_discount, currency),
        cofunding=Money(line.cofunding.minor + cut.cofunding, currency),
        subsidy=subsidy,
        total=paid,
        vat=(paid + subsidy).vat_inside(rate),
        shipping=sent,
        shipping_subsidy=shipping_subsidy,
        shipping_vat=(sent + shipping_subsidy).vat_inside(rate),
    )


def sums(lines: Iterable[Line], currency: str) -> Sums:
    """Sum lines up, in `currency`."""
    goods = shipping = vat = Money.zero(currency)
    for line in lines:
        goods += line.total
        shipping += line.shipping
        vat += line.vat + line.shipping_vat
    return Sums(goods, shipping, vat)


def by_seller(lines: Sequence[Line]) -> list[list[Line]]:
    """Split lines into one list a seller; `price` has put them side by side."""
    return [list(group) for _, group in groupby(lines, key=attrgetter("offer.seller"))]
