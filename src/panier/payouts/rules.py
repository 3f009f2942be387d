"""Payout rules, pure: what becomes due of what is owed, and the life of runs and payouts."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from panier.kit.errors import BadInput, PanierError
from panier.kit.money import Money


class Terms(NamedTuple):
    """When what an order earned is somebody's to have, and how much of it is kept back longer."""

    available_at: datetime
    reserve_until: datetime
    reserve_basis_points: int


def agree(delivered_at: datetime, days: int, reserve_days: int, basis_points: int) -> Terms:
    """Return the terms of an order delivered then; a reserve ends no earlier than it begins."""
    return Terms(
        delivered_at + timedelta(days=days),
        delivered_at + timedelta(days=max(days, reserve_days)),
        basis_points,
    )


class Move(NamedTuple):
    """What becomes due and what is kept back now; below zero: it goes back."""

    due: Money
    reserve: Money


def share_out(
    standing: Money, released: Money, kept: Money, basis_points: int, *, keep: bool
) -> Move:
    """Decide what becomes of the amount that stands on an order's account.

    `released` is all that was moved before, `kept` the part of it still in reserve. While `keep`,
    the reserve is `basis_points` of the whole; a refund after the release takes from it first.
    """
    zero = Money.zero(standing.currency)
    if not keep:
        reserve = zero
    elif standing < zero:
        reserve = max(zero, kept + standing)
    else:
        reserve = max(zero, released + standing).percent(basis_points)
    return Move(standing - (reserve - kept), reserve - kept)


class State(StrEnum):
    """Where a payout stands."""

    DRAFT = "draft"
    """Proposed in a run that nobody has approved yet."""
    DROPPED = "dropped"
    """Left out: the run was dropped, or the balance was no longer there."""
    APPROVED = "approved"
    """Taken from the balance; a worker asks the provider to send it."""
    SENT = "sent"
    """The provider works on it and will tell."""
    PAID = "paid"
    """It arrived."""
    FAILED = "failed"
    """The provider said no; somebody tries again or gives it back to the balance."""
    RETURNED = "returned"
    """It did not arrive and is due again."""


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.APPROVED, State.DROPPED}),
    State.DROPPED: frozenset(),
    State.APPROVED: frozenset({State.SENT, State.PAID, State.FAILED}),
    State.SENT: frozenset({State.PAID, State.FAILED}),
    State.FAILED: frozenset({State.APPROVED, State.RETURNED}),
    State.PAID: frozenset({State.RETURNED}),
    State.RETURNED: frozenset(),
}
"""From each state to those that may follow; a paid one may still come back from the bank."""


class SecondPersonNeeded(PanierError):
    """Somebody else of finance has to approve this payout run: four eyes see each."""

    code, status = "second_person_needed", 403


class RunDecided(PanierError):
    """This payout run was approved or dropped in the meantime; please look again."""

    code, status = "run_decided", 409


class NothingDue(PanierError):
    """Nobody has a balance that is large enough and an account that can be paid."""

    code, status = "nothing_due", 409


class CannotRetry(PanierError):
    """This payout has moved on in the meantime; please look again."""

    code, status = "payout_moved_on", 409


def check_second_person(
    maker: UUID, approver: UUID, roles: Collection[str], others: Collection[UUID]
) -> None:
    """Refuse an approval that four eyes have not seen; raises SecondPersonNeeded.

    `others` are those of finance who did not make the run: an admin stands in where there are none.
    """
    if approver == maker:
        raise SecondPersonNeeded
    if approver not in others and not ("admin" in roles and not others):
        raise SecondPersonNeeded


def pay(drafted: Money, payable: Money, minimum: Money) -> Money | None:
    """Return what of a drafted amount is paid now: no more than is there, None when too little."""
    amount = min(drafted, payable)
    return None if amount < minimum or amount.minor <= 0 else amount


class Period(NamedTuple):
    """A month in a market's time zone; `end` is the first moment after it."""

    name: str
    """As in addresses: 2026-03."""
    start: datetime
    end: datetime


def read_month(name: str, zone: tzinfo) -> Period:
    """Read a month like 2026-03; raises BadInput."""
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", name):
        raise BadInput(field="period", reason=name[:10])
    year, month = int(name[:4]), int(name[5:])
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    return Period(name, datetime(year, month, 1, tzinfo=zone), datetime(*after, 1, tzinfo=zone))


def list_months(first: datetime, last: datetime, zone: tzinfo) -> list[str]:
    """List the months from `first` to `last` in `zone`, the latest first."""
    begin, end = first.astimezone(zone), last.astimezone(zone)
    count = (end.year - begin.year) * 12 + end.month - begin.month + 1
    last_month = end.year * 12 + end.month - 1
    months = [last_month - n for n in range(count)]
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in months]


def read_year(year: int, zone: tzinfo) -> Period:
    """Return a calendar year in `zone`; raises BadInput."""
    if not 2020 <= year <= 2100:
        raise BadInput(field="year", reason=str(year))
    return Period(
        str(year), datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)
    )
