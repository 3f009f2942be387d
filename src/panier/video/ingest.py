"""The RTMP port: one asyncio server for all shows, stream keys checked before anything is taken."""

import asyncio
import contextlib
import struct
from typing import Any

import psycopg
import psycopg_pool
import structlog

from panier.video import amf
from panier.video.faults import BadStream, PublishRefused, UnsupportedCodec
from panier.video.live import Live
from panier.video.origin import Origin
from panier.video.remux import Remuxer
from panier.video.rtmp import (
    ACKNOWLEDGEMENT,
    AUDIO,
    CHUNK_BYTES_OUT,
    COMMAND,
    COMMAND_AMF3,
    HANDSHAKE_BYTES,
    MEDIA_BYTES_MAX,
    PEER_BANDWIDTH,
    SET_CHUNK_SIZE,
    VIDEO,
    WINDOW_SIZE,
    ChunkReader,
    Message,
    answer_handshake,
    write_message,
)

ENCODERS_MAX = 200
"""Connections of one process, accepted encoders and others together."""
HANDSHAKE_SECONDS_MAX = 5.0
KEY_SECONDS_MAX = 10.0
"""From the connection to the stream key."""
IDLE_SECONDS_MAX = 15.0
"""An accepted encoder that sends nothing for so long is disconnected."""
FAREWELL_SECONDS_MAX = 1.0
"""A refused encoder may take so long to read why."""
READ_BYTES = 64 * 1024
WINDOW_BYTES = 2_500_000
"""Encoders get an acknowledgement at least this often."""
CONTROL_CHANNEL, COMMAND_CHANNEL = 2, 3
STREAM = 1

log = structlog.get_logger()


