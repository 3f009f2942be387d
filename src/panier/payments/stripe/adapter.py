"""Stripe behind the port. Amounts are Stripe's own smallest unit, which is ours.

Stripe remembers an idempotency key for at least a day. What may be asked later than that is
looked for by its metadata or transfer group first.
"""

import importlib
from collections.abc import Awaitable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import NotFound
from panier.payments.provider import (
    AccountAnswer,
    Answer,
    BadSignature,
    Charge,
    Heard,
    KeyReused,
    NewAccount,
    ProviderAway,
    RefundAnswer,
    RefundWanted,
    Reversal,
    TokenRefused,
    TransferAnswer,
    TransferWanted,
)
from panier.payments.rules import RefundState, State, TransferState
from panier.payments.stripe import words
from panier.settings import Settings

if TYPE_CHECKING:
    import stripe

NAME = "stripe"
API_VERSION = "2026-10-28.endive"
"""Pinned: Stripe answers in these shapes until we say otherwise."""
TIMEOUT_SECONDS = 20
"""How long Stripe may take to answer."""
RETRIES = 2
"""How often the SDK asks again after a lost connection or a 5xx, by the same key."""
SIGNATURE_SECONDS = 300
"""How old a signed message may be."""
EXPAND = ["latest_charge"]
PAYMENT_REQUIRED = 402
"""The status of a decline."""

T = TypeVar("T")


def _sdk() -> Any:
    # An optional extra of 17 MB and half a second: loaded by whoever pays through it.
    return importlib.import_module("stripe")


@lru_cache(maxsize=8)
def _client(key: str, url: str) -> "stripe.StripeClient":
    """Return the one client of a key: it keeps its connections."""
    sdk = _sdk()
    return cast(
        "stripe.StripeClient",
        sdk.StripeClient(
            key,
            stripe_version=API_VERSION,
            base_addresses={"api": url} if url else None,
            max_network_retries=RETRIES,
            http_client=sdk.HTTPXClient(timeout=TIMEOUT_SECONDS),
        ),
    )


