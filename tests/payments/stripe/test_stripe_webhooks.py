"""What Stripe tells: its signature, computed here by its documentation, and what it says."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from panier import orders, payments
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.ids import new_id
from panier.orders.checkout import check_out, resume_payments
from panier.payments import provider
from panier.payments.stripe import API_VERSION, Stripe, words
from panier.settings import Settings
from tests import buying, paying
from tests.payments.stripe import played
from tests.payments.stripe.played import KEY, PART, SECRET, TOKEN, Stage, intent
from tests.shop import Shop, lay_shop

# The SDK hands httpx its body in the older of two ways.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning:httpx")


def event(kind: str, found: dict[str, Any], name: str = "evt_1", **changes: Any) -> bytes:
    told = {
        "id": name, "object": "event", "api_version": API_VERSION, "livemode": False,
        "type": kind, "data": {"object": found},
    }  # fmt: skip
    return json.dumps(told | changes).encode()


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


def test_while_a_secret_is_changed_both_are_believed(settings: Settings) -> None:
    body = event("payment_intent.succeeded", intent(metadata={"payment": str(KEY)}))
    both = settings.model_copy(update={"stripe_webhook_secret": SecretStr(f"whsec_new, {SECRET}")})
    for secret in (SECRET, "whsec_new"):
        assert Stripe(both).read_webhook(sign(body, secret=secret), body).message == "evt_1"
    with pytest.raises(payments.BadSignature):
        Stripe(both).read_webhook(sign(body, secret="whsec_older"), body)


def test_what_is_signed_but_in_another_shape_is_refused(stripe: Stripe) -> None:
    paid = intent(metadata={"payment": str(KEY)})
    body = event("payment_intent.succeeded", paid, api_version="2024-06-20")
    with pytest.raises(provider.WrongMessage):
        stripe.read_webhook(sign(body), body)


def test_what_is_of_the_other_mode_is_heard_and_left(stripe: Stripe) -> None:
    body = event("payment_intent.succeeded", intent(metadata={"payment": str(KEY)}), livemode=True)
    assert stripe.read_webhook(sign(body), body) == provider.Heard("evt_1", None, None)


def test_a_card_that_shall_be_kept_is_asked_for_when_its_payment_succeeded(stripe: Stripe) -> None:
    paid = intent(metadata={"payment": str(KEY), "market": "FR"}, setup_future_usage="on_session")
    body = event("payment_intent.succeeded", paid)
    heard = stripe.read_webhook(sign(body), body)
    assert (heard.market, heard.news) == ("FR", provider.Moved(KEY))


@pytest.mark.parametrize(
    ("status", "stands"), [("requires_payment_method", "declined"), ("processing", "pending")]
)
async def test_an_intent_that_failed_is_asked_about_and_not_believed_to_have_ended(
    cell: Cell,
    settings: Settings,
    client: httpx2.AsyncClient,
    stage: Stage,
    *,
    status: str,
    stands: str,
) -> None:
    shop, placed = await laid_waiting(cell, settings, stage)
    ours = {"payment": str(placed.payment.id), "market": "FR"}
    refused = {"code": "payment_intent_authentication_failure"}
    failed = intent(status, metadata=ours, last_payment_error=refused)
    kind = "payment_failed" if stands == "declined" else "processing"
    body = event(f"payment_intent.{kind}", failed)
    answer = await client.post("/fr/webhooks/stripe", content=body, headers=sign(body))
    assert answer.status_code == 204, answer.text
    assert await buying.states(cell) == [("action", "placed", "placed")]
    stage.will_answer(failed, *([intent("canceled")] if stands == "declined" else []))
    assert await resume_payments(cell, settings) == 1
    ended = "declined" if stands == "declined" else "placed"
    assert await buying.states(cell) == [(stands, ended, ended)]
    assert (await buying.counts(cell, shop))[1] == 1  # still held: the basket is kept


async def laid_waiting(cell: Cell, settings: Settings, stage: Stage) -> tuple[Shop, orders.Placed]:
    """Place an order whose buyer was asked by their bank."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx, 5)
    buyer = new_id()
    await buying.fill_basket(cell, shop, buyer)
    stage.will_answer(intent("requires_action", next_action={"type": "use_stripe_sdk"}))
    wanted = buying.placement(shop, buyer, TOKEN, provider="stripe")
    placed, settled = await check_out(cell, settings, wanted)
    assert (settled.state, settled.action_secret) == ("action", "pi_1_secret_2")
    return shop, placed


@pytest.mark.parametrize(
    ("kind", "found", "expected"),
    [
        ("payment_intent.created", intent("requires_payment_method"), None),
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
    assert not isinstance(news, provider.Moved)
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
