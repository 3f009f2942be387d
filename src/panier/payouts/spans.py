"""Spans of time in the books: between which postings a month or a year lies."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from panier.kit.db import Tx, rows

NEVER_BEFORE, NEVER_AFTER = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)

# Postings lie in the order of time and their ids rise with it, so their entries are found between
# two ids; these are looked up and not assumed. As text, for the index of ids would be walked from
# its beginning.
SPAN = """
select min(id::text)::uuid as first, max(id::text)::uuid as last from posting
where at >= %s and at < %s
"""


class Span(msgspec.Struct, frozen=True):
    """The least and the greatest id of the postings of a span of time; None: there are none."""

    first: UUID | None
    last: UUID | None


async def find_span(tx: Tx, begin: datetime, until: datetime) -> Span:
    """Return between which ids the postings from `begin` until `until` (exclusive) are."""
    (span,) = await rows(tx, SPAN, (begin, until), Span)
    return span