class Ingest:
    """The server, and the connections it has."""

    def __init__(self, origin: Origin) -> None:
        """Prepare; `open` listens."""
        self._origin = origin
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int) -> None:
        """Listen for encoders."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=READ_BYTES)

    async def close(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= ENCODERS_MAX:
            log.warning("too many encoders", limit=ENCODERS_MAX)
            writer.close()
            return
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        encoder = Encoder(self._origin, reader, writer)
        try:
            await encoder.run()
        except asyncio.CancelledError:
            log.debug("encoder let go", peer=encoder.peer)
        finally:
            encoder.leave()
            writer.close()
            with contextlib.suppress(ConnectionError, TimeoutError, asyncio.CancelledError):
                async with asyncio.timeout(FAREWELL_SECONDS_MAX):
                    await writer.wait_closed()


class Encoder:
    """One connection, from its handshake to its end."""

    def __init__(
        self, origin: Origin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Begin with nothing known of it but its address."""
        self.peer = str((writer.get_extra_info("peername") or ("?",))[0])
        self._origin = origin
        self._reader = reader
        self._writer = writer
        self._chunks = ChunkReader()
        self._live: Live | None = None
        self._remuxer: Remuxer | None = None
        self._received = self._acknowledged = 0
        self._done = False

    async def run(self) -> None:
        """Speak RTMP until the encoder or we have enough."""
        try:
            async with asyncio.timeout(KEY_SECONDS_MAX):
                await self._shake_hands()
                while self._remuxer is None and not self._done:
                    await self._read()
            while not self._done:
                async with asyncio.timeout(IDLE_SECONDS_MAX):
                    await self._read()
        except (asyncio.IncompleteReadError, ConnectionError):
            log.debug("encoder hung up", peer=self.peer)
        except TimeoutError:
            log.warning("encoder too slow", peer=self.peer, show=self._show())
        except UnsupportedCodec as error:
            await self._refuse("NetStream.Failed", str(error))
        except BadStream as error:
            log.warning("encoder not understood", peer=self.peer, why=str(error))

    def leave(self) -> None:
        """Give the show back; doing so twice is harmless."""
        self._done = True
        if self._remuxer is not None and self._live is not None:
            self._remuxer.close()
            self._live.leave(self.send_away)
            log.info("encoder gone", peer=self.peer, show=self._show())
        self._remuxer = None

    def send_away(self, why: str) -> None:
        """Disconnect, telling why; nothing that arrives from now on is taken."""
        if not self._done:
            self._status("error", "NetStream.Failed", why)
            log.info("encoder sent away", peer=self.peer, show=self._show(), why=why)
            self.leave()
            self._writer.close()

    def _show(self) -> str | None:
        return str(self._live.show) if self._live is not None else None

    async def _shake_hands(self) -> None:
        async with asyncio.timeout(HANDSHAKE_SECONDS_MAX):
            hello = await self._reader.readexactly(1 + HANDSHAKE_BYTES)
            self._writer.write(answer_handshake(hello))
            await self._reader.readexactly(HANDSHAKE_BYTES)

    async def _read(self) -> None:
        data = await self._reader.read(READ_BYTES)
        if not data:
            raise ConnectionResetError
        self._received += len(data)
        if self._received - self._acknowledged >= WINDOW_BYTES // 2:
            self._acknowledged = self._received
            count = struct.pack(">I", self._received & 0xFFFFFFFF)
            self._send(CONTROL_CHANNEL, Message(ACKNOWLEDGEMENT, 0, 0, count))
        for message in self._chunks.feed(data):
            if self._done:
                return
            if message.kind == VIDEO and self._remuxer is not None:
                self._remuxer.video(message.timestamp, message.payload)
            elif message.kind == AUDIO and self._remuxer is not None:
                self._remuxer.audio(message.timestamp, message.payload)
            elif message.kind in (COMMAND, COMMAND_AMF3):
                body = message.payload[1:] if message.kind == COMMAND_AMF3 else message.payload
                await self._command(amf.decode(body))
        await self._writer.drain()

    async def _command(self, values: list[Any]) -> None:
        if len(values) < 2 or not isinstance(values[0], str):
            raise BadStream("a command has no name")
        name, transaction = values[0], values[1]
        if name == "connect":
            self._welcome(transaction)
        elif name == "createStream":
            self._reply(transaction, None, STREAM)
        elif name in ("releaseStream", "FCPublish"):
            self._reply(transaction, None, None)
        elif name == "publish":
            await self._publish(values[3] if len(values) > 3 else None)
        elif name == "play":
            await self._refuse("NetStream.Play.Failed", "This port takes pictures; it shows none")
        elif name in ("deleteStream", "closeStream") and self._remuxer is not None:
            self.leave()

    def _welcome(self, transaction: object) -> None:
        window = struct.pack(">I", WINDOW_BYTES)
        size = struct.pack(">I", CHUNK_BYTES_OUT)
        self._send(CONTROL_CHANNEL, Message(WINDOW_SIZE, 0, 0, window))
        self._send(CONTROL_CHANNEL, Message(PEER_BANDWIDTH, 0, 0, window + b"\x02"))
        self._send(CONTROL_CHANNEL, Message(SET_CHUNK_SIZE, 0, 0, size))
        self._reply(
            transaction,
            {"fmsVer": "FMS/3,0,1,123", "capabilities": 31},
            {
                "level": "status",
                "code": "NetConnection.Connect.Success",
                "description": "Connected",
                "objectEncoding": 0,
            },
        )

    async def _publish(self, name: object) -> None:
        if self._remuxer is not None:
            raise BadStream("a connection publishes one show")
        try:
            self._live, self._remuxer = await self._origin.publish(str(name), self.send_away)
        except PublishRefused as refusal:
            await self._refuse("NetStream.Publish.BadName", str(refusal))
            return
        except (psycopg.OperationalError, psycopg_pool.PoolTimeout):
            await self._refuse("NetStream.Failed", "Not possible right now; please try again")
            return
        self._chunks.message_bytes_max = MEDIA_BYTES_MAX
        self._status("status", "NetStream.Publish.Start", "The show has your picture")
        log.info("encoder accepted", peer=self.peer, show=self._show())

    async def _refuse(self, code: str, why: str) -> None:
        """Say no in the encoder's own window, and hang up once it can have read it."""
        log.warning("encoder refused", peer=self.peer, show=self._show(), why=why)
        self._status("error", code, why)
        self.leave()
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS_MAX):
                await self._writer.drain()
                while await self._reader.read(READ_BYTES):
                    pass

    def _status(self, level: str, code: str, description: str) -> None:
        info = {"level": level, "code": code, "description": description}
        body = amf.encode("onStatus", 0, None, info)
        self._send(COMMAND_CHANNEL, Message(COMMAND, 0, STREAM, body))

    def _reply(self, transaction: object, *values: Any) -> None:
        number = transaction if isinstance(transaction, int | float) else 0
        body = amf.encode("_result", number, *values)
        self._send(COMMAND_CHANNEL, Message(COMMAND, 0, 0, body))

    def _send(self, channel: int, message: Message) -> None:
        # Until SET_CHUNK_SIZE is out, and for control messages, chunks have the default size;
        # all of ours but a long description are shorter than that.
        size = CHUNK_BYTES_OUT if message.kind == COMMAND else 128
        self._writer.write(write_message(channel, message, size))
