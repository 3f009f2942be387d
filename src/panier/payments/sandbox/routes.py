"""JSON for whoever tests against the sandbox: payments of their own, disputes, accounts, faults.

Only the market's administrators may; docs/guides/sandbox.md has it with examples.
"""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from panier import people
from panier.kit.db import Tx
from panier.kit.errors import Conflict, NotFound
from panier.kit.money import Money
from panier.payments.provider import Charge, Evidence, RefundWanted, Reply
from panier.payments.rules import AccountState
from panier.payments.sandbox import accounts, disputes, faults, intents, refunds
from panier.people import Reader

ADMIN = "admin"


async def _admin(reader: people.ReaderHere) -> Reader:
    people.require(reader, ADMIN)
    return reader


router = APIRouter(prefix="/api/sandbox")
Admin = Annotated[Reader, Depends(_admin)]
Minor = Annotated[int, Field(strict=True, gt=0, le=10**12)]
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]


class Strict(BaseModel):
    """What is not declared is refused; what was sent is not repeated in errors."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Amount(Strict):
    """An amount in the currency's smallest unit."""

    minor: Minor
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

    @property
    def money(self) -> Money:
        """Return it as money."""
        return Money(self.minor, self.currency)


class Wish(Strict):
    """A payment to try; the same key again answers the same."""

    key: UUID
    token: Annotated[str, Field(max_length=40)]
    amount: Amount
    capture: Annotated[bool, Field(strict=True)] = True


class Part(Strict):
    """A part of a payment or of a balance; the same key again answers the same."""

    key: UUID
    amount: Amount


class Reason(Strict):
    """Why a buyer's bank takes a payment back."""

    reason: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] = "fraudulent"


class Statement(Strict):
    """What the shop says in a dispute; nothing: it gives in."""

    key: UUID
    statement: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None


class Decision(Strict):
    """How a dispute ends for the shop."""

    won: Annotated[bool, Field(strict=True)]


class Standing(Strict):
    """Whether an account takes transfers."""

    state: AccountState


class Turned(Strict):
    """How the fault switch shall stand."""

    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = 0
    lost: Percent = 0
    unheard: Percent = 0
    broken: Percent = 0
    duplicate: Percent = 0
    shuffled: Percent = 0


@router.post("/payments")
async def pay(reader: Admin, wish: Wish) -> dict[str, Any]:
    """Charge a token, or only set the money aside (`capture` false)."""
    wanted = Charge(wish.key, reader.market.code, wish.token, wish.amount.money, keep=False)
    if not wish.capture:
        return _told(await intents.authorise(reader.cell, wanted))
    await intents.charge(reader.cell, wanted)
    async with reader.cell.read() as tx:
        return _told(await intents.get_intent_of(tx, wish.key))


@router.get("/payments/{payment}")
async def show_payment(reader: Admin, payment: str) -> dict[str, Any]:
    """Say how a payment stands, by the provider's name for it."""
    async with reader.cell.read() as tx:
        return _told(await _access(tx, reader, payment))


@router.post("/payments/{payment}/capture")
async def capture(reader: Admin, payment: str, amount: Amount) -> dict[str, Any]:
    """Take authorised money, all or a part."""
    async with reader.cell.read() as tx:
        await _access(tx, reader, payment)
    return _told(await intents.capture(reader.cell, payment, amount.money))


@router.post("/payments/{payment}/cancel")
async def cancel(reader: Admin, payment: str) -> dict[str, Any]:
    """Free authorised money, or stop a payment that waits for its buyer."""
    async with reader.cell.read() as tx:
        intent = await _access(tx, reader, payment)
    wanted = Charge(intent.key, intent.market, intent.token or "", intent.amount, keep=False)
    await intents.cancel(reader.cell, wanted)
    async with reader.cell.read() as tx:
        return _told(await _access(tx, reader, payment))


@router.post("/payments/{payment}/refunds")
async def refund(reader: Admin, payment: str, part: Part) -> dict[str, Any]:
    """Give a part back of a payment made here; orders' refunds are asked for in their pages."""
    async with reader.cell.read() as tx:
        intent = await _access(tx, reader, payment)
        if await intents.is_ours(tx, payment):
            raise Conflict(reason="payment_of_an_order")
    money = part.amount.money
    wanted = RefundWanted(part.key, intent.key, payment, intent.market, money)
    return dict(msgspec.to_builtins(await refunds.refund(reader.cell, wanted)))


