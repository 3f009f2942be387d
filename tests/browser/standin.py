"""Stripe for a browser: its API with a memory, its form and its bank, on one address of ours.

Answers have the shapes of the contract tests. A card number decides what happens, as at Stripe's
own test mode; it is typed in a frame from here, so that panier never sees it.
"""

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx2

from panier.payments.stripe import API_VERSION
from tests.payments.stripe.played import SECRET, Json, Scope, error, intent

SCRIPT = Path(__file__).with_name("standin.js")
FRAME = """<!doctype html><meta charset="utf-8"><title>Card</title>
<style>body{margin:0;font:16px system-ui;color:%(colorText)s}label{display:block;margin:0 0 4px}
input{box-sizing:border-box;width:100%%;padding:12px;margin:0 0 12px;border:0;color:inherit;
font:inherit;background:%(colorBackground)s;border-radius:%(borderRadius)s}
div{display:grid;grid-template-columns:1fr 1fr;gap:12px}</style>
<label for="number">Card number</label><input id="number" autocomplete="cc-number">
<div><span><label for="expiry">Expiration date</label><input id="expiry" value="12 / 34"></span>
<span><label for="cvc">Security code</label><input id="cvc" value="123"></span></div>
<script>
addEventListener("message", async ({ data, source, origin }) => {
  const number = document.getElementById("number").value.replaceAll(" ", "");
  if (data.ask === "valid") {
    const error = number.length === 16 ? undefined
      : { code: "incomplete_number", message: "Your card number is incomplete." };
    source.postMessage({ error }, origin);
    return;
  }
  const answer = await fetch("/v1/confirmation_tokens", {
    method: "POST", body: JSON.stringify({ number, terms: data.terms, params: data.params }),
  });
  source.postMessage(await answer.json(), origin);
});
</script>"""
CHALLENGE = """<!doctype html><meta charset="utf-8"><title>Your bank</title><h1>Is it you?</h1>
<button id="approve">Yes</button> <button id="refuse">No</button>
<script>
const secret = new URLSearchParams(location.search).get("client_secret");
for (const button of document.querySelectorAll("button")) {
  button.onclick = async () => {
    const answer = await fetch("/authenticate", {
      method: "POST", body: JSON.stringify({ secret, approved: button.id === "approve" }),
    });
    parent.postMessage(await answer.json(), "*");
  };
}
</script>"""
PAYS, DECLINES, ASKS = "4242424242424242", "4000000000009995", "4000000000003220"


