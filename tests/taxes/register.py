"""A register of VAT ids on a real socket that answers as VIES does, well or badly."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

VALID = {
    "valid": True,
    "requestDate": "2026-11-21T09:30:00.000Z",
    "requestIdentifier": "WAPIAAAAZdK5xYz1",
    "name": "Weber Licht GmbH",
    "address": "Hauptstr. 5\n10115 BERLIN\n",
    "traderName": "---",
}
INVALID = {
    "valid": False,
    "requestDate": "2026-11-21T09:30:00.000Z",
    "requestIdentifier": "",
    "name": "---",
    "address": "---",
}


def away(error: str) -> dict[str, Any]:
    return {"actionSucceed": False, "errorWrappers": [{"error": error}]}


class Register:
    """What it answers is set by the test; what it was asked is kept."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.answer: dict[str, Any] | bytes = VALID
        self.headers = ""
        self.echo = True
        self.gate: asyncio.Event | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            length = next(int(h.split(":")[1]) for h in lines if h.lower().startswith("content-l"))
            question = json.loads(await reader.readexactly(length))
            self.asked.append((lines[0], question))
            if self.gate is not None:
                await self.gate.wait()
            body = self.answer
            if isinstance(body, dict):
                echo = {"countryCode": question["countryCode"], "vatNumber": question["vatNumber"]}
                body = json.dumps((echo if self.echo else {}) | body).encode()
            writer.write(
                f"HTTP/1.1 {self.status} X\r\nContent-Type: application/json\r\n{self.headers}"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # who asked has gone
        finally:
            writer.close()


@asynccontextmanager
async def register() -> AsyncIterator[Register]:
    """Run one on a free port."""
    opened = Register()
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0)
    opened.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/rest-api"
    try:
        yield opened
    finally:
        if opened.gate is not None:
            opened.gate.set()
        server.close()
        await server.wait_closed()
