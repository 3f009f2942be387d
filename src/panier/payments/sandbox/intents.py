"""Payments as the sandbox keeps them: charged by group commit, authorised, captured, confirmed."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run, value
from panier.kit.errors import Conflict, NotFound, PanierError
from panier.kit.money import Money
from panier.payments.provider import Answer, Charge, KeyReused, TokenRefused
from panier.payments.rules import Behaviour, Card, State
from panier.payments.sandbox.webhooks import PaymentTold, queue

TOKEN = re.compile(r"tok_[0-9a-f]{32}")
"""A typed card; a kept one has another name, which no page knows."""
TOKEN_MINUTES = 30
"""How long a token of a typed card may be used, once."""
KEPT_DAYS = 1825
"""How long a kept card lives: five years."""
LATE_SECONDS = 5
"""When a late payment settles."""
LATE_BATCH_MAX = 200
"""Late payments, refunds, disputes or transfers that settle in one go."""
PENDING_LOOK_SECONDS = 30
"""When to ask again about a late payment, should its webhook be lost."""

INTENT = "id, market, key, token, kept_token, minor, currency, state, reason, at"
INSERT = """
insert into sandbox_intent (id, market, key, token, kept_token, minor, currency, state, reason,
                            at, settles_at)
select * from unnest(%b::text[], %b::text[], %b::uuid[], %b::text[], %b::text[], %b::bigint[],
  %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[])
on conflict (key) do nothing
"""
SETTLE_LATE = f"""
update sandbox_intent set state = 'succeeded', settles_at = null
where id in (select id from sandbox_intent where settles_at <= %s order by settles_at
             limit %s for update skip locked)
returning {INTENT}
"""
DISPUTE = """
insert into sandbox_dispute (id, intent_id, reason, state, at, opens_at)
select 'dp_' || substr(id, 4), id, 'product_not_received', 'coming', %b, %b
from sandbox_intent where key = any(%b)
"""
KEEP = """
insert into sandbox_token (token, behaviour, brand, last4, lasting, at, expires_at)
select k.kept, t.behaviour, t.brand, t.last4, true, %b, %b
from unnest(%b::text[], %b::text[]) k(token, kept) join sandbox_token t on t.token = k.token
"""


class Token(msgspec.Struct):
    """A card as the provider keeps it."""

    token: str
    behaviour: str
    brand: str
    last4: str
    lasting: bool
    expires_at: datetime


class Intent(msgspec.Struct):
    """A payment as the provider keeps it."""

    id: str
    market: str
    key: UUID
    token: str | None
    kept_token: str | None
    minor: int
    currency: str
    state: str
    reason: str | None
    at: datetime

    @property
    def amount(self) -> Money:
        """Return what is paid."""
        return Money(self.minor, self.currency)


OUTCOMES = {
    Behaviour.SUCCEEDS: ("succeeded", None),
    Behaviour.DECLINED: ("declined", "declined"),
    Behaviour.INSUFFICIENT: ("declined", "insufficient_funds"),
    Behaviour.CHALLENGE: ("action", None),
    Behaviour.LATE: ("pending", None),
    Behaviour.DO_NOT_HONOUR: ("declined", "do_not_honour"),
    Behaviour.LOST: ("declined", "lost_card"),
    Behaviour.STOLEN: ("declined", "stolen_card"),
    Behaviour.EXPIRED: ("declined", "card_expired"),
    Behaviour.WRONG_CVC: ("declined", "wrong_cvc"),
    Behaviour.ERROR: ("declined", "processing_error"),
    Behaviour.DISPUTED: ("succeeded", None),
    Behaviour.REFUND_LATE: ("succeeded", None),
    Behaviour.REFUND_FAILS: ("succeeded", None),
}
"""What becomes of an intent at first, and why."""
STATES = {
    "succeeded": State.PAID,
    "declined": State.DECLINED,
    "cancelled": State.DECLINED,
    "action": State.ACTION,
    "pending": State.PENDING,
    "authorised": State.PENDING,
}
"""The provider's words in ours."""


async def make_token(tx: Tx, card: Card) -> Token:
    """Keep a card for one payment within TOKEN_MINUTES; its number is never written."""
    token = Token(
        f"tok_{secrets.token_hex(16)}", card.behaviour, card.brand, card.last4,
        lasting=False, expires_at=now() + timedelta(minutes=TOKEN_MINUTES),
    )  # fmt: skip
    await run(
        tx,
        "insert into sandbox_token (token, behaviour, brand, last4, lasting, at, expires_at)"
        " values (%s, %s, %s, %s, false, %s, %s)",
        (token.token, token.behaviour, token.brand, token.last4, now(), token.expires_at),
    )
    return token


async def forget_token(tx: Tx, token: str) -> None:
    """Let a kept card pay no more."""
    await run(tx, "update sandbox_token set expires_at = %s where token = %s", (now(), token))


