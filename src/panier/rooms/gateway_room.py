"""One room in one gateway: hears the numbered facts, keeps the last ones, sends the frames.

Facts come as news and are taken only in unbroken order; whatever is missing is read from the rows.
All viewers get the same bytes, one frame a tick, at once when the room was quiet; while one pass
over the sockets runs, new facts and pulses pile up for the next.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import psycopg
import structlog
from picows import WSMsgType

from panier.kit.cells import Cell
from panier.kit.clock import ms, now
from panier.rooms import queries, wire
from panier.rooms.log import open_room
from panier.rooms.private import OWN, Seats
from panier.rooms.rules import Fact, RoomState, fold, is_backstage, show_state
from panier.rooms.viewers import Crowd, Sample, Visit

if TYPE_CHECKING:
    from picows import WSTransport

    from panier.rooms.gateway_socket import Socket

PASS_SOCKETS = 1000
"""Sockets written to before others get their turn: about 7 ms."""
PULSE_SECONDS = 0.25
"""Between two frames that bear nothing but pulses: nobody reads a falling number faster."""
RESUME_BYTES_MAX = 64 * 1024
"""Who missed more gets a snapshot; it must fit into a socket's buffer."""
FRAME_FACTS_MAX = 200
"""Facts in one frame; the others follow a tick later."""
PENDING_MAX = 10_000
"""Facts heard but not yet sent; the rest stays in the rows until there is room."""

log = structlog.get_logger()
_news = msgspec.json.Decoder(list[Fact])
_others = msgspec.json.Decoder(dict[str, Any])

Stock = Callable[["LiveRoom"], Awaitable[dict[str, int]]]
"""Reads what is left of the variants that a room sells."""


