"""Who gets what: pure, so that it can be tried with every order of arrival."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from panier.kit.errors import NotFound, PanierError


class SoldOut(PanierError):
    """This product is sold out."""

    code, status = "sold_out", 409


class NotEnough(PanierError):
    """Only %(available)s left."""

    code, status = "not_enough", 409


class HoldLimitReached(PanierError):
    """You can hold at most %(limit)s of this product."""

    code, status = "hold_limit_reached", 409


class Request(NamedTuple):
    """What one press on the basket asks for; ids as integers."""

    buyer: int
    variant: int
    quantity: int


def grant(
    requests: Sequence[Request],
    available: Mapping[int, int],
    held: Mapping[tuple[int, int], int],
    limit: int,
) -> list[PanierError | None]:
    """Decide in order of arrival: None where granted, the refusal otherwise.

    Whoever still fits is served, even behind a larger request that did not. `available` is per
    variant (unknown: not found), `held` per buyer and variant, `limit` units a buyer and variant.
    """
    left = dict(available)
    mine = dict(held)
    answers: list[PanierError | None] = []
    for buyer, variant, quantity in requests:
        pair = (buyer, variant)
        if variant not in left:
            answers.append(NotFound())
        elif mine.get(pair, 0) + quantity > limit:
            answers.append(HoldLimitReached(limit=limit))
        elif left[variant] == 0:
            answers.append(SoldOut(variant=str(UUID(int=variant))))
        elif left[variant] < quantity:
            answers.append(NotEnough(variant=str(UUID(int=variant)), available=left[variant]))
        else:
            left[variant] -= quantity
            mine[pair] = mine.get(pair, 0) + quantity
            answers.append(None)
    return answers
