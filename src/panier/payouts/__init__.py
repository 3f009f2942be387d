"""Payouts: what sellers and creators are owed, when it is theirs, and how it reaches them.

owns    maturity, reserve_term, payout_run, payout
says    nothing; the books and its own rows tell
hears   OrderDelivered, OrderRefunded
limits  an order's money moves once a fact; 500 orders a go
"""

from panier.payouts.settlement import RELEASE_BATCH_MAX, Maturity, correct, expect, release_due

__all__ = ["RELEASE_BATCH_MAX", "Maturity", "correct", "expect", "release_due"]
