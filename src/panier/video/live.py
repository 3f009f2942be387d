"""One channel in this process: its packager, who waits for it, and what is recorded of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog
from obstore.store import ObjectStore

from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.video import actions
from panier.video.health import GOP_SECONDS_MAX, LATE_SECONDS_MAX, Health
from panier.video.packager import Packager, Segment
from panier.video.playlist import Recorded, init_name, segment_name, write_live
from panier.video.poster import make_poster
from panier.video.queries import Channel, Place
from panier.video.recorder import Recorder
from panier.video.remux import Remuxer
from panier.video.retention import complete
from panier.video.rules import PART_SECONDS, store_key

LOST_AFTER_SECONDS = 3.0
"""An encoder that is away so long is reported; encoders come back by themselves after about 2 s."""
POSTER_EVERY_SECONDS = 10.0

log = structlog.get_logger()


class Live:
    """A channel on air, or waiting for its encoder."""

    def __init__(self, cell: Cell, store: ObjectStore, channel: Channel, place: Place) -> None:
        """Go on where the rows end."""
        self.show: UUID = channel.show_id
        self.token = channel.token
        self.cell = cell
        self._store = store
        self.generation = channel.generation
        self.ended = False
        self.poster: bytes | None = None
        self.health = Health()
        self.was_on_air = channel.state in ("live", "lost")
        self.packager = Packager(place.session, place.number, self._part_added, self._segment_done)
        self.publisher: Callable[[str], None] | None = None
        self._recorder = Recorder(store, self.show)
        self._closed = False
        self._changed = asyncio.Event()
        self._text: str | None = None
        self._on_picture = False
        self._absence: asyncio.TimerHandle | None = None
        self._poster_at = 0.0
        self._posters: set[asyncio.Task[None]] = set()
        if channel.state == "live":
            # The process before this one had an encoder; it has a moment to come back.
            self._on_picture = True
            self._begin_absence()

    # The encoder's side.

    def publish(self, send_away: Callable[[str], None]) -> Remuxer:
        """Accept an encoder; `send_away(why)` disconnects it."""
        self.publisher = send_away
        return Remuxer(self.packager, self.health, self._session_begun)

    def leave(self, send_away: Callable[[str], None]) -> None:
        """Note that this encoder is gone; the show may go on with it, or another, later."""
        if self.publisher == send_away:
            self.publisher = None
            if not self.ended:
                self._begin_absence()
            self._notify()

    def seconds_silent(self) -> float:
        """Return how long the present encoder has sent nothing."""
        last = self.health.last_packet
        return time.monotonic() - last if last is not None else 0.0

    def send_away(self, why: str) -> None:
        """Disconnect the encoder, if there is one."""
        if self.publisher is not None:
            self.publisher(why)

    # What the packager tells.

    def _session_begun(self, init: bytes) -> None:
        session = self.packager.session
        self._recorder.put(store_key(self.show, init_name(session)), init)
        log.info("picture begins", show=str(self.show), session=session)

    def _part_added(self) -> None:
        if self._absence is not None and self.publisher is not None:
            self._absence.cancel()
            self._absence = None
        if not self._on_picture:
            self._on_picture = True
            self._record(actions.mark_live)
        self._notify()

    def _segment_done(self, segment: Segment) -> None:
        key = store_key(self.show, segment_name(segment.session, segment.number))
        row = Recorded(segment.session, segment.number, segment.starts_at, segment.seconds)
        size = len(segment.data)
        self._recorder.put(key, segment.data)

        async def keep(tx: Tx, show: UUID) -> None:
            await actions.keep_segment(tx, show, row, size)

        self._record(keep)
        self._notify()
        if time.monotonic() - self._poster_at > POSTER_EVERY_SECONDS and segment.independent:
            self._poster_at = time.monotonic()
            init = self.packager.inits[segment.session]
            task = asyncio.create_task(self._make_poster(init, segment.data))
            self._posters.add(task)
            task.add_done_callback(self._posters.discard)

    async def _make_poster(self, init: bytes, data: bytes) -> None:
        poster = await asyncio.to_thread(make_poster, init, data)
        if poster is not None:
            self.poster = poster
            self._recorder.put(store_key(self.show, "poster.jpg"), poster)

    def _record(self, action: Callable[[Tx, UUID], Awaitable[None]]) -> None:
        self._recorder.add(lambda: self.cell.run(lambda tx: action(tx, self.show)))

    def _begin_absence(self) -> None:
        if self._absence is None:
            loop = asyncio.get_running_loop()
            self._absence = loop.call_later(LOST_AFTER_SECONDS, self._mark_lost)

    def _mark_lost(self) -> None:
        self._absence = None
        if self._on_picture and not self.ended:
            self._on_picture = False
            self._record(actions.mark_lost)
            log.warning("picture lost", show=str(self.show))

    # The viewers' side.

    def _notify(self) -> None:
        self._text = None
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, is_there: Callable[[], bool], seconds: float) -> bool:
        """Wait until `is_there()`, the end of the show or `seconds`; says whether it is there."""
        try:
            async with asyncio.timeout(seconds):
                while not (is_there() or self.ended or self._closed):
                    await self._changed.wait()
        except TimeoutError:
            return is_there()
        return is_there()

    def has(self, number: int, part: int | None = None) -> bool:
        """Say whether the playlist holds this segment, or this part of it."""
        newest = self.packager.newest
        if newest is None or number > newest.number:
            return False
        if number < newest.number:
            return True
        return newest.done if part is None else newest.done or len(newest.parts) > part

    def has_begun(self) -> bool:
        """Say whether a first segment is complete, so that a player can start."""
        window = self.packager.window
        return bool(window) and window[0].done

    def playlist(self) -> str:
        """Return the live playlist as of now."""
        if self._text is None:
            hint = self.publisher is not None
            self._text = write_live(self.packager.window, ended=self.ended, hint=hint)
        return self._text

    def find_segment(self, session: int, number: int) -> Segment | None:
        """Return a segment that is still in memory."""
        for segment in self.packager.window:
            if (segment.session, segment.number) == (session, number):
                return segment
        return None

    def status(self) -> dict[str, object]:
        """Return the figures of the studio's health display."""
        at = time.monotonic()
        kbps, frames = self.health.rates(at)
        silent = self.seconds_silent() if self.health.last_packet is not None else None
        on = self.publisher is not None
        return {
            "state": "ended" if self.ended else self._state(),
            "bitrate_kbps": kbps,
            "fps": frames,
            "dropped": self.health.dropped,
            "late_s": round(max(0.0, self.health.late_seconds), 2) if on else None,
            "reconnects": max(0, self.health.connections - 1),
            "silent_s": round(silent, 1) if silent is not None else None,
            # Players stay three parts behind the newest one, which must be complete first.
            "delay_s": round(4 * PART_SECONDS + max(0.0, self.health.late_seconds), 2),
            "keyframe_s": round(self.packager.gop_seconds, 2) or None,
            "codecs": self.packager.codecs,
            "warnings": self._warnings() if on else [],
        }

    def _state(self) -> str:
        if self.publisher is not None:
            return "live" if self._on_picture else "starting"
        return "lost" if self.packager.window or self.was_on_air else "waiting"

    def _warnings(self) -> list[str]:
        found = []
        if self.packager.gop_seconds > GOP_SECONDS_MAX:
            found.append("keyframe_interval")
        if self.health.late_seconds > LATE_SECONDS_MAX:
            found.append("late")
        if len(self.packager.tracks) == 1:
            found.append("no_sound")
        return found

    # The end.

    def end(self) -> None:
        """Close the show: the last segment is written, ENDLIST told, the recording declared."""
        self._stop("The show is over")
        self.ended = True
        self._notify()
        self._recorder.add(lambda: complete(self.cell, self._store, self.show))

    def _stop(self, why: str) -> None:
        self.send_away(why)
        if self._absence is not None:
            self._absence.cancel()
        self.packager.finish()

    async def close(self, patience: float) -> None:
        """Leave this process: what is packaged is recorded, viewers are let go."""
        self._stop("The server restarts")
        self._closed = True
        self._notify()
        await asyncio.gather(*self._posters)
        await self._recorder.close(patience)
