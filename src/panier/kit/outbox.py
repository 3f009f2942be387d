"""Facts as rows: an event is written in the same transaction as the change it tells of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

import msgspec

from panier.kit.arrays import Jsons, Smalls, Texts, Uuids
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.ids import new_id

Priority = Literal["high", "normal", "soon", "low"]
LANES: dict[Priority, range] = {
    "high": range(24, 32),
    "normal": range(20, 24),
    "soon": range(16, 20),
    "low": range(16),
}
"""Streams are spread over the lanes of their priority; a lane is delivered in order."""
NEWS = "news"
"""The subject, followed by a priority, under which workers hear that there are rows."""

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

    @property
    def priority(self) -> Priority:
        """Return whose turn it is; the same for all facts of a stream."""


async def record(tx: Tx, *facts: Fact) -> None:
    """Write `facts` as rows of this transaction; reactions follow its commit."""
    await write(
        tx,
        [
            Letter(
                fact.stream,
                fact.market,
                type(fact).__name__,
                msgspec.json.encode(fact),
                fact.priority,
            )
            for fact in facts
        ],
    )


class Letter(NamedTuple):
    """One event ready to be written: `body` is JSON."""

    stream: UUID
    market: str
    kind: str
    body: bytes
    priority: Priority = "low"

    @property
    def lane(self) -> int:
        """Return the lane of its stream."""
        lanes = LANES[self.priority]
        return lanes[self.stream.int % len(lanes)]


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
            Smalls([letter.lane for letter in letters]),
            Uuids([letter.stream for letter in letters]),
            Texts([letter.market for letter in letters]),
            Texts([letter.kind for letter in letters]),
            Jsons([letter.body for letter in letters]),
        ),
    )
    cell, priorities = tx.cell, {letter.priority for letter in letters}

    def tell() -> None:
        for priority in priorities:
            cell.tell(f"{NEWS}.{priority}")

    tx.after_commit(tell)
    return ids
