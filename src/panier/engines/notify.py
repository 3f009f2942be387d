"""How a process says that it is ready and alive: systemd's protocol, sd_notify(3).

The same words work under `panier up` and in a systemd unit with `Type=notify`.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path

READY = b"READY=1"
ALIVE = b"WATCHDOG=1"
MESSAGE_BYTES_MAX = 4096


def tell_ready() -> None:
    """Say that this process can take work now; without anybody to hear it, do nothing."""
    _tell(READY)


async def tell_alive() -> None:
    """Say regularly, from this event loop, that it still turns; for ever, or at once if unasked."""
    watchdog = os.environ.get("WATCHDOG_USEC")
    if watchdog is None:
        return
    while True:
        _tell(ALIVE)
        await asyncio.sleep(int(watchdog) / 1_000_000 / 3)


def _tell(message: bytes) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
        door.setblocking(False)
        try:
            door.sendto(message, address.replace("@", "\0", 1) if address[0] == "@" else address)
        except (ConnectionError, FileNotFoundError, BlockingIOError):
            return  # the listener is gone or busy, and it will find out by itself


class Ear(asyncio.DatagramProtocol):
    """Hears one process through a socket file of its own."""

    def __init__(self, on_message: Callable[[bytes], None]) -> None:
        """Call `on_message` with each message."""
        self._on_message = on_message

    def datagram_received(self, data: bytes, _addr: object) -> None:
        """Hand on one datagram, which may hold several lines."""
        for message in data[:MESSAGE_BYTES_MAX].split(b"\n"):
            self._on_message(message)


async def listen(path: Path, on_message: Callable[[bytes], None]) -> asyncio.DatagramTransport:
    """Open the socket file `path` anew and call `on_message` with what is told there."""
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    door.bind(str(path))
    door.setblocking(False)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Ear(on_message), sock=door)
    return transport
