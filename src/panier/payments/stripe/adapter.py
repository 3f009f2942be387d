"""Stripe behind the port. Amounts are Stripe's own smallest unit, which is ours.

Stripe remembers an idempotency key for at least a day. What may be asked later than that is
looked for by its metadata or transfer group first.
"""

from collections.abc import Awaitable, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import structlog

from panier import web
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import NotFound
from panier.payments.provider import (
    AccountAnswer,
    Answer,
    BadSignature,
    CardForm,
    Charge,
    Heard,
    KeyReused,
    NewAccount,
    ProviderAway,
    RefundAnswer,
    RefundWanted,
    Reply,
    Reversal,
    TransferAnswer,
    TransferWanted,
    WrongMessage,
)
from panier.payments.rules import RefundState, TransferState
from panier.payments.stripe import disputes, intents, setup, words
from panier.payments.stripe.calls import (
    API_VERSION,
    Refused,
    ask,
    first,
    load_sdk,
    once,
    open_client,
    told,
)
from panier.settings import Settings

NAME = intents.NAME
SIGNATURE_SECONDS = 300
"""How old a signed message may be."""
OFFICIAL = "https://js.stripe.com"
OUTSIDE = web.Outside(
    scripts=(OFFICIAL, "https://*.js.stripe.com"),
    frames=(OFFICIAL, "https://*.js.stripe.com", "https://hooks.stripe.com"),
    connects=("https://api.stripe.com",),
)
"""What Stripe's integration security guide names for Stripe.js."""

log = structlog.get_logger()


