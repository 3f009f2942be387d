"""Accounts of sellers and creators at the provider, and the money that goes there and back.

The functions that ask the provider go over the network: never inside a transaction.
"""

from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, run
from panier.kit.money import Money
from panier.payments.adapters import provider_of
from panier.payments.provider import (
    AccountAnswer,
    NewAccount,
    Reversal,
    TransferAnswer,
    TransferWanted,
)
from panier.payments.rules import AccountState, TransferState
from panier.settings import Settings

ACCOUNT = "owner, provider, market, reference, state"


class Account(msgspec.Struct):
    """Where a provider takes the money of a seller or creator."""

    owner: UUID
    provider: str
    market: str
    reference: str
    state: AccountState


class Transfer(msgspec.Struct, frozen=True):
    """Money for `owner`'s account; the same `key` is moved once."""

    key: UUID
    owner: UUID
    market: str
    amount: Money


async def open_account(cell: Cell, settings: Settings, wanted: NewAccount) -> Account:
    """Open an account for somebody who is to be paid; the one they have, if they have one.

    Raises ProviderAway.
    """
    provider = provider_of(settings)
    known = await _find(cell, wanted.owner, provider.name)
    if known is not None:
        return known
    answer = await provider.open_account(cell, wanted)
    account = Account(wanted.owner, provider.name, wanted.market, answer.reference, answer.state)

    async def keep(tx: Tx) -> None:
        await run(
            tx,
            """
            insert into payment_account (owner, provider, kind, market, reference, state, at,
                                         changed_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing
            """,
            (
                account.owner, account.provider, wanted.kind, account.market, account.reference,
                account.state.value, now(), now(),
            ),
        )  # fmt: skip

    await cell.run(keep)
    return account


async def find_account(tx: Tx, owner: UUID, provider: str) -> Account | None:
    """Return the account of `owner` at a provider, if they have one."""
    sql = f"select {ACCOUNT} from payment_account where owner = %s and provider = %s"
    return await find(tx, sql, (owner, provider), Account)


async def get_onboarding_url(settings: Settings, account: Account, back: str) -> str:
    """Return the provider's page that asks for an account's details and then leads `back`.

    It may be opened once, by whoever it is given to. Raises ProviderAway.
    """
    provider = provider_of(settings, account.provider)
    return await provider.onboarding_url(account.market, account.reference, back)


async def refresh_account(cell: Cell, settings: Settings, account: Account) -> Account:
    """Ask the provider how an account stands, and note it. Raises ProviderAway."""
    answer = await provider_of(settings, account.provider).find_account(cell, account.reference)
    if answer is None or answer.state == account.state:
        return account
    await cell.run(lambda tx: settle_account(tx, account.provider, answer))
    return msgspec.structs.replace(account, state=answer.state)


async def settle_account(tx: Tx, provider: str, answer: AccountAnswer) -> bool:
    """Note how an account stands; false when it stood so, or is not ours."""
    changed = await run(
        tx,
        "update payment_account set state = %s, changed_at = %s"
        " where provider = %s and reference = %s and state <> %s",
        (answer.state.value, now(), provider, answer.reference, answer.state.value),
    )
    return changed == 1


async def transfer(cell: Cell, settings: Settings, wanted: Transfer) -> TransferAnswer:
    """Move money to the account of `owner`, once for this key; a refusal is an answer.

    Raises KeyReused, and ProviderAway when nobody knows whether it was moved: ask again.
    """
    provider = provider_of(settings)
    account = await _find(cell, wanted.owner, provider.name)
    if account is None:
        return TransferAnswer(wanted.key, TransferState.FAILED, reason="account_missing")
    return await provider.transfer(
        cell, TransferWanted(wanted.key, wanted.market, account.reference, wanted.amount)
    )


async def find_transfer(cell: Cell, settings: Settings, key: UUID) -> TransferAnswer | None:
    """Say how the transfer with this key stands; None when it was never made.

    Raises ProviderAway.
    """
    return await provider_of(settings).find_transfer(cell, key)


async def reverse_transfer(cell: Cell, settings: Settings, wanted: Reversal) -> TransferAnswer:
    """Take money back from an account, once for this key; never more in sum than was moved.

    A refusal is an answer. Raises NotFound, KeyReused, ProviderAway.
    """
    return await provider_of(settings).reverse_transfer(cell, wanted)


async def _find(cell: Cell, owner: UUID, provider: str) -> Account | None:
    async with cell.read() as tx:
        return await find_account(tx, owner, provider)
