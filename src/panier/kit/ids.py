"""Identifiers: UUID version 7 (RFC 9562, section 5.7), rising within a process."""

import os
import time
from uuid import UUID

_last = 0


def new_id() -> UUID:
    """Make a UUIDv7 that is greater than every earlier one of this process.

    The 12 bits after the millisecond hold its fraction (RFC 9562, section 6.2, method 3).
    """
    global _last  # noqa: PLW0603 - one counter a process is the point
    nanoseconds = time.time_ns()
    stamp = (nanoseconds // 1_000_000 << 12) | (nanoseconds % 1_000_000 * 4096 // 1_000_000)
    _last = stamp = max(stamp, _last + 1)
    random = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    milliseconds, fraction = stamp >> 12, stamp & 0xFFF
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random)
