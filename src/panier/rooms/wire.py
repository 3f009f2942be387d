"""Frames: what comes in is checked here, what goes out is built here."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from panier.kit.clock import ms, now
from panier.kit.errors import BadInput, PanierError
from panier.rooms.rules import Fact

FRAME_BYTES_MAX = 4096
"""A message from a browser."""
HEADROOM = 14
"""Bytes before a message in which the socket writes its frame header."""
BIG = 2**53
"""Above this, browsers cannot tell whole numbers apart."""

Number = Annotated[int, msgspec.Meta(ge=0, lt=BIG)]
Reason = Literal["ended", "ticket", "shutdown"]

_encode = msgspec.json.Encoder().encode


NO_ARGS = msgspec.Raw(b"{}")


class Message(msgspec.Struct, forbid_unknown_fields=True):
    """What a browser may send."""

    do: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    id: Number | None = None
    args: msgspec.Raw = NO_ARGS
    """Read by the command, which knows what it takes."""
    ticket: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    after: Number | None = None


class _OnlyId(msgspec.Struct):
    id: Number | None = None


_decode = msgspec.json.Decoder(Message).decode
_decode_id = msgspec.json.Decoder(_OnlyId).decode


class Unreadable(Exception):
    """A frame that is no message; `id` is its number when at least that could be read."""

    def __init__(self, error: PanierError, id: int | None) -> None:  # noqa: A002 - the wire's word
        """Keep what to answer."""
        super().__init__(str(error))
        self.error = error
        self.id = id


def read(payload: bytes) -> Message:
    """Decode a message; raises Unreadable."""
    try:
        return _decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason, _at, path = str(error).partition(" - at `$.")
        refusal = BadInput(reason=reason, field=path.rstrip("`") or None)
    raise Unreadable(refusal, _read_id(payload))


def _read_id(payload: bytes) -> int | None:
    try:
        return _decode_id(payload).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def frame(content: Mapping[str, Any]) -> bytearray:
    """Encode `content` with room for the frame header in front."""
    return bytearray(HEADROOM) + _encode(content)


def answer(id: int | None, ok: object) -> bytearray:  # noqa: A002 - the wire's word
    """Answer a command."""
    return frame({"t": "re", "id": id, "ok": ok})


def refusal(id: int | None, error: PanierError, language: str) -> bytearray:  # noqa: A002
    """Refuse a command, or a frame that has no number."""
    body = error.body(language)
    return frame({"t": "error", **body} if id is None else {"t": "re", "id": id, **body})


def tick(facts: list[Fact], pulse: dict[str, Any]) -> bytearray:
    """Build the frame that everybody in the room gets."""
    content: dict[str, Any] = {"t": "tick", "now": ms(now())}
    if facts:
        content["facts"] = facts
    if pulse:
        content["pulse"] = pulse
    return frame(content)


def own(told: Mapping[str, Any]) -> bytearray:
    """Build the frame that only one visitor's sockets get."""
    return frame({"t": "own", "now": ms(now()), **told})


def bye(reason: Reason) -> bytearray:
    """Say goodbye; the socket is closed next."""
    return frame({"t": "bye", "reason": reason})


RESYNC = frame({"t": "resync"})
