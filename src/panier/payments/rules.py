"""Payment rules, pure: states, cards of the sandbox, and what a refusal tells the buyer."""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from panier.kit.errors import BadInput, Conflict, PanierError
from panier.kit.i18n import _


class State(StrEnum):
    """Where a payment stands."""

    CREATED = "created"
    """Promised by us; the provider may not know of it yet."""
    ACTION = "action"
    """The buyer has to confirm with their bank (3-D Secure)."""
    PENDING = "pending"
    """The provider works on it and will tell."""
    PAID = "paid"
    """The money is ours to share out."""
    DECLINED = "declined"
    """No money will come from it."""
    REFUNDING = "refunding"
    """The money has to go back; a worker sees to it."""
    REFUNDED = "refunded"
    """The buyer has the money back."""


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.CREATED: frozenset({State.ACTION, State.PENDING, State.PAID, State.DECLINED}),
    State.ACTION: frozenset({State.PENDING, State.PAID, State.DECLINED}),
    State.PENDING: frozenset({State.PAID, State.DECLINED}),
    State.PAID: frozenset({State.REFUNDING}),
    State.DECLINED: frozenset(),
    State.REFUNDING: frozenset({State.REFUNDED}),
    State.REFUNDED: frozenset(),
}
"""From each state to those that may follow; whatever else arrives, late or twice, is ignored."""


