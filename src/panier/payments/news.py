"""What providers tell us by signed message, taken once; and cards they are told to forget."""

from uuid import UUID

import structlog

from panier import events
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, run
from panier.kit.errors import NotFound, PanierError
from panier.kit.outbox import record
from panier.payments.accounts import settle_account
from panier.payments.actions import claim_cards_to_forget, look_soon
from panier.payments.adapters import provider_of
from panier.payments.disputes import settle_dispute
from panier.payments.provider import (
    AccountAnswer,
    Answer,
    DisputeNews,
    Heard,
    Moved,
    News,
    RefundAnswer,
    TransferAnswer,
)
from panier.payments.queries import find_payment
from panier.payments.refunds import find_refund, settle_refund
from panier.payments.rules import RefundState, State, TransferState
from panier.settings import Settings

FORGET_MAX = 50
"""Cards that a worker has forgotten in one go."""
SETTLED = frozenset({State.PAID, State.DECLINED})
"""What is worth telling of a payment; whoever waits for it asks anyway."""

log = structlog.get_logger()


async def hear(tx: Tx, provider: str, market: str, heard: Heard) -> bool:
    """Take a provider's signed word; false when it was heard before or says nothing new.

    Raises NotFound for a payment or refund that is not ours; the provider then tells it again.
    """
    if heard.news is None:
        return False
    fresh = await run(
        tx,
        "insert into webhook_receipt (provider, message, at) values (%s, %s, %s)"
        " on conflict do nothing",
        (provider, heard.message, now()),
    )
    return bool(fresh) and await _take(tx, provider, market, heard.news)


async def _take(tx: Tx, provider: str, market: str, news: News) -> bool:
    if isinstance(news, Answer):
        return await _report_payment(tx, provider, news)
    if isinstance(news, Moved):
        return await _ask_soon(tx, provider, news.payment)
    if isinstance(news, RefundAnswer):
        return await _settle_refund(tx, news)
    if isinstance(news, DisputeNews):
        return await settle_dispute(tx, provider, news)
    if isinstance(news, AccountAnswer):
        return await settle_account(tx, provider, news)
    return await _report_transfer(tx, market, news)


async def _ask_soon(tx: Tx, provider: str, key: UUID) -> bool:
    payment = await find_payment(tx, key)
    if payment is None or payment.provider != provider:
        raise NotFound
    return await look_soon(tx, provider, key)


async def _settle_refund(tx: Tx, answer: RefundAnswer) -> bool:
    if answer.state == RefundState.REQUESTED:
        return False
    if await find_refund(tx, answer.key) is None and await find_payment(tx, answer.key):
        return False  # a refused checkout's: a worker asks until its payment is refunded
    return await settle_refund(tx, answer)


async def _report_transfer(tx: Tx, market: str, answer: TransferAnswer) -> bool:
    if answer.state == TransferState.SENT:
        return False
    await record(
        tx,
        events.TransferReported(
            market=market, transfer=answer.key, state=answer.state.value, reason=answer.reason
        ),
    )
    return True


async def _report_payment(tx: Tx, provider: str, answer: Answer) -> bool:
    """Record the news as an event: whoever promised something for the payment settles it."""
    payment = await find_payment(tx, answer.payment)
    if payment is None or payment.provider != provider:
        raise NotFound
    if answer.state not in SETTLED:
        return False
    await record(
        tx,
        events.PaymentReported(
            market=payment.market,
            payment=answer.payment,
            state=answer.state.value,
            reference=answer.reference,
            reason=answer.reason,
        ),
    )
    return True


async def forget_cards(cell: Cell, settings: Settings) -> int:
    """Let providers forget the cards that people forgot here; returns how many they did."""
    async with cell.tx() as tx:
        due = await claim_cards_to_forget(tx, FORGET_MAX)
    forgotten = 0
    for provider, token in due:
        try:
            await provider_of(settings, provider).forget_token(cell, token)
        except PanierError as error:
            log.warning("card not forgotten yet", provider=provider, error=str(error))
            continue
        async with cell.tx() as tx:
            forgotten += await run(
                tx,
                "delete from card_to_forget where provider = %s and token = %s",
                (provider, token),
            )
    return forgotten
