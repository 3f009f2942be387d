"""The way of a payment: placed, asked for outside any transaction, settled; found after a crash.

Between any two steps the process may die. What it leaves is a payment that is not finished; a
worker asks the provider by the payment's key how it stands, and settles that.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import assert_never
from uuid import UUID

import msgspec
import psycopg
import structlog

from panier import payments
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import NotFound, PanierError
from panier.orders.frozen import Placement
from panier.orders.place import Placed, place_batch
from panier.orders.queries import find_payment_of
from panier.orders.settle import Settled, book_refund, settle_batch, settled
from panier.payments import Answer, Payment, State
from panier.settings import Settings

LOOKS_MAX = 50
"""Unfinished payments that a worker looks after in one go."""
CHARGE_SECONDS_MAX = 8.0
"""How long a buyer waits for the bank; after that the payment is pending, and a worker asks."""
TOGETHER_SECONDS = 1.0
"""How long those who pay at the same moment wait for each other's banks."""

Outcome = tuple[Placed, Settled] | PanierError
"""How a checkout ended for its buyer."""

log = structlog.get_logger()


async def check_out(cell: Cell, settings: Settings, wanted: Placement) -> tuple[Placed, Settled]:
    """Place and pay; the same key again continues or repeats the first answer.

    Raises EmptyBasket, PriceChanged, NotSoldHere; a declined card is an answer, not an error.
    """
    placed = await cell.desk(place_batch).ask(wanted)
    return placed, await pay(cell, settings, placed)


async def check_out_all(
    cell: Cell, settings: Settings, wanted: Sequence[Placement]
) -> list[Outcome | Awaitable[Outcome]]:
    """Place and pay for many of one moment, in their order; refusals are answers.

    Who is charged at once is settled together; whose bank takes longer is waited for by nobody
    else, and has an outcome to come, which raises what is refused then.
    """
    placed = await cell.desk(place_batch).ask_all(list(wanted))
    charging = {
        n: asyncio.create_task(_try_charge(cell, settings, one))
        for n, one in enumerate(placed)
        if not isinstance(one, PanierError) and one.payment.state == State.CREATED
    }
    if charging:
        await asyncio.wait(charging.values(), timeout=TOGETHER_SECONDS)
    charged = {n: task.result() for n, task in charging.items() if task.done()}
    asked = {n: _waiting(settings, answer) for n, answer in charged.items() if answer is not None}
    ended = await cell.desk(settle_batch).ask_all(list(asked.values())) if asked else []
    ends = dict(zip(asked, ended, strict=True))
    told: list[Outcome | Awaitable[Outcome]] = []
    for n, one in enumerate(placed):
        if isinstance(one, PanierError):
            told.append(one)
        elif n in charging and n not in charged:
            told.append(_finish(cell, settings, one, charging[n]))
        else:
            end = ends.get(n) or settled(one.id, one.state, one.payment)
            told.append(end if isinstance(end, PanierError) else (one, end))
    return told


async def _finish(
    cell: Cell, settings: Settings, placed: Placed, charging: Awaitable[Answer | None]
) -> tuple[Placed, Settled]:
    """Settle what a charge comes to; a charge of which nothing is known leaves it as it is."""
    answer = await charging
    if answer is None:
        return placed, settled(placed.id, placed.state, placed.payment)
    return placed, await _settle(cell, settings, answer)


async def pay(cell: Cell, settings: Settings, placed: Placed) -> Settled:
    """Ask for the money of a placed checkout, or say how its payment stood when it was placed."""
    if placed.payment.state != State.CREATED:
        return settled(placed.id, placed.state, placed.payment)
    _, end = await _finish(cell, settings, placed, _try_charge(cell, settings, placed))
    return end


async def _try_charge(cell: Cell, settings: Settings, placed: Placed) -> Answer | None:
    try:
        async with asyncio.timeout(CHARGE_SECONDS_MAX):
            return await _charge(cell, settings, placed.payment)
    except (PanierError, psycopg.Error, TimeoutError) as error:
        # Nobody knows whether it was charged: a worker asks again by the same key. Whoever pays
        # at the same moment has nothing to do with it.
        log.warning("not charged yet", payment=str(placed.payment.id), error=repr(error))
        return None


