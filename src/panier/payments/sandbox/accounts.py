"""Accounts of sellers and creators at the sandbox: transfers to them, back, and to their bank.

What an account does is decided by how its e-mail address begins; see BEHAVIOURS.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run, value
from panier.kit.errors import Conflict, NotFound
from panier.kit.money import Money
from panier.payments.provider import (
    AccountAnswer,
    KeyReused,
    NewAccount,
    Reversal,
    TransferAnswer,
    TransferWanted,
)
from panier.payments.rules import AccountState, TransferState
from panier.payments.sandbox.intents import LATE_BATCH_MAX, LATE_SECONDS
from panier.payments.sandbox.webhooks import AccountTold, TransferTold, queue

BEHAVIOURS = ("late", "closed", "pending", "bounces")
"""`late@…`: transfers arrive after 5 s · `closed@…`: transfers fail · `pending@…`: details are
missing, so transfers fail · `bounces@…`: transfers are called done and come back after 5 s."""
TRANSFER = """id, key, market, account_id, minor, currency, state, reason, reversed_minor"""
SETTLE = f"""
update sandbox_transfer t set settles_at = null,
  state = case state when 'pending' then 'succeeded' else 'failed' end,
  reason = case state when 'pending' then null else 'account_closed' end
where id in (select id from sandbox_transfer where settles_at <= %s order by settles_at limit %s
             for update skip locked)
returning {TRANSFER}
"""
BALANCE = """
select coalesce((select sum(minor - reversed_minor) from sandbox_transfer
                 where account_id = %(account)s and currency = %(currency)s
                   and state = 'succeeded'), 0)::bigint
     - coalesce((select sum(minor) from sandbox_payout
                 where account_id = %(account)s and currency = %(currency)s
                   and state <> 'failed'), 0)::bigint
