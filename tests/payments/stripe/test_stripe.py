"""The Stripe adapter against its documented answers: the real SDK, over HTTP."""

from typing import Any
from uuid import UUID

import pytest

from panier import payments
from panier.kit.cells import Cell
from panier.kit.errors import NotFound
from panier.kit.money import Money
from panier.payments import Charge, NewAccount, RefundWanted, Reversal
from panier.payments.provider import TransferWanted
from panier.payments.stripe import Stripe
from panier.settings import Settings
from tests.payments.stripe import played
from tests.payments.stripe.played import KEY, PART, Stage, error, intent, listing

# The SDK hands httpx its body in the older of two ways.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning:httpx")

WANTED = Charge(KEY, "FR", "pm_1", Money(2980, "EUR"), keep=False)
MOVED = TransferWanted(UUID(int=6), "FR", "acct_1", Money(5000, "EUR"))
TAKEN_BACK = Reversal(UUID(int=7), MOVED.key, Money(2000, "EUR"))


async def test_a_charge_is_one_confirmed_intent_under_our_key(
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
        "expand[0]": "latest_charge",
        "metadata[market]": "FR",
        "metadata[payment]": str(KEY),
        "payment_method": "pm_1",
        "return_url": "http://localhost:8400/fr/payment/confirmed",
        "transfer_group": str(KEY),
    }
    assert asked.headers["idempotency-key"] == f"charge:{KEY}"
    assert asked.headers["stripe-version"] == "2026-10-28.endive"
    assert asked.headers["authorization"] == "Bearer sk_test_1"


