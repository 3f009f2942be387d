"""Reads of the log: a room as it looks now, what came after a number, how far rooms are."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.clock import ms
from panier.kit.db import Tx, rows, value
from panier.rooms.rules import CHATS_MAX, Fact, RoomState, fold

FACTS_MAX = 500
"""Facts that one read returns, and that one who comes back may have missed."""

COLUMNS = "select seq, kind, at, body::text as body from room_log"
# The facts that decide what a room looks like, and the chat's last messages.
STATE = f"""
({COLUMNS} where show_id = %(show)s and seq <= %(seq)s and kind not in ('chat', 'purchase'))
union all
({COLUMNS} where show_id = %(show)s and seq <= %(seq)s and kind = 'chat'
 order by seq desc limit {CHATS_MAX})
order by seq
"""
AFTER = f"{COLUMNS} where show_id = %s and seq > %s order by seq limit %s"
GAPS = """
select r.show_id as show, r.seq, count(l.seq) as lines, coalesce(max(l.seq), 0) as last
from room r left join room_log l using (show_id)
group by r.show_id having r.seq <> count(l.seq) or r.seq <> coalesce(max(l.seq), 0)
order by r.show_id limit 100
"""


class _Row(msgspec.Struct):
    seq: int
    kind: str
    at: datetime
    body: str

    def fact(self) -> Fact:
        return Fact(self.seq, self.kind, ms(self.at), msgspec.json.decode(self.body))


class Gap(msgspec.Struct):
    """A room whose log is not 1, 2, 3 … up to its number."""

    show: UUID
    seq: int
    lines: int
    last: int


async def find_seq(tx: Tx, show: UUID) -> int | None:
    """Return how many facts a room has; None when the show has no room yet."""
    seq: int | None = await value(tx, "select seq from room where show_id = %s", (show,))
    return seq


async def load_state(tx: Tx, show: UUID, seq: int) -> RoomState:
    """Fold a room's log up to `seq`; what came and went before the last chats is not read."""
    found = await rows(tx, STATE, {"show": show, "seq": seq}, _Row)
    state = RoomState()
    for row in found:
        state = fold(state, row.fact())
    return msgspec.structs.replace(state, seq=seq)


async def list_facts(tx: Tx, show: UUID, after: int, limit: int = FACTS_MAX) -> list[Fact]:
    """List the facts with a number above `after`, in order."""
    return [row.fact() for row in await rows(tx, AFTER, (show, after, limit), _Row)]


async def find_fact(tx: Tx, show: UUID, seq: int) -> Fact | None:
    """Return the fact with this number, or None."""
    found = await rows(tx, f"{COLUMNS} where show_id = %s and seq = %s", (show, seq), _Row)
    return found[0].fact() if found else None


async def list_seqs(tx: Tx, shows: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many facts each of these rooms has."""
    cursor = await tx.execute(
        "select show_id, seq from room where show_id = any(%s)", (list(shows),), prepare=True
    )
    return dict(await cursor.fetchall())


async def check_logs(tx: Tx) -> list[Gap]:
    """List rooms whose log has a gap; empty is right."""
    return await rows(tx, GAPS, None, Gap)
