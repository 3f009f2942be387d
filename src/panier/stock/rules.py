"""Who gets what: pure, so that it can be tried with every order of arrival."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from panier.kit.errors import NotFound, PanierError

UNITS_MAX = 1_000_000
"""Units of one variant that can be free at once."""
WANTED_SECONDS = 86_400
"""What sets nothing aside lies in a basket for a day: it takes nothing from anybody."""
PER_BUYER_MAX = 1000
"""Units that a seller can let one buyer have."""


class Reason(StrEnum):
    """Why what can be sold changed, other than by a sale."""

    RESTOCK = "restock"
    """New goods came in."""
    CORRECTION = "correction"
    """Somebody counted, and it was another number."""
    DAMAGE = "damage"
    """Broken, lost or stolen."""
    IMPORT = "import"
    """From a file that gave no other reason."""
    RETURN = "return"
    """Sold goods came back and can be sold again."""
    ALLOCATION = "allocation"
    """Set aside for a show, or less of it."""
    ALLOCATION_END = "allocation_end"
    """The show is over; what it did not sell is free again."""


SIGNS: Mapping[Reason, int] = {
    Reason.RESTOCK: 1,
    Reason.CORRECTION: 0,
    Reason.DAMAGE: -1,
    Reason.IMPORT: 0,
}
"""Reasons that people may give: units can only be added (1), only be taken away (-1), both (0)."""


class SoldOut(PanierError):
    """This product is sold out."""

    code, status = "sold_out", 409


class NotEnough(PanierError):
    """Only %(available)s left."""

    code, status = "not_enough", 409


class Closed(PanierError):
    """The time for this is over: it can no longer be booked."""

    code, status = "closed", 409


class HoldLimitReached(PanierError):
    """You can hold at most %(limit)s of this product."""

    code, status = "hold_limit_reached", 409


class BuyerLimitReached(HoldLimitReached):
    """At most %(limit)s of this each; you have %(mine)s, with what you have bought."""

    code, status = "buyer_limit_reached", 409


class WrongSign(PanierError):
    """New goods add units and damage takes them away: please check the sign of the number."""

    code, status = "wrong_sign", 422


class TooManyUnits(PanierError):
    """There can be at most %(limit)s units of a variant."""

    code, status = "too_many_units", 422


class ShowOver(PanierError):
    """This show is over: nothing can be set aside for it any more."""

    code, status = "show_over", 409


class AllocationUsed(PanierError):
    """In this show, %(least)s units are sold or in baskets already; it cannot have fewer."""

    code, status = "allocation_used", 409


class StillThere(PanierError):
    """This is not sold out: you can put it into your basket now."""

    code, status = "still_there", 409


class LineFull(PanierError):
    """So many people are waiting for this that nobody else can; it would be in vain."""

    code, status = "line_full", 409


class NothingToExtend(PanierError):
    """What is in your basket was kept longer for you once already."""

    code, status = "nothing_to_extend", 409


class Share(NamedTuple):
    """What is left of the units that are set aside for one show."""

    available: int
    beyond: bool
    """Once they are gone, the show may sell what is free to all."""


class Request(NamedTuple):
    """What one press on the basket asks for; ids as integers."""

    buyer: int
    variant: int
    quantity: int
    show: int = 0
    """The show in which it was pressed; 0: none."""
    aside: bool = True
    """It sets stock aside; else who pays first gets it."""


def draw(quantity: int, free: int, share: Share | None) -> int | None:
    """Return how many of `quantity` units come from the show's own; None when there are too few."""
    own = min(quantity, share.available) if share else 0
    rest = quantity - own
    if rest == 0 or (rest <= free and (share is None or share.beyond)):
        return own
    return None


def reach(free: int, share: Share | None) -> int:
    """Return the units that can be sold in a show with this share (None: with no share)."""
    if share is None:
        return free
    return share.available + (free if share.beyond else 0)


def serve(
    line: Sequence[tuple[UUID | None, int]], free: int, shares: Mapping[UUID, Share]
) -> list[tuple[int, int]]:
    """Offer units to a line of (show, quantity) in its order: units, and how many the show's own.

    Whoever can have some of what they wait for is offered that; (0, 0) waits on.
    """
    own = dict(shares)
    offers = []
    for show, quantity in line:
        share = own.get(show) if show else None
        units = min(quantity, reach(free, share))
        drawn = draw(units, free, share) or 0
        free -= units - drawn
        if show and share:
            own[show] = share._replace(available=share.available - drawn)
        offers.append((units, drawn))
    return offers


def grant(
    requests: Sequence[Request],
    available: Mapping[int, int],
    held: Mapping[tuple[int, int], int],
    limit: int,
    shares: Mapping[tuple[int, int], Share] | None = None,
    *,
    unheld: Mapping[tuple[int, int], int] | None = None,
    each: Mapping[int, int] | None = None,
    had: Mapping[tuple[int, int], int] | None = None,
) -> list[PanierError | int]:
    """Decide in order of arrival: the units drawn from the show's own, or the refusal.

    Whoever still fits is served, even behind a larger request that did not. `available` is free
    units by variant (unknown: not found), `held` by buyer and variant, `limit` units a buyer and
    variant, `shares` by show and variant. What sets nothing aside must be there together with what
    its buyer wants `unheld` already (by buyer and variant), and stays there. Of a variant in `each`
    one buyer may have that many, with what they `had` (in the basket or bought) already.
    """
    left = dict(available)
    mine = dict(held)
    own = dict(shares or {})
    wanted = dict(unheld or {})
    bought = dict(had or {})
    answers: list[PanierError | int] = []
    for buyer, variant, quantity, show, aside in requests:
        pair = (buyer, variant)
        share = own.get((show, variant)) if own else None
        if variant not in left:
            answers.append(NotFound())
        elif mine.get(pair, 0) + quantity > limit:
            answers.append(HoldLimitReached(limit=limit))
        elif each and (refusal := check_each(each.get(variant), bought.get(pair, 0), quantity)):
            answers.append(refusal)
        elif not aside:
            units = wanted.get(pair, 0) + quantity
            if draw(units, left[variant], share) is None:
                answers.append(_too_few(variant, reach(left[variant], share)))
            else:
                wanted[pair] = units
                answers.append(0)
        elif (drawn := draw(quantity, left[variant], share)) is None:
            answers.append(_too_few(variant, reach(left[variant], share)))
        else:
            left[variant] -= quantity - drawn
            if share and drawn:
                own[show, variant] = share._replace(available=share.available - drawn)
            answers.append(drawn)
        if isinstance(answers[-1], int):
            mine[pair] = mine.get(pair, 0) + quantity
            bought[pair] = bought.get(pair, 0) + quantity
    return answers


def check_each(most: int | None, had: int, quantity: int) -> BuyerLimitReached | None:
    """Return why a buyer who `had` some cannot have `quantity` more; `most` None: no limit."""
    if most is None or had + quantity <= most:
        return None
    return BuyerLimitReached(limit=most, mine=had)


def _too_few(variant: int, left: int) -> PanierError:
    name = str(UUID(int=variant))
    return NotEnough(variant=name, available=left) if left else SoldOut(variant=name)


def check_change(reason: Reason, delta: int, available: int) -> None:
    """Refuse a change that does not suit its reason or leads out of bounds.

    Raises WrongSign, NotEnough, TooManyUnits.
    """
    if delta == 0 or SIGNS[reason] * delta < 0:
        raise WrongSign
    if available + delta < 0:
        raise NotEnough(available=available)
    if available + delta > UNITS_MAX:
        raise TooManyUnits(limit=UNITS_MAX)
