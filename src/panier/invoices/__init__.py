"""Invoices: what each seller's buyers get for their books: numbered, frozen, without gaps.

owns    document, document_series
says    nothing
hears   OrderPaid (an invoice), OrderRefunded (a credit note)
limits  one invoice an order, one credit note a refund; 50,000 documents a file; 60 PDFs a
        minute and client
"""

from panier.invoices.actions import write_credit_note, write_invoice
from panier.invoices.paper import print_pdf
from panier.invoices.queries import (
    Document,
    Finding,
    check_documents,
    find_document,
    find_invoice,
    list_documents_of,
)

__all__ = [
    "Document",
    "Finding",
    "check_documents",
    "find_document",
    "find_invoice",
    "list_documents_of",
    "print_pdf",
    "write_credit_note",
    "write_invoice",
]
