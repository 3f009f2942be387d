"""A mail server for tests: as much of SMTP (RFC 5321) as a sender needs; keeps what comes.

And what else tests of mail do: fill the queue, have it sent, read how it stands.
"""

import asyncio
import email
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from uuid import UUID

from panier import people
from panier.kit.cells import Cell
from panier.kit.db import Tx, run
from panier.kit.mail import queue_mail, send_due_mail

CERTIFICATE = Path(__file__).with_suffix(".pem")
"""A certificate for localhost that signs itself, and its key: for nothing but tests."""
GREETING = b"220 post office\r\n"
ANSWERS = {
    b"EHLO": b"250-well\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
    b"STAR": b"220 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class PostOffice:
    """What arrived, in its order, and how the senders are treated: well, unless told."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.messages: list[EmailMessage] = []
        self.url = ""
        self.connections = 0
        self.logins: list[bytes] = []
        self.login_is_refused = False
        self.refused: dict[str, bytes] = {}
        """Whom nothing is taken for, and the word that is answered with `refusal`."""
        self.refusal = b"550 not for them"
        self.full = b""
        """What every mail is answered with before it has begun; 421 ends the connection."""
        self.ends_at = (b"", 0)
        """Connections end at this word, once so many mails are there."""
        self.silent_at = b""
        """From this word on nothing is answered."""
        self.holds_at = b""
        """The first sender who comes to this word waits for `go_on`; `holds` tells that it does.

        At GREETING, the server has not said a word, either.
        """
        self.holds, self.go_on = asyncio.Event(), asyncio.Event()

    @property
    def recipients(self) -> list[str]:
        """Return to whom the messages went, in their order."""
        return [str(message["To"]) for message in self.messages]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one sender."""
        self.connections += 1
        await _Talk(self, reader, writer).go()
        writer.close()
        with suppress(ConnectionError):  # the sender hung up first
            await writer.wait_closed()

    async def collect(self, cell: Cell) -> list[EmailMessage]:
        """Have all queued mail sent here; returns what is new, by recipient and subject."""
        before = len(self.messages)
        while await send_due_mail(cell, self.url, "panier@example.org"):
            pass
        return sorted(self.messages[before:], key=lambda m: (m["To"], m["Subject"]))


class _Talk:
    """One connection."""

    def __init__(
        self, office: PostOffice, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._office, self._reader, self._writer = office, reader, writer
        self._begun = False
        self._to = ""

    async def go(self) -> None:
        """Answer word by word until one of both ends it."""
        office = self._office
        await self._hold(GREETING)
        self._writer.write(GREETING)
        while line := await self._reader.readline():
            word = line[:4].upper()
            await self._hold(word)
            end, mails = office.ends_at
            if word == end and len(office.messages) >= mails:
                return
            if word == office.silent_at:
                await self._reader.read()  # until the sender has enough of it
                return
            answer = await self._answer(word, line.decode())
            self._writer.write(answer)
            if word == b"STAR":
                await self._writer.drain()
                await self._writer.start_tls(_tls())
            if word == b"QUIT" or answer.startswith(b"421"):
                return

    async def _hold(self, word: bytes) -> None:
        office = self._office
        if word == office.holds_at:
            office.holds_at = b""
            office.holds.set()
            await office.go_on.wait()

    async def _answer(self, word: bytes, line: str) -> bytes:
        office = self._office
        if word in ANSWERS:
            return ANSWERS[word]
        if word == b"AUTH":
            *_, secret = line.split()
            office.logins.append(b64decode(secret))
            return b"535 no\r\n" if office.login_is_refused else b"235 well\r\n"
        if word == b"MAIL" and self._begun:
            return b"503 one after the other\r\n"
        if word == b"MAIL" and office.full:
            return office.full + b"\r\n"
        if word == b"RCPT":
            self._to = line[line.index("<") + 1 : line.index(">")]
        if word in {b"RCPT", b"DATA"} and office.refused.get(self._to) == word:
            return office.refusal + b"\r\n"
        if word == b"DATA":
            self._writer.write(b"354 go on\r\n")
            office.messages.append(await _read_message(self._reader))
        self._begun = word in {b"MAIL", b"RCPT"}
        return b"250 well\r\n"


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def _read_message(reader: asyncio.StreamReader) -> EmailMessage:
    data = b""
    while (line := await reader.readline()) != b".\r\n":
        data += line.removeprefix(b".") if line.startswith(b"..") else line
    return email.message_from_bytes(data, policy=policy.default)


async def queue(cell: Cell, *recipients: str) -> None:
    """Queue a mail for each."""
    async with cell.tx() as tx:
        for recipient in recipients:
            await queue_mail(tx, recipient, "Order", "Thanks", "<p>Thanks</p>")


async def send(cell: Cell, target: str) -> int:
    """Send what is due; returns how many were sent."""
    async with asyncio.timeout(60):
        return await send_due_mail(cell, target, "shop@example.org")


async def standing(cell: Cell) -> list[tuple[str, bool, int, float]]:
    """Read all mails by age: to whom, sent or not, failures, seconds until the next try."""
    sql = (
        "select recipient, sent_at is not null, attempts,"
        " case when sent_at is null then extract(epoch from next_try_at - %s)::float else 0 end"
        " from mail order by id"
    )
    async with cell.read() as tx:
        return await (await tx.execute(sql, (datetime.now(UTC),))).fetchall()


async def errors(cell: Cell) -> list[str | None]:
    """Read what was wrong with each mail last, by age."""
    async with cell.read() as tx:
        cursor = await tx.execute("select error from mail order by id")
        return [row[0] for row in await cursor.fetchall()]


async def make_due(cell: Cell) -> None:
    """Let all back-off be over."""
    async with cell.tx() as tx:
        await run(tx, "update mail set next_try_at = '2026-01-01'")


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
