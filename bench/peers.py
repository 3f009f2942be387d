"""Peers of the fan-out, each a process: `python -m bench.peers uvicorn|loop PORT SOCKETS`.

For every line "FRAMES MILLISECONDS" on standard input they send that many frames of 200 bytes to
all sockets, so far apart, and print "sent"; as floor.c does.
"""

import asyncio
import socket
import sys
import time
from typing import Any

import uvicorn

TEXT = "x" * 200


class Broadcast:
    """An ASGI application whose sockets all get the same text."""

    def __init__(self) -> None:
        """Start with nobody."""
        self.sends: set[Any] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Keep a socket until it goes."""
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        self.sends.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self.sends.discard(send)


async def serve_uvicorn(port: int) -> None:
    """Serve with uvicorn and websockets (sans-I/O), without compression."""
    app = Broadcast()
    config = uvicorn.Config(
        app, port=port, loop="uvloop", ws="websockets-sansio", ws_per_message_deflate=False,
        lifespan="off", log_level="error", ws_ping_interval=None, backlog=4096,
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    while line := await lines.readline():
        frames, milliseconds = map(int, line.split())
        for _ in range(frames):
            for send in list(app.sends):
                await send({"type": "websocket.send", "text": TEXT})
            await asyncio.sleep(milliseconds / 1000)
        sys.stdout.write("sent\n")
        sys.stdout.flush()
    server.should_exit = True
    await serving


def serve_loop(port: int, sockets: int) -> None:
    """Send from a bare Python loop: the floor where no C compiler is."""
    listening = socket.create_server(("127.0.0.1", port), backlog=4096)
    taken = []
    for _ in range(sockets):
        connection, _ = listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while not connection.recv(4096).endswith(b"\r\n\r\n"):
            pass
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        taken.append(connection)
    frame = b"\x81\x7e\x00\xc8" + TEXT.encode()
    for line in sys.stdin:
        frames, milliseconds = map(int, line.split())
        for _ in range(frames):
            for connection in taken:
                connection.send(frame)
            time.sleep(milliseconds / 1000)
        sys.stdout.write("sent\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "uvicorn":
        asyncio.run(serve_uvicorn(int(sys.argv[2])))
    else:
        serve_loop(int(sys.argv[2]), int(sys.argv[3]))
