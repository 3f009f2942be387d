"""Disputes: what a buyer's bank takes back, what we answer it, and until when.

owns    dispute_note; dispute and dispute_answer are payments', the books are parcels'
says    nothing
hears   DisputeOpened, DisputeClosed, DisputeAnswered (mails to sellers and finance); a timer
        reminds finance two days before a bank stops listening
limits  one answer a dispute, of 4,000 characters and one file of 4 MiB besides the invoices; 200
        disputes a page, 50,000 a file
"""

from panier.disputes.reminders import remind
from panier.disputes.rules import LARGE_FORMS

__all__ = ["LARGE_FORMS", "remind"]
