"""The sandbox as a provider: each request passes the fault switch; what is due is told."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import httpx2

from panier import web
from panier.kit.cells import Cell
from panier.payments.provider import (
    AccountAnswer,
    Answer,
    CardForm,
    Charge,
    DisputeNews,
    Heard,
    NewAccount,
    News,
    RefundAnswer,
    RefundWanted,
    Reply,
    Reversal,
    TokenWrong,
    TransferAnswer,
    TransferWanted,
)
from panier.payments.sandbox import accounts, disputes, intents, refunds, webhooks
from panier.payments.sandbox.faults import through
from panier.settings import Settings

NAME = "sandbox"


class Sandbox:
    """The sandbox behind the port."""

    name = NAME

    def __init__(self, settings: Settings) -> None:
        """Take the installation's secret, which signs messages."""
        self._settings = settings

    def outside(self) -> web.Outside:
        """Name nothing: its card form is a part of our page."""
        return web.Outside()

    def card_form(self, market: str) -> CardForm:
        """Return what the sandbox's own card form needs."""
        return CardForm(provider=NAME, url=f"{market}sandbox/tokens")

    def check_token(self, token: str) -> None:
        """Refuse what no typed card became. Raises TokenWrong."""
        if not intents.TOKEN.fullmatch(token):
            raise TokenWrong(field="card.token")

    async def check_setup(self) -> list[str]:
        """Say nothing: it is set up with the shop."""
        return []

    async def charge(self, cell: Cell, wanted: Charge) -> Answer:
        """Ask for money. Raises TokenRefused, KeyReused, ProviderAway."""
        return await through(cell, lambda: intents.charge(cell, wanted))

    async def find_answer(self, cell: Cell, key: UUID, _reference: str | None) -> Answer | None:
        """Say how a payment stands. Raises ProviderAway."""

        async def act() -> Answer | None:
            async with cell.read() as tx:
                return await intents.find_answer(tx, key)

        return await through(cell, act)

    async def cancel(self, cell: Cell, wanted: Charge) -> Answer:
        """Stop a payment that waits. Raises ProviderAway."""
        return await through(cell, lambda: intents.cancel(cell, wanted))

    async def refund(self, cell: Cell, wanted: RefundWanted) -> RefundAnswer:
        """Give money back. Raises KeyReused, ProviderAway."""
        return await through(cell, lambda: refunds.refund(cell, wanted))

    async def forget_token(self, cell: Cell, token: str) -> None:
        """Let a kept card pay no more. Raises ProviderAway."""

        async def act() -> None:
            async with cell.tx() as tx:
                await intents.forget_token(tx, token)

        await through(cell, act)

    async def open_account(self, cell: Cell, wanted: NewAccount) -> AccountAnswer:
        """Open an account. Raises ProviderAway."""
        return await through(cell, lambda: accounts.open_account(cell, wanted))

    async def find_account(self, cell: Cell, reference: str) -> AccountAnswer | None:
        """Say how an account stands. Raises ProviderAway."""
        return await through(cell, lambda: accounts.find_account(cell, reference))

    async def onboarding_url(self, market: str, reference: str, back: str) -> str:
        """Return the sandbox's own page that asks for an account's details."""
        home = f"{self._settings.public_web_url}/{market.lower()}"
        return f"{home}/sandbox/accounts/{reference}?{urlencode({'back': urlsplit(back).path})}"

    async def transfer(self, cell: Cell, wanted: TransferWanted) -> TransferAnswer:
        """Move money to an account. Raises KeyReused, ProviderAway."""
        return await through(cell, lambda: accounts.transfer(cell, wanted))

    async def find_transfer(self, cell: Cell, key: UUID) -> TransferAnswer | None:
        """Say how a transfer stands. Raises ProviderAway."""
        return await through(cell, lambda: accounts.find_transfer(cell, key))

    async def reverse_transfer(self, cell: Cell, wanted: Reversal) -> TransferAnswer:
        """Take money back from an account. Raises NotFound, KeyReused, ProviderAway."""
        return await through(cell, lambda: accounts.reverse_transfer(cell, wanted))

    async def answer_dispute(self, cell: Cell, wanted: Reply) -> str | None:
        """Take evidence, or that we give in; returns why not. Raises ProviderAway."""
        return await through(cell, lambda: disputes.answer(cell, wanted))

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Heard:
        """Check the signature and read. Raises BadSignature."""
        message, envelope = webhooks.verify(self._settings, headers, body)
        return Heard(message, envelope.market, _news(envelope.data))


def _news(told: webhooks.Told) -> News:
    match told:
        case webhooks.PaymentTold():
            return Answer(
                payment=told.payment,
                state=told.state,
                reference=told.reference,
                reason=told.reason,
            )
        case webhooks.RefundTold():
            return RefundAnswer(told.refund, told.state, told.reference, told.reason)
        case webhooks.TransferTold():
            return TransferAnswer(told.transfer, told.state, told.reference, told.reason)
        case webhooks.AccountTold():
            return AccountAnswer(told.account, told.state)
        case webhooks.DisputeTold():
            return DisputeNews(
                told.dispute,
                told.payment_reference,
                told.amount,
                told.reason,
                told.state,
                told.evidence_until,
            )


async def deliver_webhooks(
    cell: Cell, settings: Settings, transport: httpx2.AsyncBaseTransport | None = None
) -> int:
    """Let what is due change, then tell what there is to tell.

    Returns how many messages were heard; `transport` takes the place of the network in tests.
    """
    async with cell.tx() as tx:
        await intents.settle_late(tx)
        await refunds.settle_refunds(tx)
        await disputes.open_due(tx)
        await accounts.settle_accounts(tx)
    return await webhooks.deliver(cell, settings, transport)
