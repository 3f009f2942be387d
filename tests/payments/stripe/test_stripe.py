"""The Stripe adapter against its documented answers: the real SDK, over HTTP."""

from typing import Any
from uuid import UUID

import pytest

from panier import payments
from panier.kit.cells import Cell
from panier.kit.errors import NotFound
from panier.kit.money import Money
from panier.payments import NewAccount, RefundWanted, Reversal
from panier.payments.provider import TransferWanted
from panier.payments.stripe import Stripe
from panier.settings import Settings
from tests.payments.stripe import played
from tests.payments.stripe.played import KEY, PART, WANTED, Stage, error, intent, listing

# The SDK hands httpx its body in the older of two ways.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning:httpx")

MOVED = TransferWanted(UUID(int=6), "FR", "acct_1", Money(5000, "EUR"))
TAKEN_BACK = Reversal(UUID(int=7), MOVED.key, Money(2000, "EUR"))


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
    url = await stripe.onboarding_url("FR", "acct_1", "http://localhost:8400/fr/")
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