async def charge(cell: Cell, wanted: Charge) -> Answer:
    """Ask for money; the same key answers the same. Raises TokenRefused, KeyReused."""
    return await cell.desk(charge_batch).ask(wanted)


async def charge_batch(tx: Tx, batch: list[Charge]) -> list[Answer | PanierError]:
    """Answer a batch of charges: intents that are known as they stand, new ones by their card."""
    tokens = await _tokens(tx, [c.token for c in batch])
    known = await _intents(tx, [c.key for c in batch])
    used = await _used(tx, [c.token for c in batch])
    fresh: dict[UUID, tuple[Charge, Token]] = {}
    refused: dict[UUID, PanierError] = {}
    for c in batch:
        if c.key in known or c.key in fresh or c.key in refused:
            continue
        token = tokens.get(c.token)
        if token is None or token.expires_at <= now() or (c.token in used and not token.lasting):
            refused[c.key] = TokenRefused()
            continue
        used.add(c.token)
        fresh[c.key] = (c, token)
    if fresh:
        await _insert(tx, list(fresh.values()))
        known |= await _intents(tx, list(fresh))
    tokens |= await _tokens(tx, [i.kept_token for i in known.values() if i.kept_token])
    return [refused.get(c.key) or _checked(c, known[c.key], tokens) for c in batch]


def _checked(wanted: Charge, intent: Intent, tokens: dict[str, Token]) -> Answer | PanierError:
    if intent.state == "cancelled":
        return _answer(intent, None)
    if (intent.amount, intent.token) != (wanted.amount, wanted.token):
        return KeyReused()
    return _answer(intent, tokens[wanted.token])


def _answer(intent: Intent, token: Token | None) -> Answer:
    state = STATES[intent.state]
    late = intent.state == "pending"
    return Answer(
        payment=intent.key,
        state=state,
        reference=intent.id,
        reason=intent.reason,
        action_url=challenge_path(intent) if state == State.ACTION else None,
        kept_token=intent.kept_token,
        brand=token.brand if token else None,
        last4=token.last4 if token else None,
        look_at=now() + timedelta(seconds=PENDING_LOOK_SECONDS) if late else None,
    )


def challenge_path(intent: Intent) -> str:
    """Return where the buyer confirms the payment."""
    return f"/{intent.market.lower()}/sandbox/challenge/{intent.id}"


async def _insert(tx: Tx, fresh: Sequence[tuple[Charge, Token]]) -> None:
    moment = now()
    kept = {
        c.key: f"card_{secrets.token_hex(16)}" for c, token in fresh if c.keep and not token.lasting
    }
    if kept:
        until = moment + timedelta(days=KEPT_DAYS)
        names = [c.token for c, _ in fresh if c.key in kept]
        await run(tx, KEEP, (moment, until, names, list(kept.values())))
    outcomes = [OUTCOMES[Behaviour(token.behaviour)] for _, token in fresh]
    late = moment + timedelta(seconds=LATE_SECONDS)
    await run(
        tx,
        INSERT,
        (
            [f"pi_{secrets.token_hex(16)}" for _ in fresh],
            [c.market for c, _ in fresh],
            [c.key for c, _ in fresh],
            [c.token for c, _ in fresh],
            [kept.get(c.key) for c, _ in fresh],
            [c.amount.minor for c, _ in fresh],
            [c.amount.currency for c, _ in fresh],
            [state for state, _ in outcomes],
            [reason for _, reason in outcomes],
            [moment] * len(fresh),
            [late if state == "pending" else None for state, _ in outcomes],
        ),
    )
    disputed = [c.key for c, token in fresh if token.behaviour == Behaviour.DISPUTED]
    if disputed:
        await run(tx, DISPUTE, (moment, late, disputed))


async def _tokens(tx: Tx, names: Sequence[str]) -> dict[str, Token]:
    sql = """select token, behaviour, brand, last4, lasting, expires_at from sandbox_token
             where token = any(%b)"""
    return {t.token: t for t in await rows(tx, sql, (list(names),), Token)}


async def _intents(tx: Tx, keys: Sequence[UUID]) -> dict[UUID, Intent]:
    sql = f"select {INTENT} from sandbox_intent where key = any(%b)"
    return {i.key: i for i in await rows(tx, sql, (list(keys),), Intent)}


async def _used(tx: Tx, names: Sequence[str]) -> set[str]:
    """Tell which one-time tokens have paid; the condition on their form finds their index."""
    cursor = await tx.execute(
        "select token from sandbox_intent where token = any(%b) and left(token, 4) = 'tok_'",
        (list(names),),
    )
    return {row[0] for row in await cursor.fetchall()}


