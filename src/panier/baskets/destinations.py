"""What the destination does to a basket: where it may go, free parcels, net amounts; pure."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier.baskets.companies import Claim
from panier.baskets.rules import Line, by_seller
from panier.catalog import Offer
from panier.kit.errors import PanierError
from panier.kit.money import Money
from panier.markets import vat_area
from panier.people import Address
from panier.web import territory_name


class To(NamedTuple):
    """Where a buyer says that their basket goes; nothing said is the market's own country."""

    country: str | None = None
    address: Address | None = None
    """As far as it is known; the order's address decides."""
    claim: Claim | None = None
    """The company that buys, if one does."""


class NotShippedThere(PanierError):
    """%(seller)s does not send parcels to %(country)s."""

    code, status = "not_shipped_there", 422


class TakesPlaceHere(PanierError):
    """%(title)s takes place in %(country)s: please buy it with an address there."""

    code, status = "takes_place_here", 422


def find_refusal(
    offers: Iterable[Offer], country: str, home: str, language: str
) -> PanierError | None:
    """Return what cannot be sold to `country`, as an error in `language`; None: nothing.

    Each parcel needs its seller's rate. What takes place in `home` is taxed there (Directive
    2006/112/EC, articles 53 and 54) and a checkout has one country: it is sold to `home` only.
    """
    for offer in offers:
        if offer.is_sent and country not in offer.parcels:
            name = territory_name(country, language)
            return NotShippedThere(
                seller=offer.seller_name, country=name, code=country, field="address.country"
            )
        if not offer.is_sent and country != home:
            name = territory_name(home, language)
            return TakesPlaceHere(title=offer.title, country=name, field="address.country")
    return None


def countries(offers: Sequence[Offer], home: str) -> list[str]:
    """Return where everything on offer may go: `home`, then the others by their codes.

    That is where each seller sends to, inside the VAT area of `home`.
    """
    shared = set(vat_area(home)).intersection(*(offer.parcels for offer in offers))
    if not offers or not all(offer.is_sent for offer in offers):
        shared = {home}
    return [home, *sorted(shared - {home})]


def missing_until_free(
    lines: Sequence[Line], country: str, joined: Collection[UUID] = ()
) -> dict[UUID, Money]:
    """Return by seller how much of goods is missing until the parcel is free; reached: nothing.

    A seller without a threshold there, or whose parcel costs nothing anyway, is left out.
    """
    missing = {}
    for parcel in by_seller(lines):
        offer, sent = parcel[0].offer, [line for line in parcel if line.offer.is_sent]
        rate = offer.parcels.get(country)
        if rate is None or rate.free_from_minor is None or not sent:
            continue
        if not rate.minor or offer.seller in joined:
            continue
        goods = sum(line.total.minor for line in sent)
        rest = max(0, rate.free_from_minor - goods)
        missing[offer.seller] = Money(rest, offer.unit.currency)
    return missing


def send_free(lines: Sequence[Line], sellers: Collection[UUID]) -> list[Line]:
    """Return lines, those of `sellers` without a price of the parcel."""
    return [
        msgspec.structs.replace(
            line, shipping=line.shipping * 0, shipping_subsidy=line.shipping * 0,
            shipping_vat=line.shipping * 0,
        )
        if line.offer.seller in sellers
        else line
        for line in lines
    ]  # fmt: skip


def net(lines: Iterable[Line]) -> list[Line]:
    """Take the consumer's VAT out of lines: whoever buys owes it (reverse charge).

    What is left of the list price is shared by who bears what of it, so that a line's parts sum
    as before, to the cent (Directive 2006/112/EC, articles 73, 79 and 138).
    """
    return [_net(line) for line in lines]


def _net(line: Line) -> Line:
    rate, zero = line.vat_basis_points, line.total * 0
    listed = line.list - line.list.vat_inside(rate)
    parts = (line.total, line.subsidy, line.cofunding, line.seller_discount)
    weights = [part.minor for part in parts]
    total, subsidy, cofunding, discount = listed.split(weights)
    parcel = line.shipping + line.shipping_subsidy
    kept = parcel - parcel.vat_inside(rate)
    sent, given = (
        kept.split([line.shipping.minor, line.shipping_subsidy.minor]) if parcel else (zero, zero)
    )
    return msgspec.structs.replace(
        line,
        vat_basis_points=0,
        list=listed,
        seller_discount=discount,
        cofunding=cofunding,
        subsidy=subsidy,
        total=total,
        vat=zero,
        shipping=sent,
        shipping_subsidy=given,
        shipping_vat=zero,
    )
