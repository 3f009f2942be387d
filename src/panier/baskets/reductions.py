"""Reductions of a basket: what the till of the incentives says, as cuts of its lines.

A parcel that is free from a certain amount looks at what the buyer pays for the goods after
reductions; vouchers of free delivery look at what the parcel costs then.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from panier import incentives, stock
from panier.baskets.destinations import missing_until_free, net, send_free
from panier.baskets.rules import Cut, Destination, Line, reduce
from panier.incentives import Goods, Press, Reduced, ShownVoucher, Taken, Till, Want
from panier.kit.money import Money


class Reduction(NamedTuple):
    """A basket with its reductions."""

    lines: list[Line]
    reduced: Reduced
    """What `Till.accept` grants."""
    vouchers: list[ShownVoucher]
    missing: dict[UUID, Money]
    """By seller, how much of goods is missing until the parcel is free, in consumers' prices;
    nothing where it is reached."""


def take_off(
    till: Till,
    want: Want,
    lines: Sequence[Line],
    holds: Sequence[stock.Hold],
    *,
    show: UUID | None,
    destination: Destination,
    joined: Collection[UUID] = (),
) -> Reduction:
    """Reduce priced lines by what their buyer may have now, and send free what earned it.

    A line belongs to the show in which its first unit was put into the basket, else to `show`.
    """
    shows: dict[UUID, UUID | None] = {}
    for hold in holds:
        shows.setdefault(hold.variant, hold.show or show)
    country = destination.country
    first = done, reduced = _reduce(till, want, lines, shows)
    missing = missing_until_free(done, country, joined)
    free: set[UUID] = set()
    while earned := {seller for seller, rest in missing.items() if not rest} - free:
        # With the parcel free, a voucher may take off less or another one apply: look once more.
        free |= earned
        lines = send_free(lines, free)
        done, reduced = _reduce(till, want, lines, shows)
        missing = missing_until_free(done, country, joined)
        if any(missing[seller] for seller in free):
            done, reduced = first
            break
    if destination.reverse_charge:
        reduced = _net_taken(till, reduced, done)
        done = net(done)
    return Reduction(done, reduced, till.show(want, reduced), missing)


def _reduce(
    till: Till, want: Want, lines: Sequence[Line], shows: dict[UUID, UUID | None]
) -> tuple[list[Line], Reduced]:
    goods = [
        Goods(
            variant=line.offer.variant,
            product=line.offer.product,
            seller=line.offer.seller,
            show=shows.get(line.offer.variant),
            unit=line.offer.unit.minor,
            price=line.total.minor,
            shipping=line.shipping.minor,
        )
        for line in lines
    ]
    reduced = till.reduce(want, goods)
    cuts = {of.variant: _cut(cut) for of, cut in zip(goods, reduced.cuts, strict=True)}
    return reduce(lines, cuts), reduced


def presses(holds: Sequence[stock.Hold], moment: datetime) -> list[Press]:
    """Return what was put into a basket as the till asks for it.

    What is set aside keeps the deal of its press; of what is not, the price is that of `moment`.
    """
    return [
        Press(hold.variant, hold.show, hold.quantity, hold.at if hold.aside else moment)
        for hold in holds
    ]


def _cut(cut: incentives.Cut) -> Cut:
    return Cut(
        seller_discount=cut.seller,
        cofunding=cut.cofunding,
        subsidy=cut.subsidy,
        shipping_discount=cut.shipping - cut.shipping_subsidy,
        shipping_subsidy=cut.shipping_subsidy,
    )


def _net_taken(till: Till, reduced: Reduced, gross: Sequence[Line]) -> Reduced:
    """Say what each voucher takes off the net amounts: its part of what they come to."""
    lines, taken = net(gross), dict(reduced.taken)
    parcels = [v for v in taken if till.vouchers[v].kind == incentives.Kind.SHIPPING]
    goods = [v for v in taken if v not in parcels]
    deals = sum(deal.off for deal in reduced.deals)
    borne = sum(line.seller_discount.minor + line.cofunding.minor for line in lines)
    _, *sellers = _share(borne, [deals, *_rests(taken, goods)])
    platform = _share(sum(line.subsidy.minor for line in lines), _platforms(taken, goods))
    waived = 0
    for line, cut in zip(gross, reduced.cuts, strict=True):
        rest = Money(cut.shipping - cut.shipping_subsidy, line.total.currency)
        waived += (rest - rest.vat_inside(line.vat_basis_points)).minor
    sellers += _share(waived, _rests(taken, parcels))
    platform += _share(
        sum(line.shipping_subsidy.minor for line in lines), _platforms(taken, parcels)
    )
    for voucher, rest_of, part in zip((*goods, *parcels), sellers, platform, strict=True):
        taken[voucher] = Taken(rest_of + part, part)
    return reduced._replace(taken=taken)


def _rests(taken: Mapping[UUID, Taken], vouchers: Sequence[UUID]) -> list[int]:
    return [taken[v].total - taken[v].platform for v in vouchers]


def _platforms(taken: Mapping[UUID, Taken], vouchers: Sequence[UUID]) -> list[int]:
    return [taken[v].platform for v in vouchers]


def _share(minor: int, weights: list[int]) -> list[int]:
    if not any(weights):
        return [0] * len(weights)
    return [part.minor for part in Money(minor, "").split(weights)]
