"""The adapter against localstripe: another author's idea of Stripe, in a process of its own.

localstripe is GPL-3.0: it is fetched and run apart (`make localstripe`), never installed with
panier. It knows no ConfirmationToken, Payment Element, account, transfer or dispute, and refuses
what it does not know; a relay takes that away from our requests, and the tests say what is left.
"""

import asyncio
import os
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
import uvicorn

from panier import engines, payments
from panier.kit.cells import Cell
from panier.kit.money import Money
from panier.payments import Charge, RefundWanted, provider
from panier.payments.stripe import Stripe
from panier.settings import Settings
from tests.journeys.patience import eventually
from tests.payments.stripe.played import KEY, SECRET, WANTED, Scope

COMMAND = os.environ.get("LOCALSTRIPE", "")
pytestmark = [
    pytest.mark.skipif(
        not COMMAND, reason="LOCALSTRIPE names no command that starts it: use `make localstripe`"
    ),
    # The SDK hands httpx its body in the older of two ways.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning:httpx"),
]
UNKNOWN_THERE = (
    "automatic_payment_methods", "confirmation_token", "excluded_payment_method_types",
    "return_url", "setup_future_usage", "transfer_group", "use_stripe_sdk",
)  # fmt: skip
PAYS, DECLINES, ASKS = "4242424242424242", "4000000000000341", "4000000000003220"


