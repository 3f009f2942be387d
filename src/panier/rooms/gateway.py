"""The gateway: a process full of sockets. It knows rooms, not the shop.

What a command does is given to it as a table; what happens in a room it hears from the log. It
holds no fact of its own: killed, its viewers join any other gateway after their last number.
"""

import asyncio
import logging
import secrets
import socket as sockets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import psycopg
import structlog
from picows import (
    WSCloseCode,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from panier import engines, shows
from panier.kit.cells import Cell
from panier.kit.signing import BadToken
from panier.rooms import queries
from panier.rooms.calls import Shop
from panier.rooms.gateway_room import LiveRoom
from panier.rooms.gateway_socket import GOODBYE_SECONDS, PURPOSE, Socket, Ticket
from panier.rooms.gateway_together import LISTS, Queue
from panier.rooms.limits import Bucket, subscriber_of
from panier.rooms.rules import stock_in
from panier.rooms.viewers import BOOK_SECONDS, Book
from panier.runtime import Runtime

BACKLOG = 4096
"""Connections that the kernel keeps until we take them."""
FRAME_BYTES_CUT = 16 * 1024
"""A larger frame is not read to its end: the connection is closed (code 1009)."""
SEND_BYTES = 128 * 1024
"""The kernel's own buffer for each socket: bounds what a reader who stopped costs."""
ADDRESS_RATE = (2.0, 200.0)
"""Connections from one address: so many a second, so many at once (a school has one address)."""
ADDRESSES_MAX = 50_000
"""Addresses remembered."""
BEAT_SECONDS = 1.0
"""How often viewers are counted, numbers are compared with the rows, sockets are looked at."""
STOCK_BEATS = 10
"""Every so many beats the stock is read again, in case news were lost."""
IDLE_SECONDS = 25.0
"""A socket that was silent for so long is pinged; for twice as long, it is gone."""
SLOW_SECONDS_MAX = 10.0
"""A socket whose buffer stays full for so long is cut off."""
QUIET_SECONDS = 15.0
"""A quiet room shows a sign of life."""
ENDED_SECONDS = 60.0
"""Those in the room hear the last words; then it closes."""
EMPTY_SECONDS = 60.0
"""How long an empty room is kept in memory."""
SHUTDOWN_SECONDS = 3.0
"""What commands under way have to finish when the process ends."""
SLICE = 1000
"""Sockets looked at before others get their turn."""

log = structlog.get_logger()
_stock = msgspec.json.Decoder(dict[str, int])


class Gateway:
    """All sockets and rooms of this process."""

    def __init__(self, runtime: Runtime, shop: Shop) -> None:
        """Take the tables of commands and the way to the stock; `opened` begins to serve."""
        loop = asyncio.get_running_loop()
        self.time = loop.time
        self.name = f"rooms-{secrets.token_hex(4)}"
        self.settings = runtime.settings
        self.signer = runtime.signer
        self.secret = runtime.signer.secret
        self.commands = shop.commands
        self.queues = {name: Queue(name, act, self.start) for name, act in shop.together.items()}
        self.port = 0
        self._runtime = runtime
        self._shop = shop
        self._origins = allowed_origins(runtime)
        self._proxies = {part.strip() for part in runtime.settings.trusted_proxies.split(",")}
        self._sockets: set[Socket] = set()
        self._addresses: dict[str, Bucket] = {}
        self._rooms: dict[UUID, LiveRoom] = {}
        self._opening: dict[UUID, asyncio.Task[LiveRoom]] = {}
        self._books: dict[str, Book] = {cell.name: Book() for cell in runtime.cells}
        self._tasks: set[asyncio.Task[None]] = set()
        self._unhear: list[Callable[[], None]] = []
        self._closing = False
        self._deserted = asyncio.Event()
        self._deserted.set()

    # Serving

    @asynccontextmanager
    async def opened(self, port: int) -> AsyncIterator["Gateway"]:
        """Listen on `port` (0: any free one, see `self.port`) until the block ends."""
        for cell in self._runtime.cells:
            self._unhear.append(await cell.hear(self._shop.stock_news, self._hear_stock(cell)))
            cell.on_reconnect(self._look)
        listening = listen(self.settings.host, port)
        self.port = listening.getsockname()[1]
        server = await ws_create_server(
            self._upgrade,
            sock=listening,
            backlog=BACKLOG,
            use_aiofastnet=False,  # uvloop's own transport takes 5 KB less a socket
            max_frame_size=FRAME_BYTES_CUT,
            read_buffer_init_size=2048,
            enable_auto_pong=False,
            logger_name=Quiet(logging.getLogger("picows")),
        )
        rounds = [
            asyncio.create_task(self._repeat(self._beat, BEAT_SECONDS)),
            asyncio.create_task(self._repeat(self._poll, BEAT_SECONDS)),
            asyncio.create_task(self._repeat(self._restock, BEAT_SECONDS * STOCK_BEATS)),
            asyncio.create_task(self._repeat(self._write_books, BOOK_SECONDS)),
        ]
        lists = [asyncio.create_task(q.serve()) for q in self.queues.values() for _ in range(LISTS)]
        try:
            yield self
        finally:
            self._closing = True
            server.close()
            await _end(rounds)
            await self._leave()
            await _end(lists)

    async def _leave(self) -> None:
        """Say goodbye to everybody, finish what is under way, write what is known; bounded."""
        members = list(self._sockets)
        for start in range(0, len(members), SLICE):
            for socket in members[start : start + SLICE]:
                socket.close(WSCloseCode.GOING_AWAY, "shutdown")
            await asyncio.sleep(0)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=SHUTDOWN_SECONDS)
        try:
            async with asyncio.timeout(SHUTDOWN_SECONDS):
                await self._write_books()
        except (psycopg.Error, TimeoutError) as error:
            log.warning("visits not written", error=repr(error))
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._deserted.wait()
        for unhear in self._unhear:
            unhear()
        for room in list(self._rooms.values()):
            await room.close()
        for socket in list(self._sockets):
            socket.cut()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` beside everything else; a shutdown waits for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Connections

    def _upgrade(self, request: WSUpgradeRequest) -> Socket | WSUpgradeResponseWithListener:
        """Admit a connection, or answer why not (ASVS 5.0, V4.4.2: Origin is checked)."""
        if request.path == b"/health":
            return WSUpgradeResponseWithListener(
                WSUpgradeResponse.create_ok_response(b"well"), None
            )
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._origins:
            return _refused(HTTPStatus.FORBIDDEN)
        if self._closing or len(self._sockets) >= self.settings.room_sockets_max:
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE)
        return Socket(self)

    def admit(self, socket: Socket) -> None:
        """Count a new connection; one address may not open too many."""
        self._sockets.add(socket)
        self._deserted.clear()
        transport = socket.transport
        peer = transport.underlying_transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if address in self._proxies:
            forwarded = transport.request.headers.get("X-Forwarded-For", "")
            address = forwarded.rpartition(",")[2].strip()
            if not address:
                return  # from this very machine: ourselves
        address = subscriber_of(address)
        moment = self.time()
        rate, burst = ADDRESS_RATE
        bucket = self._addresses.setdefault(address, Bucket(burst, moment))
        if not bucket.take(moment, rate, burst):
            socket.close(WSCloseCode.TRY_AGAIN_LATER)
        if len(self._addresses) > ADDRESSES_MAX:
            self._addresses = {
                name: kept
                for name, kept in self._addresses.items()
                if not kept.is_full(moment, rate, burst)
            }

    def forget(self, socket: Socket) -> None:
        """Count a connection out."""
        self._sockets.discard(socket)
        if not self._sockets:
            self._deserted.set()

    def read_ticket(self, token: str) -> Ticket:
        """Return what a ticket says; raises BadToken."""
        payload = self._runtime.signer.open(PURPOSE, token, self.settings.ticket_seconds)
        try:
            return msgspec.convert(payload, Ticket)
        except msgspec.ValidationError:
            raise BadToken from None

    # Rooms

    async def room(self, market: str, show: UUID) -> LiveRoom:
        """Return the show's room, opened by the first who joins it."""
        found = self._rooms.get(show)
        if found is not None:
            found.empty_since = self.time()  # somebody is on the way in
            return found
        if show not in self._opening:
            self._opening[show] = asyncio.create_task(self._open_room(market, show))
        return await asyncio.shield(self._opening[show])

    async def _open_room(self, market: str, show: UUID) -> LiveRoom:
        cell = self._runtime.cells.of(market)
        tick = self.settings.tick_ms / 1000
        room = LiveRoom(self.name, cell, show, market, tick_seconds=tick, stock=self._read_stock)
        try:
            await room.open()
        except BaseException:
            await room.close()
            raise
        finally:
            del self._opening[show]
        room.empty_since = self.time()
        self._rooms[show] = room
        return room

    async def _read_stock(self, room: LiveRoom) -> dict[str, int]:
        async with room.cell.read() as tx:
            sheet = await shows.list_run_sheet(tx, room.show, "")
        variants = [variant.id for product in sheet for variant in product.variants]
        left = await self._shop.stock_of(room.cell, room.show, variants) if variants else {}
        return {str(variant): count for variant, count in left.items()}

    def _hear_stock(self, cell: Cell) -> Callable[[str, bytes], None]:
        def hear(_subject: str, payload: bytes) -> None:
            told = _stock.decode(payload)
            divided = any("/" in name for name in told)
            for room in self._rooms.values():
                if room.cell is cell:
                    room.hear_stock(stock_in(told, room.show) if divided else told)

        return hear

    def _look(self) -> None:
        """News may have been missed: compare with the rows."""
        for room in self._rooms.values():
            room.look()

    # What is done again and again

    async def _repeat(self, work: Callable[[], Awaitable[None]], seconds: float) -> None:
        due = self.time()
        while True:
            due = max(due + seconds, self.time())  # without drift: a sample for every ten seconds
            await asyncio.sleep(due - self.time())
            try:
                await work()
            except (psycopg.Error, TimeoutError) as error:
                log.warning("database away", work=work.__name__, error=str(error).strip())
            except Exception:
                log.exception("round failed", work=work.__name__)

    async def _beat(self) -> None:
        moment = self.time()
        for room in list(self._rooms.values()):
            room.beat(QUIET_SECONDS)
            if room.ended_at is not None and moment - room.ended_at > ENDED_SECONDS:
                for socket in [*room.hall, *room.crew]:
                    socket.close(WSCloseCode.OK, "ended")
            if not room.members and moment - room.empty_since > EMPTY_SECONDS:
                self._note_books(room)
                del self._rooms[room.show]
                await room.close()
        members = list(self._sockets)
        for start in range(0, len(members), SLICE):
            for socket in members[start : start + SLICE]:
                self._check(socket, moment)
            await asyncio.sleep(0)

    def _check(self, socket: Socket, moment: float) -> None:
        silent = moment - socket.heard_at
        if socket.slow_since is not None and moment - socket.slow_since > SLOW_SECONDS_MAX:
            socket.cut()
        elif socket.deadline is not None and moment > socket.deadline:
            socket.deadline = moment + IDLE_SECONDS  # closing takes a moment; once is enough
            socket.close(WSCloseCode.POLICY_VIOLATION)
        elif silent > 2 * IDLE_SECONDS:
            socket.cut()
        elif silent > IDLE_SECONDS and moment - socket.pinged_at > IDLE_SECONDS:
            socket.pinged_at = moment
            if socket.slow_since is None:
                socket.transport.send_ping()

    async def _poll(self) -> None:
        """Compare each room's number with the rows: news may be lost, facts may not."""
        for cell in self._runtime.cells:
            mine = {room.show: room for room in self._rooms.values() if room.cell is cell}
            if not mine:
                continue
            async with cell.read() as tx:
                seqs = await queries.list_seqs(tx, list(mine))
            for show, seq in seqs.items():
                if seq > mine[show].heard:
                    mine[show].look()

    async def _restock(self) -> None:
        for room in list(self._rooms.values()):
            if room.members:
                await room.refresh_stock()

    def _note_books(self, room: LiveRoom) -> None:
        visits, samples = room.take_books()
        self._books[room.cell.name].note(visits, samples)

    async def _write_books(self) -> None:
        for room in self._rooms.values():
            self._note_books(room)
        for cell in self._runtime.cells:
            book = self._books[cell.name]
            if book:
                await cell.run(book.write)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


async def serve_rooms(runtime: Runtime, shop: Shop) -> None:
    """Serve the rooms until cancelled."""
    gateway = Gateway(runtime, shop)
    async with gateway.opened(runtime.settings.rooms_port):
        engines.tell_ready()
        await asyncio.Event().wait()


def listen(host: str, port: int) -> sockets.socket:
    """Open the listening socket; several processes of one machine may share the port."""
    family, *_, address = sockets.getaddrinfo(host, port, type=sockets.SOCK_STREAM)[0]
    listening = sockets.socket(family, sockets.SOCK_STREAM)
    listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    if sys.platform == "linux":
        listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEPORT, 1)
    listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, SEND_BYTES)
    listening.bind(address)
    listening.setblocking(False)
    return listening


def allowed_origins(runtime: Runtime) -> frozenset[str]:
    """Return whose pages may open a socket; without a public address, this machine's."""
    settings = runtime.settings
    if settings.web_url:
        parts = urlsplit(settings.public_web_url)
        return frozenset({f"{parts.scheme}://{parts.netloc}"})
    hosts = ("localhost", "127.0.0.1", "[::1]", settings.host)
    return frozenset(f"http://{host}:{settings.web_port}" for host in hosts)


def _refused(status: HTTPStatus) -> WSUpgradeResponseWithListener:
    response = WSUpgradeResponse.create_error_response(status, status.phrase.encode())
    return WSUpgradeResponseWithListener(response, None)


class Quiet(logging.LoggerAdapter[logging.Logger]):
    """Keeps picows from making a logger of its own for each connection (2 KB each)."""

    def error(self, msg: object, *args: object, **_options: Any) -> None:
        """Note what a browser did wrong; exceptions of ours are logged by `exception`."""
        self.debug(msg, *args)
