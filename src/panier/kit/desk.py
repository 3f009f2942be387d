"""Group commit: while one batch commits, the next gathers.

Requests append to a list; one task takes whatever is there (up to a limit), runs one set-based
statement in one transaction, answers each, repeats. No timer: an idle system commits at once, a
busy one batches by itself. A batch that fails as a whole is tried one by one, so that a poisonous
request harms only itself.
"""

import asyncio
import time
from collections import deque
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
        self._waiting: deque[tuple[list[Q], asyncio.Future[list[A | PanierError]]]] = deque()
        self._length = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def ask(self, request: Q) -> A:
        """Queue `request` and wait until it is committed; raises what `act` answered."""
        [answer] = await self.ask_all([request])
        if isinstance(answer, PanierError):
            raise answer
        return answer

    async def ask_all(self, requests: list[Q]) -> list[A | PanierError]:
        """Queue `requests` as they come and wait until they are committed, all in one.

        Answers stand in the order of the requests; an error is answered, not raised, but for
        Unavailable when the queue is full.
        """
        if self._closed or self._length + len(requests) > QUEUE_MAX:
            raise Unavailable
        if self._task is None:
            self._task = asyncio.create_task(self._serve())
        answers: asyncio.Future[list[A | PanierError]]
        answers = asyncio.get_running_loop().create_future()
        self._waiting.append((requests, answers))
        self._length += len(requests)
        self._wake.set()
        return await answers

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
                await self._serve_batch()
            if self._closed:
                return

    async def _serve_batch(self) -> None:
        batch: list[Q] = []
        groups: list[tuple[int, asyncio.Future[list[A | PanierError]]]] = []
        while self._waiting and (
            not batch or len(batch) + len(self._waiting[0][0]) <= self._batch_max
        ):
            requests, future = self._waiting.popleft()
            groups.append((len(requests), future))
            batch += requests
        self._length -= len(batch)
        answers = await self._answer(batch)
        start = 0
        for size, future in groups:
            if not future.done():  # else whoever asked has left
                future.set_result(answers[start : start + size])
            start += size

    async def _answer(self, batch: list[Q]) -> list[A | PanierError]:
        try:
            return await self._commit(batch)
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, psycopg.OperationalError):
                return [answer for one in batch for answer in await self._answer([one])]
            refusal = error if isinstance(error, PanierError) else Unavailable()
            if refusal is not error:
                log.exception("batch refused", act=self._act.__qualname__, size=len(batch))
            return [refusal] * len(batch)

    async def _commit(self, requests: list[Q]) -> list[A | PanierError]:
        async def act(tx: Tx) -> list[A | PanierError]:
            tx.prepare_threshold = 0  # what one batch asks the next one asks again
            return await self._act(tx, requests)

        deadline = time.monotonic() + RETRY_SECONDS_MAX
        pause = 0.1
        while True:
            try:
                return await self._database.run(act)
            except psycopg.OperationalError:
                # A broken connection leaves unknown whether the batch was committed: `act` must
                # recognise a repeated request by its key.
                if time.monotonic() + pause > deadline:
                    raise
                await asyncio.sleep(pause)
                pause = min(1.0, 2 * pause)
