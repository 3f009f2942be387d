"""Calls to Stripe through its SDK, and what becomes of a no."""

import importlib
from collections.abc import Awaitable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from panier.payments.provider import KeyReused, ProviderAway
from panier.payments.stripe import words

if TYPE_CHECKING:
    import stripe

API_VERSION = "2026-10-28.endive"
"""Pinned: Stripe answers in these shapes until we say otherwise."""
TIMEOUT_SECONDS = 20
"""How long Stripe may take to answer."""
RETRIES = 2
"""How often the SDK asks again after a lost connection or a 5xx, by the same key."""


def load_sdk() -> Any:
    """Return the SDK."""
    # An optional extra of 17 MB and half a second: loaded by whoever pays through it.
    return importlib.import_module("stripe")


@lru_cache(maxsize=8)
def open_client(key: str, url: str) -> "stripe.StripeClient":
    """Return the one client of a key: it keeps its connections."""
    sdk = load_sdk()
    return cast(
        "stripe.StripeClient",
        sdk.StripeClient(
            key,
            stripe_version=API_VERSION,
            base_addresses={"api": url, "files": url} if url else None,
            max_network_retries=RETRIES,
            http_client=sdk.HTTPXClient(timeout=TIMEOUT_SECONDS),
        ),
    )


class Refused(Exception):
    """Stripe understood and said no."""

    def __init__(self, status: int, error: words.Object) -> None:
        """Take the HTTP status and the error object."""
        super().__init__(status, error.get("code"))
        self.status = status
        self.error = error
        self.code = str(error.get("code"))
        self.param = str(error.get("param"))
        self.intent: words.Object | None = error.get("payment_intent")


async def ask(request: Awaitable[Any]) -> words.Object:
    """Await an answer. Raises Refused, KeyReused, ProviderAway."""
    sdk = load_sdk()
    try:
        answer = await request
    except sdk.IdempotencyError as error:
        if error.code == "idempotency_key_in_use":  # the first request still works on it
            raise ProviderAway(code=error.code) from None
        raise KeyReused from None
    except (sdk.CardError, sdk.InvalidRequestError) as error:
        raise Refused(error.http_status, (error.json_body or {}).get("error", {})) from None
    except sdk.StripeError as error:
        # Away, busy, or our key is wrong: in each case nobody knows, and asking again is safe.
        code = error.code or type(error).__name__
        raise ProviderAway(code=code, status=error.http_status) from None
    return cast("words.Object", answer.to_dict())


async def told(request: Awaitable[Any]) -> words.Object:
    """Await an answer where a refusal is nothing that could be told. Raises ProviderAway."""
    try:
        return await ask(request)
    except Refused as refused:
        raise ProviderAway(code=refused.code) from None


async def first(request: Awaitable[Any], name: str, key: UUID) -> words.Object | None:
    """Return the one of a list whose metadata bears our key."""
    listed = (await told(request))["data"]
    return next((o for o in listed if (o.get("metadata") or {}).get(name) == str(key)), None)


def once(what: str, key: UUID) -> dict[str, str]:
    """Return the option that makes a request happen once."""
    return {"idempotency_key": f"{what}:{key}"}
