"""What a buyer's bank takes back: held while it decides, then ours again or taken back from all.

The third part of the posting table; the others are in rules.py and moves.py.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from panier.kit.money import Money
from panier.ledger.rules import (
    CLEARING,
    DISPUTE,
    LOSS,
    Account,
    Entry,
    Posting,
    Sale,
    refund,
    refund_unfulfillable,
)

DISPUTE_OPENED = "dispute"
"""A bank took money back until it has decided."""
DISPUTE_WON = "dispute_won"
"""It gave the money back to us."""
DISPUTE_LOST = "dispute_lost"
"""It gave the money to the buyer: a part of a sale was undone."""
WRITTEN_OFF = "written_off"
"""What a lost dispute takes beyond what is left of the sale: nobody but us can bear it."""

Source = Literal["dispute", "loss"]
"""Where the money stood that an order's part of a lost dispute takes."""


def open_dispute(dispute: UUID, provider: str, market: str, amount: Money) -> Posting:
    """Book that the provider took `amount` away while a bank decides."""
    return _move(DISPUTE_OPENED, dispute, amount, (DISPUTE, market), (CLEARING, provider))


def win_dispute(dispute: UUID, provider: str, market: str, amount: Money) -> Posting:
    """Book that the provider owes it to us again."""
    return _move(DISPUTE_WON, dispute, amount, (CLEARING, provider), (DISPUTE, market))


def write_off(dispute: UUID, market: str, amount: Money) -> Posting:
    """Book as lost what no order can give back."""
    return _move(WRITTEN_OFF, dispute, amount, (LOSS, market), (DISPUTE, market))


def lose_part(key: UUID, back: Sale, source: Source) -> Posting:
    """Book that `back`, a part of a sale or all of it, was undone by a buyer's bank.

    `source`: loss, where it had been written off before the part was free to be taken back.
    """
    entries = _instead(refund(key, back).entries, source, back.market)
    return Posting(f"{DISPUTE_LOST}:{key}", DISPUTE_LOST, back.order, entries)


def lose_unfulfillable(dispute: UUID, s: Sale) -> Posting:
    """Book that the buyer has money that came after the stock was gone back by their bank."""
    booked = refund_unfulfillable(s)
    entries = _instead(booked.entries, DISPUTE, s.market)
    return booked._replace(key=f"{booked.key}:{dispute}", entries=entries)


def _instead(entries: Sequence[Entry], kind: str, market: str) -> list[Entry]:
    """Return the entries with another account in the place of the provider's."""
    return [
        entry._replace(account=Account(kind, market, entry.account.currency))
        if entry.account.kind == CLEARING
        else entry
        for entry in entries
    ]


def _move(
    kind: str, dispute: UUID, amount: Money, to: tuple[str, str], off: tuple[str, str]
) -> Posting:
    entries = [
        Entry(Account(*to, amount.currency), amount.minor),
        Entry(Account(*off, amount.currency), -amount.minor),
    ]
    return Posting(f"{kind}:{dispute}", kind, None, entries)
