"""Mail: queued as a row with the change it tells of, sent by a worker, kept in a folder or SMTP."""

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from time import monotonic
from typing import LiteralString, Protocol
from urllib.parse import ParseResult, unquote, urlparse
from uuid import UUID

import msgspec
import structlog

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, rows, run
from panier.kit.ids import new_id

TRIES_MAX = 34
"""Failures of one mail before it is given up; it stays in the table with its error, due never.

Ten waits that double (15 s to 2 h 8 min, 4 h 16 min in all) and 23 of 4 h make four days, which
RFC 5321 (4.5.4.1) asks for: a mailbox that is full on Friday has room on Monday.
"""
REFUSALS_MAX = 3
"""Failures after which a mail is given up once its recipient, or its text, is refused for good."""
BACK_OFF_SECONDS, BACK_OFF_SECONDS_MAX = 15, 4 * 3600
"""The wait after a mail's first failure, doubled with each, and the longest one."""
AHEAD_SECONDS = 3600
"""A mail that is soon too late goes before all that was queued within so long."""
AWAY_SECONDS, AWAY_SECONDS_MAX = 15, 600
"""Nobody there to take mail: each waits as long again as it has waited, within these."""
BATCH_MAX = 50
"""Mails sent in one go, over one connection."""
ANSWER_SECONDS_MAX = 20
"""How long a mail server may take for an answer; a mail needs four, one more where it fails."""
BATCH_SECONDS_MAX = 120
"""No mail is begun so long after its batch was claimed."""
LEASE_SECONDS = 300
"""After this the mails of a worker that died are due again; of one that lives, the last is out."""

CLAIM = """
update mail set next_try_at = %(lease)s where id in (
  select id from mail
  where sent_at is null and next_try_at <= %(now)s
  order by next_try_at, id limit %(limit)s for update skip locked)
returning id, recipient, subject, body_text, body_html, attempts
"""
SENT = "update mail set sent_at = %(now)s where id = %(id)s"
# Once its lease is over a mail may be another worker's: only who still has it says that it waits.
FAIL = """
update mail set attempts = attempts + 1, error = %(error)s,
  next_try_at = case when attempts + 1 < %(tries)s then %(again)s else 'infinity' end
where id = %(id)s and next_try_at = %(lease)s and sent_at is null
"""
AWAY = """
update mail set error = %(error)s,
  next_try_at = %(now)s + least(greatest(%(now)s - at, %(shortest)s), %(longest)s)
where id = any(%(ids)s) and next_try_at = %(lease)s and sent_at is null
"""
GIVE_BACK = """
update mail set next_try_at = %(now)s
where id = any(%(ids)s) and next_try_at = %(lease)s and sent_at is null
"""

log = structlog.get_logger()


class Mail(msgspec.Struct):
    """A message that waits to be sent."""

    id: UUID
    recipient: str
    subject: str
    body_text: str
    body_html: str
    attempts: int


async def queue_mail(
    tx: Tx, recipient: str, subject: str, text: str, html: str, *, ahead: bool = False
) -> UUID:
    """Queue one mail; it leaves when this transaction is committed, `ahead` of those that wait."""
    key, moment = new_id(), now()
    due = moment - timedelta(seconds=AHEAD_SECONDS) if ahead else moment
    await run(
        tx,
        "insert into mail (id, recipient, subject, body_text, body_html, at, next_try_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (key, recipient, " ".join(subject.split()), text, html, moment, due),
    )
    return key


async def send_due_mail(cell: Cell, target: str, sender: str) -> int:
    """Send what is due to `target` (`file:///folder` or `smtp://user:password@host:port`).

    Returns how many were sent; 0: nothing is due, or nothing gets through just now. No transaction
    is open while the server works: mails are leased, sent one by one and each marked at once, so
    several workers share them. A mail is sent twice when its worker dies between the server's yes
    and the mark, or the yes itself is lost; it bears the same Message-ID then.
    """
    batch = _Batch(cell, now() + timedelta(seconds=LEASE_SECONDS))
    await batch.claim()
    if not batch.waiting:
        return 0
    work = asyncio.create_task(batch.send(target, sender))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        # Whoever stops us may not wait long: first the others are let go, then the one that is on
        # its way is marked. What fails with that must not hide that we were stopped.
        await _end(batch.give_back())
        await _end(work)
        raise


