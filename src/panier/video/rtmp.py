"""RTMP's chunk layer, without input or output (Adobe RTMP 1.0, sections 5.2 to 5.4).

Bytes go in, whole messages come out; everything an encoder may announce has a bound.
"""

import os
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from panier.video.faults import BadStream

HANDSHAKE_BYTES = 1536
VERSION = 3
CHUNK_BYTES_DEFAULT = 128
CHUNK_BYTES_OUT = 4096
"""What we announce for our own messages."""
CHUNK_BYTES_MAX = 0xFFFFFF
CHUNK_STREAMS_MAX = 32
"""Encoders use about five."""
COMMAND_BYTES_MAX = 64 * 1024
"""A message of an encoder that has not shown its key yet."""
MEDIA_BYTES_MAX = 4 * 1024 * 1024
"""A message of an accepted encoder; a 1080p key frame has about 0.3 MB."""
EXTENDED = 0xFFFFFF

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH = range(1, 7)
AUDIO, VIDEO, DATA, COMMAND_AMF3, COMMAND = 8, 9, 18, 17, 20
FULL, NEW_LENGTH, NEW_TIME, CONTINUED = range(4)
"""Layouts of a chunk's header: each repeats more of the header before it."""
HEADER_BYTES = (11, 7, 3, 0)


@dataclass(slots=True, frozen=True)
class Message:
    """One RTMP message; `timestamp` in milliseconds, modulo 2³²."""

    kind: int
    timestamp: int
    stream: int
    payload: bytes


class _Head(NamedTuple):
    """One chunk's headers; None for what this layout repeats from the chunk before."""

    layout: int
    channel: int
    stamp: int
    extended: bool
    length: int | None
    kind: int | None
    stream: int | None
    end: int


@dataclass(slots=True)
class _ChunkStream:
    timestamp: int = 0
    delta: int = 0
    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    partial: bytearray = field(default_factory=bytearray)

    def take(self, head: _Head) -> None:
        """Take over what a chunk's header says; one amid a message is a fault."""
        if head.layout == CONTINUED:
            if not self.partial:
                self.timestamp = (self.timestamp + self.delta) & 0xFFFFFFFF
            return
        if self.partial:
            raise BadStream("a message begins before the one before it ended")
        self.extended = head.extended
        # After a full header, its timestamp is also the delta that CONTINUED repeats (5.3.1.2.4).
        self.delta = head.stamp
        since = 0 if head.layout == FULL else self.timestamp
        self.timestamp = (since + head.stamp) & 0xFFFFFFFF
        self.length = self.length if head.length is None else head.length
        self.kind = self.kind if head.kind is None else head.kind
        self.stream = self.stream if head.stream is None else head.stream


def answer_handshake(c0c1: bytes) -> bytes:
    """Return S0, S1 and S2 for the encoder's C0 and C1; raises BadStream for another protocol."""
    if len(c0c1) != 1 + HANDSHAKE_BYTES or c0c1[0] != VERSION:
        raise BadStream("this is not RTMP")
    return bytes([VERSION]) + bytes(8) + os.urandom(HANDSHAKE_BYTES - 8) + c0c1[1:]


