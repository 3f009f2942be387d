"""What a basket comes to: pure, the same for the sheet, the order and the books.

Prices include VAT. A seller's parcel costs one amount whatever is in it; it is shared out over
its lines by their price, and each share bears the VAT of its line: a parcel follows what it
carries (Directive 2006/112/EC, article 78; HMRC VAT notice 700/24).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import msgspec

from panier.catalog import Offer
from panier.kit.money import Money


class Item(msgspec.Struct, frozen=True):
    """So many of one variant, held until `expires_at` (UTC)."""

    variant: UUID
    quantity: int
    expires_at: datetime


class Line(msgspec.Struct, frozen=True):
    """A line of a basket or an order; every amount includes VAT, which is told besides."""

    offer: Offer
    quantity: int
    expires_at: datetime
    vat_basis_points: int
    total: Money
    """Price of all units."""
    vat: Money
    """The VAT inside `total`."""
    shipping: Money
    """The line's share of its seller's parcel."""
    shipping_vat: Money
    """The VAT inside `shipping`."""


class Sums(msgspec.Struct, frozen=True):
    """What lines come to."""

    goods: Money
    shipping: Money
    vat: Money
    """The VAT inside goods and shipping."""

    @property
    def total(self) -> Money:
        """Return what the buyer pays."""
        return self.goods + self.shipping


def join_items(items: Iterable[Item]) -> list[Item]:
    """Make one item of each variant, in the order of their first; the earliest end counts."""
    joined: dict[UUID, Item] = {}
    for item in items:
        first = joined.get(item.variant)
        joined[item.variant] = (
            item
            if first is None
            else Item(
                item.variant,
                first.quantity + item.quantity,
                min(first.expires_at, item.expires_at),
            )
        )
    return list(joined.values())


def price(
    items: Sequence[Item], offers: Mapping[UUID, Offer], rates: Mapping[str, int]
) -> list[Line]:
    """Price items, seller by seller; `rates` is VAT in basis points by category.

    An item that is not offered any more is left out: whoever sells must refuse it.
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
        shares = parcel[0][1].shipping.split([total.minor for total in totals])
        for (item, offer), total, share in zip(parcel, totals, shares, strict=True):
            rate = rates[offer.vat_category]
            lines.append(
                Line(
                    offer=offer,
                    quantity=item.quantity,
                    expires_at=item.expires_at,
                    vat_basis_points=rate,
                    total=total,
                    vat=total.vat_inside(rate),
                    shipping=share,
                    shipping_vat=share.vat_inside(rate),
                )
            )
    return lines


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
