"""Keeps one program running: starts it, asks after its health, starts it again when it ends."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from panier.engines.process import Child

START_TRIES_MAX = 4
"""A program that never got ready is tried this often before panier gives up."""
BACK_OFF_SECONDS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Pauses before one start after another; the last one repeats."""
STEADY_SECONDS = 60.0
"""After running so long, a program's earlier crashes are forgotten."""
HEALTH_SECONDS = 5.0
"""Between two questions after its health, and how long an answer may take."""
DEAF_MAX = 6
"""Unanswered questions in a row after which a program is ended and started again."""

log = structlog.get_logger()


class NotReady(Exception):
    """The program ended, or ran out of time, before it was ready."""


@dataclass(frozen=True)
class Care:
    """How one kind of program is looked after."""

    name: str
    """As it stands in the log."""
    start: Callable[[], Awaitable[Child]]
    """Starts it and returns once it is ready; raises NotReady or OSError."""
    is_well: Callable[[], Awaitable[bool]]
    """Asks after its health, in at most HEALTH_SECONDS."""
    failed: Callable[[str], Exception]
    """Builds the error for a reason, when it does not start at all."""


class Keeper:
    """One program that is kept running between `start` and `stop`."""

    def __init__(self, care: Care) -> None:
        """Prepare; nothing runs before `start`."""
        self.care = care
        self.starts = 0
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()

    @property
    def pid(self) -> int:
        """The process id of the running program; 0 while there is none."""
        return self._child.pid if self._child and self._child.returncode is None else 0

    async def start(self) -> None:
        """Start it and wait until it is ready; raises what `care.failed` builds."""
        reason = ""
        for pause in (0.0, *BACK_OFF_SECONDS[: START_TRIES_MAX - 1]):
            await asyncio.sleep(pause)
            try:
                await self._begin()
            except (NotReady, OSError) as error:
                reason = str(error)
                log.debug("did not start", program=self.care.name, reason=reason)
                continue
            self._task = asyncio.create_task(self._keep())
            return
        raise self.care.failed(reason)

    async def stop(self) -> None:
        """End it, and do not start it again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._child is not None and self._child.returncode is None:
            await self._child.stop()

    async def until_starts(self, count: int) -> None:
        """Wait until it has been started `count` times and is ready."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.starts >= count)

    async def _begin(self) -> None:
        self._child = await self.care.start()
        async with self._changed:
            self.starts += 1
            self._changed.notify_all()

    async def _keep(self) -> None:
        crashes = 0
        while True:
            since = time.monotonic()
            if self._child is not None:
                await self._watch(self._child)
                crashes = 0 if time.monotonic() - since > STEADY_SECONDS else crashes
                log.warning("ended, starting again", program=self.care.name, how=self._child.how)
                self._child = None
            await asyncio.sleep(BACK_OFF_SECONDS[min(crashes, len(BACK_OFF_SECONDS) - 1)])
            crashes += 1
            try:
                await self._begin()
                log.info("runs again", program=self.care.name)
            except (NotReady, OSError) as error:
                log.warning(
                    "did not start", program=self.care.name, reason=str(error).partition("\n")[0]
                )

    async def _watch(self, child: Child) -> None:
        """Return when `child` has ended, by itself or because it no longer answers."""
        ended = asyncio.create_task(child.wait())
        deaf = 0
        try:
            while True:
                done, _ = await asyncio.wait({ended}, timeout=HEALTH_SECONDS)
                if done:
                    return
                deaf = 0 if await self._answers() else deaf + 1
                if deaf >= DEAF_MAX:
                    log.error("no longer answers", program=self.care.name)
                    await child.stop()
                    return
        finally:
            ended.cancel()

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                return await self.care.is_well()
        except TimeoutError:
            return False


async def until_ready(child: Child, ready: asyncio.Event, seconds: float) -> None:
    """Wait until `ready` is set; raises NotReady, the child ended, if that does not happen."""
    told = asyncio.create_task(ready.wait())
    ended = asyncio.create_task(child.wait())
    try:
        await asyncio.wait({told, ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not ready.is_set():
            await child.stop()
            raise NotReady(child.explain())
    except asyncio.CancelledError:
        await child.stop()
        raise
    finally:
        told.cancel()
        ended.cancel()