async def _end(rest: Awaitable[object]) -> None:
    try:
        await rest
    except Exception as error:  # noqa: BLE001 - what is not marked now is due after its lease
        log.warning("mail not marked at the stop", error=repr(error))


class _Away(Exception):
    """Nobody takes mail just now, whosever it is."""


class _Batch:
    """Mails that are this worker's until `lease`, and what becomes of them."""

    def __init__(self, cell: Cell, lease: datetime) -> None:
        """Prepare; `claim` fills it."""
        self._cell = cell
        self._lease = lease
        self._ends = monotonic() + BATCH_SECONDS_MAX
        self.waiting: list[Mail] = []

    async def claim(self) -> None:
        """Take what is due and nobody else's."""
        given = {"lease": self._lease, "now": now(), "limit": BATCH_MAX}
        async with self._cell.tx() as tx:
            self.waiting = sorted(await rows(tx, CLAIM, given, Mail), key=lambda mail: mail.id)

    async def send(self, target: str, sender: str) -> int:
        """Send one after the other while there are any, and time; returns how many were sent."""
        sent = 0
        try:
            async with _opened(target) as post:
                while self.waiting and not post.is_lost and monotonic() < self._ends:
                    sent += await self._send_next(post, sender)
        except _Away as away:
            if not sent:  # else the server may only have had enough of this connection
                await self.put_off(str(away))
        finally:
            await self.give_back()
        return sent

    async def _send_next(self, post: "_Post", sender: str) -> bool:
        """Send the first that waits, and mark it; false when it failed."""
        mail = self.waiting.pop(0)
        try:
            await asyncio.to_thread(post.send, _compose(mail, sender), mail.id)
        except _Away:
            self.waiting.insert(0, mail)
            raise
        except Exception as error:  # noqa: BLE001 - what is wrong with one holds up no other
            told, failures = repr(error)[:500], mail.attempts + 1
            log.warning("mail not sent", mail=str(mail.id), failures=failures, error=told)
            wait, tries = min(BACK_OFF_SECONDS_MAX, BACK_OFF_SECONDS * 2**mail.attempts), TRIES_MAX
            if _is_for_good(error):
                # A mistyped address gets no better. But some servers say 5xx where they mean "not
                # now" (a block list, a full mailbox), and an order's mail is worth a second try
                # and a third, far enough apart that somebody may have put it right.
                wait, tries = BACK_OFF_SECONDS_MAX, REFUSALS_MAX
            again = now() + timedelta(seconds=wait)
            await self._mark(FAIL, id=mail.id, again=again, tries=tries, error=told)
            return False
        await self._mark(SENT, id=mail.id)
        return True

    async def put_off(self, error: str) -> None:
        """Let all wait until somebody may be there again; no mail has failed by that."""
        if ids := self._let_go():
            log.warning("no mail can leave", mails=len(ids), error=error)
            shortest, longest = timedelta(seconds=AWAY_SECONDS), timedelta(seconds=AWAY_SECONDS_MAX)
            await self._mark(AWAY, ids=ids, error=error[:500], shortest=shortest, longest=longest)

    async def give_back(self) -> None:
        """Let those that were not begun be due at once, for whoever comes first."""
        if ids := self._let_go():
            log.info("mails given back", mails=len(ids))
            await self._mark(GIVE_BACK, ids=ids)

    def _let_go(self) -> list[UUID]:
        ids, self.waiting = [mail.id for mail in self.waiting], []
        return ids

    async def _mark(self, sql: LiteralString, **given: object) -> None:
        async with self._cell.tx() as tx:
            await run(tx, sql, {"now": now(), "lease": self._lease, **given})