class Stripe:
    """Stripe with separate charges and transfers: buyers pay the platform, which pays sellers."""

    name = NAME

    def __init__(self, settings: Settings) -> None:
        """Take key, secret and address; nothing is loaded yet."""
        self._settings = settings

    @property
    def _v1(self) -> Any:
        key = self._settings.stripe_key.get_secret_value()
        return _client(key, self._settings.stripe_url).v1

    async def charge(self, _cell: Cell, wanted: Charge) -> Answer:
        """Confirm a PaymentIntent. Raises TokenRefused, KeyReused, ProviderAway."""
        try:
            intent = await self._confirm(wanted)
        except Refused as refused:
            if refused.intent is not None:
                return words.answer_of(wanted.key, refused.intent, now())
            if refused.code in words.TOKEN_ERRORS:
                raise TokenRefused from None
            if refused.status == PAYMENT_REQUIRED:
                reason = words.decline_of(refused.error)
                return Answer(payment=wanted.key, state=State.DECLINED, reason=reason)
            raise ProviderAway(code=refused.code) from None
        return words.answer_of(wanted.key, intent, now())

    async def _confirm(self, wanted: Charge) -> words.Object:
        customer, _, method = wanted.token.rpartition("/")
        if wanted.keep and not customer:
            customer = await self._make_customer(wanted)
        home = f"{self._settings.public_web_url}/{wanted.market.lower()}"
        params = self._intent(wanted) | {
            "confirm": True,
            "payment_method": method,
            "return_url": f"{home}/payment/confirmed",
        }
        if customer:
            params["customer"] = customer
        if wanted.keep:
            params["setup_future_usage"] = "off_session"
        key = _key("charge", wanted.key)
        return await _ask(self._v1.payment_intents.create_async(params, key))

    def _intent(self, wanted: Charge) -> dict[str, Any]:
        return {
            "amount": wanted.amount.minor,
            "currency": wanted.amount.currency.lower(),
            "automatic_payment_methods": {"enabled": True},
            "metadata": {"payment": str(wanted.key), "market": wanted.market},
            "transfer_group": str(wanted.key),
            "expand": EXPAND,
        }

    async def _make_customer(self, wanted: Charge) -> str:
        """Make somebody to keep the card for; who it is, only panier knows."""
        params = {"metadata": {"payment": str(wanted.key), "market": wanted.market}}
        create = self._v1.customers.create_async(params, _key("customer", wanted.key))
        return str((await _told(create))["id"])

    async def find_answer(self, _cell: Cell, key: UUID, reference: str | None) -> Answer | None:
        """Say how a payment stands; None without a reference: asking again by the key is safe."""
        if reference is None:
            return None
        retrieve = self._v1.payment_intents.retrieve_async(reference, {"expand": EXPAND})
        return words.answer_of(key, await _told(retrieve), now())

    async def cancel(self, _cell: Cell, wanted: Charge) -> Answer:
        """Stop a payment that waits, or take its key so that it never can be made.

        The key is claimed by an intent that nobody confirms. Where the charge itself used it
        before, Stripe says so, and the same request again only repeats its answer. Raises
        ProviderAway.
        """
        key = _key("charge", wanted.key)
        try:
            name = (await _told(self._v1.payment_intents.create_async(self._intent(wanted), key)))[
                "id"
            ]
        except KeyReused:
            try:
                name = (await self._confirm(wanted))["id"]
            except Refused as refused:
                if refused.intent is None:  # nothing was made, nor can be under this key
                    return Answer(payment=wanted.key, state=State.DECLINED, reason="expired")
                return words.answer_of(wanted.key, refused.intent, now())
        stop = self._v1.payment_intents.cancel_async(name, {"expand": EXPAND})
        try:
            intent = await _ask(stop)
        except Refused:
            # It moved on, or is over: what it is now counts.
            retrieve = self._v1.payment_intents.retrieve_async(name, {"expand": EXPAND})
            intent = await _told(retrieve)
        return words.answer_of(wanted.key, intent, now())

    async def refund(self, _cell: Cell, wanted: RefundWanted) -> RefundAnswer:
        """Give money back. Raises KeyReused, ProviderAway."""
        known = await self._find_refund(wanted)
        if known is not None:
            if known["amount"] != wanted.amount.minor:
                raise KeyReused
            return words.refund_of(wanted.key, known)
        params = {
            "payment_intent": wanted.reference,
            "amount": wanted.amount.minor,
            "metadata": {"refund": str(wanted.key), "market": wanted.market},
        }
        try:
            made = await _ask(self._v1.refunds.create_async(params, _key("refund", wanted.key)))
        except Refused as refused:
            reason = words.REFUND_REFUSALS.get(refused.code)
            if reason is None:
                raise ProviderAway(code=refused.code) from None
            return RefundAnswer(wanted.key, RefundState.FAILED, reason=reason)
        return words.refund_of(wanted.key, made)

    async def _find_refund(self, wanted: RefundWanted) -> words.Object | None:
        listed = self._v1.refunds.list_async({"payment_intent": wanted.reference, "limit": 100})
        return await _first(listed, "refund", wanted.key)

    async def forget_token(self, _cell: Cell, token: str) -> None:
        """Let a kept card pay no more. Raises ProviderAway."""
        method = token.rpartition("/")[2]
        try:
            await _ask(self._v1.payment_methods.detach_async(method))
        except Refused as refused:
            # Detached before, or never kept: there is nothing left to forget.
            if refused.status not in (400, 404):
                raise ProviderAway(code=refused.code) from None

    async def open_account(self, _cell: Cell, wanted: NewAccount) -> AccountAnswer:
        """Open a Connect account that Stripe asks for its details. Raises ProviderAway."""
        params = {
            "country": wanted.country,
            "email": wanted.email,
            "controller": {
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
                "requirement_collection": "stripe",
                "stripe_dashboard": {"type": "express"},
            },
            "capabilities": {"transfers": {"requested": True}},
            "business_profile": {"name": wanted.name},
            "metadata": {"owner": str(wanted.owner), "kind": wanted.kind, "market": wanted.market},
        }
        create = self._v1.accounts.create_async(params, _key("account", wanted.owner))
        return words.account_of(await _told(create))

    async def find_account(self, _cell: Cell, reference: str) -> AccountAnswer | None:
        """Say how an account stands. Raises ProviderAway."""
        try:
            found = await _ask(self._v1.accounts.retrieve_async(reference))
        except Refused as refused:
            if refused.code in ("resource_missing", "account_invalid"):
                return None
            raise ProviderAway(code=refused.code) from None
        return words.account_of(found)

    async def transfer(self, _cell: Cell, wanted: TransferWanted) -> TransferAnswer:
        """Move money to an account. Raises KeyReused, ProviderAway."""
        known = await self._find_transfer(wanted.key)
        if known is not None:
            if (known["amount"], words.name_of(known["destination"])) != (
                wanted.amount.minor, wanted.account,
            ):  # fmt: skip
                raise KeyReused
            return words.transfer_of(wanted.key, known)
        params = {
            "amount": wanted.amount.minor,
            "currency": wanted.amount.currency.lower(),
            "destination": wanted.account,
            "transfer_group": str(wanted.key),
            "metadata": {"transfer": str(wanted.key), "market": wanted.market},
        }
        return await _move(
            wanted.key, self._v1.transfers.create_async(params, _key("transfer", wanted.key))
        )

    async def find_transfer(self, _cell: Cell, key: UUID) -> TransferAnswer | None:
        """Say how a transfer stands. Raises ProviderAway."""
        known = await self._find_transfer(key)
        return None if known is None else words.transfer_of(key, known)

    async def _find_transfer(self, key: UUID) -> words.Object | None:
        listed = self._v1.transfers.list_async({"transfer_group": str(key), "limit": 100})
        return await _first(listed, "transfer", key)

    async def reverse_transfer(self, _cell: Cell, wanted: Reversal) -> TransferAnswer:
        """Take money back from an account. Raises NotFound, KeyReused, ProviderAway."""
        moved = await self._find_transfer(wanted.transfer)
        if moved is None:
            raise NotFound
        home = self._v1.transfers.reversals
        known = await _first(home.list_async(moved["id"], {"limit": 100}), "reversal", wanted.key)
        if known is not None:
            if known["amount"] != wanted.amount.minor:
                raise KeyReused
            return words.transfer_of(wanted.key, known)
        if wanted.amount.minor > moved["amount"] - moved["amount_reversed"]:
            return TransferAnswer(wanted.key, TransferState.FAILED, reason="amount_too_large")
        params = {
            "amount": wanted.amount.minor,
            "metadata": {"reversal": str(wanted.key)},
        }
        return await _move(
            wanted.key, home.create_async(moved["id"], params, _key("reversal", wanted.key))
        )

    async def onboarding_url(self, reference: str, back: str) -> str | None:
        """Return Stripe's page that asks for an account's details. Raises ProviderAway."""
        params = {
            "account": reference,
            "type": "account_onboarding",
            "refresh_url": back,
            "return_url": back,
        }
        return str((await _told(self._v1.account_links.create_async(params)))["url"])

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Heard:
        """Check the signature (scheme v1, HMAC-SHA256 of `time.body`) and read."""
        sdk = _sdk()
        secret = self._settings.stripe_webhook_secret.get_secret_value()
        try:
            if not secret:
                raise BadSignature
            sdk.WebhookSignature.verify_header(
                body.decode(), headers.get("stripe-signature", ""), secret, SIGNATURE_SECONDS
            )
            event = msgspec.json.decode(body)
            market, news = words.news_of(event, now())
        except (sdk.SignatureVerificationError, ValueError, KeyError, TypeError):
            raise BadSignature from None
        return Heard(event["id"], market, news)


