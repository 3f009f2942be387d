"""Cards at Stripe: entered in its own form, confirmed by us, declined for good, kept, forgotten."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from panier import payments
from panier.kit.cells import Cell
from panier.kit.db import Tx, value
from panier.payments import Charge, State
from panier.payments.stripe import API_VERSION, Stripe
from panier.settings import Settings
from tests.payments.stripe.played import KEY, TOKEN, WANTED, Stage, error, intent
from tests.shop import lay_shop

# The SDK hands httpx its body in the older of two ways.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning:httpx")

SLOW = ["bacs_debit", "boleto", "customer_balance", "konbini", "multibanco", "oxxo", "sepa_debit"]


async def test_a_charge_is_one_intent_confirmed_by_the_buyers_token(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    stage.will_answer(intent())
    answer = await stripe.charge(cell, WANTED)
    assert (answer.state, answer.reference, answer.brand, answer.last4, answer.kept_token) == (
        "paid", "pi_1", "visa", "4242", None,
    )  # fmt: skip
    (asked,) = stage.asked
    assert asked.what == "POST /v1/payment_intents"
    assert asked.given == {
        "amount": "2980",
        "currency": "eur",
        "automatic_payment_methods[enabled]": "true",
        "confirm": "true",
        "confirmation_token": TOKEN,
        **{f"excluded_payment_method_types[{n}]": kind for n, kind in enumerate(SLOW)},
        "expand[0]": "latest_charge",
        "metadata[market]": "FR",
        "metadata[payment]": str(KEY),
        "return_url": f"http://localhost:8400/fr/payment/{KEY}/back",
        "transfer_group": str(KEY),
        "use_stripe_sdk": "true",
    }
    assert asked.headers["idempotency-key"] == f"charge:{KEY}"
    assert asked.headers["stripe-version"] == "2026-10-28.endive"
    assert asked.headers["authorization"] == "Bearer sk_test_1"


async def test_the_page_is_told_what_the_card_form_needs_and_no_secret(settings: Settings) -> None:
    form = Stripe(settings).card_form("/fr/")
    assert msgspec.json.decode(msgspec.json.encode(form)) == {
        "provider": "stripe",
        "url": "https://js.stripe.com/endive/stripe.js",
        "key": "pk_test_1",
        "excluded": SLOW,
    }
    assert form.url.split("/")[-2] == API_VERSION.split(".")[-1]


@pytest.mark.parametrize(
    "token",
    ["", "tok_0123456789abcdef0123456789abcdef", "pm_1", "cus_1/pm_1", "ctoken_1", f"{TOKEN}/x",
     f"{TOKEN}\n", "ctoken_" + "x" * 200],
)  # fmt: skip
def test_only_a_confirmation_token_is_taken_from_a_page(stripe: Stripe, token: str) -> None:
    with pytest.raises(payments.TokenWrong):
        stripe.check_token(token)


def test_a_confirmation_token_is_taken(stripe: Stripe) -> None:
    stripe.check_token(TOKEN)


async def test_a_card_is_kept_for_a_customer_made_once_a_person_and_pays_again(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    async with cell.tx() as tx:
        person = (await lay_shop(tx)).host
    kept = intent(customer="cus_1", setup_future_usage="on_session")
    stage.will_answer({"id": "cus_1", "object": "customer"}, kept, kept, intent(customer="cus_1"))
    for key in (KEY, UUID(int=8)):
        wanted = Charge(key, "FR", TOKEN, WANTED.amount, keep=True, person=person)
        assert (await stripe.charge(cell, wanted)).kept_token == "cus_1/pm_1"
    await stripe.charge(cell, Charge(UUID(int=9), "FR", "cus_1/pm_1", WANTED.amount, keep=True))
    assert stage.what == ["POST /v1/customers"] + ["POST /v1/payment_intents"] * 3
    assert stage.asked[0].given == {"metadata[person]": str(person)}
    for asked in stage.asked[1:3]:
        assert asked.given["customer"] == "cus_1"
        assert asked.given["setup_future_usage"] == "on_session"
    again = stage.asked[3].given
    assert (again["customer"], again["payment_method"]) == ("cus_1", "pm_1")
    assert again["use_stripe_sdk"] == "true"  # the buyer is there: their bank may ask
    assert not {"setup_future_usage", "confirmation_token", "off_session"} & set(again)


async def test_without_consent_no_customer_is_made(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    stage.will_answer(intent())
    answer = await stripe.charge(cell, WANTED)
    assert answer.kept_token is None
    assert not {"customer", "setup_future_usage"} & set(stage.asked[0].given)


@pytest.mark.parametrize(
    ("kind", "kept", "shown"),
    [("card", "cus_1/pm_1", "visa 4242"), ("link", "cus_1/pm_1", "link "),
     ("ideal", None, "None None")],
)  # fmt: skip
async def test_only_what_pays_again_is_kept(
    cell: Cell, stripe: Stripe, stage: Stage, *, kind: str, kept: str | None, shown: str
) -> None:  # fmt: skip
    async with cell.tx() as tx:
        person = (await lay_shop(tx)).host
    paid = intent(customer="cus_1", setup_future_usage="on_session")
    details = {"type": kind} | (
        {"card": {"brand": "visa", "last4": "4242"}} if kind == "card" else {}
    )
    paid["latest_charge"]["payment_method_details"] = details
    stage.will_answer({"id": "cus_1", "object": "customer"}, paid)
    wanted = Charge(KEY, "FR", TOKEN, WANTED.amount, keep=True, person=person)
    answer = await stripe.charge(cell, wanted)
    assert (answer.kept_token, f"{answer.brand} {answer.last4}") == (kept, shown)


async def test_a_customer_that_is_gone_at_stripe_is_made_anew_with_the_next_card(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    async with cell.tx() as tx:
        person = (await lay_shop(tx)).host
    gone = (400, error("invalid_request_error", "resource_missing", param="customer"))
    stage.will_answer({"id": "cus_1", "object": "customer"}, gone)
    wanted = Charge(KEY, "FR", TOKEN, WANTED.amount, keep=True, person=person)
    with pytest.raises(payments.TokenRefused):
        await stripe.charge(cell, wanted)
    async with cell.read() as tx:
        assert await value(tx, "select count(*) from payment_customer") == 0


async def test_a_bank_that_asks_is_an_action_by_the_intents_secret(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    stage.will_answer(
        intent("requires_action", next_action={"type": "use_stripe_sdk"}), intent("processing")
    )
    answer = await stripe.charge(cell, WANTED)
    assert (answer.state, answer.action_url, answer.action_secret) == (
        "action", None, "pi_1_secret_2",
    )  # fmt: skip
    found = await stripe.find_answer(cell, KEY, "pi_1")
    assert found is not None
    assert (found.state, found.action_secret) == ("pending", None)
    assert found.look_at is not None
    assert stage.what[1] == "GET /v1/payment_intents/pi_1"
    assert await stripe.find_answer(cell, KEY, None) is None


@pytest.mark.parametrize(
    ("decline", "reason"),
    [
        ("insufficient_funds", "insufficient_funds"),
        ("do_not_honor", "do_not_honour"),
        ("lost_card", "lost_card"),
        ("expired_card", "card_expired"),
        ("incorrect_cvc", "wrong_cvc"),
        ("processing_error", "processing_error"),
        ("authentication_required", "authentication_failed"),
        ("generic_decline", "declined"),
    ],
)
async def test_a_decline_is_an_answer_with_our_reason_and_the_intent_is_closed(
    cell: Cell, stripe: Stripe, stage: Stage, decline: str, reason: str
) -> None:
    refused = {"code": "card_declined", "decline_code": decline, "type": "card_error"}
    declined = intent("requires_payment_method", last_payment_error=refused)
    stage.will_answer(
        (402, error("card_error", "card_declined", decline_code=decline, payment_intent=declined)),
        intent("canceled"),
    )
    answer = await stripe.charge(cell, WANTED)
    assert (answer.state, answer.reference, answer.reason) == ("declined", "pi_1", reason)
    assert stage.what[1] == "POST /v1/payment_intents/pi_1/cancel"


async def test_a_card_tried_on_a_declined_intent_before_it_was_closed_has_paid(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    refused = {"code": "card_declined", "type": "card_error"}
    over = (400, error("invalid_request_error", "payment_intent_unexpected_state"))
    stage.will_answer(
        intent("requires_payment_method", last_payment_error=refused), over, intent("succeeded")
    )
    found = await stripe.find_answer(cell, KEY, "pi_1")
    assert found is not None
    assert found.state == "paid"


async def test_a_cancelled_intent_says_why_it_was_declined_before(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    refused = {"code": "card_declined", "decline_code": "insufficient_funds"}
    stage.will_answer(intent("canceled", last_payment_error=refused), intent("canceled"))
    found = [await stripe.find_answer(cell, KEY, "pi_1") for _ in range(2)]
    assert [f and f.reason for f in found] == ["insufficient_funds", "expired"]
    assert stage.what == ["GET /v1/payment_intents/pi_1"] * 2


@pytest.mark.parametrize(
    "told",
    [
        error("invalid_request_error", "resource_missing", param="confirmation_token"),
        error("invalid_request_error", "parameter_invalid", param="confirmation_token"),
        error("invalid_request_error", "payment_method_unexpected_state"),
    ],
)
async def test_a_token_that_is_used_or_unknown_is_refused(
    cell: Cell, stripe: Stripe, stage: Stage, told: dict[str, Any]
) -> None:
    stage.will_answer((400, told))
    with pytest.raises(payments.TokenRefused):
        await stripe.charge(cell, WANTED)


async def test_a_card_that_takes_the_place_of_another_has_it_forgotten_at_the_provider(
    cell: Cell, settings: Settings, stage: Stage
) -> None:
    async with cell.tx() as tx:
        person = (await lay_shop(tx)).host
        for name, key in (("cus_1/pm_1", KEY), ("cus_1/pm_1", KEY), ("cus_1/pm_2", UUID(int=8))):
            await keep(tx, person, key, name)
    stage.will_answer({"id": "pm_1", "object": "payment_method"})
    assert await payments.forget_cards(cell, settings) == 1
    assert stage.what == ["POST /v1/payment_methods/pm_1/detach"]
    async with cell.tx() as tx:
        card = await payments.find_card(tx, person, "stripe")
        assert card is not None
        assert (card.token, card.brand, card.last4) == ("cus_1/pm_2", "visa", "4242")
        assert await payments.find_card(tx, person, "sandbox") is None
        await payments.forget_card(tx, person)
    stage.will_answer({"id": "pm_2", "object": "payment_method"})
    assert await payments.forget_cards(cell, settings) == 1
    assert stage.what[1:] == ["POST /v1/payment_methods/pm_2/detach"]


async def keep(tx: Tx, person: UUID, key: UUID, name: str) -> None:
    """Keep a card as after a payment that paid with it."""
    if await payments.find_payment(tx, key) is None:
        new = payments.NewPayment(
            key, "FR", WANTED.amount, TOKEN, keep=True, provider="stripe", person=person
        )
        await payments.create(tx, [new])
        paid = payments.Answer(
            payment=key, state=State.PAID, kept_token=name, brand="visa", last4="4242"
        )
        await payments.move(tx, [paid])
    payment = await payments.find_payment(tx, key)
    assert payment is not None
    assert payment.person == person
    await payments.keep_card(tx, person, payment)
