"""Ledger: double-entry books in integer minor units that always sum to zero.

owns    account, posting, entry
says    nothing; whoever posts says what happened
hears   nothing; orders post inside the transaction that settles them
limits  a fact (its key) is booked once; one currency a posting; entries are never changed
"""

from panier.ledger.actions import post
from panier.ledger.queries import Booked, Finding, check_books, get_balance, list_entries
from panier.ledger.rules import (
    CLEARING,
    COMMISSION,
    RETURN,
    SELLER,
    VAT,
    Account,
    Entry,
    MixedCurrencies,
    Posting,
    Sale,
    Unbalanced,
    refund_unfulfillable,
    sale,
    unfulfillable,
)

__all__ = [
    "CLEARING",
    "COMMISSION",
    "RETURN",
    "SELLER",
    "VAT",
    "Account",
    "Booked",
    "Entry",
    "Finding",
    "MixedCurrencies",
    "Posting",
    "Sale",
    "Unbalanced",
    "check_books",
    "get_balance",
    "list_entries",
    "post",
    "refund_unfulfillable",
    "sale",
    "unfulfillable",
]
