"""Payout runs: proposed by one person, approved by another, taken from the balances at once.

The balances are locked while a run is approved, and what is paid is what stands there then: two
runs at once pay once, and a refund is either in the balance or comes after the payout.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier import events, ledger, payments
from panier.kit.db import Tx, run, value
from panier.kit.delivery import list_waiting
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.payouts.queries import Balance, Payout, find_run, list_balances, list_payouts
from panier.payouts.rules import (
    NothingDue,
    RunDecided,
    State,
    check_second_person,
    pay,
)
from panier.payouts.settlement import correct

DRAFT = """
insert into payout (id, run_id, kind, party, market, currency, minor, state, at, changed_at)
select id, %b, kind, party, %b, %b, minor, 'draft', %b, %b
from unnest(%b::uuid[], %b::text[], %b::uuid[], %b::bigint[]) g(id, kind, party, minor)
"""
DECIDE = """
update payout p set state = g.state, minor = g.minor, provider = g.provider, reason = g.reason,
  transfer_key = case when g.state = 'approved' then p.id end,
  next_try_at = case when g.state = 'approved' then %b::timestamptz end, changed_at = %b
from unnest(%b::uuid[], %b::text[], %b::bigint[], %b::text[], %b::text[])
  g(id, state, minor, provider, reason)
where p.id = g.id
"""
TOO_LITTLE, NO_ACCOUNT = "too_little", "no_account"
"""Why a payout was left out when its run was approved."""


class Decider(NamedTuple):
    """Who approves or drops a run: the person and what they are in the market."""

    person: UUID
    roles: Collection[str]


class Decision(NamedTuple):
    """What becomes of a drafted payout."""

    payout: Payout
    state: State
    amount: Money
    provider: str | None
    reason: str | None


async def create_run(
    tx: Tx, market: str, provider: str, minimum: Money, *, maker: UUID, moment: datetime
) -> UUID:
    """Propose to pay everybody in `market` who has at least `minimum`; returns the run.

    Raises NothingDue. Who is below, owes us or has no account is carried over to a later run.
    """
    payable = [
        balance
        for balance in await list_balances(tx, market, minimum.currency)
        if pay(balance.due, balance.due, minimum) is not None
    ]
    ready = await list_ready(tx, provider, [balance.party for balance in payable])
    chosen = [balance for balance in payable if balance.party in ready]
    if not chosen:
        raise NothingDue
    key = new_id()
    await run(
        tx,
        "insert into payout_run (id, market, currency, state, minimum_minor, created_by, at)"
        " values (%s, %s, %s, 'draft', %s, %s, %s)",
        (key, market, minimum.currency, minimum.minor, maker, moment),
    )
    await run(
        tx,
        DRAFT,
        (
            key, market, minimum.currency, moment, moment, [new_id() for _ in chosen],
            [b.kind for b in chosen], [b.party for b in chosen], [b.due_minor for b in chosen],
        ),
    )  # fmt: skip
    return key


async def approve_run(tx: Tx, key: UUID, provider: str, by: Decider, moment: datetime) -> int:
    """Take a run's amounts from the balances and have them sent; returns how many are paid.

    Refunds that were told of and not yet taken from the balances are taken first. An amount that
    is no longer there is lowered, or left out. Raises NotFound, RunDecided, SecondPersonNeeded.
    """
    found = await _lock_run(tx, key)
    check_second_person(
        found.created_by, by.person, by.roles, await _list_finance(tx, found.market, found)
    )
    await _catch_up(tx, found.market, moment)
    drafted = await list_payouts(tx, key)
    await ledger.lock_balances(
        tx,
        [
            *(payout.owner.due for payout in drafted),
            ledger.Account(ledger.PAYOUT, provider, found.currency),
        ],
    )
    balances = {b.owner: b for b in await list_balances(tx, found.market, found.currency)}
    ready = await list_ready(tx, provider, [payout.party for payout in drafted])
    minimum = Money(found.minimum_minor, found.currency)
    decisions = [_decide(payout, provider, balances, ready, minimum) for payout in drafted]
    await _write(tx, decisions, moment)
    postings = [
        ledger.begin_payout(d.payout.id, d.payout.owner, d.provider, d.amount)
        for d in decisions
        if d.provider is not None
    ]
    if postings:
        await ledger.post(tx, postings)
    await _close(tx, key, "approved", by.person, moment)
    return len(postings)


async def drop_run(tx: Tx, key: UUID, by: UUID, moment: datetime) -> None:
    """Give a draft up; nothing was taken from anybody. Raises NotFound, RunDecided."""
    await _lock_run(tx, key)
    await run(
        tx,
        "update payout set state = 'dropped', changed_at = %s where run_id = %s",
        (moment, key),
    )
    await _close(tx, key, "dropped", by, moment)


class _Draft(msgspec.Struct):
    market: str
    currency: str
    minimum_minor: int
    created_by: UUID


async def _lock_run(tx: Tx, key: UUID) -> _Draft:
    state = await value(tx, "select state from payout_run where id = %s for update", (key,))
    found = await find_run(tx, key)
    if found is None:
        raise NotFound
    if state != "draft":
        raise RunDecided
    return _Draft(found.market, found.currency, found.minimum_minor, found.created_by)


async def _close(tx: Tx, key: UUID, state: str, by: UUID, moment: datetime) -> None:
    await run(
        tx,
        "update payout_run set state = %s, decided_by = %s, decided_at = %s where id = %s",
        (state, by, moment, key),
    )


async def _list_finance(tx: Tx, market: str, found: _Draft) -> set[UUID]:
    """List who of finance did not make the run."""
    cursor = await tx.execute(
        "select distinct person_id from role where market = %s and role = 'finance'"
        " and person_id <> %s",
        (market, found.created_by),
    )
    return {row[0] for row in await cursor.fetchall()}


async def _catch_up(tx: Tx, market: str, moment: datetime) -> None:
    """Do now what the refunds that no worker has come to would change in the balances."""
    waiting = await list_waiting(tx, events.OrderRefunded.__name__, market)
    told = [msgspec.json.decode(body, type=events.OrderRefunded) for body in waiting]
    if told:
        await correct(tx, sorted({event.order for event in told}), moment)


def _decide(
    payout: Payout,
    provider: str,
    balances: dict[ledger.Party, Balance],
    ready: Collection[UUID],
    minimum: Money,
) -> Decision:
    balance = balances.get(payout.owner)
    zero = Money.zero(payout.currency)
    amount = pay(payout.amount, balance.due if balance else zero, minimum)
    if amount is None:
        return Decision(payout, State.DROPPED, payout.amount, None, TOO_LITTLE)
    if payout.party not in ready:
        return Decision(payout, State.DROPPED, payout.amount, None, NO_ACCOUNT)
    return Decision(payout, State.APPROVED, amount, provider, None)


async def _write(tx: Tx, decisions: list[Decision], moment: datetime) -> None:
    await run(
        tx,
        DECIDE,
        (
            moment,
            moment,
            [d.payout.id for d in decisions],
            [d.state.value for d in decisions],
            [d.amount.minor for d in decisions],
            [d.provider for d in decisions],
            [d.reason for d in decisions],
        ),
    )


async def list_ready(tx: Tx, provider: str, parties: Collection[UUID]) -> set[UUID]:
    """List who of `parties` has an account that may be paid."""
    found = [await payments.find_account(tx, party, provider) for party in sorted(set(parties))]
    return {a.owner for a in found if a is not None and a.state == "active"}
