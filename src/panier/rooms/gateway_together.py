"""Commands that many give at the same moment: answered together.

A command of its own costs a task, a future and a context; when a thousand press at once that is
more than the press itself. Here whatever came while the last list was at work is the next list.
What takes longer for one of a list, because somebody outside does, the others do not wait for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import psycopg
import structlog

from panier.kit.errors import PanierError, Unavailable
from panier.rooms import wire
from panier.rooms.calls import ActionForAll, Call

if TYPE_CHECKING:
    from panier.rooms.gateway_socket import Socket

CALLS_MAX = 500
"""Calls in one list."""
WAITING_MAX = 20_000
"""Calls that may wait; one more is refused."""
LISTS = 2
"""Lists at work at once: while one commits, the answers of the other are sent."""
ANSWERS_AT_ONCE = 30
"""Answers sent before others have their turn: the list that commits meanwhile waits for replies of
the database, and would wait for all answers of this one."""
SECONDS_MAX = 10.0
"""A list, or an answer that is to come, that takes longer is answered as unavailable."""

log = structlog.get_logger()

Start = Callable[[Coroutine[Any, Any, None]], object]
"""Runs work beside everything else; a shutdown waits for it."""


class Queue:
    """The calls of one command, waiting for their turn."""

    def __init__(self, command: str, action: ActionForAll, start: Start) -> None:
        """Prepare; `serve` does the work, `start` has done beside it what takes longer."""
        self._command = command
        self._action = action
        self._start = start
        self._waiting: list[tuple[Socket, int | None, Call]] = []
        self._wake = asyncio.Event()

    def put(self, socket: "Socket", id: int | None, call: Call) -> bool:  # noqa: A002 - the wire's word
        """Queue a call; tells whether there was room."""
        if len(self._waiting) >= WAITING_MAX:
            return False
        self._waiting.append((socket, id, call))
        self._wake.set()
        return True

    async def serve(self) -> None:
        """Answer until cancelled; run it `LISTS` times."""
        while True:
            await self._wake.wait()
            calls = self._waiting[:CALLS_MAX]
            del self._waiting[:CALLS_MAX]
            if not self._waiting:
                self._wake.clear()
            if calls:
                await self._answer(calls)

    async def _answer(self, calls: list[tuple["Socket", int | None, Call]]) -> None:
        action = self._action([call for _, _, call in calls])
        found = await self._wait_for(action)
        answers = found if isinstance(found, list) else [found] * len(calls)
        told = zip(calls, answers, strict=True)
        for n, ((socket, id, _), answer) in enumerate(told, 1):  # noqa: A001 - as above
            if n % ANSWERS_AT_ONCE == 0:
                await asyncio.sleep(0)
            if isinstance(answer, Awaitable):
                self._start(self._answer_later(socket, id, answer))
            else:
                _tell(socket, id, answer)

    async def _answer_later(self, socket: "Socket", id: int | None, answer: Awaitable[Any]) -> None:  # noqa: A002
        """Answer one whose answer takes longer than those of the others."""
        _tell(socket, id, await self._wait_for(answer))

    async def _wait_for(self, work: Awaitable[Any]) -> Any:
        """Return what `work` does, or the refusal to answer instead."""
        try:
            async with asyncio.timeout(SECONDS_MAX):
                return await work
        except PanierError as error:
            log.warning("commands not done", command=self._command, error=repr(error))
            return error
        except (psycopg.OperationalError, TimeoutError) as error:
            log.warning("commands not done", command=self._command, error=repr(error))
            return Unavailable()
        except Exception:
            log.exception("commands failed", command=self._command)
            return PanierError()


def _tell(socket: "Socket", id: int | None, answer: object) -> None:  # noqa: A002 - the wire's word
    if socket.gone:
        return
    if isinstance(answer, PanierError):
        socket.send(wire.refusal(id, answer, socket.language))
    elif id is not None:
        socket.send(wire.answer(id, answer))