class LiveRoom:
    """What this gateway knows of one room, and the sockets in it."""

    def __init__(
        self,
        gateway: str,
        cell: Cell,
        show: UUID,
        market: str,
        *,
        tick_seconds: float,
        stock: Stock,
    ) -> None:
        """Prepare; `open` reads the rows and starts to listen."""
        self.cell = cell
        self.show = show
        self.market = market
        self.state = RoomState()
        self.heard = 0
        """The last number of the unbroken row of facts heard; those after state.seq are pending."""
        self.crowd = Crowd(show)
        self.hall: dict[Socket, WSTransport] = {}
        """Viewers who can take a frame."""
        self.crew: dict[Socket, WSTransport] = {}
        """Host and team who can take a frame."""
        self._seats = Seats()
        self.members = 0
        self.empty_since = 0.0
        self.ended_at: float | None = None
        self._gateway = gateway
        self._tick = tick_seconds
        self._read_stock = stock
        self._tail: deque[tuple[Fact, bool]] = deque(maxlen=queries.FACTS_MAX)
        self._pending: deque[Fact] = deque()
        self._stock: dict[str, int] = {}
        self._moved: dict[str, int] = {}
        self._hearts = {"own": 0, "others": 0, "sample": 0}
        self._viewers = 0
        self._told_viewers = 0
        self._sent_at = 0.0
        self._wake = asyncio.Event()
        self._pulsing: asyncio.TimerHandle | None = None
        self._catching: asyncio.Task[None] | None = None
        self._serving: asyncio.Task[None] | None = None
        self._unhear: list[Callable[[], None]] = []

    async def open(self) -> None:
        """Listen first, then read: what happens in between is heard twice, not missed."""
        name = f"room.{self.show}"
        self._unhear.append(await self.cell.hear(name, self._hear_news))
        self._unhear.append(await self.cell.hear(f"crowd.{self.show}", self._hear_crowd))
        self._unhear.append(await self.cell.hear(f"{OWN}.{self.show}.*", self._seats.hear))
        async with self.cell.read() as tx:
            seq = await queries.find_seq(tx, self.show)
            if seq is None:
                await open_room(tx, self.show, self.market)
                seq = 0
            start = max(0, seq - queries.FACTS_MAX)
            self.state = await queries.load_state(tx, self.show, start)
            for fact in await queries.list_facts(tx, self.show, start):
                self._apply(fact)
        self.heard = self.state.seq
        await self.refresh_stock()
        self._moved.clear()
        self._serving = asyncio.create_task(self._serve())
        self.look()

    async def close(self) -> None:
        """Stop listening and sending."""
        if self._pulsing is not None:
            self._pulsing.cancel()
        for unhear in self._unhear:
            unhear()
        for task in (self._serving, self._catching):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])

    # What is heard

    def _hear_news(self, _subject: str, payload: bytes) -> None:
        if self._serving is None:
            return  # `open` is reading the rows; it looks again when it is done
        if payload:
            self._take(_news.decode(payload))
        else:
            self.look()

    def _take(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            if fact.seq <= self.heard:
                continue
            if fact.seq > self.heard + 1 or len(self._pending) >= PENDING_MAX:
                self.look()
                break
            self.heard = fact.seq
            self._pending.append(fact)
        if self._pending:
            self._wake.set()

    def look(self) -> None:
        """Read from the rows what was not heard."""
        if self._catching is None or self._catching.done():
            self._catching = asyncio.create_task(self._catch_up())

    async def caught_up(self) -> None:
        """Wait until the rows that are there now have been heard."""
        self.look()
        if self._catching is not None:
            await asyncio.wait([self._catching])

    async def _catch_up(self) -> None:
        try:
            while len(self._pending) < PENDING_MAX:
                async with self.cell.read() as tx:
                    facts = await queries.list_facts(tx, self.show, self.heard)
                self._take(facts)
                if len(facts) < queries.FACTS_MAX:
                    return
        except psycopg.Error as error:  # the next poll of the numbers tries again
            log.warning("room not read", show=str(self.show), error=str(error).strip())

    def _hear_crowd(self, _subject: str, payload: bytes) -> None:
        told = _others.decode(payload)
        if told["gateway"] == self._gateway:
            return
        if "viewers" in told:
            moment = asyncio.get_running_loop().time()
            self.crowd.hear(told["gateway"], told["viewers"], moment)
        if hearts := told.get("hearts", 0):
            self._hearts["others"] += hearts
            self._pulse()

    def hear_stock(self, left: dict[str, int]) -> None:
        """Take in what is left of variants; those that this room does not sell are not its own."""
        moved = {v: n for v, n in left.items() if self._stock.get(v, n) != n}
        if moved:
            self._stock.update(moved)
            self._moved.update(moved)
            self._pulse()

    async def refresh_stock(self) -> None:
        """Read what is left, in case news were lost or the run sheet was changed."""
        left = await self._read_stock(self)
        new = {variant: count for variant, count in left.items() if variant not in self._stock}
        self._stock.update(new)
        self._moved.update(new)
        self.hear_stock(left)

    def _pulse(self) -> None:
        """Have pulses sent: at once when the room was quiet, with the next facts, or soon."""
        if self._pulsing is None:
            loop = asyncio.get_running_loop()
            due = max(loop.time(), self._sent_at + PULSE_SECONDS)
            self._pulsing = loop.call_at(due, self._wake.set)

    def heart(self, count: int) -> None:
        """Count hearts; they are told with the next frame."""
        self._hearts["own"] += count
        self._pulse()

    # Who is here

    def enter(self, socket: "Socket") -> None:
        """Count a socket in; `welcome` comes next."""
        self.members += 1
        self._seats.enter(socket)
        if not socket.staff:
            moment = asyncio.get_running_loop().time()
            self.crowd.enter(socket.visitor, moment, now())

    def leave(self, socket: "Socket") -> None:
        """Count a socket out."""
        loop = asyncio.get_running_loop()
        self.members -= 1
        self._seats.leave(socket)
        self.skip(socket)
        if not socket.staff:
            self.crowd.leave(socket.visitor, loop.time(), now())
        if not self.members:
            self.empty_since = loop.time()

    def skip(self, socket: "Socket") -> None:
        """Send this socket no frames before it is welcomed again."""
        (self.crew if socket.staff else self.hall).pop(socket, None)

    def welcome(self, socket: "Socket", id: int | None, after: int | None) -> bytearray:  # noqa: A002 - the wire's word
        """Build the first frame; from now on the socket gets every tick."""
        moment = asyncio.get_running_loop().time()
        (self.crew if socket.staff else self.hall)[socket] = socket.transport
        content: dict[str, Any] = {
            "t": "welcome",
            "re": id,
            "seq": self.state.seq,
            "now": ms(now()),
            "you": {"name": socket.name, "author": socket.author, "staff": socket.staff},
        }
        viewers = self.crowd.count(moment)
        missed = self._missed(after, crew=socket.staff) if after is not None else None
        if missed is not None:
            pulse = {"viewers": viewers, "stock": self._stock}
            resumed = wire.frame({**content, "facts": missed, "pulse": pulse})
            if len(resumed) <= RESUME_BYTES_MAX:
                return resumed
        state = show_state(self.state, crew=socket.staff)
        content["state"] = {**state, "stock": self._stock, "viewers": viewers}
        return wire.frame(content)

    def _missed(self, after: int, *, crew: bool) -> list[Fact] | None:
        """Return the facts after a number, or None when a snapshot tells it better."""
        if after > self.state.seq:
            # Another gateway was a moment ahead of this one: its facts come with the next frames.
            return [] if after <= self.heard else None
        if self.state.seq - after > len(self._tail):
            return None
        return [fact for fact, private in self._tail if fact.seq > after and (crew or not private)]

    # What is sent

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            began = loop.time()
            try:
                await self._send()
            except Exception:
                # One frame that cannot be built must not silence the room.
                log.exception("frame not sent", show=str(self.show))
            self._sent_at = loop.time()
            rest = began + self._tick - self._sent_at
            if rest > 0:
                await asyncio.sleep(rest)

    async def _send(self) -> None:
        facts = [self._pending.popleft() for _ in range(min(len(self._pending), FRAME_FACTS_MAX))]
        public = [fact for fact in facts if not self._apply(fact)]
        if self._pending:
            self._wake.set()
        pulse = self._take_pulse()
        for_crew = wire.tick(facts, pulse)
        await self._pass(self.crew, for_crew)
        if len(public) == len(facts):
            await self._pass(self.hall, for_crew)
        elif public or pulse:
            await self._pass(self.hall, wire.tick(public, pulse))

    async def _pass(self, group: "dict[Socket, WSTransport]", frame: bytearray) -> None:
        transports = tuple(group.values())
        text = WSMsgType.TEXT
        for start in range(0, len(transports), PASS_SOCKETS):
            if start:
                await asyncio.sleep(0)
            for transport in transports[start : start + PASS_SOCKETS]:
                transport.send_reuse_external_bytearray(text, frame, wire.HEADROOM)

    def _apply(self, fact: Fact) -> bool:
        """Fold `fact` in; tells whether only the crew may see it."""
        private = is_backstage(self.state, fact)
        self.state = fold(self.state, fact)
        self._tail.append((fact, private))
        moment = asyncio.get_running_loop().time()
        if fact.kind in ("live", "ended"):
            self.crowd.set_live(moment, now(), live=fact.kind == "live")
        if fact.kind == "ended":
            self.ended_at = moment
        return private

    def _take_pulse(self) -> dict[str, Any]:
        if self._pulsing is not None:
            self._pulsing.cancel()
            self._pulsing = None
        pulse: dict[str, Any] = {}
        own, others = self._hearts["own"], self._hearts["others"]
        if self._viewers != self._told_viewers:
            pulse["viewers"] = self._told_viewers = self._viewers
        if own + others:
            pulse["hearts"] = own + others
        if self._moved:
            pulse["stock"], self._moved = self._moved, {}
        if own:
            self._tell({"hearts": own})
        self._hearts["sample"] += own
        self._hearts["own"] = self._hearts["others"] = 0
        return pulse

    def _tell(self, told: dict[str, int]) -> None:
        payload = msgspec.json.encode({"gateway": self._gateway, **told})
        self.cell.tell(f"crowd.{self.show}", payload)

    # What is done from time to time

    def beat(self, quiet_seconds: float) -> None:
        """Count the viewers, tell the other gateways; break a long silence with a bare tick."""
        moment = asyncio.get_running_loop().time()
        self._tell({"viewers": self.crowd.here})
        self._viewers = self.crowd.count(moment)
        if self._viewers != self._told_viewers or moment - self._sent_at > quiet_seconds:
            self._wake.set()

    def take_books(self) -> tuple[list[Visit], list[Sample]]:
        """Return what is to be written of who watched since the last time."""
        moment, at = asyncio.get_running_loop().time(), now()
        visits = self.crowd.take_visits(moment, at)
        hearts, self._hearts["sample"] = self._hearts["sample"], 0
        if self.state.stage != "live":
            return visits, []
        at = at.replace(second=at.second // 10 * 10, microsecond=0)
        return visits, [Sample(self.show, at, self._gateway, self.crowd.here, hearts)]
