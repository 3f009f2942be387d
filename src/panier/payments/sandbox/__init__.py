"""The sandbox: a payment provider of our own, stateful like a real one, for tries and tests.

Its tables (sandbox_*) are its bank; nothing outside this folder writes them. What it could not
answer at once it tells by signed webhook. docs/guides/sandbox.md says how to test against it.
"""

from panier.payments.sandbox.accounts import access_account, get_balance, pay_out, set_state
from panier.payments.sandbox.adapter import NAME, Sandbox, deliver_webhooks
from panier.payments.sandbox.disputes import decide, find_dispute, list_open, open_dispute
from panier.payments.sandbox.faults import Faults, find_faults, turn_switch
from panier.payments.sandbox.intents import (
    answer_challenge,
    authorise,
    cancel,
    capture,
    charge,
    charge_batch,
    find_answer,
    find_intent,
    find_last4,
    forget_token,
    make_token,
)
from panier.payments.sandbox.refunds import refund

__all__ = [
    "NAME",
    "Faults",
    "Sandbox",
    "access_account",
    "answer_challenge",
    "authorise",
    "cancel",
    "capture",
    "charge",
    "charge_batch",
    "decide",
    "deliver_webhooks",
    "find_answer",
    "find_dispute",
    "find_faults",
    "find_intent",
    "find_last4",
    "forget_token",
    "get_balance",
    "list_open",
    "make_token",
    "open_dispute",
    "pay_out",
    "refund",
    "set_state",
    "turn_switch",
]