"""
STATES: Mapping[str, TransferState] = {
    "pending": TransferState.SENT,
    "succeeded": TransferState.DONE,
    "failed": TransferState.FAILED,
}


class Account(msgspec.Struct):
    """An account as the provider keeps it."""

    id: str
    market: str
    behaviour: str
    state: str


class Transfer(msgspec.Struct):
    """A transfer as the provider keeps it."""

    id: str
    key: UUID
    market: str
    account_id: str
    minor: int
    currency: str
    state: str
    reason: str | None
    reversed_minor: int


async def open_account(cell: Cell, wanted: NewAccount) -> AccountAnswer:
    """Open an account, once an owner."""
    begin = wanted.email.partition("@")[0].partition("+")[0]
    behaviour = begin if begin in BEHAVIOURS else "active"

    async def act(tx: Tx) -> AccountAnswer:
        key = f"{wanted.kind}:{wanted.owner}"
        await run(
            tx,
            """
            insert into sandbox_account (id, key, market, kind, country, behaviour, state, at)
            values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (key) do nothing
            """,
            (
                f"acct_{secrets.token_hex(12)}", key, wanted.market, wanted.kind, wanted.country,
                behaviour, "pending" if behaviour == "pending" else "active", now(),
            ),
        )  # fmt: skip
        sql = "select id, market, behaviour, state from sandbox_account where key = %s"
        account = await find(tx, sql, (key,), Account)
        if account is None:
            raise NotFound
        return AccountAnswer(account.id, AccountState(account.state))

    return await cell.run(act)


async def find_account(cell: Cell, reference: str) -> AccountAnswer | None:
    """Say how an account stands."""
    async with cell.read() as tx:
        account = await _account(tx, reference)
    return None if account is None else AccountAnswer(account.id, AccountState(account.state))


async def set_state(tx: Tx, reference: str, state: AccountState) -> None:
    """Let the provider find details, or miss them; we are told. Raises NotFound."""
    account = await _account(tx, reference)
    if account is None:
        raise NotFound
    await run(tx, "update sandbox_account set state = %s where id = %s", (state, reference))
    await queue(tx, [(account.market, AccountTold(account=reference, state=state))])


async def transfer(cell: Cell, wanted: TransferWanted) -> TransferAnswer:
    """Move money to an account, once for this key; a refusal is an answer. Raises KeyReused."""

    async def act(tx: Tx) -> TransferAnswer:
        account = await _account(tx, wanted.account)
        refused = _refusal(account)
        known = await _transfer(tx, wanted.key)
        if known is None and refused:
            return TransferAnswer(wanted.key, TransferState.FAILED, reason=refused)
        if known is None and account is not None:
            waits = account.behaviour in ("late", "bounces")
            await run(
                tx,
                """
                insert into sandbox_transfer (id, key, market, account_id, minor, currency, state,
                                              at, settles_at)
                values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (key) do nothing
                """,
                (
                    f"tr_{secrets.token_hex(12)}", wanted.key, wanted.market, wanted.account,
                    wanted.amount.minor, wanted.amount.currency,
                    "pending" if account.behaviour == "late" else "succeeded", now(),
                    now() + timedelta(seconds=LATE_SECONDS) if waits else None,
                ),
            )  # fmt: skip
            known = await _transfer(tx, wanted.key)
        if known is None:
            raise NotFound
        if (known.account_id, known.minor, known.currency) != (
            wanted.account, wanted.amount.minor, wanted.amount.currency,
        ):  # fmt: skip
            raise KeyReused
        return _answer(known)

    return await cell.run(act)


def _refusal(account: Account | None) -> str | None:
    if account is None:
        return "account_missing"
    if account.state != "active":
        return "account_restricted"
    return "account_closed" if account.behaviour == "closed" else None


async def find_transfer(cell: Cell, key: UUID) -> TransferAnswer | None:
    """Say how the transfer with this key stands; None when it was never made."""
    async with cell.read() as tx:
        known = await _transfer(tx, key)
    return None if known is None else _answer(known)


async def reverse_transfer(cell: Cell, wanted: Reversal) -> TransferAnswer:
    """Take money back from an account, once for this key; never more in sum than was moved.

    A refusal is an answer. Raises NotFound for an unknown transfer, KeyReused.
    """

    async def act(tx: Tx) -> TransferAnswer:
        sql = f"select {TRANSFER} from sandbox_transfer where key = %s for update"
        moved = await find(tx, sql, (wanted.transfer,), Transfer)
        if moved is None:
            raise NotFound
        cursor = await tx.execute(
            "select id, transfer_id, minor from sandbox_reversal where key = %s", (wanted.key,)
        )
        row = await cursor.fetchone()
        if row is not None:
            if row[1:] != (moved.id, wanted.amount.minor) or (
                moved.currency != wanted.amount.currency
            ):
                raise KeyReused
            return TransferAnswer(wanted.key, TransferState.DONE, str(row[0]))
        left = Money(moved.minor - moved.reversed_minor, moved.currency)
        if moved.state != "succeeded" or wanted.amount > left:
            return TransferAnswer(wanted.key, TransferState.FAILED, reason="amount_too_large")
        name = f"trr_{secrets.token_hex(12)}"
        await run(
            tx,
            "update sandbox_transfer set reversed_minor = reversed_minor + %s where id = %s",
            (wanted.amount.minor, moved.id),
        )
        await run(
            tx,
            "insert into sandbox_reversal (id, key, transfer_id, minor, at)"
            " values (%s, %s, %s, %s, %s)",
            (name, wanted.key, moved.id, wanted.amount.minor, now()),
        )
        return TransferAnswer(wanted.key, TransferState.DONE, name)

    return await cell.run(act)


async def get_balance(tx: Tx, account: str, currency: str) -> Money:
    """Return what stands on an account: moved there, less taken back and paid out."""
    minor = await value(tx, BALANCE, {"account": account, "currency": currency})
    return Money(int(minor), currency)


async def pay_out(cell: Cell, key: UUID, account: str, amount: Money) -> str:
    """Send money of an account to its owner's bank, once for this key; returns its name.

    It arrives LATE_SECONDS later. Raises NotFound, KeyReused, Conflict when there is too little.
    """

    async def act(tx: Tx) -> str:
        # The account's row is the lock: payouts of one account come one after the other.
        cursor = await tx.execute(
            "select id from sandbox_account where id = %s for update", (account,)
        )
        if await cursor.fetchone() is None:
            raise NotFound
        sql = "select id, account_id, minor, currency from sandbox_payout where key = %s"
        cursor = await tx.execute(sql, (key,))
        row = await cursor.fetchone()
        if row is None:
            if await get_balance(tx, account, amount.currency) < amount:
                raise Conflict(reason="balance_too_low")
            name = f"po_{secrets.token_hex(12)}"
            await run(
                tx,
                "insert into sandbox_payout (id, key, account_id, minor, currency, state, at,"
                " settles_at) values (%s, %s, %s, %s, %s, 'pending', %s, %s)",
                (
                    name, key, account, amount.minor, amount.currency, now(),
                    now() + timedelta(seconds=LATE_SECONDS),
                ),
            )  # fmt: skip
            return name
        if row[1:] != (account, amount.minor, amount.currency):
            raise KeyReused
        return str(row[0])

    return await cell.run(act)


async def settle_accounts(tx: Tx) -> None:
    """Let transfers and payouts change whose time has come, and queue the news."""
    moved = await rows(tx, SETTLE, (now(), LATE_BATCH_MAX), Transfer)
    await queue(tx, [(t.market, _told(t)) for t in moved])
    await run(
        tx,
        "update sandbox_payout set state = 'paid', settles_at = null where settles_at <= %s",
        (now(),),
    )


def _answer(t: Transfer) -> TransferAnswer:
    return TransferAnswer(t.key, STATES[t.state], t.id, t.reason)


def _told(t: Transfer) -> TransferTold:
    return TransferTold(transfer=t.key, reference=t.id, state=STATES[t.state], reason=t.reason)


async def _account(tx: Tx, name: str) -> Account | None:
    sql = "select id, market, behaviour, state from sandbox_account where id = %s"
    return await find(tx, sql, (name,), Account)


async def access_account(tx: Tx, name: str, market: str) -> Account:
    """Return an account of a market; raises NotFound."""
    account = await _account(tx, name)
    if account is None or account.market != market:
        raise NotFound
    return account


async def _transfer(tx: Tx, key: UUID) -> Transfer | None:
    sql = f"select {TRANSFER} from sandbox_transfer where key = %s"
    return await find(tx, sql, (key,), Transfer)