class ChunkReader:
    """Puts messages together from chunks, of any number of chunk streams."""

    def __init__(self) -> None:
        """Start as the specification says: chunks of 128 bytes."""
        self.chunk_bytes = CHUNK_BYTES_DEFAULT
        self.message_bytes_max = COMMAND_BYTES_MAX
        self._buffer = bytearray()
        self._streams: dict[int, _ChunkStream] = {}

    def feed(self, data: bytes) -> list[Message]:
        """Take bytes as they arrived; returns the messages they complete. Raises BadStream."""
        self._buffer += data
        messages: list[Message] = []
        at = 0
        while (end := self._chunk(at, messages)) is not None:
            at = end
        del self._buffer[:at]
        return messages

    def _chunk(self, at: int, messages: list[Message]) -> int | None:
        """Read one chunk at `at`; returns where it ends, None when it is not all there."""
        head = self._head(at)
        if head is None:
            return None
        stream = self._streams.get(head.channel) or _ChunkStream()
        length = stream.length if head.length is None else head.length
        if length > self.message_bytes_max:
            raise BadStream(f"a message of {length} bytes is too large")
        end = head.end + min(self.chunk_bytes, length - len(stream.partial))
        if end > len(self._buffer):
            return None
        self._keep(head, stream)
        stream.take(head)
        stream.partial += self._buffer[head.end : end]
        if len(stream.partial) == length:
            message = Message(stream.kind, stream.timestamp, stream.stream, bytes(stream.partial))
            stream.partial.clear()
            if not self._control(message):
                messages.append(message)
        return end

    def _head(self, at: int) -> _Head | None:
        """Read a chunk's basic header, message header and extended timestamp (5.3.1)."""
        buffer, size = self._buffer, len(self._buffer)
        if at >= size:
            return None
        layout, channel = buffer[at] >> 6, buffer[at] & 63
        at += 1
        if channel < 2:
            extra = channel + 1
            channel = 64 + int.from_bytes(buffer[at : at + extra], "little")
            at += extra
        end = at + HEADER_BYTES[layout]
        stamp = EXTENDED if layout == CONTINUED else int.from_bytes(buffer[at : at + 3])
        known = self._streams.get(channel)
        if layout == CONTINUED and not (known is not None and known.extended):
            stamp = 0
        extended = stamp == EXTENDED
        if extended:
            stamp = int.from_bytes(buffer[end : end + 4])
            end += 4
        if end > size:
            return None
        length = int.from_bytes(buffer[at + 3 : at + 6]) if layout <= NEW_LENGTH else None
        kind = buffer[at + 6] if layout <= NEW_LENGTH else None
        stream = int.from_bytes(buffer[at + 7 : at + 11], "little") if layout == FULL else None
        return _Head(layout, channel, stamp, extended, length, kind, stream, end)

    def _keep(self, head: _Head, stream: _ChunkStream) -> None:
        if head.channel in self._streams:
            return
        if head.layout > NEW_LENGTH:
            raise BadStream("a chunk stream begins without a header")
        if len(self._streams) >= CHUNK_STREAMS_MAX:
            raise BadStream("too many chunk streams")
        self._streams[head.channel] = stream

    def _control(self, message: Message) -> bool:
        """Obey what concerns the chunk layer itself; says whether it was that."""
        if message.kind not in (SET_CHUNK_SIZE, ABORT):
            return False
        if len(message.payload) != 4:
            raise BadStream("a control message has a wrong size")
        (number,) = struct.unpack(">I", message.payload)
        if message.kind == ABORT:
            if number in self._streams:
                self._streams[number].partial.clear()
            return True
        if not 1 <= number <= CHUNK_BYTES_MAX:
            raise BadStream("a chunk size is out of bounds")
        if any(stream.partial for stream in self._streams.values()):
            raise BadStream("the chunk size changes amid a message")
        self.chunk_bytes = number
        return True


def write_message(channel: int, message: Message, chunk_bytes: int = CHUNK_BYTES_DEFAULT) -> bytes:
    """Cut `message` into chunks on chunk stream `channel` (2 to 63)."""
    payload, extended = message.payload, message.timestamp >= EXTENDED
    stamp = EXTENDED if extended else message.timestamp
    tail = struct.pack(">I", message.timestamp) if extended else b""
    head = stamp.to_bytes(3) + len(payload).to_bytes(3) + bytes([message.kind])
    pieces = [bytes([channel]), head, struct.pack("<I", message.stream), tail]
    for at in range(0, len(payload), chunk_bytes):
        if at:
            pieces += [bytes([0xC0 | channel]), tail]
        pieces.append(payload[at : at + chunk_bytes])
    return b"".join(pieces)