async def find_answer(tx: Tx, key: UUID) -> Answer | None:
    """Say how the payment with this key stands; None when it was never asked for."""
    intent = (await _intents(tx, [key])).get(key)
    if intent is None:
        return None
    tokens = await _tokens(tx, [intent.token] if intent.token else [])
    return _answer(intent, tokens.get(intent.token or ""))


async def cancel(cell: Cell, wanted: Charge) -> Answer:
    """Stop a payment that waits, or that was never asked for (nor can be then).

    Answers how it stands now: one that has succeeded stays so, a late one stays pending.
    """

    async def act(tx: Tx) -> Answer:
        moment = now()
        await run(
            tx,
            """
            insert into sandbox_intent (id, market, key, minor, currency, state, reason, at)
            values (%s, %s, %s, %s, %s, 'cancelled', 'expired', %s)
            on conflict (key) do update set state = 'cancelled', reason = 'expired'
              where sandbox_intent.state in ('action', 'authorised')
            """,
            (
                f"pi_{secrets.token_hex(16)}", wanted.market, wanted.key,
                wanted.amount.minor, wanted.amount.currency, moment,
            ),
        )  # fmt: skip
        found = await find_answer(tx, wanted.key)
        if found is None:
            raise NotFound
        return found

    return await cell.run(act)


async def find_intent(tx: Tx, name: str) -> Intent | None:
    """Return the intent of that name, for the page where the buyer confirms."""
    return await find(tx, f"select {INTENT} from sandbox_intent where id = %s", (name,), Intent)


async def get_intent_of(tx: Tx, key: UUID) -> Intent:
    """Return the intent made under this key; raises NotFound."""
    found = (await _intents(tx, [key])).get(key)
    if found is None:
        raise NotFound
    return found


async def is_ours(tx: Tx, name: str) -> bool:
    """Tell whether a payment of panier stands behind the intent, not a tester's own."""
    sql = "select 1 from sandbox_intent i join payment p on p.id = i.key where i.id = %s"
    return bool(await value(tx, sql, (name,)))


async def find_last4(tx: Tx, intent: Intent) -> str:
    """Return the card's last four digits, empty when it never had one."""
    tokens = await _tokens(tx, [intent.token] if intent.token else [])
    return next((token.last4 for token in tokens.values()), "")


async def answer_challenge(tx: Tx, name: str, *, approved: bool) -> Intent:
    """Take the buyer's answer, once; whoever asked for the money is told by webhook.

    Returns the intent as it stands. Raises NotFound.
    """
    state, reason = ("succeeded", None) if approved else ("declined", "authentication_failed")
    changed = await run(
        tx,
        "update sandbox_intent set state = %s, reason = %s where id = %s and state = 'action'",
        (state, reason, name),
    )
    intent = await find_intent(tx, name)
    if intent is None:
        raise NotFound
    if changed:
        await queue(tx, [(intent.market, told(intent))])
    return intent


async def settle_late(tx: Tx) -> None:
    """Let late payments succeed whose time has come, and queue the news."""
    settled = await rows(tx, SETTLE_LATE, (now(), LATE_BATCH_MAX), Intent)
    await queue(tx, [(i.market, told(i)) for i in settled])


def told(intent: Intent) -> PaymentTold:
    """Return how a payment stands, as a webhook says it."""
    return PaymentTold(
        payment=intent.key,
        reference=intent.id,
        state=STATES[intent.state],
        reason=intent.reason,
    )


async def authorise(cell: Cell, wanted: Charge) -> Intent:
    """Set money aside on a card without taking it; `capture` takes it, `cancel` frees it.

    What a card does when charged it does here too. Raises TokenRefused, KeyReused.
    """

    async def act(tx: Tx) -> Intent:
        known = await _intents(tx, [wanted.key])
        if not known:
            (answer,) = await charge_batch(tx, [wanted])
            if isinstance(answer, PanierError):
                raise answer
            await run(
                tx,
                "update sandbox_intent set state = 'authorised'"
                " where key = %s and state = 'succeeded'",
                (wanted.key,),
            )
            known = await _intents(tx, [wanted.key])
        intent = known[wanted.key]
        if (intent.amount, intent.token) != (wanted.amount, wanted.token):
            raise KeyReused
        return intent

    return await cell.run(act)


async def capture(cell: Cell, name: str, amount: Money) -> Intent:
    """Take authorised money, once, all or a part; the rest is free again.

    Raises NotFound; Conflict for more than was authorised, or when there is nothing to take.
    """

    async def act(tx: Tx) -> Intent:
        await run(
            tx,
            "update sandbox_intent set state = 'succeeded', minor = %s"
            " where id = %s and state = 'authorised' and minor >= %s and currency = %s",
            (amount.minor, name, amount.minor, amount.currency),
        )
        intent = await find_intent(tx, name)
        if intent is None:
            raise NotFound
        if intent.state != "succeeded" or intent.amount != amount:
            raise Conflict
        return intent

    return await cell.run(act)
