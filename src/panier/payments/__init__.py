"""Payments: money in, back and on to sellers and creators, through a provider behind one port.

owns    payment, payment_refund, dispute, dispute_answer, dispute_document, payment_account,
        payment_customer, saved_card, card_to_forget, webhook_receipt; the sandbox provider its own
        sandbox_* tables
says    PaymentReported, RefundDone, RefundFailed, DisputeOpened, DisputeClosed, DisputeAnswered,
        TransferReported
hears   nothing; orders ask for money outside any transaction and move payments inside theirs
limits  a payment moves by one table of states; a key is charged, refunded or moved once; refunds
        and disputes never exceed what was paid; a dispute is answered once; a typed card lives
        30 minutes
"""

from panier.payments.accounts import (
    Account,
    Transfer,
    find_account,
    find_transfer,
    get_onboarding_url,
    open_account,
    refresh_account,
    reverse_transfer,
    transfer,
)
from panier.payments.actions import (
    LOOK_SECONDS,
    NewPayment,
    claim_looks,
    create,
    forget_card,
    forget_useless,
    keep_card,
    move,
)
from panier.payments.adapters import check_setup, provider_of
from panier.payments.answers import (
    Answered,
    Answering,
    DisputeAnswer,
    answer_dispute,
    find_answer,
    get_proof,
    list_proofs,
    send_answers,
)
from panier.payments.disputes import Dispute, find_case, find_dispute, list_disputes
from panier.payments.news import forget_cards
from panier.payments.provider import (
    AccountAnswer,
    Answer,
    BadSignature,
    CardForm,
    Charge,
    Evidence,
    KeyReused,
    NewAccount,
    Proof,
    Provider,
    ProviderAway,
    RefundAnswer,
    RefundWanted,
    Reversal,
    TokenRefused,
    TokenWrong,
    TransferAnswer,
)
from panier.payments.queries import (
    Payment,
    SavedCard,
    find_card,
    find_payment,
    list_payments,
)
from panier.payments.refunds import (
    Refund,
    find_refund,
    list_refunds,
    request_refund,
    send_refunds,
)
from panier.payments.rules import (
    TRANSITIONS,
    AccountState,
    CardDeclined,
    RefundState,
    RefundTooLarge,
    State,
    TransferState,
    refusal,
)
from panier.payments.sandbox import NAME, deliver_webhooks

__all__ = [
    "LOOK_SECONDS",
    "NAME",
    "TRANSITIONS",
    "Account",
    "AccountAnswer",
    "AccountState",
    "Answer",
    "Answered",
    "Answering",
    "BadSignature",
    "CardDeclined",
    "CardForm",
    "Charge",
    "Dispute",
    "DisputeAnswer",
    "Evidence",
    "KeyReused",
    "NewAccount",
    "NewPayment",
    "Payment",
    "Proof",
    "Provider",
    "ProviderAway",
    "Refund",
    "RefundAnswer",
    "RefundState",
    "RefundTooLarge",
    "RefundWanted",
    "Reversal",
    "SavedCard",
    "State",
    "TokenRefused",
    "TokenWrong",
    "Transfer",
    "TransferAnswer",
    "TransferState",
    "answer_dispute",
    "check_setup",
    "claim_looks",
    "create",
    "deliver_webhooks",
    "find_account",
    "find_answer",
    "find_card",
    "find_case",
    "find_dispute",
    "find_payment",
    "find_refund",
    "find_transfer",
    "forget_card",
    "forget_cards",
    "forget_useless",
    "get_onboarding_url",
    "get_proof",
    "keep_card",
    "list_disputes",
    "list_payments",
    "list_proofs",
    "list_refunds",
    "move",
    "open_account",
    "provider_of",
    "refresh_account",
    "refusal",
    "request_refund",
    "reverse_transfer",
    "send_answers",
    "send_refunds",
    "transfer",
]
