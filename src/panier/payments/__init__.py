"""Payments: money in and back, through a provider; here the sandbox.

owns    payment, saved_card, webhook_receipt; the sandbox its own sandbox_* tables
says    PaymentReported
hears   nothing; orders ask for money outside any transaction and move payments inside theirs
limits  a payment moves by one table of states; a key is charged once; a typed card lives 30 minutes
"""

from panier.payments.actions import (
    LOOK_SECONDS,
    Answer,
    NewPayment,
    claim_looks,
    create,
    forget_card,
    hear,
    keep_card,
    move,
)
from panier.payments.queries import (
    Payment,
    SavedCard,
    find_card,
    find_payment,
    list_payments,
)
from panier.payments.rules import TRANSITIONS, CardDeclined, State, refusal
from panier.payments.sandbox import (
    NAME,
    Charge,
    KeyReused,
    TokenRefused,
    cancel,
    charge,
    deliver_webhooks,
    find_answer,
    forget_token,
    refund,
)

__all__ = [
    "LOOK_SECONDS",
    "NAME",
    "TRANSITIONS",
    "Answer",
    "CardDeclined",
    "Charge",
    "KeyReused",
    "NewPayment",
    "Payment",
    "SavedCard",
    "State",
    "TokenRefused",
    "cancel",
    "charge",
    "claim_looks",
    "create",
    "deliver_webhooks",
    "find_answer",
    "find_card",
    "find_payment",
    "forget_card",
    "forget_token",
    "hear",
    "keep_card",
    "list_payments",
    "move",
    "refund",
    "refusal",
]
