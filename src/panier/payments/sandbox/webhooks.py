"""Webhooks: the sandbox tells us over real HTTP, signed, again until it is heard.

The form is Standard Webhooks 1.0 (webhook-id, -timestamp, -signature over `id.timestamp.body`).
Nothing is said twice to effect and nothing depends on order: states only move on.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import httpx2
import msgspec
import structlog
from standardwebhooks import Webhook, WebhookVerificationError

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, rows, run
from panier.kit.money import Money
from panier.payments.provider import BadSignature
from panier.payments.rules import AccountState, RefundState, State, TransferState
from panier.payments.sandbox.faults import Switch
from panier.settings import Settings

TRIES_MAX = 15
"""Failures before a message is given up; the payment is then found by asking."""
BACK_OFF_SECONDS_MAX = 3600
"""The longest wait between two tries."""
LEASE_SECONDS = 60
"""A worker that took a message and died gives it back after this time."""
BATCH_MAX = 20
"""Messages delivered in one go."""
TIMEOUT_SECONDS = 15
"""How long the receiver may take."""

log = structlog.get_logger()


class PaymentTold(msgspec.Struct, frozen=True, tag_field="type", tag="payment"):
    """How a payment stands."""

    payment: UUID
    """The key under which it was asked for."""
    reference: str
    state: State
    reason: str | None


class RefundTold(msgspec.Struct, frozen=True, tag_field="type", tag="refund"):
    """How a refund stands."""

    refund: UUID
    """The key under which it was asked for."""
    reference: str
    state: RefundState
    reason: str | None


class DisputeTold(msgspec.Struct, frozen=True, tag_field="type", tag="dispute"):
    """How a dispute stands."""

    dispute: str
    payment_reference: str
    amount: Money
    reason: str
    state: Literal["open", "won", "lost"]
    evidence_until: datetime | None = None
    """Until when evidence is taken (UTC), while it is open."""


class TransferTold(msgspec.Struct, frozen=True, tag_field="type", tag="transfer"):
    """How a transfer stands."""

    transfer: UUID
    """The key under which it was asked for."""
    reference: str
    state: TransferState
    reason: str | None


class AccountTold(msgspec.Struct, frozen=True, tag_field="type", tag="account"):
    """How an account stands."""

    account: str
    state: AccountState


Told = PaymentTold | RefundTold | DisputeTold | TransferTold | AccountTold


class Envelope(msgspec.Struct, frozen=True):
    """The body of a message."""

    market: str
    data: Told


class Message(msgspec.Struct):
    """A message that waits to be delivered."""

    id: str
    market: str
    body: str
    attempts: int


def signature(settings: Settings) -> Webhook:
    """Return the signer that both sides share, made from the installation's secret."""
    digest = hmac.digest(settings.signing_secret.encode(), b"sandbox webhooks", hashlib.sha256)
    return Webhook(base64.b64encode(digest).decode())


def sign(settings: Settings, message: str, body: str, at: datetime) -> dict[str, str]:
    """Return the headers that prove `body` ours; `at` is when it is sent (UTC)."""
    moment = at.astimezone(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature(settings).sign(message, moment, body),
    }


def verify(settings: Settings, headers: Mapping[str, str], body: bytes) -> tuple[str, Envelope]:
    """Return a message's id and content; raises BadSignature (also when older than 5 minutes)."""
    try:
        signature(settings).verify(body, dict(headers), json_parse=False)
        return headers["webhook-id"], msgspec.json.decode(body, type=Envelope)
    except (
        WebhookVerificationError,
        msgspec.DecodeError,
        binascii.Error,
        ValueError,  # a signature without its version, a body that is not UTF-8
    ):
        raise BadSignature from None


async def queue(tx: Tx, news: Sequence[tuple[str, Told]]) -> None:
    """Queue messages, each for a market; they leave when this transaction is committed.

    The fault switch may send one twice, or later than the next.
    """
    if not news:
        return
    moment = now()
    dice = await tx.cell.memory(Switch).dice()
    due: list[tuple[str, bytes, datetime]] = []
    for market, told in news:
        body = msgspec.json.encode(Envelope(market, told))
        due += [(market, body, moment + timedelta(seconds=wait)) for wait in dice.deliveries()]
    await run(
        tx,
        """
        insert into sandbox_webhook (id, market, body, at, next_try_at)
        select id, market, body, %s, due
        from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) g(id, market, body, due)
        """,
        (
            moment,
            [f"msg_{secrets.token_hex(16)}" for _ in due],
            [market for market, _, _ in due],
            [body.decode() for _, body, _ in due],
            [at for _, _, at in due],
        ),
    )


async def deliver(
    cell: Cell, settings: Settings, transport: httpx2.AsyncBaseTransport | None = None
) -> int:
    """Deliver the messages that are due; returns how many were heard.

    No transaction is open while the receiver works: a message is leased, sent, then marked.
    """
    async with cell.tx() as tx:
        due = await rows(
            tx,
            """
            update sandbox_webhook set attempts = attempts + 1, next_try_at = %s
            where id in (select id from sandbox_webhook where next_try_at <= %s
                         order by next_try_at limit %s for update skip locked)
            returning id, market, body, attempts
            """,
            (now() + timedelta(seconds=LEASE_SECONDS), now(), BATCH_MAX),
            Message,
        )
    if not due:
        return 0
    heard = 0
    async with httpx2.AsyncClient(
        base_url=settings.public_web_url,
        timeout=TIMEOUT_SECONDS,
        transport=transport,
        trust_env=False,
    ) as client:
        for message in due:
            heard += await _deliver(cell, settings, client, message)
    return heard


async def _deliver(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, message: Message
) -> bool:
    try:
        response = await client.post(
            f"/{message.market.lower()}/webhooks/sandbox",
            content=message.body,
            headers=sign(settings, message.id, message.body, now()),
        )
        error = None if response.is_success else f"status {response.status_code}"
    except httpx2.HTTPError as broken:
        error = repr(broken)[:200]
    async with cell.tx() as tx:
        if error is None:
            await run(
                tx,
                "update sandbox_webhook set delivered_at = %s, next_try_at = null, error = null"
                " where id = %s",
                (now(), message.id),
            )
            return True
        wait = min(BACK_OFF_SECONDS_MAX, 2**message.attempts)
        again = now() + timedelta(seconds=wait) if message.attempts < TRIES_MAX else None
        await run(
            tx,
            "update sandbox_webhook set next_try_at = %s, error = %s where id = %s",
            (again, error, message.id),
        )
    log.warning("webhook not heard", message=message.id, attempts=message.attempts, error=error)
    return False