class _Post(Protocol):
    """Where mails leave. All of it blocks, and has a limit."""

    @property
    def is_lost(self) -> bool:
        """Tell whether nothing more leaves this way."""

    def send(self, message: EmailMessage, key: UUID, /) -> None:
        """Send one; what fails with it leaves the way open for the next, or is lost.

        Raises _Away where no other would be taken, either; any other error is this mail's own.
        """

    def close(self) -> None:
        """End it; never raises."""


class _Folder:
    """Keeps mails as files for somebody to read: each of them appears whole."""

    is_lost = False

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = path

    def send(self, message: EmailMessage, key: UUID) -> None:
        part = self._path / f".{key}.part"
        part.write_bytes(message.as_bytes())
        part.replace(self._path / f"{key}.eml")

    def close(self) -> None:
        pass


class _Line(smtplib.SMTP):
    """A connection that knows whether it has named the recipient of the mail on its way."""

    has_named = False

    def mail(self, sender: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        self.has_named = False
        return super().mail(sender, options)

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        self.has_named = True
        return super().rcpt(recip, options)


class _SafeLine(_Line, smtplib.SMTP_SSL):
    """One that is encrypted from its first byte."""


class _Server:
    """One connection to a mail server, logged in once."""

    def __init__(self, url: ParseResult) -> None:
        host, port = url.hostname or "localhost", url.port or 0
        trusted = ssl.create_default_context()  # smtplib's own takes any certificate
        if url.scheme == "smtps":
            self._smtp: _Line = _SafeLine(host, port, timeout=ANSWER_SECONDS_MAX, context=trusted)
        else:
            self._smtp = _Line(host, port, timeout=ANSWER_SECONDS_MAX)
        try:
            if url.scheme == "smtp" and url.username:
                self._smtp.starttls(context=trusted)
            if url.username:
                self._smtp.login(unquote(url.username), unquote(url.password or ""))
            self._smtp.ehlo_or_helo_if_needed()
        except BaseException:
            self._smtp.close()
            raise

    @property
    def is_lost(self) -> bool:
        return self._smtp.sock is None  # smtplib closes it where a server ends, hangs or says 421

    def send(self, message: EmailMessage, _key: UUID) -> None:
        try:
            self._smtp.send_message(message)
        except Exception as error:
            with suppress(smtplib.SMTPException):
                self._smtp.rset()  # not all refusals end the mail that was begun
            if self._is_away(error):
                raise _Away(repr(error)) from error
            raise

    def _is_away(self, error: Exception) -> bool:
        """Tell whether all others would fare alike.

        A connection that ends when the recipient is named may end because of it: counted as that
        mail's failure, it cannot hold up the others for ever.
        """
        if isinstance(error, smtplib.SMTPSenderRefused):
            return error.smtp_code // 100 == 4  # temporary: RFC 5321, 4.2.1
        return isinstance(error, smtplib.SMTPServerDisconnected) and not self._smtp.has_named

    def close(self) -> None:
        with suppress(smtplib.SMTPException):
            self._smtp.quit()


@asynccontextmanager
async def _opened(target: str) -> AsyncIterator[_Post]:
    try:
        post = await asyncio.to_thread(_open, target)
    except OSError as error:  # what smtplib raises is one, too
        raise _Away(repr(error)) from error
    try:
        yield post
    finally:
        await asyncio.to_thread(post.close)


def _open(target: str) -> _Post:
    url = urlparse(target)
    return _Folder(Path(unquote(url.path))) if url.scheme == "file" else _Server(url)


def _is_for_good(error: Exception) -> bool:
    """Tell whether a server refused this recipient or this text, and said: do not try again."""
    codes = []
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    elif isinstance(error, smtplib.SMTPDataError):
        codes = [error.smtp_code]
    return min(codes, default=0) >= 500  # permanent: RFC 5321, 4.2.1


def _compose(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{mail.id}@panier>"
    message.set_content(mail.body_text)
    message.add_alternative(mail.body_html, subtype="html")
    return message