class Stripe:
    """Stripe with separate charges and transfers: buyers pay the platform, which pays sellers."""

    name = NAME

    def __init__(self, settings: Settings) -> None:
        """Take keys, secrets and addresses; nothing is loaded yet."""
        self._settings = settings

    @property
    def _v1(self) -> Any:
        key = self._settings.stripe_key.get_secret_value()
        return open_client(key, self._settings.stripe_url).v1

    @property
    def _home(self) -> str:
        return self._settings.public_web_url

    def outside(self) -> web.Outside:
        """Name Stripe's own addresses, or those of a stand-in that the settings name."""
        if self._settings.stripe_js_url.startswith(f"{OFFICIAL}/"):
            return OUTSIDE
        parts = urlsplit(self._settings.stripe_js_url)
        here = f"{parts.scheme}://{parts.netloc}"
        return web.Outside((here,), (here,), (here,))

    def card_form(self, _market: str) -> CardForm:
        """Return what Stripe's Payment Element needs."""
        return CardForm(
            provider=NAME,
            url=self._settings.stripe_js_url,
            key=self._settings.stripe_publishable_key,
            excluded=intents.SLOW,
        )

    def check_token(self, token: str) -> None:
        """Refuse what is no ConfirmationToken. Raises TokenWrong."""
        intents.check_token(token)

    async def check_setup(self) -> list[str]:
        """Say what is not set up at Stripe as this shop needs. Raises ProviderAway."""
        return await setup.check(self._v1, self._settings)

    async def charge(self, cell: Cell, wanted: Charge) -> Answer:
        """Confirm a PaymentIntent. Raises TokenRefused, KeyReused, ProviderAway."""
        return await intents.charge(self._v1, self._home, cell, wanted)

    async def find_answer(self, _cell: Cell, key: UUID, reference: str | None) -> Answer | None:
        """Say how a payment stands; None without a reference: asking again by the key is safe."""
        if reference is None:
            return None
        return await intents.find_answer(self._v1, key, reference)

    async def cancel(self, cell: Cell, wanted: Charge) -> Answer:
        """Stop a payment that waits, or that was never asked for. Raises ProviderAway."""
        return await intents.cancel(self._v1, self._home, cell, wanted)

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
            made = await ask(self._v1.refunds.create_async(params, once("refund", wanted.key)))
        except Refused as refused:
            reason = words.REFUND_REFUSALS.get(refused.code)
            if reason is None:
                raise ProviderAway(code=refused.code) from None
            return RefundAnswer(wanted.key, RefundState.FAILED, reason=reason)
        return words.refund_of(wanted.key, made)

    async def _find_refund(self, wanted: RefundWanted) -> words.Object | None:
        listed = self._v1.refunds.list_async({"payment_intent": wanted.reference, "limit": 100})
        return await first(listed, "refund", wanted.key)

    async def forget_token(self, _cell: Cell, token: str) -> None:
        """Let a kept card pay no more. Raises ProviderAway."""
        method = token.rpartition("/")[2]
        try:
            await ask(self._v1.payment_methods.detach_async(method))
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
        create = self._v1.accounts.create_async(params, once("account", wanted.owner))
        return words.account_of(await told(create))

    async def find_account(self, _cell: Cell, reference: str) -> AccountAnswer | None:
        """Say how an account stands. Raises ProviderAway."""
        try:
            found = await ask(self._v1.accounts.retrieve_async(reference))
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
            wanted.key, self._v1.transfers.create_async(params, once("transfer", wanted.key))
        )

    async def find_transfer(self, _cell: Cell, key: UUID) -> TransferAnswer | None:
        """Say how a transfer stands. Raises ProviderAway."""
        known = await self._find_transfer(key)
        return None if known is None else words.transfer_of(key, known)

    async def _find_transfer(self, key: UUID) -> words.Object | None:
        listed = self._v1.transfers.list_async({"transfer_group": str(key), "limit": 100})
        return await first(listed, "transfer", key)

    async def reverse_transfer(self, _cell: Cell, wanted: Reversal) -> TransferAnswer:
        """Take money back from an account. Raises NotFound, KeyReused, ProviderAway."""
        moved = await self._find_transfer(wanted.transfer)
        if moved is None:
            raise NotFound
        home = self._v1.transfers.reversals
        known = await first(home.list_async(moved["id"], {"limit": 100}), "reversal", wanted.key)
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
            wanted.key, home.create_async(moved["id"], params, once("reversal", wanted.key))
        )

    async def onboarding_url(self, _market: str, reference: str, back: str) -> str:
        """Return Stripe's page that asks for an account's details. Raises ProviderAway."""
        params = {
            "account": reference,
            "type": "account_onboarding",
            "refresh_url": back,
            "return_url": back,
        }
        return str((await told(self._v1.account_links.create_async(params)))["url"])

    async def answer_dispute(self, _cell: Cell, wanted: Reply) -> str | None:
        """Hand in evidence, or close the dispute; returns why not. Raises ProviderAway."""
        return await disputes.answer(self._v1, wanted)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Heard:
        """Check the signature (scheme v1, HMAC-SHA256 of `time.body`) and read.

        Any of the secrets will do: endpoints have one each, and two while one is changed. Raises
        BadSignature, WrongMessage.
        """
        signature = headers.get("stripe-signature", "")
        secrets = self._settings.stripe_webhook_secrets
        if not any(_signed(body, signature, secret) for secret in secrets):
            raise BadSignature
        try:
            event = msgspec.json.decode(body)
            meant = self._is_meant(event)
            market, news = words.news_of(event, now()) if meant else (None, None)
        except (ValueError, KeyError, TypeError):
            raise BadSignature from None
        return Heard(event["id"], market, news)

    def _is_meant(self, event: words.Object) -> bool:
        """Tell whether it is of our mode; refuse shapes that we do not read.

        A live endpoint for connected accounts gets their tests as well: those are no error.
        """
        live, version = event["livemode"], event.get("api_version")
        if live is not self._settings.stripe_live:
            log.warning("a message of Stripe's other mode is left", message=event["id"], live=live)
            return False
        if version not in (None, API_VERSION):
            log.error(
                "a message of Stripe has a shape we do not read: see docs/guides/stripe.md",
                message=event["id"], version=version, wanted=API_VERSION,
            )  # fmt: skip
            raise WrongMessage(live=live, version=version)
        return True


def _signed(body: bytes, signature: str, secret: str) -> bool:
    sdk = load_sdk()
    try:
        sdk.WebhookSignature.verify_header(body.decode(), signature, secret, SIGNATURE_SECONDS)
    except (sdk.SignatureVerificationError, ValueError):
        return False
    return True


async def _move(key: UUID, request: Awaitable[Any]) -> TransferAnswer:
    try:
        return words.transfer_of(key, await ask(request))
    except Refused as refused:
        reason = words.TRANSFER_REFUSALS.get(refused.code)
        if reason is None:
            raise ProviderAway(code=refused.code) from None
        return TransferAnswer(key, TransferState.FAILED, reason=reason)