class Relay:
    """Hands requests on without what localstripe does not know; remembers what it took away."""

    def __init__(self, to: str) -> None:
        self.to = to
        self.taken: set[str] = set()
        self.heard: list[tuple[dict[str, str], bytes]] = []

    async def __call__(
        self,
        scope: Scope,
        receive: Callable[[], Awaitable[Scope]],
        send: Callable[[Scope], Awaitable[None]],
    ) -> None:
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        if scope["path"] == "/webhook":
            self.heard.append((headers, body))
            status, answer = 200, b"{}"
        else:
            status, answer = await self._hand_on(scope, headers, body)
        head = [(b"content-type", b"application/json"), (b"stripe-should-retry", b"false")]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": answer})

    async def _hand_on(
        self, scope: Scope, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        given = parse_qsl(body.decode())
        known = [(k, v) for k, v in given if k.partition("[")[0] not in UNKNOWN_THERE]
        self.taken |= {k.partition("[")[0] for k, _ in given} - {
            k.partition("[")[0] for k, _ in known
        }
        url = f"{self.to}{scope['path']}?{scope['query_string'].decode()}"
        async with httpx2.AsyncClient() as http:
            answer = await http.request(
                scope["method"],
                url,
                content=urlencode(known),
                headers={
                    "authorization": headers.get("authorization", "Bearer sk_test_1"),
                    "content-type": "application/x-www-form-urlencoded",
                },
            )
        return answer.status_code, answer.content


@asynccontextmanager
async def started() -> AsyncIterator[str]:
    """Run localstripe on a free port for a block."""
    port = engines.free_port(0)
    process = await asyncio.create_subprocess_exec(
        *shlex.split(COMMAND), "--port", str(port), "--from-scratch",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    url = f"http://localhost:{port}"

    async def answers() -> bool | None:
        assert process.returncode is None, f"{COMMAND} ended with {process.returncode}"
        try:
            async with httpx2.AsyncClient() as http:
                return (await http.get(f"{url}/js.stripe.com/v3/")).is_success or None
        except httpx2.HTTPError:
            return None

    try:
        await eventually(answers, seconds=90)
        yield url
    finally:
        process.terminate()
        await process.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def relay() -> AsyncIterator[tuple[Relay, str]]:
    """Start localstripe with the relay in front; returns the relay and its address."""
    async with started() as url:
        relay = Relay(url)
        port = engines.free_port(0)
        server = uvicorn.Server(uvicorn.Config(relay, port=port, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve())
        here = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient() as http:
            hook = {"url": f"{here}/webhook", "secret": SECRET}
            (await http.post(f"{url}/_config/webhooks/ours", data=hook)).raise_for_status()
        try:
            yield relay, here
        finally:
            server.should_exit = True
            await serving


@pytest.fixture
def local(settings: Settings, relay: tuple[Relay, str]) -> Stripe:
    """Return the adapter in front of localstripe."""
    return Stripe(settings.model_copy(update={"stripe_url": relay[1]}))


async def make(relay: tuple[Relay, str], path: str, **given: str) -> dict[str, str]:
    """Ask localstripe for something as a browser or another program would."""
    async with httpx2.AsyncClient() as http:
        answer = await http.post(
            f"{relay[0].to}/v1/{path}", data=given, headers={"authorization": "Bearer sk_test_1"}
        )
    answer.raise_for_status()
    made: dict[str, str] = answer.json()
    return made


async def kept_card(relay: tuple[Relay, str], number: str) -> str:
    """Return the name of a card that is kept for a customer."""
    customer = await make(relay, "customers")
    card = {"number": number, "exp_month": "12", "exp_year": "2034", "cvc": "123"}
    method = await make(
        relay, "payment_methods", type="card", **{f"card[{k}]": v for k, v in card.items()}
    )
    await make(relay, f"payment_methods/{method['id']}/attach", customer=customer["id"])
    return f"{customer['id']}/{method['id']}"


def charge(key: UUID, token: str) -> Charge:
    return Charge(key, "FR", token, Money(2980, "EUR"), keep=False)


async def test_a_kept_card_pays_is_given_back_in_parts_and_is_forgotten(
    cell: Cell, local: Stripe, relay: tuple[Relay, str]
) -> None:
    card = await kept_card(relay, PAYS)
    paid = await local.charge(cell, charge(KEY, card))
    assert paid.state == "paid"
    assert paid.reference is not None
    found = await local.find_answer(cell, KEY, paid.reference)
    assert found is not None
    assert found.state == "paid"
    for n, minor in ((5, 1000), (6, 1980)):
        wanted = RefundWanted(UUID(int=n), KEY, paid.reference, "FR", Money(minor, "EUR"))
        done = await local.refund(cell, wanted)
        assert done.state == "done"
        assert await local.refund(cell, wanted) == done  # looked for, not made again
    await local.forget_token(cell, card)
    assert relay[0].taken == {
        "automatic_payment_methods", "excluded_payment_method_types", "return_url",
        "transfer_group", "use_stripe_sdk",
    }  # fmt: skip


async def test_a_decline_is_told(cell: Cell, local: Stripe, relay: tuple[Relay, str]) -> None:
    answer = await local.charge(cell, charge(KEY, await kept_card(relay, DECLINES)))
    assert (answer.state, answer.reason) == ("declined", "declined")


@pytest.mark.parametrize(
    ("success", "state", "reason"),
    [("true", "paid", None), ("false", "declined", "authentication_failed")],
)
async def test_a_bank_that_asks_is_answered_with_the_intents_secret(
    cell: Cell, local: Stripe, relay: tuple[Relay, str], *, success: str, state: str,
    reason: str | None,
) -> None:  # fmt: skip
    asked = await local.charge(cell, charge(KEY, await kept_card(relay, ASKS)))
    assert asked.state == "action"
    assert asked.action_secret is not None
    place = f"payment_intents/{asked.reference}/_authenticate"
    await make(relay, place, client_secret=asked.action_secret, success=success)
    found = await local.find_answer(cell, KEY, asked.reference)
    assert found is not None
    assert (found.state, found.reason) == (state, reason)


async def test_a_payment_that_waits_is_cancelled(
    cell: Cell, local: Stripe, relay: tuple[Relay, str]
) -> None:
    # It knows no idempotency keys: a charge that nobody confirmed is what can be stopped there.
    answer = await local.cancel(cell, charge(KEY, await kept_card(relay, PAYS)))
    assert (answer.state, answer.reason) == ("declined", "expired")


async def test_its_messages_are_signed_right_and_refused_for_their_old_version(
    cell: Cell, local: Stripe, relay: tuple[Relay, str]
) -> None:
    relay[0].heard.clear()
    await local.charge(cell, charge(KEY, await kept_card(relay, PAYS)))

    async def heard() -> tuple[dict[str, str], bytes] | None:
        return relay[0].heard[0] if relay[0].heard else None

    headers, body = await eventually(heard, seconds=60)
    with pytest.raises(provider.WrongMessage) as refused:
        local.read_webhook(headers, body)
    assert refused.value.details["version"] == "2017-08-15"
    with pytest.raises(payments.BadSignature):
        local.read_webhook(headers, body + b" ")


async def test_what_a_page_of_ours_sends_cannot_be_tried_there(cell: Cell, local: Stripe) -> None:
    """Without the ConfirmationToken it falls over: nothing pays, and nothing is called paid."""
    with pytest.raises(payments.ProviderAway):
        await local.charge(cell, WANTED)
