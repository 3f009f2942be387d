"""Passwords: hashed with Argon2id (RFC 9106), never on the event loop, never too many at once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from panier.kit.errors import Unavailable

T = TypeVar("T")

WORKERS = 2
"""Hashes computed at once; each takes 64 MiB and some 50 ms of a core."""
WAITING_MAX = 200
"""Hashes that may wait, some five seconds' worth; one more is refused."""

_hasher = PasswordHasher()
_workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="argon2")
_waiting = 0


async def hash_password(password: str) -> str:
    """Return the hash to keep; raises Unavailable when too many wait."""
    return await _run(lambda: _hasher.hash(password))


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Tell whether `password` is right; None (no such person) takes just as long."""

    def verify() -> bool:
        try:
            return _hasher.verify(password_hash or _nobodys(), password)
        except (VerificationError, InvalidHashError):
            return False

    return await _run(verify) and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Tell whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of nobody")


async def _run(work: Callable[[], T]) -> T:
    global _waiting  # noqa: PLW0603 - one queue a process is the point
    if _waiting >= WAITING_MAX:
        raise Unavailable
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_workers, work)
    finally:
        _waiting -= 1