async def test_a_kept_card_belongs_to_a_customer_and_pays_again(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    kept = intent(customer="cus_1", setup_future_usage="off_session")
    stage.will_answer({"id": "cus_1", "object": "customer"}, kept, intent(customer="cus_1"))
    first = await stripe.charge(cell, Charge(KEY, "FR", "pm_1", WANTED.amount, keep=True))
    assert first.kept_token == "cus_1/pm_1"
    await stripe.charge(cell, Charge(UUID(int=9), "FR", "cus_1/pm_1", WANTED.amount, keep=False))
    assert stage.what == ["POST /v1/customers"] + ["POST /v1/payment_intents"] * 2
    assert stage.asked[1].given["setup_future_usage"] == "off_session"
    again = stage.asked[2].given
    assert (again["customer"], again["payment_method"]) == ("cus_1", "pm_1")
    assert "setup_future_usage" not in again


async def test_a_bank_that_asks_is_an_action_at_its_address(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    redirect = {"url": "https://hooks.stripe.com/3d_secure/x", "return_url": "http://localhost/"}
    stage.will_answer(
        intent(
            "requires_action",
            next_action={"type": "redirect_to_url", "redirect_to_url": redirect},
        ),
        intent("processing"),
    )
    answer = await stripe.charge(cell, WANTED)
    assert (answer.state, answer.action_url) == ("action", "https://hooks.stripe.com/3d_secure/x")
    found = await stripe.find_answer(cell, KEY, "pi_1")
    assert found is not None
    assert found.state == "pending"
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
async def test_a_decline_is_an_answer_with_our_reason(
    cell: Cell, stripe: Stripe, stage: Stage, decline: str, reason: str
) -> None:
    refused = {"code": "card_declined", "decline_code": decline, "type": "card_error"}
    declined = intent("requires_payment_method", last_payment_error=refused)
    stage.will_answer(
        (402, error("card_error", "card_declined", decline_code=decline, payment_intent=declined))
    )
    answer = await stripe.charge(cell, WANTED)
    assert (answer.state, answer.reference, answer.reason) == ("declined", "pi_1", reason)


@pytest.mark.parametrize(
    ("status", "told", "expected"),
    [
        (500, error("api_error", "lock_timeout"), payments.ProviderAway),
        (429, error("invalid_request_error", "rate_limit"), payments.ProviderAway),
        (401, error("invalid_request_error", "api_key_expired"), payments.ProviderAway),
        (409, error("idempotency_error", "idempotency_key_in_use"), payments.ProviderAway),
        (400, error("idempotency_error", "idempotency_key"), payments.KeyReused),
        (400, error("invalid_request_error", "resource_missing"), payments.TokenRefused),
        (400, error("invalid_request_error", "parameter_unknown"), payments.ProviderAway),
    ],
)
async def test_an_error_of_stripe_is_one_of_ours(
    cell: Cell,
    stripe: Stripe,
    stage: Stage,
    *,
    status: int,
    told: dict[str, Any],
    expected: type[Exception],
) -> None:
    stage.will_answer((status, told))
    with pytest.raises(expected):
        await stripe.charge(cell, WANTED)


async def test_a_stripe_that_cannot_be_reached_is_away(cell: Cell, settings: Settings) -> None:
    nowhere = {"stripe_key": "sk_test_2", "stripe_url": "http://127.0.0.1:9"}
    with pytest.raises(payments.ProviderAway):
        await Stripe(Settings(**(settings.model_dump() | nowhere))).find_transfer(cell, KEY)


async def test_a_payment_that_was_never_asked_for_is_fenced(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    stage.will_answer(intent("requires_payment_method"), intent("canceled"))
    answer = await stripe.cancel(cell, WANTED)
    assert (answer.state, answer.reason) == ("declined", "expired")
    assert stage.what == ["POST /v1/payment_intents", "POST /v1/payment_intents/pi_1/cancel"]
    assert "confirm" not in stage.asked[0].given
    assert stage.asked[0].headers["idempotency-key"] == f"charge:{KEY}"


async def test_a_payment_that_waits_is_stopped_and_one_that_succeeded_stays_so(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    used = (400, error("idempotency_error", "idempotency_key"))
    over = (400, error("invalid_request_error", "payment_intent_unexpected_state"))
    stage.will_answer(used, intent("requires_action"), intent("canceled"))
    assert (await stripe.cancel(cell, WANTED)).state == "declined"
    stage.will_answer(used, intent("requires_action"), over, intent("succeeded"))
    assert (await stripe.cancel(cell, WANTED)).state == "paid"
    assert stage.what[3:] == [
        "POST /v1/payment_intents",
        "POST /v1/payment_intents",
        "POST /v1/payment_intents/pi_1/cancel",
        "GET /v1/payment_intents/pi_1",
    ]
    assert stage.asked[4].given["confirm"] == "true"  # the first request word by word
    stage.will_answer(used, (404, error("invalid_request_error", "resource_missing")))
    assert (await stripe.cancel(cell, WANTED)).reason == "expired"


async def test_a_refund_is_looked_for_and_made_once(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    mine = played.refund(metadata={"refund": str(PART.key)})
    other = played.refund(id="re_0", metadata={"refund": str(UUID(int=8))})
    stage.will_answer(listing(other), mine, listing(other, mine), listing(other, mine))
    answer = await stripe.refund(cell, PART)
    assert (answer.state, answer.reference) == ("done", "re_1")
    made = stage.asked[1]
    assert (made.what, made.given) == (
        "POST /v1/refunds",
        {
            "payment_intent": "pi_1",
            "amount": "1000",
            "metadata[refund]": str(PART.key),
            "metadata[market]": "FR",
        },
    )
    assert made.headers["idempotency-key"] == f"refund:{PART.key}"
    assert await stripe.refund(cell, PART) == answer
    with pytest.raises(payments.KeyReused):
        await stripe.refund(cell, RefundWanted(PART.key, KEY, "pi_1", "FR", Money(1, "EUR")))
    assert stage.what.count("POST /v1/refunds") == 1


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (played.refund("pending"), ("requested", None)),
        (played.refund("failed", failure_reason="lost_or_stolen_card"),
         ("failed", "lost_or_stolen_card")),
        ((400, error("invalid_request_error", "charge_already_refunded")),
         ("failed", "amount_too_large")),
        ((400, error("invalid_request_error", "charge_disputed")), ("failed", "payment_disputed")),
    ],
)  # fmt: skip
async def test_a_refund_that_is_not_done_says_so(
    cell: Cell, stripe: Stripe, stage: Stage, told: Any, expected: tuple[str, str | None]
) -> None:
    stage.will_answer(listing(), told)
    answer = await stripe.refund(cell, PART)
    assert (answer.state, answer.reason) == expected


async def test_an_account_is_asked_for_its_details_by_stripe(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    able = {"capabilities": {"transfers": "active"}, "payouts_enabled": True}
    blocked = {"requirements": {"disabled_reason": "rejected.fraud"}}
    stage.will_answer(
        played.account(),
        {"object": "account_link", "url": "https://connect.stripe.com/setup/x"},
        played.account(**able),
        played.account(**blocked),
        (403, error("invalid_request_error", "account_invalid")),
    )
    wanted = NewAccount(UUID(int=3), "seller", "FR", "FR", "anna@example.org", "Anna")
    opened = await stripe.open_account(cell, wanted)
    assert (opened.reference, opened.state) == ("acct_1", "pending")
    given = stage.asked[0].given
    assert given["controller[requirement_collection]"] == "stripe"
    assert given["capabilities[transfers][requested]"] == "true"
    assert stage.asked[0].headers["idempotency-key"] == f"account:{UUID(int=3)}"
    url = await stripe.onboarding_url("acct_1", "http://localhost:8400/fr/")
    assert url == "https://connect.stripe.com/setup/x"
    states = [await stripe.find_account(cell, "acct_1") for _ in range(2)]
    assert [found and found.state for found in states] == ["active", "restricted"]


async def test_a_transfer_is_looked_for_by_its_group_and_made_once(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    mine = played.transfer(metadata={"transfer": str(MOVED.key)})
    stage.will_answer(listing(), mine, listing(mine), listing(mine))
    answer = await stripe.transfer(cell, MOVED)
    assert (answer.state, answer.reference) == ("done", "tr_1")
    assert stage.asked[0].given == {"transfer_group": str(MOVED.key), "limit": "100"}
    assert stage.asked[1].given == {
        "amount": "5000",
        "currency": "eur",
        "destination": "acct_1",
        "metadata[transfer]": str(MOVED.key),
        "metadata[market]": "FR",
        "transfer_group": str(MOVED.key),
    }
    assert await stripe.transfer(cell, MOVED) == answer
    assert await stripe.find_transfer(cell, MOVED.key) == answer
    assert stage.what.count("POST /v1/transfers") == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [("balance_insufficient", "balance_too_low"), ("account_invalid", "account_missing")],
)
async def test_a_transfer_that_is_refused_says_why(
    cell: Cell, stripe: Stripe, stage: Stage, code: str, reason: str
) -> None:
    stage.will_answer(listing(), (400, error("invalid_request_error", code)))
    answer = await stripe.transfer(cell, MOVED)
    assert (answer.state, answer.reason) == ("failed", reason)


async def test_a_transfer_is_reversed_in_parts_each_once(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    moved = listing(played.transfer(metadata={"transfer": str(MOVED.key)}, amount_reversed=2500))
    back = {
        "id": "trr_1", "object": "transfer_reversal", "amount": 2000,
        "metadata": {"reversal": str(TAKEN_BACK.key)},
    }  # fmt: skip
    stage.will_answer(moved, listing(), back, moved, listing(back), moved, listing(), listing())
    answer = await stripe.reverse_transfer(cell, TAKEN_BACK)
    assert (answer.state, answer.reference) == ("done", "trr_1")
    assert await stripe.reverse_transfer(cell, TAKEN_BACK) == answer
    too_much = Reversal(UUID(int=8), MOVED.key, Money(2501, "EUR"))
    assert (await stripe.reverse_transfer(cell, too_much)).reason == "amount_too_large"
    with pytest.raises(NotFound):
        await stripe.reverse_transfer(cell, TAKEN_BACK)
    assert stage.what.count("POST /v1/transfers/tr_1/reversals") == 1


async def test_a_card_is_detached_and_one_that_is_gone_is_fine(
    cell: Cell, stripe: Stripe, stage: Stage
) -> None:
    stage.will_answer(
        {"id": "pm_1", "object": "payment_method"},
        (404, error("invalid_request_error", "resource_missing")),
    )
    for _ in range(2):
        await stripe.forget_token(cell, "cus_1/pm_1")
    assert stage.what == ["POST /v1/payment_methods/pm_1/detach"] * 2
