"""Order rules, pure: states, what each seller's order comes to, names on air, time to pay."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple
from uuid import UUID

from panier import creators, stock
from panier.baskets import Line, by_seller
from panier.kit.errors import PanierError
from panier.kit.money import Money


class State(StrEnum):
    """Where an order stands; a checkout knows the first four only."""

    PLACED = "placed"
    """Promised, not paid."""
    PAID = "paid"
    """Paid and booked; the seller packs."""
    DECLINED = "declined"
    """Not paid; the basket was given back."""
    REFUSED = "refused"
    """Paid too late: the stock was gone, the money goes back."""
    PACKED = "packed"
    """In its box, or sent in part."""
    SHIPPED = "shipped"
    """All that will be sent is on its way."""
    DELIVERED = "delivered"
    """All of it has arrived, or counts as arrived, or has taken place."""
    CANCELLED = "cancelled"
    """Nothing will be sent; the money goes back."""
    RETURNED = "returned"
    """All of it came back; the money goes back."""
    REFUNDED = "refunded"
    """The buyer has all they paid back."""


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.PLACED: frozenset({State.PAID, State.DECLINED, State.REFUSED}),
    # What takes place instead of being sent is delivered when it is over.
    State.PAID: frozenset({State.PACKED, State.DELIVERED, State.CANCELLED}),
    State.DECLINED: frozenset(),
    State.REFUSED: frozenset(),
    State.PACKED: frozenset({State.SHIPPED, State.DELIVERED, State.CANCELLED}),
    State.SHIPPED: frozenset({State.DELIVERED, State.REFUNDED}),
    State.DELIVERED: frozenset({State.RETURNED, State.REFUNDED}),
    State.CANCELLED: frozenset({State.REFUNDED}),
    State.RETURNED: frozenset({State.REFUNDED}),
    State.REFUNDED: frozenset(),
}
"""From each state to those that may follow. No way leads back: each is entered once."""


def check_move(before: State, after: State) -> None:
    """Refuse a move that is not in the table: a mistake of ours, not of a reader's."""
    if after not in TRANSITIONS[before]:
        raise ValueError(f"no order goes from {before} to {after}")


GRACE_SECONDS = 180
"""After a declined payment the basket holds its stock at least this long, for another try."""
AGE_SECONDS_MAX = 1800
"""However often somebody tries to pay, stock is held no longer than this."""
ORDER_PAGE = "order page"
"""The purpose for which links to order pages are signed; they do not grow old."""
NAME_ON_AIR_MAX = 20
"""Characters of a first name that everybody sees."""

Consent = Literal["first_name", "initials", "none"]


class EmptyBasket(PanierError):
    """Your basket is empty; what you held may have run out of time."""

    code, status = "empty_basket", 409


class PriceChanged(PanierError):
    """The total has changed since you saw it; please look at your basket once more."""

    code, status = "price_changed", 409


class NotSoldHere(PanierError):
    """Something in your basket is not sold here any more; please take it out."""

    code, status = "not_sold_here", 409


class PaidFirst(PanierError):
    """Others paid first. Left of “%(title)s”: %(available)s. You have paid nothing."""

    code, status = "paid_first", 409


class TooManyEach(PanierError):
    """At most %(limit)s of “%(title)s” each; with this basket you would have %(mine)s."""

    code, status = "too_many_each", 409


class CurrencyMismatch(PanierError):
    """This market sells in %(currency)s."""

    code, status = "currency_mismatch", 422


class StockGone(PanierError):
    """The stock was gone when the payment came; your money is on its way back to you."""

    code, status = "stock_gone", 409


class NoSavedCard(PanierError):
    """We have no card of yours; please enter one."""

    code, status = "no_saved_card", 422


class Terms(NamedTuple):
    """What is taken of the sale of one variant, in basis points of the line's base."""

    commission: int
    creator: UUID | None = None
    """Who presented it and has a share; None: nobody."""
    share: int = 0


class DraftLine(NamedTuple):
    """A line about to be ordered, and what is taken of its base."""

    line: Line
    terms: Terms
    commission: Money
    creator_share: Money


class Draft(NamedTuple):
    """An order about to be placed with one seller; every amount includes VAT."""

    seller: UUID
    lines: list[DraftLine]
    goods: Money
    """What the buyer pays for the goods."""
    shipping: Money
    subsidy: Money
    """What the platform pays of goods and shipping."""
    vat: Money
    """The VAT inside goods, shipping and subsidy."""
    commission: Money
    creators: Money
    """The shares of those who presented."""

    @property
    def total(self) -> Money:
        """Return what the buyer pays for this order."""
        return self.goods + self.shipping

    @property
    def net(self) -> Money:
        """Return what is the seller's of total and subsidy."""
        return self.total + self.subsidy - self.vat - self.commission - self.creators


def draft_orders(lines: Sequence[Line], terms: Mapping[UUID, Terms], currency: str) -> list[Draft]:
    """Make one order a seller; `terms` by variant; shares are rounded line by line."""
    drafts = []
    zero = Money.zero(currency)
    for parcel in by_seller(lines):
        drawn = []
        for line in parcel:
            of = terms[line.offer.variant]
            commission = line.base.percent(of.commission)
            share = creators.take_share(line.base, line.vat, commission, of.share)
            drawn.append(DraftLine(line, of, commission, share))
        drafts.append(
            Draft(
                seller=parcel[0].offer.seller,
                lines=drawn,
                goods=sum((d.line.total for d in drawn), zero),
                shipping=sum((d.line.shipping for d in drawn), zero),
                subsidy=sum((d.line.subsidy + d.line.shipping_subsidy for d in drawn), zero),
                vat=sum((d.line.vat + d.line.shipping_vat for d in drawn), zero),
                commission=sum((d.commission for d in drawn), zero),
                creators=sum((d.creator_share for d in drawn), zero),
            )
        )
    return drafts


def number(market: str, year: int, count: int) -> str:
    """Write an order's number: FR-2026-000123."""
    return f"{market}-{year}-{count:06d}"


def name_on_air(name: str, consent: Consent) -> str | None:
    """Return what the room may see of a buyer's name: nothing unless they agreed.

    A first word that is too long, or not letters (an address, say), becomes initials.
    """
    words = name.split()
    if consent == "none" or not words:
        return None
    first = words[0]
    letters_only = re.fullmatch(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", first)
    if consent == "first_name" and letters_only and len(first) <= NAME_ON_AIR_MAX:
        return first
    letters = [word[0].upper() for word in (words[0], words[-1])[: len(words)] if word[0].isalpha()]
    return " ".join(f"{letter}." for letter in letters) or None


def basket_until(hold: stock.Hold, moment: datetime) -> datetime:
    """Return until when something lies in a basket that was given back.

    As long as it would have anyway, at least for another try; stock is never held beyond
    AGE_SECONDS_MAX.
    """
    again = moment + timedelta(seconds=GRACE_SECONDS)
    until = max(hold.kept_until or hold.expires_at, again)
    return min(until, hold.at + timedelta(seconds=AGE_SECONDS_MAX)) if hold.aside else until
