"""Mail: queued as a row with the change it tells of, sent by a worker, kept in a folder or SMTP."""

import asyncio
import smtplib
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlparse
from uuid import UUID

import msgspec
import structlog

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, rows, run
from panier.kit.ids import new_id

TRIES_MAX = 10
"""Failures before a mail is given up; it stays in the table with its error."""
BATCH_MAX = 50
"""Mails sent in one go."""

CLAIM = """
select id, recipient, subject, body_text, body_html, attempts from mail
where sent_at is null and attempts < %s and next_try_at <= %s
order by id for update skip locked limit %s
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


async def queue_mail(tx: Tx, recipient: str, subject: str, text: str, html: str) -> UUID:
    """Queue one mail; it leaves when this transaction is committed."""
    key = new_id()
    await run(
        tx,
        "insert into mail (id, recipient, subject, body_text, body_html, at, next_try_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (key, recipient, " ".join(subject.split()), text, html, now(), now()),
    )
    return key


async def send_due_mail(cell: Cell, target: str, sender: str) -> int:
    """Send what is due to `target` (`file:///folder` or `smtp://user:password@host:port`).

    A mail may be sent twice when a worker dies between the server's yes and the commit; it
    bears the same Message-ID then.
    """
    async with cell.tx() as tx:
        due = await rows(tx, CLAIM, (TRIES_MAX, now(), BATCH_MAX), Mail)
        for mail in due:
            try:
                await asyncio.to_thread(_send, _compose(mail, sender), mail.id, target)
            except (OSError, smtplib.SMTPException) as error:
                log.warning("mail not sent", mail=str(mail.id), error=repr(error))
                again = now() + timedelta(seconds=min(3600, 15 * 2**mail.attempts))
                await run(
                    tx,
                    "update mail set attempts = attempts + 1, next_try_at = %s, error = %s"
                    " where id = %s",
                    (again, repr(error)[:500], mail.id),
                )
            else:
                await run(tx, "update mail set sent_at = %s where id = %s", (now(), mail.id))
    return len(due)


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


def _send(message: EmailMessage, key: UUID, target: str) -> None:
    url = urlparse(target)
    if url.scheme == "file":
        folder = Path(unquote(url.path))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{key}.eml").write_bytes(message.as_bytes())
        return
    kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    with kind(url.hostname or "localhost", url.port or 0, timeout=20) as server:
        if url.scheme == "smtp" and url.username:
            server.starttls()
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)