class Bank:
    """What this Stripe knows: cards by token and method, intents, who was told what."""

    def __init__(self) -> None:
        self.url = ""
        self.hook = ""
        """Where webhooks go."""
        self.tokens: dict[str, Json] = {}
        self.methods: dict[str, str] = {}
        self.intents: dict[str, Json] = {}
        self.detached: list[str] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._first: dict[str, tuple[int, Json]] = {}
        self._numbers = itertools.count(1)

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
        query = dict(parse_qsl(scope["query_string"].decode()))
        status, kind, text = await self._answer(scope, query, body)
        head = [
            (b"content-type", kind.encode()),
            (b"access-control-allow-origin", b"*"),
            (b"cross-origin-resource-policy", b"cross-origin"),
            (b"stripe-should-retry", b"false"),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": text.encode()})

    async def _answer(
        self, scope: Scope, query: dict[str, str], body: bytes
    ) -> tuple[int, str, str]:
        path = scope["path"]
        pages: dict[str, Callable[[], tuple[str, str]]] = {
            "/stripe.js": lambda: ("text/javascript", SCRIPT.read_text()),
            "/frame": lambda: ("text/html", FRAME % query),
            "/challenge": lambda: ("text/html", CHALLENGE),
        }
        if path in pages:
            return (200, *pages[path]())
        if path == "/v1/confirmation_tokens":
            return (200, "application/json", json.dumps(self._make_token(json.loads(body))))
        if path == "/authenticate":
            return (200, "application/json", json.dumps(await self._authenticate(json.loads(body))))
        keys = [v.decode() for k, v in scope["headers"] if k == b"idempotency-key"]
        given = dict(parse_qsl(body.decode())) | query
        self.asked.append((f"{scope['method']} {path}", given))
        status, answer = await self._play(scope["method"], path, given, keys)
        return (status, "application/json", json.dumps(answer))

    async def _play(
        self, method: str, path: str, given: dict[str, str], keys: list[str]
    ) -> tuple[int, Json]:
        if keys and keys[0] in self._first:
            return self._first[keys[0]]
        answer: tuple[int, Json]
        match [method, *path.removeprefix("/v1/").split("/")]:
            case ["POST", "payment_intents"]:
                answer = await self._confirm(given)
            case ["GET", "payment_intents", name]:
                answer = (200, self.intents[name])
            case ["POST", "payment_intents", name, "cancel"]:
                if self.intents[name]["status"] in ("succeeded", "canceled"):
                    return 400, error("invalid_request_error", "payment_intent_unexpected_state")
                self.intents[name]["status"] = "canceled"
                answer = (200, self.intents[name])
            case ["POST", "customers"]:
                answer = (200, {"id": f"cus_{next(self._numbers)}", "object": "customer"})
            case ["POST", "payment_methods", name, "detach"]:
                self.detached.append(name)
                answer = (200, {"id": name, "object": "payment_method"})
            case _:
                answer = (404, error("invalid_request_error", "resource_missing"))
        if keys:
            self._first[keys[0]] = answer
        return answer

    def _make_token(self, typed: Json) -> Json:
        name = f"ctoken_standin{next(self._numbers):06}"
        self.tokens[name] = typed
        return {"confirmationToken": {"id": name}}

    async def _confirm(self, given: dict[str, str]) -> tuple[int, Json]:
        n = next(self._numbers)
        method = given.get("payment_method", f"pm_{n}")
        token = given.get("confirmation_token")
        if token:
            typed = self.tokens.get(token, {})
            if typed.pop("fresh", True) is False or not typed:
                missing = error("invalid_request_error", "resource_missing")
                return 400, missing | {"param": "confirmation_token"}
            typed["fresh"] = False
            if int(given["amount"]) != typed["terms"]["amount"]:
                return 400, error("invalid_request_error", "amount_mismatch")
            self.methods[method] = typed["number"]
        made = intent(
            "requires_payment_method", id=f"pi_{n}", client_secret=f"pi_{n}_secret_{n}",
            amount=int(given["amount"]), customer=given.get("customer"), payment_method=method,
            setup_future_usage=given.get("setup_future_usage"),
            metadata={"payment": given["metadata[payment]"], "market": given["metadata[market]"]},
        )  # fmt: skip
        self.intents[made["id"]] = made
        number = self.methods[method]
        if number == DECLINES:
            refused = {"code": "card_declined", "decline_code": "insufficient_funds"}
            made["last_payment_error"] = refused
            return 402, error("card_error", payment_intent=made, **refused)
        if number == ASKS:
            made |= {"status": "requires_action", "next_action": {"type": "use_stripe_sdk"}}
        else:
            self._pay(made)
        return 200, made

    def _pay(self, made: Json) -> None:
        card = {"brand": "visa", "last4": self.methods[made["payment_method"]][-4:]}
        made |= {
            "status": "succeeded", "next_action": None,
            "latest_charge": {"payment_method_details": {"type": "card", "card": card}},
        }  # fmt: skip

    async def _authenticate(self, told: Json) -> Json:
        made = next(i for i in self.intents.values() if i["client_secret"] == told["secret"])
        if told["approved"]:
            self._pay(made)
            await self._tell("payment_intent.succeeded", made)
            return {"paymentIntent": {"status": "succeeded"}}
        refused = {"code": "payment_intent_authentication_failure", "message": "Not confirmed."}
        made |= {"status": "requires_payment_method", "last_payment_error": refused}
        await self._tell("payment_intent.payment_failed", made)
        return {"error": refused}

    async def _tell(self, kind: str, found: Json) -> None:
        """Send a signed webhook; one that is not heard is lost, as may happen."""
        told: dict[str, Any] = {
            "id": f"evt_{next(self._numbers)}", "object": "event", "api_version": API_VERSION,
            "livemode": False, "type": kind, "data": {"object": found},
        }  # fmt: skip
        body, moment = json.dumps(told).encode(), int(time.time())
        mac = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        async with httpx2.AsyncClient() as http:
            try:
                await http.post(
                    self.hook, content=body, headers={"stripe-signature": f"t={moment},v1={mac}"}
                )
            except httpx2.HTTPError:
                return
