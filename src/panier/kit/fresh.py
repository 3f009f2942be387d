"""Answers read a moment ago: however many ask at once, the source is asked once."""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Fresh(Generic[K, V]):
    """Remembers what `read` answered for at most `seconds`, for at most `size` keys.

    A failed read is not remembered: the next who asks reads again.
    """

    def __init__(
        self, read: Callable[[K], Coroutine[Any, Any, V]], seconds: float, size: int = 10_000
    ) -> None:
        """Start knowing nothing."""
        self._read = read
        self._seconds = seconds
        self._size = size
        self._known: dict[K, tuple[float, asyncio.Task[V]]] = {}

    async def get(self, key: K) -> V:
        """Return the answer for `key`; raises what `read` raises."""
        entry = self._known.get(key)
        if entry is None or entry[0] < monotonic() or _failed(entry[1]):
            if len(self._known) >= self._size:
                self._known.clear()
            entry = (monotonic() + self._seconds, asyncio.create_task(self._read(key)))
            self._known[key] = entry
        task = entry[1]
        # Shielded: whoever gives up must not take the answer from the others.
        return task.result() if task.done() else await asyncio.shield(task)

    def forget(self) -> None:
        """Read everything anew at the next question."""
        self._known.clear()


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
