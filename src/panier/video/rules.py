"""Channels by rule: their states, stream keys, addresses, and wall-clock time in a replay."""

import base64
import hashlib
import hmac
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

PART_SECONDS = 0.334
"""Length of an LL-HLS part; glass-to-glass latency is about four of them."""
SEGMENT_SECONDS = 2
"""What encoders are asked to put between key frames, and the playlist's target duration."""
KEY_CHARACTERS = 26
"""Base 32: 130 bits of an HMAC."""

TRANSITIONS = {
    # No encoder has sent a picture yet.
    "waiting": {"live", "ended"},
    # The picture arrives.
    "live": {"lost", "ended"},
    # The encoder went away; the same show may go on.
    "lost": {"live", "ended"},
    # The show is over.
    "ended": set[str](),
}


def may_become(state: str) -> list[str]:
    """Return the states from which a channel may become `state`."""
    return sorted(before for before, after in TRANSITIONS.items() if state in after)


def make_key(secret: str, show: UUID, generation: int) -> str:
    """Make the secret half of a stream key; it can be made again, so that nobody stores it."""
    text = f"stream-key:{show}:{generation}".encode()
    digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:KEY_CHARACTERS]


def stream_name(show: UUID, key: str) -> str:
    """Return what an encoder calls its stream key."""
    return f"{show}?token={key}"


def read_stream_name(name: str) -> tuple[UUID, str] | None:
    """Return show and key from a stream name, None when it is not one."""
    show, sign, key = name.strip().partition("?token=")
    try:
        return (UUID(show), key) if sign else None
    except ValueError:
        return None


def is_key(given: str, secret: str, show: UUID, generation: int) -> bool:
    """Compare a given key in constant time."""
    return hmac.compare_digest(given.encode(), make_key(secret, show, generation).encode())


def playback_path(show: UUID, token: str, file: str) -> str:
    """Return the path of a file of this channel below the video role's address."""
    return f"/live/{show}/{token}/{file}"


def store_key(show: UUID, file: str) -> str:
    """Return under which name the object store keeps a file of this channel."""
    return f"video/{show}/{file}"


class Span(NamedTuple):
    """A recorded stretch: when it began (UTC) and how many seconds it lasts."""

    starts_at: datetime
    seconds: float


def media_offsets(recorded: Sequence[Span], moments: Iterable[datetime]) -> list[float | None]:
    """Turn moments into seconds of a replay made of `recorded`, in order of time.

    A moment without picture becomes the next one that has it; None when there is none after it.
    """
    begins = [span.starts_at for span in recorded]
    at = [0.0]
    for span in recorded:
        at.append(at[-1] + span.seconds)
    offsets: list[float | None] = []
    for moment in moments:
        index = bisect_right(begins, moment) - 1
        if index < 0:
            offsets.append(0.0 if recorded else None)
            continue
        into = (moment - begins[index]).total_seconds()
        if into < recorded[index].seconds:
            offsets.append(at[index] + into)
        else:
            offsets.append(at[index + 1] if index + 1 < len(recorded) else None)
    return offsets
