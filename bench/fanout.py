"""CPU of the server for each delivery of a frame of 200 bytes to 1,000 sockets.

The gateway's real path (a fact appended to PostgreSQL, told over NATS, folded, framed, sent) beside
the floor (a C loop of send(2)), uvicorn with websockets, and the WebSocket of nats-server: all four
run at once with their sockets open, and take turns in the order A-B-C-D-D-C-B-A. Loopback charges
the reader's share of TCP to the sender, for all alike. A turn in which other guests of the host
took more than 2 % of the machine is measured again.
"""

import asyncio
import base64
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import nats

from bench.machine import compile_c, cpu_seconds, resident_bytes, stolen
from bench.table import Row, median
from panier import engines, rooms
from panier.kit.bus import Bus
from panier.kit.cells import Cell
from panier.kit.db import Database
from panier.kit.ids import new_id
from panier.kit.signing import Signer
from panier.migrations import migrate

SOCKETS = 1000
GAP_MS = 25
"""Between two frames; the gateway's tick is shorter here, so that each fact is a frame."""
STEAL_MAX = 0.02
TURNS_MAX = 3
SECRET = "the benchmark's secret, long enough to sign"  # noqa: S105 - signs nothing but this run

Send = Callable[[int, int], Awaitable[None]]
"""Sends (frames, milliseconds between two) and returns when they were handed over."""


class Way(NamedTuple):
    """One server with its sockets open."""

    name: str
    pid: int
    send: Send
    readers: asyncio.subprocess.Process
    idle_bytes: float
    """Resident memory of the server for each idle socket."""

    async def frames(self) -> int:
        """Return how many frames came to all sockets since the last time."""
        assert self.readers.stdin is not None
        assert self.readers.stdout is not None
        self.readers.stdin.write(b"\n")
        return int(await self.readers.stdout.readline())

    async def measure(self, frames: int, gap_ms: int) -> tuple[float, int]:
        """Return microseconds of CPU for each delivered frame, and the number of these."""
        for _ in range(TURNS_MAX):
            await self.frames()
            (steal, ticks), cpu = stolen(), cpu_seconds(self.pid)
            await self.send(frames, gap_ms)
            delivered = await self.frames()
            used = cpu_seconds(self.pid) - cpu
            now_steal, now_ticks = stolen()
            if now_steal - steal <= STEAL_MAX * (now_ticks - ticks):
                break
        return used * 1e6 / delivered, delivered


