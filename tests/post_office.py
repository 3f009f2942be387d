"""A mail server for tests: as much of SMTP (RFC 5321) as a sender needs; keeps what comes."""

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import policy
from email.message import EmailMessage
from uuid import UUID

from panier import people
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.mail import send_due_mail


class PostOffice:
    """What arrived, in its order."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.messages: list[EmailMessage] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one sender."""
        writer.write(b"220 post office\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                self.messages.append(await _read_message(reader))
            if word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            writer.write(b"250 well\r\n")
        writer.close()
        await writer.wait_closed()

    async def collect(self, cell: Cell) -> list[EmailMessage]:
        """Have all queued mail sent here; returns what is new, by recipient and subject."""
        before = len(self.messages)
        while await send_due_mail(cell, self.url, "panier@example.org"):
            pass
        return sorted(self.messages[before:], key=lambda m: (m["To"], m["Subject"]))


async def _read_message(reader: asyncio.StreamReader) -> EmailMessage:
    data = b""
    while (line := await reader.readline()) != b".\r\n":
        data += line.removeprefix(b".") if line.startswith(b"..") else line
    return email.message_from_bytes(data, policy=policy.default)


async def lay_reader(tx: Tx, name: str, role: str, seller: UUID | None = None) -> UUID:
    """Let somebody who reads English, name@example.org, have a role in FR; returns them."""
    person = await people.create_person(
        tx, email=f"{name}@example.org", name=name, password_hash="x", language="en"
    )
    await people.grant_role(tx, person, role, "FR", seller)
    return person


def text_of(message: EmailMessage) -> str:
    """Return the plain text of a message."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(message: EmailMessage) -> str:
    """Return the HTML of a message."""
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


@asynccontextmanager
async def open_post_office() -> AsyncIterator[PostOffice]:
    """Listen on a free port of this machine."""
    office = PostOffice()
    server = await asyncio.start_server(office.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    office.url = f"smtp://127.0.0.1:{port}"
    async with server:
        yield office
