"""Facts as rows: an event is written in the same transaction as the change it tells of."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

from panier.kit.arrays import Jsons, Smalls, Texts, Uuids
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.ids import new_id

LANES = 16
"""Streams are spread over this many lanes; one worker delivers a lane at a time, in order."""
NEWS = "news"
"""The subject under which workers hear that there are rows."""

WRITE = """
insert into event (id, lane, stream, market, kind, body, at)
select id, lane, stream, market, kind, body, %b
from unnest(%b::uuid[], %b::smallint[], %b::uuid[], %b::text[], %b::text[], %b::jsonb[])
  g(id, lane, stream, market, kind, body)
"""


class Fact(Protocol):
    """An event: a msgspec struct that says where it belongs."""

    @property
    def market(self) -> str:
        """Return the key that decides its cell."""

    @property
    def stream(self) -> UUID:
        """Return what it is about; facts of one stream are delivered in order."""


async def record(tx: Tx, *facts: Fact) -> None:
    """Write `facts` as rows of this transaction; reactions follow its commit."""
    await write(
        tx,
        [
            Letter(fact.stream, fact.market, type(fact).__name__, msgspec.json.encode(fact))
            for fact in facts
        ],
    )


class Letter(NamedTuple):
    """One event ready to be written: `body` is JSON."""

    stream: UUID
    market: str
    kind: str
    body: bytes


async def write(tx: Tx, letters: Sequence[Letter], at: datetime | None = None) -> list[UUID]:
    """Write events in this order; workers are told after the commit."""
    if not letters:
        return []
    ids = [new_id() for _ in letters]
    await tx.execute(
        WRITE,
        (
            at or now(),
            Uuids(ids),
            Smalls([letter.stream.int % LANES for letter in letters]),
            Uuids([letter.stream for letter in letters]),
            Texts([letter.market for letter in letters]),
            Texts([letter.kind for letter in letters]),
            Jsons([letter.body for letter in letters]),
        ),
    )
    cell = tx.cell
    tx.after_commit(lambda: cell.tell(NEWS))
    return ids
