"""Load: many viewers, each sending its next message when the last was answered.

What they send is built beforehand and handed to a process of its own: load.c where a compiler is,
else `python -m bench.load`, which does the same and takes more of the cores from the server.
"""

import asyncio
import base64
import json
import os
import re
import struct
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import uvloop

from bench.machine import compile_c

SECONDS_MAX = 120.0
HOST = "127.0.0.1"


class Viewer(NamedTuple):
    """What one connection sends: to be opened, then message after message."""

    opening: bytes
    messages: Sequence[bytes]


def socket_viewer(
    port: int, origin: str, ticket: str, commands: Sequence[dict[str, Any]]
) -> Viewer:
    """Return a viewer of a room: the upgrade, the join, the commands, masked (RFC 6455, 5.3)."""
    key = base64.b64encode(os.urandom(16)).decode()
    opening = (
        f"GET / HTTP/1.1\r\nHost: {HOST}:{port}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    )
    join = {"do": "join", "id": 1, "ticket": ticket, "after": None}
    return Viewer(opening.encode(), [_frame(msgspec.json.encode(c)) for c in (join, *commands)])


def _frame(text: bytes) -> bytes:
    size = len(text)
    head = bytes((0x81, 0x80 | size)) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
    mask = os.urandom(4)
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(text))


