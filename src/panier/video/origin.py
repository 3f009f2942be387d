"""The origin: all channels of this process, found by show, kept true to the rows."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import psycopg_pool
import structlog

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.runtime import Runtime
from panier.video import actions, queries
from panier.video.faults import PublishRefused
from panier.video.live import Live
from panier.video.playlist import write_replay
from panier.video.queries import Channel
from panier.video.remux import Remuxer
from panier.video.retention import complete
from panier.video.rules import is_key, read_stream_name

RECONCILE_SECONDS = 5.0
"""How long the news of an end may be lost before the rows tell it."""
SILENT_SECONDS_MAX = 3.0
"""An encoder that has sent nothing for so long may be replaced by another one."""
LINGER_SECONDS = 60.0
"""An ended show stays in memory so that late players read its ENDLIST."""
ORPHAN_AGE = timedelta(seconds=60)
"""A recording that nobody completed for so long was left by a process that died."""
KNOWN_MAX = 2048
KNOWN_SECONDS, KNOWN_SECONDS_ENDED = 1.0, 60.0
"""How long a channel's row is believed, on air and afterwards."""
CLOSE_SECONDS_MAX = 5.0
AWAY = (psycopg.OperationalError, psycopg_pool.PoolTimeout)

log = structlog.get_logger()


class Origin:
    """Finds and keeps the channels; one process serves a show."""

    def __init__(self, runtime: Runtime) -> None:
        """Prepare; `open` begins."""
        self.store = runtime.store
        self._runtime = runtime
        self._lives: dict[UUID, Live] = {}
        self._known: OrderedDict[UUID, tuple[float, tuple[Cell, Channel] | None]] = OrderedDict()
        self._loading = asyncio.Lock()
        self._stops: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    async def open(self) -> None:
        """Take up what was on air, listen for news and keep looking at the rows."""
        for cell in self._runtime.cells:
            self._stops.append(await cell.hear("video.*", self._on_news))
            cell.on_reconnect(self._wake.set)
            async with cell.read() as tx:
                on_air = await queries.list_on_air(tx)
            for channel in on_air:
                await self._load(cell, channel)
        self._task = asyncio.create_task(self._reconcile())

    async def close(self) -> None:
        """Write what is at hand and let everybody go."""
        if self._task is not None:
            self._task.cancel()
        for stop in self._stops:
            stop()
        await asyncio.gather(*(live.close(CLOSE_SECONDS_MAX) for live in self._lives.values()))

    # Encoders.

    async def publish(self, name: str, send_away: Callable[[str], None]) -> tuple[Live, Remuxer]:
        """Accept an encoder by its stream key; raises PublishRefused.

        A second encoder of a show is refused while the first one sends; when that one has been
        silent for three seconds its connection is dead, and the new one takes over.
        """
        named = read_stream_name(name)
        found = await self._row(named[0], fresh=True) if named is not None else None
        if named is None or found is None:
            raise PublishRefused("Unknown stream key: copy it again from the studio")
        cell, channel = found
        secret = self._runtime.settings.signing_secret
        if not is_key(named[1], secret, channel.show_id, channel.generation):
            raise PublishRefused("Unknown stream key: copy it again from the studio")
        live = await self._load(cell, channel) if channel.state != "ended" else None
        if live is None or live.ended:
            raise PublishRefused("This show is over")
        if live.publisher is not None:
            if live.seconds_silent() < SILENT_SECONDS_MAX:
                raise PublishRefused("Another encoder is sending this show; stop it first")
            live.send_away("Another encoder takes over")
        live.generation = channel.generation
        return live, live.publish(send_away)

    # Viewers.

    async def find(self, show: UUID, token: str) -> Live | Channel | None:
        """Return the live, or the row of an ended channel; None when show or token are wrong."""
        live = self._lives.get(show)
        if live is not None:
            return live if live.token == token else None
        found = await self._row(show)
        if found is None or found[1].token != token:
            return None
        cell, channel = found
        if channel.state == "ended":
            return channel
        return await self._load(cell, channel) or channel

    async def replay_of(self, channel: Channel | Live) -> str | None:
        """Return the replay's playlist, None without any recorded picture."""
        show = channel.show if isinstance(channel, Live) else channel.show_id
        found = await self._row(show)
        if found is None:
            return None
        async with found[0].read() as tx:
            segments = await queries.list_replay(tx, show)
        return write_replay(segments) if segments else None

    # Rows.

    async def _row(self, show: UUID, *, fresh: bool = False) -> tuple[Cell, Channel] | None:
        until, found = self._known.get(show, (0.0, None))
        if not fresh and until > time.monotonic():
            return found
        found = await self._read_row(show)
        ended = found is not None and found[1].state == "ended"
        seconds = KNOWN_SECONDS_ENDED if ended else KNOWN_SECONDS
        self._known[show] = (time.monotonic() + seconds, found)
        self._known.move_to_end(show)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return found

    async def _read_row(self, show: UUID) -> tuple[Cell, Channel] | None:
        for cell in self._runtime.cells:
            async with cell.read() as tx:
                channel = await queries.find_channel(tx, show)
            if channel is not None:
                return cell, channel
        return None

    async def _load(self, cell: Cell, channel: Channel) -> Live | None:
        """Return the show's live, made at its first use; None when it ended meanwhile."""
        async with self._loading:
            live = self._lives.get(channel.show_id)
            if live is None:
                place = await cell.run(lambda tx: actions.take_place(tx, channel.show_id))
                if place is None:
                    return None
                live = self._lives[channel.show_id] = Live(cell, self.store, channel, place)
            return live

    # News, and rows for the case that news were lost.

    def _on_news(self, _subject: str, payload: bytes) -> None:
        if payload in (actions.END, actions.NEW_KEY):
            self._wake.set()

    async def _reconcile(self) -> None:
        while True:
            try:
                async with asyncio.timeout(RECONCILE_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            for cell in self._runtime.cells:
                try:
                    await self._look_at(cell)
                except AWAY as error:
                    log.warning("database away", error=str(error).strip())

    async def _look_at(self, cell: Cell) -> None:
        lives = [live for live in self._lives.values() if live.cell is cell and not live.ended]
        async with cell.read() as tx:
            standings = await queries.list_standings(tx, [live.show for live in lives])
            orphans = await queries.list_unfinished(tx, now(), ORPHAN_AGE)
        for standing in standings:
            live = self._lives[standing.show_id]
            if standing.state == "ended":
                self._end(live)
            elif standing.generation != live.generation:
                live.generation = standing.generation
                live.send_away("This show has a new stream key: copy it from the studio")
        for show in orphans:
            if show not in self._lives:
                await complete(cell, self.store, show)

    def _end(self, live: Live) -> None:
        log.info("picture ends", show=str(live.show))
        live.end()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._forget, live)

    def _forget(self, live: Live) -> None:
        self._lives.pop(live.show, None)
        self._known.pop(live.show, None)