class RefundState(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    """Promised by us; the provider has not finished it."""
    DONE = "done"
    """The provider gave the money back."""
    FAILED = "failed"
    """It did not reach the buyer."""


REFUND_TRANSITIONS: Mapping[RefundState, frozenset[RefundState]] = {
    RefundState.REQUESTED: frozenset({RefundState.DONE, RefundState.FAILED}),
    RefundState.DONE: frozenset({RefundState.FAILED}),
    RefundState.FAILED: frozenset(),
}
"""A bank may send money back days after the provider called the refund done."""


class TransferState(StrEnum):
    """Where a transfer to a seller's or creator's account stands."""

    SENT = "sent"
    """The provider works on it and will tell."""
    DONE = "done"
    """It stands on the account."""
    FAILED = "failed"
    """Nothing was moved, or it came back."""


class AccountState(StrEnum):
    """Whether somebody can be paid."""

    PENDING = "pending"
    """The provider wants more details of them."""
    ACTIVE = "active"
    """Transfers arrive."""
    RESTRICTED = "restricted"
    """The provider takes no transfers for now."""


class RefundTooLarge(Conflict):
    """This is more than what is left of the payment."""

    code = "refund_too_large"


class CardDeclined(PanierError):
    """Your bank declined the payment; nothing was charged and your basket is kept."""

    code, status = "card_declined", 402


class NotCovered(CardDeclined):
    """There is not enough money on this card; nothing was charged and your basket is kept."""

    code = "card_declined"


class NotConfirmed(CardDeclined):
    """The payment was not confirmed; nothing was charged and your basket is kept."""

    code = "card_declined"


class TakenTooLong(CardDeclined):
    """The payment was not finished in time; nothing was charged. Please try again."""

    code = "card_declined"


class CardUnknown(CardDeclined):
    """Please enter your card once more; nothing was charged and your basket is kept."""

    code = "card_declined"


class ExpiredAtBank(CardDeclined):
    """Your bank says that this card has expired; nothing was charged and your basket is kept."""

    code = "card_declined"


class CodeWrong(CardDeclined):
    """The card’s security code is wrong; nothing was charged and your basket is kept."""

    code = "card_declined"


class BankAway(CardDeclined):
    """Your bank could not be asked; nothing was charged. Please try again or use another card."""

    code = "card_declined"


REFUSALS: Mapping[str, type[CardDeclined]] = {
    "declined": CardDeclined,
    "insufficient_funds": NotCovered,
    "authentication_failed": NotConfirmed,
    "expired": TakenTooLong,
    "card_unknown": CardUnknown,
    "card_expired": ExpiredAtBank,
    "wrong_cvc": CodeWrong,
    "processing_error": BankAway,
}
"""Why a payment was declined, and the words for it; who holds a lost card is told no more."""


USELESS = frozenset({"card_unknown", "card_expired"})
"""Reasons after which the same card will not pay again: one that was kept is not offered again."""


def refusal(reason: str | None) -> CardDeclined:
    """Return the error that tells the buyer why; an unknown reason is a plain decline."""
    known = reason or "declined"
    return REFUSALS.get(known, CardDeclined)(reason=known)


class CardNumberWrong(PanierError):
    """This card number is not right; please check its digits."""

    code, status = "card_number_wrong", 422


class NotATestCard(PanierError):
    """The sandbox takes its test cards only; please keep real cards to yourself."""

    code, status = "not_a_test_card", 422


class CardExpired(PanierError):
    """This card has expired."""

    code, status = "card_expired", 422


class Behaviour(StrEnum):
    """What a test card does."""

    SUCCEEDS = "succeeds"
    """Pays at once."""
    DECLINED = "declined"
    """The bank says no."""
    INSUFFICIENT = "insufficient_funds"
    """The bank says that there is not enough money."""
    CHALLENGE = "challenge"
    """The buyer is asked to confirm."""
    LATE = "late"
    """Pays a few seconds later."""
    DO_NOT_HONOUR = "do_not_honour"
    """The bank says no without a reason."""
    LOST = "lost_card"
    """Reported lost; a buyer is told of a plain decline."""
    STOLEN = "stolen_card"
    """Reported stolen; a buyer is told of a plain decline."""
    EXPIRED = "card_expired"
    """The bank says that it has expired."""
    WRONG_CVC = "wrong_cvc"
    """The bank says that the security code is wrong."""
    ERROR = "processing_error"
    """The bank could not be asked."""
    DISPUTED = "disputed"
    """Pays at once; seconds later the buyer's bank takes it back in a dispute."""
    REFUND_LATE = "refund_late"
    """Pays at once; a refund takes a few seconds."""
    REFUND_FAILS = "refund_fails"
    """Pays at once; a refund is called done, and seconds later it comes back."""


TEST_CARDS: Mapping[str, Behaviour] = {
    "4242424242424242": Behaviour.SUCCEEDS,
    "4000000000000002": Behaviour.DECLINED,
    "4000000000009995": Behaviour.INSUFFICIENT,
    "4000000000003220": Behaviour.CHALLENGE,
    "4000000000000259": Behaviour.LATE,
    "4000000000000242": Behaviour.DO_NOT_HONOUR,
    "4000000000009987": Behaviour.LOST,
    "4000000000009979": Behaviour.STOLEN,
    "4000000000000069": Behaviour.EXPIRED,
    "4000000000000127": Behaviour.WRONG_CVC,
    "4000000000000119": Behaviour.ERROR,
    "4000000000002685": Behaviour.DISPUTED,
    "4000000000007726": Behaviour.REFUND_LATE,
    "4000000000005126": Behaviour.REFUND_FAILS,
}
"""Test numbers, most of them published ones of the trade; no bank ever issued them."""


class Card(NamedTuple):
    """What the sandbox keeps of a card: never its number."""

    behaviour: Behaviour
    brand: str
    last4: str


def passes_luhn(digits: str) -> bool:
    """Tell whether the check digit is right (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def read_card(number: str, expiry: str, cvc: str, today: date) -> Card:
    """Read what a buyer typed; raises CardNumberWrong, NotATestCard, CardExpired, BadInput."""
    digits = re.sub(r"[ -]", "", number)
    if not re.fullmatch(r"[0-9]{12,19}", digits) or not passes_luhn(digits):
        raise CardNumberWrong(field="number")
    if digits not in TEST_CARDS:
        raise NotATestCard(field="number")
    written = re.fullmatch(r"\s*(0?[1-9]|1[0-2])\s*/\s*(?:20)?([0-9]{2})\s*", expiry)
    if not written:
        raise BadInput(reason=_("the expiry date is written MM/YY"), field="expiry")
    month, year = int(written[1]), 2000 + int(written[2])
    if (year, month) < (today.year, today.month):
        raise CardExpired(field="expiry")
    if not re.fullmatch(r"[0-9]{3}", cvc.strip()):
        raise BadInput(reason=_("the security code has three digits"), field="cvc")
    return Card(TEST_CARDS[digits], "visa", digits[-4:])
