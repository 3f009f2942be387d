"""Waiting for another process, which can only be asked again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(ask: Callable[[], Awaitable[T | None]], seconds: float) -> T:
    """Ask until there is an answer that is not None; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while (answer := await ask()) is None:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.25)
        return answer
