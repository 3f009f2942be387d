"""Reductions of a basket: what the till of the incentives says, as cuts of its lines."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from panier import incentives, stock
from panier.baskets.rules import Cut, Line, reduce
from panier.incentives import Goods, Press, Reduced, ShownVoucher, Till, Want


class Reduction(NamedTuple):
    """A basket with its reductions."""

    lines: list[Line]
    reduced: Reduced
    """What `Till.accept` grants."""
    vouchers: list[ShownVoucher]


def take_off(
    till: Till,
    want: Want,
    lines: Sequence[Line],
    holds: Sequence[stock.Hold],
    show: UUID | None = None,
) -> Reduction:
    """Reduce priced lines by what their buyer may have now.

    A line belongs to the show in which its first unit was put into the basket, else to `show`.
    """
    shows: dict[UUID, UUID | None] = {}
    for hold in holds:
        shows.setdefault(hold.variant, hold.show or show)
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
    return Reduction(reduce(lines, cuts), reduced, till.show(want, reduced))


def presses(holds: Sequence[stock.Hold]) -> list[Press]:
    """Return what was put into a basket as the till asks for it."""
    return [Press(hold.variant, hold.show, hold.quantity, hold.at) for hold in holds]


def _cut(cut: incentives.Cut) -> Cut:
    return Cut(
        seller_discount=cut.seller,
        cofunding=cut.cofunding,
        subsidy=cut.subsidy,
        shipping_discount=cut.shipping - cut.shipping_subsidy,
        shipping_subsidy=cut.shipping_subsidy,
    )
