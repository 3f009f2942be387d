"""Group commit: while one batch commits, the next gathers.

Requests append to a list; one task takes whatever is there (up to a limit), runs one set-based
statement in one transaction, answers each, repeats. No timer: an idle system commits at once, a
busy one batches by itself. A batch that fails as a whole is tried one by one, so that a poisonous
request harms only itself.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import psycopg
import structlog

from panier.kit.db import Database, Tx
from panier.kit.errors import PanierError, Unavailable

Q = TypeVar("Q")
A = TypeVar("A")
Act = Callable[[Tx, list[Q]], Awaitable[list[A | PanierError]]]

BATCH_MAX = 1000
"""Requests in one transaction."""
QUEUE_MAX = 50_000
"""Requests that may wait; one more is refused, and its sender told so."""
RETRY_SECONDS_MAX = 10.0
"""How long a batch is tried again while the database is away (it may be starting anew)."""

log = structlog.get_logger()


class Desk(Generic[Q, A]):
    """One queue, one task, one transaction at a time over `act`.

    `act` answers in the order of the requests: an answer, or an error for that one alone.
    """

    def __init__(self, database: Database, act: Act[Q, A], batch_max: int = BATCH_MAX) -> None:
        """Prepare; the task starts with the first request."""
        self._database = database
        self._act = act
        self._batch_max = batch_max
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def ask(self, request: Q) -> A:
        """Queue `request` and wait until it is committed; raises what `act` answered."""
        if self._closed or len(self._waiting) >= QUEUE_MAX:
            raise Unavailable
        if self._task is None:
            self._task = asyncio.create_task(self._serve())
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        self._wake.set()
        return await answer

    async def close(self) -> None:
        """Finish what waits, then stop."""
        self._closed = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def _serve(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = self._waiting[: self._batch_max]
                del self._waiting[: self._batch_max]
                await self._settle(batch)
            if self._closed:
                return

    async def _settle(self, batch: list[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._commit([request for request, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, psycopg.OperationalError):
                for one in batch:
                    await self._settle([one])
                return
            refusal = error if isinstance(error, PanierError) else Unavailable()
            if refusal is not error:
                log.exception("batch refused", act=self._act.__qualname__, size=len(batch))
            answers = [refusal] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, PanierError):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _commit(self, requests: list[Q]) -> list[A | PanierError]:
        deadline = time.monotonic() + RETRY_SECONDS_MAX
        pause = 0.1
        while True:
            try:
                return await self._database.run(lambda tx: self._act(tx, requests))
            except psycopg.OperationalError:
                # A broken connection leaves unknown whether the batch was committed: `act` must
                # recognise a repeated request by its key.
                if time.monotonic() + pause > deadline:
                    raise
                await asyncio.sleep(pause)
                pause = min(1.0, 2 * pause)
