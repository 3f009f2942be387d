"""Reads of channels and recordings."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from panier.kit.db import Tx, find, rows
from panier.kit.errors import NotFound
from panier.kit.i18n import _
from panier.settings import Settings
from panier.video.playlist import Recorded
from panier.video.rules import (
    SEGMENT_SECONDS,
    Span,
    make_key,
    media_offsets,
    playback_path,
    stream_name,
)

SEGMENTS_MAX = 43_200
"""A day of picture; a longer replay is cut there."""

CHANNEL = """
select show_id, market, token, generation, state, live_at, ended_at,
  exists (select 1 from segment s where s.show_id = c.show_id) as recorded
from channel c where show_id = %s
"""
REPLAY = """
select session, number, starts_at, seconds from segment s join channel c using (show_id)
where show_id = %s
  and (c.live_at is null or s.starts_at + make_interval(secs => s.seconds) > c.live_at)
order by number limit %s
"""
UNFINISHED = """
select show_id from channel
where state = 'ended' and recorded_at is null and ended_at < %s
order by ended_at limit 100
"""


class Channel(msgspec.Struct):
    """A row of `channel`, and whether it has any recorded segment."""

    show_id: UUID
    market: str
    token: str
    generation: int
    state: str
    live_at: datetime | None
    ended_at: datetime | None
    recorded: bool


class Place(msgspec.Struct):
    """Where a process goes on: the session before its first, and its first segment's number."""

    session: int
    number: int


class Ingest(msgspec.Struct):
    """What a host enters in the encoder."""

    server: str
    key: str
    keyframe_seconds: int
    advice: list[str]


class Playback(msgspec.Struct):
    """Addresses below the video role's own; None for what there is not (yet)."""

    live_path: str
    replay_path: str | None
    poster_path: str | None
    status_path: str


async def find_channel(tx: Tx, show: UUID) -> Channel | None:
    """Return a show's channel, if it has one in this cell."""
    return await find(tx, CHANNEL, (show,), Channel)


async def get_channel(tx: Tx, show: UUID) -> Channel:
    """Return a show's channel; raises NotFound."""
    channel = await find_channel(tx, show)
    if channel is None:
        raise NotFound
    return channel


async def get_ingest(tx: Tx, show: UUID, settings: Settings) -> Ingest:
    """Return server and stream key of a show; only its host and crew may see them."""
    channel = await get_channel(tx, show)
    key = make_key(settings.signing_secret, show, channel.generation)
    return Ingest(
        settings.public_rtmp_url,
        stream_name(show, key),
        SEGMENT_SECONDS,
        [
            _("Key frame interval: %(seconds)s seconds", seconds=SEGMENT_SECONDS),
            _("Rate control: CBR, 2500 kbit/s"),
            _("Video: H.264 (x264), preset veryfast, tune zerolatency"),
            _("Sound: AAC, 48 kHz, 128 kbit/s"),
        ],
    )


async def get_playback(tx: Tx, show: UUID) -> Playback:
    """Return where a show can be seen; raises NotFound."""
    channel = await get_channel(tx, show)

    def path(file: str) -> str:
        return playback_path(show, channel.token, file)

    replay = channel.recorded and channel.state == "ended"
    return Playback(
        path("index.m3u8"),
        path("replay.m3u8") if replay else None,
        path("poster.jpg") if channel.recorded else None,
        path("status.json"),
    )


async def list_replay(tx: Tx, show: UUID) -> list[Recorded]:
    """List a show's segments from going live on, in order."""
    cursor = await tx.execute(REPLAY, (show, SEGMENTS_MAX))
    return [Recorded(*row) for row in await cursor.fetchall()]


async def get_media_offsets(tx: Tx, show: UUID, moments: Sequence[datetime]) -> list[float | None]:
    """Turn moments (UTC) into seconds of the replay; None where no picture follows."""
    spans = [Span(part.starts_at, part.seconds) for part in await list_replay(tx, show)]
    return media_offsets(spans, moments)


class Standing(msgspec.Struct):
    """What the video role must know again and again of a channel."""

    show_id: UUID
    state: str
    generation: int


async def list_standings(tx: Tx, shows: Sequence[UUID]) -> list[Standing]:
    """Return where the channels of `shows` stand."""
    sql = "select show_id, state, generation from channel where show_id = any(%s)"
    return await rows(tx, sql, (list(shows),), Standing)


async def list_on_air(tx: Tx) -> list[Channel]:
    """List channels whose encoder was, as far as the rows know, sending or expected back."""
    sql = (
        "select show_id, market, token, generation, state, live_at, ended_at, true as recorded"
        " from channel where state in ('live', 'lost') order by show_id limit 1000"
    )
    return await rows(tx, sql, None, Channel)


async def list_unfinished(tx: Tx, now: datetime, age: timedelta) -> list[UUID]:
    """List shows that ended at least `age` ago and whose recording nobody has completed."""
    cursor = await tx.execute(UNFINISHED, (now - age,))
    return [row[0] for row in await cursor.fetchall()]
