"""Stripe's words in ours, pure: objects as its API documents them become answers of the port."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from panier.kit.money import Money
from panier.payments.provider import (
    AccountAnswer,
    Answer,
    DisputeNews,
    Moved,
    News,
    RefundAnswer,
    TransferAnswer,
)
from panier.payments.rules import AccountState, RefundState, State, TransferState

Object = Mapping[str, Any]
"""An object of Stripe's API as JSON."""
LOOK_SECONDS = 60
"""When to ask again about a payment that Stripe works on."""

DECLINES: Mapping[str, str] = {
    "insufficient_funds": "insufficient_funds",
    "withdrawal_count_limit_exceeded": "insufficient_funds",
    "card_velocity_exceeded": "insufficient_funds",
    "do_not_honor": "do_not_honour",
    "lost_card": "lost_card",
    "stolen_card": "stolen_card",
    "pickup_card": "stolen_card",
    "expired_card": "card_expired",
    "invalid_expiry_month": "card_expired",
    "invalid_expiry_year": "card_expired",
    "incorrect_cvc": "wrong_cvc",
    "invalid_cvc": "wrong_cvc",
    "processing_error": "processing_error",
    "issuer_not_available": "processing_error",
    "reenter_transaction": "processing_error",
    "try_again_later": "processing_error",
    "authentication_required": "authentication_failed",
    "authentication_not_handled": "authentication_failed",
    "payment_intent_authentication_failure": "authentication_failed",
}
"""Decline codes and error codes to our reasons; the others are a plain decline."""
REFUND_STATES: Mapping[str, RefundState] = {
    "pending": RefundState.REQUESTED,
    "requires_action": RefundState.REQUESTED,
    "succeeded": RefundState.DONE,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
TRANSFER_REFUSALS: Mapping[str, str] = {
    "balance_insufficient": "balance_too_low",
    "insufficient_capabilities_for_transfer": "account_restricted",
    "account_invalid": "account_missing",
    "resource_missing": "account_missing",
    "amount_too_small": "amount_too_small",
    "transfers_not_allowed": "account_restricted",
}
"""Why a transfer is refused for good; any other error is tried again."""
REFUND_REFUSALS: Mapping[str, str] = {
    "charge_already_refunded": "amount_too_large",
    "amount_too_large": "amount_too_large",
    "charge_disputed": "payment_disputed",
    "resource_missing": "payment_unknown",
    "payment_intent_unexpected_state": "payment_not_paid",
    "refund_disputed_payment": "payment_disputed",
}
"""Why a refund is refused for good; any other error is tried again."""
FINAL_EVENTS = frozenset({"payment_intent.succeeded", "payment_intent.canceled"})
"""After these an intent changes no more."""
MOVED_EVENTS = frozenset({"payment_intent.payment_failed", "payment_intent.processing"})
"""Whoever has the secret of an intent that failed may try again, unless it is cancelled first."""
KEPT = frozenset({"card", "link"})
"""Ways to pay that pay again by their name."""
TOKEN_ERRORS = frozenset({"resource_missing", "payment_method_unexpected_state"})
"""Errors about the payment method that was given."""


def decline_of(error: Object | None) -> str:
    """Return our reason for a decline."""
    given = error or {}
    names = (str(given.get("decline_code")), str(given.get("code")))
    return next((DECLINES[name] for name in names if name in DECLINES), "declined")


def answer_of(key: UUID, intent: Object, moment: datetime) -> Answer:
    """Say how a PaymentIntent stands, with its `latest_charge` expanded."""
    state, reason, url = _standing(intent)
    charge = intent.get("latest_charge")
    details = charge.get("payment_method_details") or {} if isinstance(charge, Mapping) else {}
    kind = str(details.get("type"))
    card = details.get("card") or {}
    return Answer(
        payment=key,
        state=state,
        reference=intent["id"],
        reason=reason,
        action_url=url,
        action_secret=intent.get("client_secret") if state == State.ACTION else None,
        kept_token=_kept(intent) if state == State.PAID and kind in KEPT else None,
        brand=card.get("brand") or (kind if kind in KEPT else None),
        last4=card.get("last4") or ("" if kind in KEPT else None),
        look_at=moment + timedelta(seconds=LOOK_SECONDS) if state == State.PENDING else None,
    )


def _standing(intent: Object) -> tuple[State, str | None, str | None]:
    status = intent["status"]
    if status == "succeeded":
        return State.PAID, None, None
    if status == "canceled":
        error = intent.get("last_payment_error")
        return State.DECLINED, decline_of(error) if error else "expired", None
    if status == "requires_payment_method":
        return State.DECLINED, decline_of(intent.get("last_payment_error")), None
    if status == "requires_action":
        redirect = (intent.get("next_action") or {}).get("redirect_to_url") or {}
        return State.ACTION, None, redirect.get("url")
    return State.PENDING, None, None


def _kept(intent: Object) -> str | None:
    """Return a lasting name for the card: the customer it is kept for, and the method."""
    if not intent.get("setup_future_usage") or not intent.get("customer"):
        return None
    return f"{name_of(intent['customer'])}/{name_of(intent['payment_method'])}"


def name_of(reference: str | Object) -> str:
    """Return the id of something that may have been expanded."""
    return reference if isinstance(reference, str) else str(reference["id"])


def refund_of(key: UUID, refund: Object) -> RefundAnswer:
    """Say how a refund stands."""
    state = REFUND_STATES[refund.get("status") or "pending"]
    return RefundAnswer(key, state, refund["id"], refund.get("failure_reason"))


def transfer_of(key: UUID, transfer: Object) -> TransferAnswer:
    """Say how a transfer stands: Stripe makes it at once."""
    return TransferAnswer(key, TransferState.DONE, transfer["id"])


def account_of(account: Object) -> AccountAnswer:
    """Say whether an account takes transfers and can send them on to its bank."""
    able = (account.get("capabilities") or {}).get("transfers") == "active"
    blocked = (account.get("requirements") or {}).get("disabled_reason")
    if able and account.get("payouts_enabled"):
        state = AccountState.ACTIVE
    elif blocked and not blocked.startswith("requirements."):
        state = AccountState.RESTRICTED
    else:
        state = AccountState.PENDING
    return AccountAnswer(account["id"], state)


def dispute_of(dispute: Object) -> DisputeNews | None:
    """Say how a dispute stands; None for an inquiry, which moves no money."""
    status = dispute["status"]
    if status.startswith("warning_") or status == "prevented":
        return None
    return DisputeNews(
        reference=dispute["id"],
        payment_reference=name_of(dispute["payment_intent"]),
        amount=Money(dispute["amount"], dispute["currency"].upper()),
        reason=dispute["reason"],
        state=status if status in ("won", "lost") else "open",
        evidence_until=_moment((dispute.get("evidence_details") or {}).get("due_by")),
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if not seconds else datetime.fromtimestamp(seconds, UTC)


def news_of(event: Object, moment: datetime) -> tuple[str | None, News | None]:
    """Return the market that an event names, and what it says that concerns us."""
    kind, found = event["type"], event["data"]["object"]
    metadata = found.get("metadata") or {}
    market = metadata.get("market")
    # A message names no card; where the buyer wants theirs kept, the charge is asked for it.
    to_ask = kind in MOVED_EVENTS or (kind in FINAL_EVENTS and found.get("setup_future_usage"))
    if to_ask and "payment" in metadata:
        return market, Moved(UUID(metadata["payment"]))
    if kind in FINAL_EVENTS and "payment" in metadata:
        return market, answer_of(UUID(metadata["payment"]), found, moment)
    if kind in ("refund.created", "refund.updated", "refund.failed") and "refund" in metadata:
        return market, refund_of(UUID(metadata["refund"]), found)
    if kind.startswith("charge.dispute."):
        return market, dispute_of(found)
    if kind == "account.updated":
        return market, account_of(found)
    return market, None
