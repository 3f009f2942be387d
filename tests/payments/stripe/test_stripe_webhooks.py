"""What Stripe tells: its signature, computed here by its documentation, and what it says."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from panier import payments
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.payments.stripe import Stripe, words
from panier.settings import Settings
from tests import paying
from tests.payments.stripe import played
from tests.payments.stripe.played import KEY, PART, SECRET, intent


def event(kind: str, found: dict[str, Any], name: str = "evt_1") -> bytes:
    return json.dumps(
        {"id": name, "object": "event", "type": kind, "data": {"object": found}}
    ).encode()


def sign(body: bytes, at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    """Sign as Stripe documents it: v1 is the hex HMAC-SHA256 of `time.body`."""
    moment = int((at or datetime.now(UTC)).timestamp())
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={moment},v1={mac}"}


def test_only_what_stripe_signed_just_now_is_read(stripe: Stripe) -> None:
    body = event("payment_intent.succeeded", intent(metadata={"payment": str(KEY), "market": "FR"}))
    heard = stripe.read_webhook(sign(body), body)
    assert (heard.message, heard.market) == ("evt_1", "FR")
    assert isinstance(heard.news, payments.Answer)
    assert (heard.news.payment, heard.news.state) == (KEY, "paid")
    old = datetime.now(UTC) - timedelta(minutes=6)
    for headers, content in (
        (sign(body, old), body),
        (sign(body, secret="whsec_other"), body),
        (sign(body), body + b" "),
        ({"stripe-signature": "t=soon,v1=x"}, body),
        ({}, body),
        (sign(b"no json"), b"no json"),
    ):
        with pytest.raises(payments.BadSignature):
            stripe.read_webhook(headers, content)


def test_without_a_secret_nothing_is_believed(settings: Settings) -> None:
    body = event("payment_intent.succeeded", intent())
    without = settings.model_copy(update={"stripe_webhook_secret": SecretStr("")})
    with pytest.raises(payments.BadSignature):
        Stripe(without).read_webhook(sign(body, secret=""), body)


@pytest.mark.parametrize(
    ("kind", "found", "expected"),
    [
        ("payment_intent.created", intent("requires_payment_method"), None),
        ("payment_intent.payment_failed", intent("requires_payment_method"), "declined"),
        ("payment_intent.canceled", intent("canceled"), "declined"),
        ("refund.updated", played.refund("succeeded"), "done"),
        ("refund.failed", played.refund("failed"), "failed"),
        ("charge.dispute.created", played.dispute(), "open"),
        ("charge.dispute.closed", played.dispute("won"), "won"),
        ("charge.dispute.closed", played.dispute("lost"), "lost"),
        ("charge.dispute.created", played.dispute("warning_needs_response"), None),
        ("account.updated", played.account(), "pending"),
        ("invoice.paid", {"object": "invoice"}, None),
    ],
)
def test_an_event_says_what_concerns_us(
    kind: str, found: dict[str, Any], expected: str | None
) -> None:
    ours = {"payment": str(KEY), "refund": str(PART.key), "market": "FR"}
    read = json.loads(event(kind, found | {"metadata": ours}))
    market, news = words.news_of(read, now())
    assert market == "FR"
    assert (news.state if news is not None else None) == expected


async def test_a_dispute_at_stripe_is_heard_once_by_whoever_has_the_payment(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient
) -> None:
    payment = await paying.pay(cell, settings)
    async with cell.tx() as tx:
        await tx.execute("update payment set provider = 'stripe', reference = 'pi_1'")
    body = event("charge.dispute.created", played.dispute())
    for _ in range(2):
        answer = await client.post("/fr/webhooks/stripe", content=body, headers=sign(body))
        assert answer.status_code == 204, answer.text
    assert [kind for kind, _ in await paying.told(cell)] == ["DisputeOpened"]
    async with cell.read() as tx:
        (dispute,) = await payments.list_disputes(tx, payment.id)
    assert (dispute.reference, dispute.minor) == ("du_1", 2980)
    stranger = event("charge.dispute.created", played.dispute(payment_intent="pi_2"), "evt_2")
    answer = await client.post("/fr/webhooks/stripe", content=stranger, headers=sign(stranger))
    assert answer.status_code == 404
    forged = await client.post("/fr/webhooks/stripe", content=body, headers=sign(body, secret="x"))
    assert forged.status_code == 401


def test_the_keys_never_show_in_what_is_logged(settings: Settings) -> None:
    assert "sk_test_1" not in repr(settings)
    assert SECRET not in repr(settings)
