"""AMF0, the notation of RTMP commands (Action Message Format, Adobe 2007), reading and writing."""

import struct
from collections.abc import Mapping
from typing import Any

from panier.video.faults import BadStream

DEPTH_MAX = 8
"""Objects within objects; an encoder's connect command needs two."""
VALUES_MAX = 512
"""Values of one command, counted over all levels."""

NUMBER, BOOLEAN, STRING, OBJECT, NULL, UNDEFINED = 0, 1, 2, 3, 5, 6
ECMA_ARRAY, OBJECT_END, STRICT_ARRAY, DATE, LONG_STRING = 8, 9, 10, 11, 12


def encode(*values: Any) -> bytes:
    """Write None, bool, int, float, str and mappings of these, one after the other."""
    return b"".join(_encode(value) for value in values)


def _encode(value: Any) -> bytes:
    if value is None:
        return bytes([NULL])
    if isinstance(value, bool):
        return bytes([BOOLEAN, value])
    if isinstance(value, int | float):
        return struct.pack(">Bd", NUMBER, value)
    if isinstance(value, str):
        return bytes([STRING]) + _name(value)
    if isinstance(value, Mapping):
        pairs = b"".join(_name(key) + _encode(inner) for key, inner in value.items())
        return bytes([OBJECT]) + pairs + bytes([0, 0, OBJECT_END])
    raise TypeError(f"AMF0 has no {type(value).__name__} here")


def _name(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def decode(data: bytes) -> list[Any]:
    """Read all values of a command; raises BadStream for anything that is not AMF0."""
    reader = _Reader(data)
    values = []
    try:
        while reader.at < len(data):
            values.append(reader.value(0))
    except (struct.error, IndexError):
        raise BadStream("a command ends in the middle of a value") from None
    return values


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.count = 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise IndexError
        piece = self.data[self.at : self.at + size]
        self.at += size
        return piece

    def number(self, layout: str) -> Any:
        (found,) = struct.unpack(layout, self.take(struct.calcsize(layout)))
        return found

    def text(self, layout: str = ">H") -> str:
        return self.take(self.number(layout)).decode(errors="replace")

    def value(self, depth: int) -> Any:
        self.count += 1
        if depth > DEPTH_MAX or self.count > VALUES_MAX:
            raise BadStream("a command is nested too deeply or too long")
        mark = self.take(1)[0]
        if mark in (NULL, UNDEFINED):
            return None
        if mark in (OBJECT, ECMA_ARRAY):
            if mark == ECMA_ARRAY:
                self.take(4)  # its count is only a hint
            return self.pairs(depth)
        if mark == STRICT_ARRAY:
            return [self.value(depth + 1) for _ in range(self.number(">I"))]
        return self.scalar(mark)

    def scalar(self, mark: int) -> Any:
        if mark == NUMBER:
            return self.number(">d")
        if mark == BOOLEAN:
            return self.take(1) != b"\0"
        if mark in (STRING, LONG_STRING):
            return self.text(">H" if mark == STRING else ">I")
        if mark == DATE:
            milliseconds = self.number(">d")
            self.take(2)  # a time zone that must be zero
            return milliseconds
        raise BadStream(f"a command holds a value of unknown kind {mark}")

    def pairs(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            name = self.text()
            if not name and self.data[self.at] == OBJECT_END:
                self.at += 1
                return found
            found[name] = self.value(depth + 1)
