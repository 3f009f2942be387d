"""What happens to what is owed after the sale: it becomes due, a part is kept back, it is paid.

The second half of the posting table; the first is in rules.py. Nothing else writes such entries.
"""

from typing import NamedTuple
from uuid import UUID

from panier.kit.money import Money
from panier.ledger.rules import (
    CLEARING,
    CREATOR,
    CREATOR_DUE,
    PAYOUT,
    RESERVE,
    SELLER,
    SELLER_DUE,
    Account,
    Entry,
    Posting,
)

RELEASE = "release"
"""What was owed became due, all but the reserve; or went back, after a refund."""
PAYOUT_BEGUN = "payout"
"""An amount that was due is on its way."""
PAYOUT_PAID = "payout_paid"
"""The provider confirmed that it arrived."""
PAYOUT_RETURNED = "payout_returned"
"""It did not arrive and is due again."""
PAYOUT_UNDONE = "payout_undone"
"""The bank sent back what had arrived; it is due again."""
DUE = {SELLER: SELLER_DUE, CREATOR: CREATOR_DUE}
"""Where what is owed stands once it may be paid out."""


class Party(NamedTuple):
    """Somebody who is owed money: `kind` is the account on which it first stands."""

    kind: str
    id: UUID
    currency: str

    @property
    def owed(self) -> Account:
        """Return where what is not yet theirs to have stands."""
        return Account(self.kind, str(self.id), self.currency)

    @property
    def due(self) -> Account:
        """Return where what they may have stands."""
        return Account(DUE[self.kind], str(self.id), self.currency)

    @property
    def reserve(self) -> Account:
        """Return where what is kept back of it stands."""
        return Account(RESERVE, str(self.id), self.currency)

    @property
    def accounts(self) -> list[Account]:
        """Return all three."""
        return [self.owed, self.due, self.reserve]


def release(key: str, order: UUID, party: Party, due: Money, reserve: Money) -> Posting:
    """Book that `due` may be paid out and `reserve` is kept back, both owed for `order`."""
    return _posting(
        f"{RELEASE}:{key}",
        RELEASE,
        order,
        (party.owed, due + reserve),
        (party.due, -due),
        (party.reserve, -reserve),
    )


def begin_payout(payout: UUID, party: Party, provider: str, amount: Money) -> Posting:
    """Book that what was due is on its way through `provider`."""
    under_way = Account(PAYOUT, provider, amount.currency)
    return _posting(
        f"{PAYOUT_BEGUN}:{payout}", PAYOUT_BEGUN, None, (party.due, amount), (under_way, -amount)
    )


def confirm_payout(payout: UUID, provider: str, amount: Money) -> Posting:
    """Book that it arrived: the provider owes us that much less."""
    under_way = Account(PAYOUT, provider, amount.currency)
    clearing = Account(CLEARING, provider, amount.currency)
    return _posting(
        f"{PAYOUT_PAID}:{payout}", PAYOUT_PAID, None, (under_way, amount), (clearing, -amount)
    )


def return_payout(payout: UUID, party: Party, provider: str, amount: Money) -> Posting:
    """Book that it could not be paid and is due again."""
    under_way = Account(PAYOUT, provider, amount.currency)
    return _posting(
        f"{PAYOUT_RETURNED}:{payout}",
        PAYOUT_RETURNED,
        None,
        (under_way, amount),
        (party.due, -amount),
    )


def undo_payout(payout: UUID, party: Party, provider: str, amount: Money) -> Posting:
    """Book that a bank sent back what had been confirmed: the provider owes it to us again."""
    clearing = Account(CLEARING, provider, amount.currency)
    return _posting(
        f"{PAYOUT_UNDONE}:{payout}", PAYOUT_UNDONE, None, (clearing, amount), (party.due, -amount)
    )


def _posting(key: str, kind: str, order: UUID | None, *parts: tuple[Account, Money]) -> Posting:
    entries = [Entry(account, amount.minor) for account, amount in parts if amount]
    return Posting(key, kind, order, entries)
