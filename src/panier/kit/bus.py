"""NATS: news that there are rows, and pulses. What is told here may be lost without harm."""

import asyncio
from collections.abc import Callable
from typing import Any

import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

Listener = Callable[[str, bytes], None]

PAYLOAD_MAX = 512 * 1024
"""Bytes of one message; a larger one is not told (its rows are there all the same)."""

RECONNECT_SECONDS = 0.25
"""The wait between two tries to reach the server."""

log = structlog.get_logger()


class Bus:
    """A connection that is made again for ever, and subscriptions that survive it."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened before `open`."""
        self._url = url
        self._client = Client()
        self._on_reconnect: list[Callable[[], None]] = []

    async def open(self) -> None:
        """Connect, waiting up to 30 s for the server."""

        async def reconnected() -> None:
            log.info("news are back")
            for callback in self._on_reconnect:
                callback()

        async def failed(error: Exception) -> None:
            log.debug("news failed", error=repr(error))

        async with asyncio.timeout(30):
            await self._client.connect(
                self._url,
                max_reconnect_attempts=-1,
                reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type] # passed to asyncio.sleep
                reconnected_cb=reconnected,
                error_cb=failed,
                allow_reconnect=True,
                ping_interval=5,
                max_outstanding_pings=2,
            )

    async def close(self) -> None:
        """Leave; what was published before is sent."""
        try:
            async with asyncio.timeout(2):
                await self._client.drain()
        except (nats.errors.Error, TimeoutError):
            await self._client.close()

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever news may have been missed."""
        self._on_reconnect.append(callback)

    def publish(self, subject: str, payload: bytes) -> None:
        """Tell; never waits for the server, never raises."""
        if len(payload) > PAYLOAD_MAX:
            log.warning("news too large", subject=subject, size=len(payload))
            return
        task = asyncio.ensure_future(self._client.publish(subject, payload))
        task.add_done_callback(_forget)

    async def subscribe(self, subject: str, listener: Listener) -> Callable[[], None]:
        """Call `listener(subject, payload)` for each message; returns how to stop it."""

        async def hear(message: Msg) -> None:
            try:
                listener(message.subject, message.data)
            except Exception:
                log.exception("listener failed", subject=message.subject)

        subscription = await self._client.subscribe(subject, cb=hear)

        def stop() -> None:
            asyncio.ensure_future(subscription.unsubscribe()).add_done_callback(_forget)

        return stop


def _forget(task: "asyncio.Future[Any]") -> None:
    if not task.cancelled() and task.exception() is not None:
        log.debug("news lost", error=repr(task.exception()))
