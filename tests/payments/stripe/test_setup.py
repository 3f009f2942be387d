"""Before the first sale: settings that do not fit are refused, Stripe is asked what is missing."""

import os
import sys
from asyncio import create_subprocess_exec, subprocess
from typing import Any

import pytest
from pydantic import ValidationError

from panier import payments
from panier.payments.stripe import API_VERSION, Stripe
from panier.payments.stripe.setup import EVENTS
from panier.settings import Settings
from tests.payments.stripe.played import Stage, error, listing

HOME = "http://localhost:8400"
WHOLE: dict[str, Any] = {
    "payments": "stripe", "stripe_key": "sk_live_1", "stripe_publishable_key": "pk_live_1",
    "stripe_webhook_secret": "whsec_1", "web_url": "https://shop.example",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"stripe_key": ""}, "needs PANIER_STRIPE_KEY, which begins with sk_test_ or sk_live_"),
        ({"stripe_key": "pk_live_1"}, "needs PANIER_STRIPE_KEY"),
        ({"stripe_publishable_key": "sk_live_1"}, "needs PANIER_STRIPE_PUBLISHABLE_KEY"),
        ({"stripe_publishable_key": "pk_test_1"}, "of Stripe's live mode"),
        ({"stripe_key": "rk_test_1"}, "of Stripe's test mode"),
        ({"stripe_webhook_secret": " ,"}, "needs PANIER_STRIPE_WEBHOOK_SECRET"),
        ({"web_url": "http://shop.example"}, "begins with https://"),
    ],
)
def test_half_a_stripe_or_two_that_do_not_fit_are_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(**(WHOLE | change))
    assert why in str(refused.value)
    assert "whsec_1" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "live"),
    [
        ({}, True),
        ({"stripe_key": "rk_live_1"}, True),
        ({"stripe_key": "sk_test_1", "stripe_publishable_key": "pk_test_1", "web_url": ""}, False),
    ],
)
def test_a_whole_stripe_is_taken(change: dict[str, Any], *, live: bool) -> None:
    assert Settings(**(WHOLE | change)).stripe_live is live


async def test_a_role_does_not_start_with_keys_that_do_not_fit_and_says_so_in_a_line() -> None:
    given = {f"PANIER_{name.upper()}": text for name, text in WHOLE.items()}
    process = await create_subprocess_exec(
        sys.executable, "-m", "panier", "run", "web",
        env=os.environ | given | {"PANIER_STRIPE_KEY": "sk_test_secret"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 1
    assert output.decode().strip() == (
        "PANIER_STRIPE_KEY is of Stripe's test mode, PANIER_STRIPE_PUBLISHABLE_KEY of its live"
        " mode: take both of one"
    )


def hook(**changes: Any) -> dict[str, Any]:
    return {
        "object": "webhook_endpoint", "status": "enabled", "api_version": API_VERSION,
        "url": "http://localhost:8400/fr/webhooks/stripe", "enabled_events": sorted(EVENTS),
    } | changes  # fmt: skip


OLD = (
    "The webhook endpoint http://localhost:8400/fr/webhooks/stripe has API version 2024-06-20 and"
    " needs 2026-10-28.endive."
)
ACCOUNT = {"id": "acct_1", "object": "account", "charges_enabled": True}
DOMAIN = {"object": "payment_method_domain", "domain_name": "localhost", "enabled": True}


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning:httpx")
@pytest.mark.parametrize(
    ("account", "hooks", "domains", "missing"),
    [
        (ACCOUNT, [hook()], [DOMAIN], []),
        (ACCOUNT, [hook(enabled_events=["*"])], [DOMAIN], []),
        (
            ACCOUNT | {"charges_enabled": False}, [hook(status="disabled")], [],
            [
                "Stripe does not let this account take payments yet.",
                f"No enabled webhook endpoint leads to {HOME}/<market>/webhooks/stripe.",
                "localhost is no payment method domain: no Apple Pay, no Google Pay.",
            ],
        ),
        (
            ACCOUNT,
            [hook(api_version="2024-06-20", enabled_events=sorted(EVENTS - {"account.updated"})),
             hook(enabled_events=["refund.failed"])],
            [DOMAIN],
            [
                OLD,
                "No webhook endpoint is told of: account.updated.",
                "Webhook endpoints: 2; secrets: 1. Each endpoint has its own.",
            ],
        ),
    ],
)  # fmt: skip
async def test_stripe_is_asked_what_is_missing(
    stripe: Stripe, stage: Stage, *, account: dict[str, Any], hooks: list[dict[str, Any]],
    domains: list[dict[str, Any]], missing: list[str],
) -> None:  # fmt: skip
    stage.will_answer(account, listing(*hooks), listing(*domains))
    assert await stripe.check_setup() == missing
    assert stage.what == [
        "GET /v1/account", "GET /v1/webhook_endpoints", "GET /v1/payment_method_domains",
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning:httpx")
async def test_a_key_that_may_not_look_says_so(settings: Settings, stage: Stage) -> None:
    stage.will_answer((403, error("invalid_request_error", "more_permissions_required")))
    with pytest.raises(payments.ProviderAway):
        await payments.check_setup(settings)
