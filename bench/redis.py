"""A peer of the hold desk: the same decision as a Lua script in Valkey or Redis, where one is.

Debian's packages are valkey-server (13) and redis-server (12). The script takes a unit, writes the
hold with its time to live and the buyer's key, as one step; asked by as many connections as there
are for PostgreSQL's peers, over a Unix socket, one request at a time each.
"""

import asyncio
import hashlib
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from panier.kit.ids import new_id

SCRIPT = b"""
if redis.call('EXISTS', KEYS[2]) == 1 then return 1 end
if tonumber(redis.call('GET', KEYS[1]) or '0') < 1 then return 0 end
redis.call('DECR', KEYS[1])
redis.call('SET', KEYS[2], ARGV[1], 'EX', 480)
return 1
"""


def find_server() -> str | None:
    """Return the server's program, if there is one."""
    return shutil.which("valkey-server") or shutil.which("redis-server")


@asynccontextmanager
async def running(folder: Path, *, durable: bool) -> AsyncIterator[Path]:
    """Run a server of our own; `durable` flushes its log after every write that it answers."""
    program = find_server()
    assert program is not None
    folder.mkdir()
    socket = folder / "socket"
    sync = ("--appendonly", "yes", "--appendfsync", "always") if durable else ("--appendonly", "no")
    process = await asyncio.create_subprocess_exec(
        program, "--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", *sync,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            while not socket.exists():  # noqa: ASYNC110 - another program's file
                await asyncio.sleep(0.05)
        yield socket
    finally:
        process.terminate()
        await process.wait()


async def by_lua(socket: Path, tries: int, connections: int) -> float:
    """Hold a unit for each of `tries` buyers; returns holds a second."""
    product = b"stock:" + new_id().hex.encode()
    sha = hashlib.sha1(SCRIPT, usedforsecurity=False).hexdigest().encode()
    left = iter(range(tries))
    granted = 0

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal granted
        for _ in left:
            key, buyer = (new_id().hex.encode() for _ in range(2))
            writer.write(_command(b"EVALSHA", sha, b"2", product, b"hold:" + key, buyer))
            answer = await reader.readline()
            granted += answer == b":1\r\n"

    opened = [await asyncio.open_unix_connection(socket) for _ in range(connections)]
    reader, writer = opened[0]
    writer.write(_command(b"SET", product, str(tries).encode()))
    assert await reader.readline() == b"+OK\r\n"
    writer.write(_command(b"SCRIPT", b"LOAD", SCRIPT))
    await reader.readline()
    assert (await reader.readline()).strip() == sha
    began = time.perf_counter()
    await asyncio.gather(*(connection(r, w) for r, w in opened))
    seconds = time.perf_counter() - began
    for _, writer in opened:
        writer.close()
        await writer.wait_closed()
    assert granted == tries
    return tries / seconds


def _command(*parts: bytes) -> bytes:
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)
