"""Rules: how much may be told, in which files, and how long is left."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from panier.kit.errors import NotFound, PanierError
from panier.payments import Dispute, DisputeAnswer

STATEMENT_MAX = 4000
"""Characters of what finance writes."""
PROOF_BYTES_MAX = 4 * 1024 * 1024
"""Of an uploaded file; with the invoices it stays below the 4.5 MB that Stripe takes in all."""
LARGE_FORMS = {
    re.compile(r"/[a-z]{2}/(disputes/[^/]+/evidence|seller/orders/[^/]+/dispute)"): (
        PROOF_BYTES_MAX + 65_536
    )
}
"""Addresses whose forms may be larger than others, and how large in bytes."""
BEGINS = {
    b"%PDF-": ("pdf", "application/pdf"),
    b"\x89PNG\r\n\x1a\n": ("png", "image/png"),
    b"\xff\xd8\xff": ("jpg", "image/jpeg"),
}
FINAL = ("answered", "decided", "unknown")
"""Why an answer was not taken, where another one would not be either."""
STUCK = timedelta(minutes=15)
"""An answer that is not with the provider after this needs somebody to look at it."""
SOON_DAYS = 3
"""So many days before its end a deadline is shown as pressing."""


class BadProof(PanierError):
    """Please choose a PDF, a PNG or a JPEG."""

    code, status = "bad_proof", 422


class Changed(PanierError):
    """What we know of this sale has changed meanwhile. Please read it once more."""

    code, status = "changed", 409


class NothingToTell(PanierError):
    """Please write something in your own words."""

    code, status = "nothing_to_tell", 422


def is_to_answer(dispute: Dispute, answer: DisputeAnswer | None) -> bool:
    """Tell whether somebody may answer: nobody did, or it was not taken and may be yet."""
    if dispute.state != "open":
        return False
    return answer is None or (answer.state == "refused" and answer.reason not in FINAL)


def proof_kind(data: bytes) -> tuple[str, str]:
    """Return ending and media type by how a file begins; raises BadProof."""
    for begin, kind in BEGINS.items():
        if data.startswith(begin):
            return kind
    raise BadProof(field="proof")


def read_id(text: str) -> UUID:
    """Return the id that a form names; raises NotFound for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def days_left(until: datetime | None, moment: datetime) -> int | None:
    """Return the whole days until a deadline, 0 on its last; None when it is over or unknown."""
    if until is None or until < moment:
        return None
    return (until - moment).days