class Refused(Exception):
    """Stripe understood and said no."""

    def __init__(self, status: int, error: words.Object) -> None:
        """Take the HTTP status and the error object."""
        super().__init__(status, error.get("code"))
        self.status = status
        self.error = error
        self.code = str(error.get("code"))
        self.intent: words.Object | None = error.get("payment_intent")


async def _ask(request: Awaitable[Any]) -> words.Object:
    """Await an answer. Raises Refused, KeyReused, ProviderAway."""
    sdk = _sdk()
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
        raise ProviderAway(code=error.code or type(error).__name__) from None
    return cast("words.Object", answer.to_dict())


async def _told(request: Awaitable[Any]) -> words.Object:
    """Await an answer where a refusal is nothing that could be told. Raises ProviderAway."""
    try:
        return await _ask(request)
    except Refused as refused:
        raise ProviderAway(code=refused.code) from None


async def _move(key: UUID, request: Awaitable[Any]) -> TransferAnswer:
    try:
        return words.transfer_of(key, await _ask(request))
    except Refused as refused:
        reason = words.TRANSFER_REFUSALS.get(refused.code)
        if reason is None:
            raise ProviderAway(code=refused.code) from None
        return TransferAnswer(key, TransferState.FAILED, reason=reason)


async def _first(request: Awaitable[Any], name: str, key: UUID) -> words.Object | None:
    """Return the one of a list whose metadata bears our key."""
    listed = (await _told(request))["data"]
    return next((o for o in listed if (o.get("metadata") or {}).get(name) == str(key)), None)


def _key(what: str, key: UUID) -> dict[str, str]:
    return {"idempotency_key": f"{what}:{key}"}
