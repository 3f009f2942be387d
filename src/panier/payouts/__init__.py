"""Payouts: what sellers and creators are owed, when it is theirs, and how it reaches them.

owns    maturity, reserve_term, payout_run, payout
says    PayoutMoved
hears   OrderDelivered, OrderRefunded, TransferReported; PayoutMoved (a mail to whose money it is)
limits  an order's money moves once a fact; a run needs two people; a transfer is tried 10 times
        before somebody has to look; 500 releases and 50 transfers a go
"""

from panier.payouts.checks import check_payouts
from panier.payouts.runs import Decider, approve_run, create_run, drop_run
from panier.payouts.sending import give_back, retry, send_payouts, settle
from panier.payouts.settlement import (
    RELEASE_BATCH_MAX,
    Maturity,
    correct,
    expect,
    release_due,
)

__all__ = [
    "RELEASE_BATCH_MAX",
    "Decider",
    "Maturity",
    "approve_run",
    "check_payouts",
    "correct",
    "create_run",
    "drop_run",
    "expect",
    "give_back",
    "release_due",
    "retry",
    "send_payouts",
    "settle",
]