def post(path: str, headers: dict[str, str], body: object) -> bytes:
    """Return one HTTP request with a JSON body."""
    text = msgspec.json.encode(body)
    own = {"content-type": "application/json", "content-length": len(text)}
    lines = [f"POST {path} HTTP/1.1", *(f"{k}: {v}" for k, v in (own | headers).items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + text


@asynccontextmanager
async def crowd(
    folder: Path, port: int, mode: str, viewers: Sequence[Viewer], period: int
) -> AsyncIterator[Callable[[], Awaitable[dict[str, Any]]]]:
    """Connect `viewers` by "ws" or "http"; the value lets them act and returns the figures.

    `period` messages are one deed, whose time from its first message to its last answer is told.
    """
    program = await compile_c("load", folder)
    command = [str(program)] if program else [sys.executable, "-m", "bench.load"]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{HOST} {port} {mode} {len(viewers)} {period}\n".encode())
    for opening, messages in viewers:
        body = b"".join(struct.pack("!I", len(m)) + m for m in messages)
        process.stdin.write(struct.pack("!II", len(opening), len(body)) + opening + body)
        await process.stdin.drain()
    stdin, stdout = process.stdin, process.stdout
    async with asyncio.timeout(SECONDS_MAX):
        assert await stdout.readline() == b"joined\n"

    async def act() -> dict[str, Any]:
        stdin.write(b"go\n")
        await stdin.drain()
        async with asyncio.timeout(SECONDS_MAX):
            figures: dict[str, Any] = json.loads(await stdout.readline())
        return figures

    try:
        yield act
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


# What follows is load.c again, for machines without a compiler.


class Connection(asyncio.Protocol):
    """One viewer's connection."""

    def __init__(self, load: "Load", viewer: Viewer) -> None:
        """Know what to send."""
        self.load, self.viewer = load, viewer
        self.next = 0
        self.opened = load.http
        self.got = b""
        self.since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.load.http:
            self.load.joined.release()
        else:
            transport.write(self.viewer.opening)

    def data_received(self, data: bytes) -> None:
        """Take the answers that are whole."""
        self.got += data
        if not self.opened:
            head, end, rest = self.got.partition(b"\r\n\r\n")
            if not end:
                return
            assert b" 101 " in head
            self.opened, self.got = True, rest
            self.send()
        while (whole := self.take_response() if self.load.http else self.take_frame()) > 0:
            self.got = self.got[whole:]

    def take_frame(self) -> int:
        """Take one WebSocket frame; returns its length, 0 while it is not whole."""
        if len(self.got) < 2:
            return 0
        size, head = self.got[1] & 0x7F, 2
        if size >= 126:
            head = 4 if size == 126 else 10
            size = int.from_bytes(self.got[2:head])
        if len(self.got) < head + size:
            return 0
        text = self.got[head : head + size]
        if text.startswith(b'{"t":"welcome"'):
            self.load.joined.release()
        elif text.startswith(b'{"t":"re"'):
            self.answered(text, ok=b'"ok":' in text)
        return head + size

    def take_response(self) -> int:
        """Take one HTTP response; returns its length, 0 while it is not whole."""
        head, end, rest = self.got.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        if not end or length is None or len(rest) < int(length[1]):
            return 0
        self.answered(rest[: int(length[1])], ok=head.startswith(b"HTTP/1.1 200"))
        return len(head) + 4 + int(length[1])

    def answered(self, text: bytes, *, ok: bool) -> None:
        """Note an answer and go on."""
        load = self.load
        if ok:
            load.granted += 1
        else:
            code = re.search(rb'"code":"([^"]+)"', text)
            load.refused[code[1].decode() if code else "unknown"] += 1
        if (self.next - (not load.http)) % load.period == 0:
            load.took.append(time.perf_counter() - self.since)
        load.left -= 1
        if load.left == 0:
            load.done.set()
        self.act()

    def act(self) -> None:
        """Send the next message, if any is left."""
        if self.next < len(self.viewer.messages):
            if (self.next - (not self.load.http)) % self.load.period == 0:
                self.since = time.perf_counter()
            self.send()

    def send(self) -> None:
        """Send one message."""
        self.transport.write(self.viewer.messages[self.next])
        self.next += 1


class Load:
    """All viewers, and what they were answered."""

    def __init__(self, viewers: Sequence[Viewer], *, http: bool, period: int) -> None:
        """Expect an answer to every message."""
        self.http, self.period = http, period
        self.left = sum(len(v.messages) - (not http) for v in viewers)
        self.answers = self.left
        self.joined, self.done = asyncio.Semaphore(0), asyncio.Event()
        self.took: list[float] = []
        self.granted = 0
        self.refused: Counter[str] = Counter()

    def figures(self, seconds: float, cpu: float) -> dict[str, Any]:
        """Return what load.c prints."""
        ranked = sorted(self.took)
        return {
            "answers": self.answers, "deeds": len(ranked), "seconds": seconds, "cpu_seconds": cpu,
            "granted": self.granted, "refused": self.refused, "p50": ranked[len(ranked) // 2],
            "p99": ranked[len(ranked) * 99 // 100],
        }  # fmt: skip


async def main() -> None:
    """Read the viewers, connect, say "joined", wait for a line, act, print the figures."""
    given = sys.stdin.buffer
    host, port, mode, size, period = given.readline().decode().split()
    viewers = []
    for _ in range(int(size)):
        opening, length = struct.unpack("!II", given.read(8))
        opened, body, messages = given.read(opening), given.read(length), []
        while body:
            (part,) = struct.unpack("!I", body[:4])
            messages.append(body[4 : 4 + part])
            body = body[4 + part :]
        viewers.append(Viewer(opened, messages))
    load = Load(viewers, http=mode == "http", period=int(period))
    loop, connections = asyncio.get_running_loop(), []
    for viewer in viewers:
        connection = Connection(load, viewer)
        await loop.create_connection(lambda made=connection: made, host, int(port))  # type: ignore[misc]
        connections.append(connection)
    async with asyncio.timeout(SECONDS_MAX):
        for _ in viewers:
            await load.joined.acquire()
        print("joined", flush=True)
        await loop.run_in_executor(None, given.readline)
        began, cpu = time.perf_counter(), time.process_time()
        for connection in connections:
            connection.act()
        await load.done.wait()
    print(json.dumps(load.figures(time.perf_counter() - began, time.process_time() - cpu)))


if __name__ == "__main__":
    uvloop.run(main())
