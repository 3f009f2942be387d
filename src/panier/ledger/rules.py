"""The books' rules, pure: what a posting is, what makes it right, and what each fact books.

Debit is above zero, credit below. Accounts that owe somebody money (VAT, sellers, buyers whose
money goes back) and what we earned stand below zero; what providers owe us stands above.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID, uuid5

from panier.kit.money import Money

CLEARING = "clearing"
"""What a payment provider took from buyers and has yet to pay out; its owner is the provider."""
VAT = "vat"
"""VAT owed; its owner is the country."""
COMMISSION = "commission"
"""Commission earned; its owner is the market."""
SELLER = "seller"
"""What is owed to a seller; its owner is the seller's id."""
RETURN = "return"
"""Money of buyers that has to go back; its owner is the market."""
CREATOR = "creator"
"""What is owed to whoever presented, a person's id; not yet theirs to have."""
SUBSIDY = "subsidy"
"""What the platform paid of buyers' prices; its owner is the market."""
SELLER_DUE = "seller_due"
"""What a seller may have paid out now; `seller` is what is not yet theirs to have."""
CREATOR_DUE = "creator_due"
"""What a creator may have paid out now."""
RESERVE = "reserve"
"""What is kept back of a seller's money for a while, against refunds and disputes."""
PAYOUT = "payout"
"""Payouts under way; its owner is the provider."""
DISPUTE = "dispute"
"""Money that a card's bank took back while it decides; its owner is the market."""
LOSS = "loss"
"""What the platform lost; its owner is the market."""

SALE = "sale"
UNFULFILLABLE = "unfulfillable"
REFUND_UNFULFILLABLE = "refund_unfulfillable"
REFUND = "refund"

ACCOUNTS = UUID("0b6f3c1e-6a51-5b0e-9d43-6c5d8a6d1f20")
"""The name space of account ids (RFC 9562, UUIDv5)."""


class Unbalanced(ValueError):
    """A posting whose entries do not sum to zero."""


class MixedCurrencies(ValueError):
    """A posting whose entries are in more than one currency."""


class Account(NamedTuple):
    """Where money stands: what for, whose, in which ISO 4217 currency."""

    kind: str
    owner: str
    currency: str

    @property
    def id(self) -> UUID:
        """Return the account's key, the same in every process."""
        return _account_id(*self)


@lru_cache(maxsize=10_000)
def _account_id(kind: str, owner: str, currency: str) -> UUID:
    """Hash an account's names once: a sale touches four accounts, three of them always the same."""
    return uuid5(ACCOUNTS, f"{kind}\n{owner}\n{currency}")


class Entry(NamedTuple):
    """One side of a posting, in minor units: debit above zero, credit below."""

    account: Account
    minor: int


class Posting(NamedTuple):
    """A fact in the books; `key` names the fact, so that it is booked once."""

    key: str
    kind: str
    order: UUID | None
    entries: Sequence[Entry]


class Sale(NamedTuple):
    """What a paid order comes to; every amount includes VAT where there is any."""

    order: UUID
    provider: str
    market: str
    country: str
    seller: UUID
    total: Money
    """Goods and shipping: what the buyer paid."""
    vat: Money
    """The VAT inside total and subsidy."""
    commission: Money
    """Our share."""
    subsidy: Money
    """What the platform paid of the price."""
    creators: Sequence[tuple[UUID, Money]] = ()
    """The shares of those who presented, by person."""

    @property
    def net(self) -> Money:
        """Return what is the seller's."""
        shares = sum((share for _, share in self.creators), Money.zero(self.total.currency))
        return self.total + self.subsidy - self.vat - self.commission - shares


def check_posting(posting: Posting) -> None:
    """Refuse a posting that has no entries, does not sum to zero or mixes currencies."""
    if not posting.entries:
        raise Unbalanced(f"{posting.key}: no entries")
    if len({entry.account.currency for entry in posting.entries}) > 1:
        raise MixedCurrencies(posting.key)
    rest = sum(entry.minor for entry in posting.entries)
    if rest:
        raise Unbalanced(f"{posting.key}: {rest} left over")


def sum_by_account(postings: Sequence[Posting]) -> dict[Account, int]:
    """Sum entries per account, in minor units."""
    sums: defaultdict[Account, int] = defaultdict(int)
    for posting in postings:
        for entry in posting.entries:
            sums[entry.account] += entry.minor
    return dict(sums)


# The posting table: what each fact books. Nothing else writes entries.


def sale(s: Sale) -> Posting:
    """Book a paid order: the provider owes us the total, we the parts to whom they belong.

    Raises Unbalanced when VAT, commission and shares are more than buyer and platform pay.
    """
    if s.net.minor < 0:
        raise Unbalanced(f"sale {s.order}: VAT, commission and shares exceed {s.total}")
    return _posting(f"{SALE}:{s.order}", SALE, s.order, *_parts(s))


def refund(key: UUID, back: Sale) -> Posting:
    """Book that `back`, a part of a sale or all of it, was undone and the buyer has the money."""
    undone = [(name, owner, -amount) for name, owner, amount in _parts(back)]
    return _posting(f"{REFUND}:{key}", REFUND, back.order, *undone)


def _parts(s: Sale) -> list[tuple[str, str, Money]]:
    return [
        (CLEARING, s.provider, s.total),
        (SUBSIDY, s.market, s.subsidy),
        (VAT, s.country, -s.vat),
        (COMMISSION, s.market, -s.commission),
        *((CREATOR, str(creator), -share) for creator, share in s.creators),
        (SELLER, str(s.seller), -s.net),
    ]


def unfulfillable(s: Sale) -> Posting:
    """Book money that came after the stock was gone: all of it is the buyer's."""
    key = f"{UNFULFILLABLE}:{s.order}"
    return _posting(
        key, UNFULFILLABLE, s.order, (CLEARING, s.provider, s.total), (RETURN, s.market, -s.total)
    )


def refund_unfulfillable(s: Sale) -> Posting:
    """Book that the buyer has such money back."""
    return _posting(
        f"{REFUND_UNFULFILLABLE}:{s.order}",
        REFUND_UNFULFILLABLE,
        s.order,
        (RETURN, s.market, s.total),
        (CLEARING, s.provider, -s.total),
    )


def _posting(key: str, kind: str, order: UUID, *parts: tuple[str, str, Money]) -> Posting:
    entries = [
        Entry(Account(name, owner, amount.currency), amount.minor)
        for name, owner, amount in parts
        if amount
    ]
    return Posting(key, kind, order, entries)
