"""What happens to a channel, as rows and events."""

import secrets
from uuid import UUID

from panier import events
from panier.kit.clock import now
from panier.kit.db import Tx, find, run, value
from panier.kit.errors import NotFound
from panier.kit.outbox import record
from panier.video.playlist import Recorded
from panier.video.queries import Place
from panier.video.rules import may_become

TOKEN_BYTES = 12
SESSIONS_A_PROCESS = 1000
"""Encoder sessions that a process may number before it asks again; connections of one show."""
NUMBER_LEAP = 100
"""Media sequence numbers that a killed process may have used without a row."""
END, NEW_KEY = b"end", b"key"
"""What is told to the video role under `video.<show>`."""

TAKE_SESSIONS = """
update channel set sessions = sessions + %s where show_id = %s and state <> 'ended'
returning sessions - %s as session,
  coalesce((select max(number) + %s from segment where show_id = %s), 0) as number
"""
MOVE = "update channel set state = %s where show_id = %s and state = any(%s) returning market"
FINISH = """
update channel set state = 'ended', ended_at = %s where show_id = %s and state = any(%s)
"""
FORGET_REHEARSAL = """
delete from segment s using channel c where c.show_id = %s and s.show_id = c.show_id
  and s.starts_at + make_interval(secs => s.seconds) <= c.live_at
returning s.session, s.number, s.starts_at, s.seconds
"""


async def open_channel(tx: Tx, show: UUID, market: str) -> None:
    """Give a show its channel: a playback address and a stream key."""
    sql = (
        "insert into channel (show_id, market, token, state, at) values (%s, %s, %s, 'waiting', %s)"
    )
    await run(tx, sql, (show, market, secrets.token_urlsafe(TOKEN_BYTES), now()))


async def rotate_key(tx: Tx, show: UUID) -> None:
    """Make the present stream key worthless; an encoder that uses it is disconnected."""
    sql = "update channel set generation = generation + 1 where show_id = %s"
    if not await run(tx, sql, (show,)):
        raise NotFound
    _tell(tx, show, NEW_KEY)


async def begin_replay(tx: Tx, show: UUID) -> None:
    """Let the replay begin now; what was sent before was rehearsal."""
    sql = "update channel set live_at = %s where show_id = %s and live_at is null"
    await run(tx, sql, (now(), show))


async def end_channel(tx: Tx, show: UUID) -> None:
    """End the picture: the encoder is disconnected, the live playlist closed."""
    await run(tx, FINISH, (now(), show, may_become("ended")))
    _tell(tx, show, END)


def _tell(tx: Tx, show: UUID, word: bytes) -> None:
    cell = tx.cell
    tx.after_commit(lambda: cell.tell(f"video.{show}", word))


async def take_place(tx: Tx, show: UUID) -> Place | None:
    """Reserve session numbers for this process; None when the show is over."""
    params = (SESSIONS_A_PROCESS, show, SESSIONS_A_PROCESS, NUMBER_LEAP, show)
    return await find(tx, TAKE_SESSIONS, params, Place)


async def mark_live(tx: Tx, show: UUID) -> None:
    """Record that the picture arrives."""
    market = await value(tx, MOVE, ("live", show, may_become("live")))
    if market is not None:
        await record(tx, events.StreamStarted(market=market, show=show))


async def mark_lost(tx: Tx, show: UUID) -> None:
    """Record that the picture does not arrive any more."""
    market = await value(tx, MOVE, ("lost", show, may_become("lost")))
    if market is not None:
        await record(tx, events.StreamLost(market=market, show=show))


async def keep_segment(tx: Tx, show: UUID, segment: Recorded, size: int) -> None:
    """Record one written segment of `size` bytes; doing so twice is harmless."""
    sql = "insert into segment values (%s, %s, %s, %s, %s, %s) on conflict do nothing"
    row = (show, segment.number, segment.session, segment.starts_at, segment.seconds, size)
    await run(tx, sql, row)


async def mark_recorded(tx: Tx, show: UUID) -> list[Recorded]:
    """Declare the replay complete; returns the rehearsal's segments, whose rows are gone."""
    sql = (
        "update channel set recorded_at = %s where show_id = %s and state = 'ended'"
        " and recorded_at is null returning market"
    )
    market = await value(tx, sql, (now(), show))
    if market is None:
        return []
    cursor = await tx.execute(FORGET_REHEARSAL, (show,))
    rehearsed = [Recorded(*row) for row in await cursor.fetchall()]
    if await value(tx, "select true from segment where show_id = %s limit 1", (show,)):
        await record(tx, events.RecordingReady(market=market, show=show))
    return rehearsed


async def drop_segments(tx: Tx, show: UUID) -> list[Recorded]:
    """Forget the recording of a show that is over; returns what has to be deleted."""
    sql = (
        "delete from segment s using channel c where c.show_id = %s and s.show_id = c.show_id"
        " and c.recorded_at is not null returning s.session, s.number, s.starts_at, s.seconds"
    )
    cursor = await tx.execute(sql, (show,))
    return [Recorded(*row) for row in await cursor.fetchall()]
