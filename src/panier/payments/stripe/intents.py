"""PaymentIntents: one a payment, confirmed by us with what the buyer entered at Stripe.

An intent that is declined is cancelled at once. Its secret is in the buyer's page, and with that
another card could be tried on it later, for an order that we gave up.
"""

import re
from typing import Any
from uuid import UUID

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, run
from panier.payments.provider import (
    Answer,
    Charge,
    KeyReused,
    ProviderAway,
    TokenRefused,
    TokenWrong,
)
from panier.payments.queries import find_customer
from panier.payments.rules import State
from panier.payments.stripe import words
from panier.payments.stripe.calls import Refused, ask, once, told

NAME = "stripe"
TOKEN = re.compile(r"ctoken_\w{8,120}", re.ASCII)
"""A ConfirmationToken, made by Stripe.js of what a buyer entered; it confirms one payment."""
SLOW = (
    "bacs_debit", "boleto", "customer_balance", "konbini", "multibanco", "oxxo", "sepa_debit",
)  # fmt: skip
"""Ways to pay that settle days later: stock is held for minutes."""
EXPAND = ["latest_charge"]
PAYMENT_REQUIRED = 402
"""The status of a decline."""


def check_token(token: str) -> None:
    """Refuse what Stripe.js did not make: a kept card's name must not come from a page."""
    if not TOKEN.fullmatch(token):
        raise TokenWrong(field="card.token")


async def charge(v1: Any, home: str, cell: Cell, wanted: Charge) -> Answer:
    """Confirm an intent. Raises TokenRefused, KeyReused, ProviderAway."""
    try:
        intent = await _confirm(v1, home, cell, wanted)
    except Refused as refused:
        if refused.intent is not None:
            return await _stands(v1, wanted.key, refused.intent)
        if refused.param == "customer" and wanted.person is not None:
            await cell.run(lambda tx: _forget_customer(tx, wanted.person))
        if refused.code in words.TOKEN_ERRORS or refused.param == "confirmation_token":
            raise TokenRefused from None
        if refused.status == PAYMENT_REQUIRED:
            reason = words.decline_of(refused.error)
            return Answer(payment=wanted.key, state=State.DECLINED, reason=reason)
        raise ProviderAway(code=refused.code) from None
    return await _stands(v1, wanted.key, intent)


async def find_answer(v1: Any, key: UUID, reference: str) -> Answer:
    """Say how an intent stands. Raises ProviderAway."""
    intent = await told(v1.payment_intents.retrieve_async(reference, {"expand": EXPAND}))
    return await _stands(v1, key, intent)


async def cancel(v1: Any, home: str, cell: Cell, wanted: Charge) -> Answer:
    """Stop a payment that waits, or take its key so that it never can be made.

    The key is claimed by an intent that nobody confirms. Where the charge itself used it
    before, Stripe says so, and the same request again only repeats its answer. Raises
    ProviderAway.
    """
    key = once("charge", wanted.key)
    try:
        name = (await told(v1.payment_intents.create_async(_intent(wanted), key)))["id"]
    except KeyReused:
        try:
            name = (await _confirm(v1, home, cell, wanted))["id"]
        except Refused as refused:
            if refused.intent is None:  # nothing was made, nor can be under this key
                return Answer(payment=wanted.key, state=State.DECLINED, reason="expired")
            return await _stands(v1, wanted.key, refused.intent)
    return words.answer_of(wanted.key, await _stop(v1, name), now())


async def _stands(v1: Any, key: UUID, intent: words.Object) -> Answer:
    """Say how an intent stands, and make sure that a declined one stays declined."""
    answer = words.answer_of(key, intent, now())
    if answer.state != State.DECLINED or intent["status"] == "canceled":
        return answer
    after = words.answer_of(key, await _stop(v1, intent["id"]), now())
    return answer if after.state == State.DECLINED else after


async def _stop(v1: Any, name: str) -> words.Object:
    try:
        return await ask(v1.payment_intents.cancel_async(name, {"expand": EXPAND}))
    except Refused:
        # It moved on, or is over: what it is now counts.
        return await told(v1.payment_intents.retrieve_async(name, {"expand": EXPAND}))


async def _confirm(v1: Any, home: str, cell: Cell, wanted: Charge) -> words.Object:
    customer, _, method = wanted.token.rpartition("/")
    params = _intent(wanted) | {
        "confirm": True,
        "use_stripe_sdk": True,
        "return_url": f"{home}/{wanted.market.lower()}/payment/{wanted.key}/back",
    }
    if customer:
        params |= {"customer": customer, "payment_method": method}
    else:
        params["confirmation_token"] = method
        if wanted.keep and wanted.person is not None:
            # The buyer is there when the card pays again: a bank may ask them then, not now.
            params["customer"] = await _customer(v1, cell, wanted.person)
            params["setup_future_usage"] = "on_session"
    return await ask(v1.payment_intents.create_async(params, once("charge", wanted.key)))


def _intent(wanted: Charge) -> dict[str, Any]:
    return {
        "amount": wanted.amount.minor,
        "currency": wanted.amount.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "excluded_payment_method_types": list(SLOW),
        "metadata": {"payment": str(wanted.key), "market": wanted.market},
        "transfer_group": str(wanted.key),
        "expand": EXPAND,
    }


async def _customer(v1: Any, cell: Cell, person: UUID) -> str:
    """Return somebody to keep cards for, made once a person; who it is, only panier knows."""
    async with cell.read() as tx:
        known = await find_customer(tx, person, NAME)
    if known is not None:
        return known
    create = v1.customers.create_async(
        {"metadata": {"person": str(person)}}, once("customer", person)
    )
    made = str((await told(create))["id"])

    async def keep(tx: Tx) -> None:
        await run(
            tx,
            "insert into payment_customer (person_id, provider, reference, at)"
            " values (%s, %s, %s, %s) on conflict do nothing",
            (person, NAME, made, now()),
        )

    await cell.run(keep)
    return made


async def _forget_customer(tx: Tx, person: UUID | None) -> None:
    """Stripe does not know them any more: the next card is kept for a new one."""
    await run(
        tx,
        "delete from payment_customer where person_id = %s and provider = %s",
        (person, NAME),
    )
