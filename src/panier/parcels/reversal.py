"""The reversal of a sale, pure: how much of each part of a line a refund takes back.

A refund of an amount A of a line whose buyer paid P takes A/P of each part, rounded on the sum of
all refunds so far: however many there are, they never take more than the line's parts, and when
the whole of P is back each part is back to the last minor unit. Goods and shipping are two such
sums. Where the buyer paid nothing (all was subsidised) units take the place of money.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final, Literal, NamedTuple

from panier.kit.errors import PanierError


class RefundTooMuch(PanierError):
    """This is more than is left of what the buyer paid."""

    code, status = "refund_too_much", 409


class Nothing(PanierError):
    """There is nothing left to refund here."""

    code, status = "nothing_to_refund", 409


class Parts(NamedTuple):
    """What a line is made of, or what is taken back of it, in minor units from 0."""

    goods: int = 0
    """What the buyer paid for the goods."""
    subsidy: int = 0
    vat: int = 0
    commission: int = 0
    creator: int = 0
    shipping: int = 0
    """What the buyer paid of the line's share of the parcel."""
    shipping_subsidy: int = 0
    shipping_vat: int = 0

    def plus(self, other: "Parts") -> "Parts":
        """Add part by part."""
        return Parts(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def paid(self) -> int:
        """Return what is the buyer's."""
        return self.goods + self.shipping


class Line(NamedTuple):
    """A line as it was sold, or what one refund, or all of them, take back of it."""

    n: int
    quantity: int
    """Units; a refund that leaves the goods with the buyer has none."""
    parts: Parts


class Shipping(Enum):
    """How the price of the parcel goes back."""

    WHOLE = "whole"
    """All that is left of it, the platform's part too."""


WHOLE: Final = Shipping.WHOLE


class Wanted(NamedTuple):
    """What a refund is about."""

    units: Mapping[int, int]
    """Units by line: their share of the price."""
    amounts: Mapping[int, int]
    """Minor units of the goods' price by line, without units."""
    shipping: int | Literal[Shipping.WHOLE] = 0
    free: frozenset[int] = frozenset()
    """Lines that cost the buyer nothing and are undone all the same, wherever their units are."""


class Back(NamedTuple):
    """An order: its lines as they were sold, and what is back of each already."""

    sold: Sequence[Line]
    taken: Mapping[int, Line]


def spread(amount: int, backs: Sequence[Back]) -> list[Wanted]:
    """Share an amount that went back of several orders at once out over their lines and parcels.

    Each bears in proportion to what is left of what the buyer paid for it, and never more; what
    is more than all that is left is not shared out.
    """
    lefts = []
    for back in backs:
        parts = [
            (line.parts, back.taken[line.n].parts if line.n in back.taken else Parts())
            for line in back.sold
        ]
        lefts += [of.goods - gone.goods for of, gone in parts]
        lefts.append(sum(of.shipping - gone.shipping for of, gone in parts))
    shares = iter(_share(min(amount, sum(lefts)), lefts))
    wanted = []
    for back in backs:
        amounts = {line.n: next(shares) for line in back.sold}
        wanted.append(Wanted({}, amounts, next(shares)))
    return wanted


def _share(amount: int, lefts: Sequence[int]) -> list[int]:
    """Share out in proportion, rounding the sums, so that no share exceeds what is left."""
    shares, upto, given, whole = [], 0, 0, sum(lefts)
    for left in lefts:
        upto += left
        share = _round(amount * upto, whole) - given if whole else 0
        shares.append(share)
        given += share
    return shares


def plan(sold: Sequence[Line], taken: Mapping[int, Line], wanted: Wanted) -> list[Line]:
    """Return what a refund takes back of each line it touches; `taken` is what is back already.

    Raises RefundTooMuch, or Nothing when not a single part would move.
    """
    known = {line.n for line in sold}
    if not (wanted.units.keys() | wanted.amounts.keys()) <= known:
        raise RefundTooMuch
    shipping = _shipping(sold, taken, wanted.shipping)
    backs = []
    for line in sold:
        before = taken.get(line.n, Line(line.n, 0, Parts()))
        units, amount = wanted.units.get(line.n, 0), wanted.amounts.get(line.n, 0)
        if min(units, amount) < 0 or before.quantity + units > line.quantity:
            raise RefundTooMuch(n=line.n)
        undone = line.n in wanted.free
        parts = _goods(line, before, units, amount, undone=undone).plus(shipping[line.n])
        if units or any(parts):
            backs.append(Line(line.n, units, parts))
    if not backs:
        raise Nothing
    return backs


def _goods(line: Line, before: Line, units: int, amount: int, *, undone: bool) -> Parts:
    price, back = line.parts.goods, before.parts.goods
    after = before.quantity + units
    share = _round(price * after, line.quantity) - _round(price * before.quantity, line.quantity)
    taking = min(share, price - back) + amount
    if back + taking > price:
        raise RefundTooMuch(n=line.n)
    if price:
        of, whole = back + taking, price
    else:
        of, whole = (1, 1) if undone else (after, line.quantity)
    names = ("subsidy", "vat", "commission", "creator")
    return Parts(goods=taking, **_slice(line.parts, before.parts, names, of, whole))


def _shipping(
    sold: Sequence[Line],
    taken: Mapping[int, Line],
    wanted: int | Literal[Shipping.WHOLE],
) -> dict[int, Parts]:
    """Share what goes back of the parcel's price out over the lines, each up to what is left."""
    backs, left = {}, 0 if wanted is WHOLE else wanted
    if left < 0:
        raise RefundTooMuch
    names = ("shipping_subsidy", "shipping_vat")
    for line in sold:
        before = taken[line.n].parts if line.n in taken else Parts()
        rest = line.parts.shipping - before.shipping
        taking = rest if wanted is WHOLE else min(rest, left)
        left = max(0, left - taking)
        of, whole = (1, 1) if wanted is WHOLE else (before.shipping + taking, line.parts.shipping)
        moved = _slice(line.parts, before, names, of, whole) if whole else {}
        backs[line.n] = Parts(shipping=taking, **moved)
    if left:
        raise RefundTooMuch
    return backs


def _slice(
    parts: Parts, before: Parts, names: Sequence[str], of: int, whole: int
) -> dict[str, int]:
    """Return how much of each named part is still to go when `of` out of `whole` is back."""
    values, gone = parts._asdict(), before._asdict()
    return {name: max(0, _round(values[name] * of, whole) - gone[name]) for name in names}


def _round(numerator: int, denominator: int) -> int:
    """Divide, rounding half up."""
    return (2 * numerator + denominator) // (2 * denominator)