class Bench:
    """Starts servers and readers, and ends them."""

    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        """Everything lives as long as `stack`."""
        self._stack = stack
        self._folder = folder

    async def start(self, *command: str, **environment: str) -> asyncio.subprocess.Process:
        """Start a process that ends with the benchmark."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **environment},
        )
        self._stack.push_async_callback(_end, process)
        return process

    async def way(self, name: str, server: Any, port: int, send: Send, hellos: list[str]) -> Way:
        """Open all sockets of one server and see what they take."""
        await asyncio.sleep(1)
        before = resident_bytes(server.pid)
        readers = await self.readers(port, hellos)
        each = (resident_bytes(server.pid) - before) / SOCKETS
        return Way(name, server.pid, send, readers, each)

    async def readers(self, port: int, hellos: list[str]) -> asyncio.subprocess.Process:
        """Open a socket that only reads for each hello."""
        readers = await self.start(
            sys.executable, "-m", "bench.readers", str(port), str(len(hellos)), "/"
        )
        assert readers.stdin is not None
        assert readers.stdout is not None
        for hello in hellos:
            readers.stdin.write(base64.b64encode(hello.encode()) + b"\n")
        async with asyncio.timeout(120):
            assert await readers.stdout.readline() == b"ready\n", port
        return readers

    async def floor(self) -> Way:
        """Run the C loop, or, without a compiler, the Python loop under its own name."""
        port = engines.free_port(0, "127.0.0.1")
        program = await compile_c("floor", self._folder)
        if program:
            name, command = "bare C send(2) loop (the floor)", [str(program)]
        else:
            name = "bare Python send(2) loop (no C compiler here)"
            command = [sys.executable, "-m", "bench.peers", "loop"]
        server = await self.start(*command, str(port), str(SOCKETS))
        await until_open(port, connects=False)
        return await self.way(name, server, port, _through_stdin(server), [""] * SOCKETS)

    async def uvicorn(self) -> Way:
        """Run the ASGI peer."""
        port = engines.free_port(0, "127.0.0.1")
        server = await self.start(sys.executable, "-m", "bench.peers", "uvicorn", str(port))
        await until_open(port)
        hellos = [""] * SOCKETS
        return await self.way("uvicorn + websockets", server, port, _through_stdin(server), hellos)

    async def nats(self) -> Way:
        """Run the WebSocket of nats-server, published to over its own protocol."""
        port, own = (engines.free_port(0, "127.0.0.1") for _ in range(2))
        config = self._folder / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{own}"\nping_interval: "1h"\n'
            f'websocket {{ listen: "127.0.0.1:{port}", no_tls: true }}\n'
        )
        program = shutil.which("nats-server") or str(Path(sys.executable).parent / "nats-server")
        server = await self.start(program, "-c", str(config), "-l", str(self._folder / "nats.log"))
        await until_open(port)
        client = await nats.connect(f"nats://127.0.0.1:{own}")
        self._stack.push_async_callback(client.close)
        payload = b"x" * 185  # with "MSG x 1 185" and line ends: 200 bytes

        async def send(frames: int, gap_ms: int) -> None:
            for _ in range(frames):
                await client.publish("x", payload)
                await client.flush()
                await asyncio.sleep(gap_ms / 1000)

        hello = 'CONNECT {"verbose":false,"pedantic":false}\r\nSUB x 1\r\n'
        return await self.way("nats-server WebSocket", server, port, send, [hello] * SOCKETS)

    async def panier(self, cell: Cell, settings: dict[str, str], tick_ms: int) -> Way:
        """Run the gateway; facts come to it as they always do."""
        port, show = engines.free_port(0, "127.0.0.1"), new_id()
        own = {"PANIER_ROOMS_PORT": str(port), "PANIER_TICK_MS": str(tick_ms)}
        server = await self.start(sys.executable, "-m", "panier", "run", "rooms", **settings, **own)
        await until_open(port)
        async with cell.tx() as tx:
            await rooms.open_room(tx, show, "FR")
        body = {"name": "Ada", "text": "", "author": "0123456789ab", "staff": False}
        frame = {"t": "tick", "now": 10**12, "facts": [[100, "chat", 10**12, body]]}
        body["text"] = "x" * (200 - len(msgspec.json.encode(frame)))

        async def send(frames: int, gap_ms: int) -> None:
            for _ in range(frames):
                await rooms.append(cell, show, "FR", "chat", body)
                await asyncio.sleep(gap_ms / 1000)

        signer = Signer(SECRET)
        tickets = [
            signer.sign("room", {
                "show": str(show), "market": "FR", "visitor": str(new_id()), "person": None,
                "name": "Guest", "staff": False, "language": "fr",
            })
            for _ in range(SOCKETS)
        ]  # fmt: skip
        hellos = [json.dumps({"do": "join", "id": 1, "ticket": ticket}) for ticket in tickets]
        return await self.way("panier's gateway", server, port, send, hellos)


def _through_stdin(server: asyncio.subprocess.Process) -> Send:
    async def send(frames: int, gap_ms: int) -> None:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(f"{frames} {gap_ms}\n".encode())
        assert await server.stdout.readline() == b"sent\n"

    return send


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def until_open(port: int, *, connects: bool = True) -> None:
    """Wait until a port is listened on; without touching it when connections are counted."""
    async with asyncio.timeout(30):
        while True:
            await asyncio.sleep(0.1)
            if not connects:
                listening = f":{port:04X} 00000000:0000 0A"
                if listening in Path("/proc/net/tcp").read_text():
                    return
                continue
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            writer.close()
            return


@asynccontextmanager
async def ground(folder: Path) -> AsyncIterator[tuple[Cell, dict[str, str]]]:
    """Run the engines; the settings let another process stand on them."""
    async with engines.running(folder / "data") as addresses:
        migrate(addresses.postgres_dsn)
        bus = Bus(addresses.nats_url)
        cell = Cell("home", Database(addresses.postgres_dsn), bus)
        await bus.open()
        await cell.open()
        yield (
            cell,
            {
                "PANIER_DATA": str(folder / "data"),
                "PANIER_CELLS": f"home={addresses.postgres_dsn}",
                "PANIER_NATS_URL": addresses.nats_url,
                "PANIER_SECRET": SECRET,
            },
        )
        await cell.close()
        await bus.close()


async def run(*, quick: bool) -> list[Row]:
    """Measure all ways in turns, forth and back, and the gateway once more in a busy chat."""
    rounds, frames = (1, 10) if quick else (5, 40)
    with tempfile.TemporaryDirectory(prefix="panier-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # under root, the engines' own user must pass through
        async with AsyncExitStack() as stack:
            cell, settings = await stack.enter_async_context(ground(folder))
            bench = Bench(stack, folder)
            ways = [
                await bench.floor(),
                await bench.panier(cell, settings, tick_ms=10),
                await bench.uvicorn(),
                await bench.nats(),
            ]
            busy = await bench.panier(cell, settings, tick_ms=100)
            found: dict[str, list[float]] = {way.name: [] for way in ways}
            for way in ways:
                await way.measure(frames, GAP_MS)  # warms up
            together: list[float] = []
            for _ in range(rounds):
                for way in [*ways, *reversed(ways)]:
                    cost, _ = await way.measure(frames, GAP_MS)
                    found[way.name].append(cost)
                cost, delivered = await busy.measure(5 * frames, 5)
                together.append(cost * delivered / (5 * frames * SOCKETS))
    return _rows(ways, found, together)


def _rows(ways: list[Way], found: dict[str, list[float]], together: list[float]) -> list[Row]:
    floor = median(found[ways[0].name])
    rows = []
    for way in ways:
        note = f"{median(found[way.name]) / floor:.2f}× the floor"
        if way is not ways[0]:
            note += f", {way.idle_bytes / 1000:.1f} kB an idle socket"
        rows.append(Row("fan-out", way.name, found[way.name], "µs CPU a delivery", note))
    note = f"{median(together) / floor:.2f}× the floor: facts of one tick share a frame"
    name = "panier's gateway, 200 facts/s, tick 100 ms"
    rows.append(Row("fan-out", name, together, "µs CPU a fact and viewer", note))
    return rows


if __name__ == "__main__":
    for row in asyncio.run(run(quick="--quick" in sys.argv)):
        print(row)
