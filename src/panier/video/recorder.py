"""The recorder: what a channel must remember, written in order and tried until it succeeds."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import psycopg
import psycopg_pool
import structlog
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from panier.kit.store import put

JOBS_MAX = 256
"""Waiting writes of one channel; about three minutes of picture, or 80 MB."""
RETRY_SECONDS = 0.5
RETRY_SECONDS_MAX = 10.0
AWAY = (
    psycopg.OperationalError,
    psycopg_pool.PoolTimeout,
    BaseError,
    OSError,
)
"""The database or the object store cannot be reached; what is written waits."""

Job = Callable[[], Awaitable[None]]

log = structlog.get_logger()


class Recorder:
    """One channel's queue of writes; the live picture never waits for it."""

    def __init__(self, store: ObjectStore, show: UUID) -> None:
        """Prepare; the task starts with the first job."""
        self._store = store
        self._show = str(show)
        self._jobs: asyncio.Queue[Job] = asyncio.Queue(JOBS_MAX)
        self._task: asyncio.Task[None] | None = None

    def add(self, job: Job) -> None:
        """Queue a write; when far too many wait already, it is lost for the replay."""
        if self._jobs.full():
            log.error("recording is behind, a piece is lost", show=self._show)
            return
        self._jobs.put_nowait(job)
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    def put(self, key: str, data: bytes) -> None:
        """Queue the write of an object."""
        self.add(lambda: put(self._store, key, data))

    async def close(self, patience_seconds: float) -> None:
        """Write what waits, for at most `patience_seconds`."""
        flushed = asyncio.create_task(self._jobs.join())
        done, _ = await asyncio.wait([flushed], timeout=patience_seconds)
        if not done:
            flushed.cancel()
            log.error("recording not complete", show=self._show, left=self._jobs.qsize())
        if self._task is not None:
            self._task.cancel()

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            await self._insist(job)
            self._jobs.task_done()

    async def _insist(self, job: Job) -> None:
        wait = RETRY_SECONDS
        while True:
            try:
                await job()
            except AWAY as error:
                log.warning("recording waits", show=self._show, error=str(error).strip())
                await asyncio.sleep(wait)
                wait = min(2 * wait, RETRY_SECONDS_MAX)
            except Exception:
                log.exception("a piece of the recording is lost", show=self._show)
                return
            else:
                return