async def refresh(cell: Cell, settings: Settings, checkout: UUID) -> Settled:
    """Say how a checkout stands, having asked the provider about a payment that waits."""
    state, payment = await _read(cell, checkout)
    if payment.state in (State.CREATED, State.ACTION, State.PENDING):
        try:
            answer = await _find_answer(cell, settings, payment)
        except payments.ProviderAway:
            answer = None
        if answer is not None and answer.state != payment.state:
            return await _settle(cell, settings, answer)
    return settled(checkout, state, payment)


async def resume_payments(cell: Cell, settings: Settings) -> int:
    """Finish payments whose process went away, refunds among them; returns how many were looked at.

    Several workers may do this at once: a payment is one worker's for a while.
    """
    async with cell.tx() as tx:
        due = await payments.claim_looks(tx, LOOKS_MAX)
    for payment in due:
        try:
            await _resume(cell, settings, payment)
        except PanierError as error:
            log.warning("payment not finished", payment=str(payment.id), error=str(error))
    return len(due)


async def _resume(cell: Cell, settings: Settings, payment: Payment) -> None:
    state = State(payment.state)
    match state:
        case State.CREATED | State.ACTION | State.PENDING:
            answer = await _ask_again(cell, settings, payment)
            if answer.state != state:
                await _settle(cell, settings, answer)
        case State.REFUNDING:
            await _give_back(cell, settings, payment)
        case State.PAID | State.DECLINED | State.REFUNDED:
            pass
        case _:
            assert_never(state)


async def _ask_again(cell: Cell, settings: Settings, payment: Payment) -> Answer:
    """Return how an unfinished payment stands; what its buyer cannot finish any more is stopped.

    A payment that the provider never heard of is asked for while its stock is held for it.
    """
    too_old = payment.at + timedelta(seconds=settings.payment_seconds) <= now()
    answer = await _find_answer(cell, settings, payment)
    if answer is not None and not (too_old and answer.state == State.ACTION):
        return answer
    if too_old:
        provider = payments.provider_of(settings, payment.provider)
        return await provider.cancel(cell, _charge_of(payment))
    return await _charge(cell, settings, payment)


async def _find_answer(cell: Cell, settings: Settings, payment: Payment) -> Answer | None:
    provider = payments.provider_of(settings, payment.provider)
    return await provider.find_answer(cell, payment.id, payment.reference)


async def _give_back(cell: Cell, settings: Settings, payment: Payment) -> None:
    """Give a refused checkout's money back; asked for again later unless the provider did."""
    wanted = payments.RefundWanted(
        payment.id, payment.id, payment.reference or "", payment.market, payment.amount
    )
    answer = await payments.provider_of(settings, payment.provider).refund(cell, wanted)
    if answer.state == payments.RefundState.DONE:
        await cell.run(lambda tx: book_refund(tx, payment))
    else:
        log.warning("refund waits", payment=str(payment.id), state=answer.state, why=answer.reason)


async def _charge(cell: Cell, settings: Settings, payment: Payment) -> Answer:
    provider = payments.provider_of(settings, payment.provider)
    wanted = _charge_of(payment)
    try:
        return await provider.charge(cell, wanted)
    except payments.TokenRefused:
        # Fenced at the provider, so that no other try can charge what we call declined.
        answer = await provider.cancel(cell, wanted)
        if answer.state != State.DECLINED:
            return answer
        return msgspec.structs.replace(answer, reason="card_unknown")


def _charge_of(payment: Payment) -> payments.Charge:
    return payments.Charge(
        payment.id, payment.market, payment.token, payment.amount, payment.keep, payment.person
    )


async def _settle(cell: Cell, settings: Settings, answer: Answer) -> Settled:
    return await cell.desk(settle_batch).ask(_waiting(settings, answer))


def _waiting(settings: Settings, answer: Answer) -> Answer:
    """Have a worker look again when the buyer's time for what the bank asks is over."""
    if answer.state != State.ACTION:
        return answer
    again = now() + timedelta(seconds=settings.payment_seconds)
    return msgspec.structs.replace(answer, look_at=again)


async def _read(cell: Cell, checkout: UUID) -> tuple[str, Payment]:
    async with cell.read() as tx:
        found = await find_payment_of(tx, checkout)
        payment = await payments.find_payment(tx, found.payment) if found else None
    if found is None or payment is None:
        raise NotFound
    return found.state, payment
