"""Stripe's API as it documents its answers, played over real HTTP to the real SDK.

Shapes follow the API reference of the pinned version, cut to the fields that matter.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

import uvicorn

from panier.kit.money import Money
from panier.payments import Charge, RefundWanted

KEY = UUID("01a1fd32-7176-7e40-8b07-19689d86a573")
TOKEN = "ctoken_1NnQUf2eZvKYlo2CIObdtbnb"
WANTED = Charge(KEY, "FR", TOKEN, Money(2980, "EUR"), keep=False)
PART = RefundWanted(UUID(int=5), KEY, "pi_1", "FR", Money(1000, "EUR"))
SECRET = "whsec_of_tests"
Json = dict[str, Any]
Scope = MutableMapping[str, Any]


class Asked(NamedTuple):
    """A request as it arrived."""

    what: str
    """Method and path."""
    given: dict[str, str]
    """Form or query, in Stripe's own notation."""
    headers: dict[str, str]


class Stage:
    """Answers the requests in the order that a test wrote down, and remembers them."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: list[tuple[int, Json]] = []
        self.url = ""

    def will_answer(self, *answers: Json | tuple[int, Json]) -> None:
        """Write down what is answered next; a bare object is answered with 200."""
        self.answers += [a if isinstance(a, tuple) else (200, a) for a in answers]

    @property
    def what(self) -> list[str]:
        return [asked.what for asked in self.asked]

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
        if headers.get("content-type", "").startswith("multipart/"):
            given = {"upload": body.decode("latin-1")}
        else:
            given = dict(parse_qsl((body or scope["query_string"]).decode()))
        self.asked.append(Asked(f"{scope['method']} {scope['path']}", given, headers))
        unknown = (500, {"error": {"type": "api_error", "message": "not played"}})
        status, answer = self.answers.pop(0) if self.answers else unknown
        head = [(b"content-type", b"application/json"), (b"request-id", b"req_played")]
        # Asking again at once is the SDK's own business; a test says what each request gets.
        head.append((b"stripe-should-retry", b"false"))
        head.append((b"connection", b"close"))  # the SDK's client outlives the stage
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


@asynccontextmanager
async def playing() -> AsyncIterator[Stage]:
    """Serve a stage on a free port."""
    stage = Stage()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stage.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(stage, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield stage
        finally:
            server.should_exit = True
            await serving


def listing(*objects: Json) -> Json:
    """Return a list as Stripe answers it."""
    return {"object": "list", "url": "/v1/x", "has_more": False, "data": list(objects)}


def intent(status: str = "succeeded", **changes: Any) -> Json:
    """Return a PaymentIntent with its charge expanded."""
    paid = status == "succeeded"
    charge = {
        "id": "ch_1",
        "object": "charge",
        "payment_method_details": {
            "type": "card",
            "card": {"brand": "visa", "last4": "4242", "country": "FR", "funding": "credit"},
        },
    }
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 2980,
        "amount_received": 2980 if paid else 0,
        "client_secret": "pi_1_secret_2",
        "currency": "eur",
        "customer": None,
        "last_payment_error": None,
        "latest_charge": charge if paid else None,
        "metadata": {},
        "next_action": None,
        "payment_method": "pm_1",
        "setup_future_usage": None,
        "status": status,
    } | changes


def error(kind: str, code: str, **more: Any) -> Json:
    """Return an error as Stripe answers it."""
    return {"error": {"type": kind, "code": code, "message": "…", **more}}


def refund(status: str = "succeeded", **changes: Any) -> Json:
    """Return a refund."""
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 1000,
        "charge": "ch_1",
        "currency": "eur",
        "metadata": {},
        "payment_intent": "pi_1",
        "status": status,
    } | changes


def transfer(**changes: Any) -> Json:
    """Return a transfer."""
    return {
        "id": "tr_1",
        "object": "transfer",
        "amount": 5000,
        "amount_reversed": 0,
        "currency": "eur",
        "destination": "acct_1",
        "metadata": {},
        "reversed": False,
        "transfer_group": None,
    } | changes


def account(**changes: Any) -> Json:
    """Return a connected account."""
    return {
        "id": "acct_1",
        "object": "account",
        "capabilities": {"transfers": "inactive"},
        "charges_enabled": False,
        "country": "FR",
        "metadata": {},
        "payouts_enabled": False,
        "requirements": {"currently_due": ["external_account"], "disabled_reason": None},
    } | changes


def dispute(status: str = "needs_response", **changes: Any) -> Json:
    """Return a dispute."""
    return {
        "id": "du_1",
        "object": "dispute",
        "amount": 2980,
        "charge": "ch_1",
        "currency": "eur",
        "evidence_details": {
            "due_by": 1796000000,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": "fraudulent",
        "status": status,
    } | changes


def file(name: str) -> Json:
    """Return an uploaded file."""
    return {"id": name, "object": "file", "purpose": "dispute_evidence", "type": "pdf"}
