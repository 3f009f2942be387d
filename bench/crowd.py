"""A crowd on sockets: each viewer joins a room and presses the basket again when answered.

Run as a process of its own, so that its work is not the server's:
`python -m bench.crowd URL ORIGIN SIZE PRESSES` reads "ticket variant" lines from standard input.
"""

import asyncio
import json
import sys
import time
from functools import partial

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from panier.kit.ids import new_id

_encode = msgspec.json.encode

CONNECT_AT_ONCE = 50
SECONDS_MAX = 120.0


class Viewer(WSListener):  # type: ignore[misc] # picows is a compiled module
    """One socket: join, press, press again."""

    def __init__(self, crowd: "Crowd", ticket: str, variant: str) -> None:
        """Keep what this viewer needs to join and press."""
        self.crowd, self.ticket = crowd, ticket
        # Written beforehand: what the load costs is taken from the server on the same cores.
        self.presses = [
            _encode({"do": "hold", "id": 2 + n,
                     "args": {"variant": variant, "quantity": 1, "key": str(new_id())}})
            for n in range(crowd.presses)
        ]  # fmt: skip
        self.pressed = 0
        self.since = 0.0
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Join the room."""
        self.transport = transport
        transport.send(
            WSMsgType.TEXT, _encode({"do": "join", "id": 1, "ticket": self.ticket, "after": None})
        )

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        """Count an answer to a press and press again."""
        if frame.msg_type != WSMsgType.TEXT:
            return
        payload = frame.get_payload_as_bytes()
        if payload.startswith(b'{"t":"welcome"'):
            self.crowd.joined.release()
        elif payload.startswith(b'{"t":"re"'):
            self.crowd.answered(time.perf_counter() - self.since, payload)
            self.press()

    def press(self) -> None:
        """Press the basket once more, if any presses are left."""
        if self.pressed < len(self.presses) and self.transport is not None:
            self.since = time.perf_counter()
            self.transport.send(WSMsgType.TEXT, self.presses[self.pressed])
            self.pressed += 1


class Crowd:
    """All viewers, and what they were answered."""

    def __init__(self, size: int, presses: int) -> None:
        """Expect `presses` answers for each of `size` viewers."""
        self.size, self.presses = size, presses
        self.joined = asyncio.Semaphore(0)
        self.done = asyncio.Event()
        self.seconds: list[float] = []
        self.granted = 0
        self.refused: dict[str, int] = {}

    def answered(self, seconds: float, payload: bytes) -> None:
        """Note one answer."""
        self.seconds.append(seconds)
        if b'"ok":' in payload:
            self.granted += 1
        else:
            code = msgspec.json.decode(payload)["error"]["code"]
            self.refused[code] = self.refused.get(code, 0) + 1
        if len(self.seconds) == self.size * self.presses:
            self.done.set()


async def main(url: str, origin: str, size: int, presses: int) -> None:
    """Connect everybody, say "joined", wait for "go", press, print the figures as JSON."""
    crowd = Crowd(size, presses)
    lines = [sys.stdin.readline().split() for _ in range(size)]
    viewers: list[Viewer] = []
    for start in range(0, size, CONNECT_AT_ONCE):
        part = [
            ws_connect(
                partial(Viewer, crowd, ticket, variant), url, extra_headers=[("Origin", origin)]
            )
            for ticket, variant in lines[start : start + CONNECT_AT_ONCE]
        ]  # fmt: skip
        viewers += [listener for _, listener in await asyncio.gather(*part)]
    for _ in range(size):
        async with asyncio.timeout(SECONDS_MAX):
            await crowd.joined.acquire()
    sys.stdout.write("joined\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began, cpu = time.perf_counter(), time.process_time()
    for viewer in viewers:
        viewer.press()
    async with asyncio.timeout(SECONDS_MAX):
        await crowd.done.wait()
    took = time.perf_counter() - began
    ranked = sorted(crowd.seconds)
    figures = {
        "answers": len(ranked),
        "seconds": took,
        "cpu_seconds": time.process_time() - cpu,
        "granted": crowd.granted,
        "refused": crowd.refused,
        "p50": ranked[len(ranked) // 2],
        "p99": ranked[len(ranked) * 99 // 100],
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
