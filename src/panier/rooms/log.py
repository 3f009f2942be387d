"""The room's log: gapless numbers by group commit, one set-based statement a batch.

Whoever appends locks the rooms he touches (in sorted order, so that two batches cannot block each
other for ever), numbers his facts in memory and writes all of them at once. News of the numbered
facts go out after the commit.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from panier.kit.bus import PAYLOAD_MAX
from panier.kit.cells import Cell
from panier.kit.clock import ms, now
from panier.kit.db import Tx, rows, run
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.rooms.rules import Fact, Kind

LOOK = b""
"""News that say only: there are new rows."""

LOCK = """
select show_id, seq from room where show_id = any(%b) order by show_id for no key update
"""
OPEN = """
insert into room (show_id, market) select * from unnest(%b::uuid[], %b::text[])
order by 1 on conflict do nothing
"""
# What an earlier try wrote already: a key is written once, whoever repeats it gets that line.
KNOWN = """
select key, show_id, seq, kind, at, body::text as body from room_log where key = any(%b)
"""
WRITE = """
with grown as (
  update room r set seq = t.seq from unnest(%b::uuid[], %b::bigint[]) t(show_id, seq)
  where r.show_id = t.show_id)
insert into room_log (show_id, seq, kind, body, at, key)
select show_id, seq, kind, body::jsonb, at, key
from unnest(%b::uuid[], %b::bigint[], %b::text[], %b::text[], %b::timestamptz[], %b::uuid[])
  t(show_id, seq, kind, body, at, key)
"""


class Entry(msgspec.Struct, frozen=True):
    """A fact that wants its number. `key`: the same key twice is one line of the log."""

    show: UUID
    market: str
    kind: Kind
    body: dict[str, Any]
    key: UUID | None = None


class _Written(msgspec.Struct):
    key: UUID
    show_id: UUID
    seq: int
    kind: str
    at: Any
    body: str


async def open_room(tx: Tx, show: UUID, market: str) -> None:
    """Give a show its room; a second time changes nothing."""
    await run(tx, OPEN, ([show], [market]))


async def append(  # noqa: PLR0917 - the columns of the row, in their order
    cell: Cell, show: UUID, market: str, kind: Kind, body: dict[str, Any], key: UUID | None = None
) -> Fact:
    """Append one fact, committed together with whatever else happens in the cell's rooms.

    `key`: who may ask twice passes the same one, and it is written once.
    """
    entry = Entry(show, market, kind, body, key or new_id())
    return await cell.desk(append_batch).ask(entry)


async def append_batch(tx: Tx, entries: list[Entry]) -> list[Fact | PanierError]:
    """Answer the desk: number and write `entries` in order of arrival."""
    return list(await append_in(tx, entries))


async def append_in(tx: Tx, entries: Sequence[Entry]) -> list[Fact]:
    """Append facts in the caller's transaction; its commit tells them to the gateways.

    The rooms stay locked until then, so come late and leave soon.
    """
    if not entries:
        return []
    last = await _lock(tx, entries)
    written = await _find_written(tx, entries)
    moment = now()
    fresh: list[tuple[Entry, int]] = []
    answers: list[Fact] = []
    news: defaultdict[UUID, list[Fact]] = defaultdict(list)
    for entry in entries:
        if entry.key is not None and entry.key in written:
            answers.append(written[entry.key])
            continue
        last[entry.show] += 1
        fact = Fact(last[entry.show], entry.kind, ms(moment), entry.body)
        fresh.append((entry, fact.seq))
        news[entry.show].append(fact)
        answers.append(fact)
        if entry.key is not None:
            written[entry.key] = fact
    if fresh:
        await tx.execute(
            WRITE,
            (
                list(news),
                [last[show] for show in news],
                [entry.show for entry, _ in fresh],
                [seq for _, seq in fresh],
                [entry.kind for entry, _ in fresh],
                [msgspec.json.encode(entry.body).decode() for entry, _ in fresh],
                [moment] * len(fresh),
                [entry.key for entry, _ in fresh],
            ),
            prepare=True,
        )
        tell(tx, news)
    return answers


async def _lock(tx: Tx, entries: Sequence[Entry]) -> dict[UUID, int]:
    """Lock the touched rooms and return their last numbers; a missing room is opened."""
    markets = {entry.show: entry.market for entry in entries}
    shows = sorted(markets)
    cursor = await tx.execute(LOCK, (shows,), prepare=True, binary=True)
    last: dict[UUID, int] = dict(await cursor.fetchall())
    missing = [show for show in shows if show not in last]
    if missing:
        await run(tx, OPEN, (missing, [markets[show] for show in missing]))
        cursor = await tx.execute(LOCK, (shows,), prepare=True, binary=True)
        last = dict(await cursor.fetchall())
    return last


async def _find_written(tx: Tx, entries: Sequence[Entry]) -> dict[UUID, Fact]:
    keys = [entry.key for entry in entries if entry.key is not None]
    if not keys:
        return {}
    found = await rows(tx, KNOWN, (keys,), _Written)
    return {
        row.key: Fact(row.seq, row.kind, ms(row.at), msgspec.json.decode(row.body)) for row in found
    }


def tell(tx: Tx, news: dict[UUID, list[Fact]]) -> None:
    """Tell the gateways what was appended, once this transaction is committed."""
    payloads = {show: msgspec.json.encode(facts) for show, facts in news.items()}
    cell = tx.cell

    def after() -> None:
        for show, payload in payloads.items():
            cell.tell(f"room.{show}", payload if len(payload) <= PAYLOAD_MAX else LOOK)

    tx.after_commit(after)
