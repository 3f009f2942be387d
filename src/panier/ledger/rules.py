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

SALE = "sale"
UNFULFILLABLE = "unfulfillable"
REFUND_UNFULFILLABLE = "refund_unfulfillable"

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
    """The VAT inside the total."""
    commission: Money
    """Our share."""


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
    """Book a paid order: the provider owes us the total; we owe VAT and the seller the rest.

    Raises Unbalanced when VAT and commission are more than the buyer paid.
    """
    rest = s.total - s.vat - s.commission
    if rest.minor < 0:
        raise Unbalanced(f"sale {s.order}: VAT and commission exceed {s.total}")
    return _posting(
        SALE,
        s.order,
        (CLEARING, s.provider, s.total),
        (VAT, s.country, -s.vat),
        (COMMISSION, s.market, -s.commission),
        (SELLER, str(s.seller), -rest),
    )


def unfulfillable(s: Sale) -> Posting:
    """Book money that came after the stock was gone: all of it is the buyer's."""
    return _posting(
        UNFULFILLABLE, s.order, (CLEARING, s.provider, s.total), (RETURN, s.market, -s.total)
    )


def refund_unfulfillable(s: Sale) -> Posting:
    """Book that the buyer has such money back."""
    return _posting(
        REFUND_UNFULFILLABLE, s.order, (RETURN, s.market, s.total), (CLEARING, s.provider, -s.total)
    )


def _posting(kind: str, order: UUID, *parts: tuple[str, str, Money]) -> Posting:
    entries = [
        Entry(Account(name, owner, amount.currency), amount.minor)
        for name, owner, amount in parts
        if amount
    ]
    return Posting(f"{kind}:{order}", kind, order, entries)