@router.post("/payments/{payment}/dispute")
async def dispute(reader: Admin, payment: str, given: Reason) -> dict[str, Any]:
    """Let the buyer's bank take a payment back, until it is decided; once a payment."""
    async with reader.cell.tx() as tx:
        await _access(tx, reader, payment)
        return _told(await disputes.open_dispute(tx, payment, given.reason))


@router.post("/disputes/{name}")
async def decide(reader: Admin, name: str, given: Decision) -> dict[str, Any]:
    """Decide a dispute."""
    async with reader.cell.tx() as tx:
        return _told(await decide_in(tx, reader, name, won=given.won))


@router.post("/disputes/{name}/answer")
async def answer(reader: Admin, name: str, given: Statement) -> dict[str, Any]:
    """Answer a dispute over a payment made here; orders' disputes are answered in their pages."""
    async with reader.cell.read() as tx:
        found = await _access_dispute(tx, reader, name)
        if await intents.is_ours(tx, found.intent_id):
            raise Conflict(reason="payment_of_an_order")
    said = given.statement
    evidence = None if said is None else Evidence(product="", buyer="", email="", statement=said)
    reason = await disputes.answer(reader.cell, Reply(given.key, name, evidence))
    if reason is not None:
        raise Conflict(reason=reason)
    async with reader.cell.read() as tx:
        return _told(await _access_dispute(tx, reader, name))


async def decide_in(tx: Tx, reader: Reader, name: str, *, won: bool) -> disputes.Dispute:
    """Decide a dispute of the reader's market. Raises NotFound."""
    await _access_dispute(tx, reader, name)
    return await disputes.decide(tx, name, won=won)


async def _access_dispute(tx: Tx, reader: Reader, name: str) -> disputes.Dispute:
    found = await disputes.find_dispute(tx, name)
    if found is None or found.market != reader.market.code:
        raise NotFound
    return found


@router.get("/accounts/{name}")
async def show_account(reader: Admin, name: str) -> dict[str, Any]:
    """Say how an account stands, and what is on it in the market's currency."""
    async with reader.cell.read() as tx:
        account = await accounts.access_account(tx, name, reader.market.code)
        balance = await accounts.get_balance(tx, name, reader.market.currency)
    return _told(account) | {"balance": msgspec.to_builtins(balance)}


@router.put("/accounts/{name}", status_code=204)
async def set_account(reader: Admin, name: str, given: Standing) -> None:
    """Let the provider take transfers to an account, or not."""
    async with reader.cell.tx() as tx:
        await accounts.access_account(tx, name, reader.market.code)
        await accounts.set_state(tx, name, given.state)


@router.post("/accounts/{name}/payouts")
async def pay_out(reader: Admin, name: str, part: Part) -> dict[str, str]:
    """Send money of an account to its owner's bank; it arrives five seconds later."""
    async with reader.cell.read() as tx:
        await accounts.access_account(tx, name, reader.market.code)
    payout = await accounts.pay_out(reader.cell, part.key, name, part.amount.money)
    return {"id": payout}


@router.get("/faults")
async def show_faults(reader: Admin) -> dict[str, Any]:
    """Say how the fault switch stands."""
    async with reader.cell.read() as tx:
        return _told(await faults.find_faults(tx))


@router.put("/faults")
async def turn_faults(reader: Admin, given: Turned) -> dict[str, Any]:
    """Turn the fault switch for the whole cell; what is not named is 0."""
    wanted = faults.Faults(**given.model_dump())
    async with reader.cell.tx() as tx:
        await faults.turn_switch(tx, wanted)
    return _told(wanted)


async def _access(tx: Tx, reader: Reader, payment: str) -> intents.Intent:
    found = await intents.find_intent(tx, payment)
    if found is None or found.market != reader.market.code:
        raise NotFound
    return found


def _told(found: msgspec.Struct) -> dict[str, Any]:
    """Write a row as JSON; a card's token is nobody's business."""
    told: dict[str, Any] = msgspec.to_builtins(found)
    return {name: value for name, value in told.items() if not name.endswith("token")}
