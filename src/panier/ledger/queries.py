"""Reads: balances, an order's entries, and whether the books are right."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.db import Tx, rows, value
from panier.kit.money import Money
from panier.ledger.rules import Account

FINDINGS_MAX = 100
"""Findings of one kind that are listed."""


class Booked(msgspec.Struct):
    """An entry as it stands in the books."""

    posting: UUID
    what: str
    """The posting's kind."""
    kind: str
    """The account's kind."""
    owner: str
    minor: int
    currency: str
    at: datetime

    @property
    def amount(self) -> Money:
        """Return the entry as money: debit above zero, credit below."""
        return Money(self.minor, self.currency)


class Finding(msgspec.Struct):
    """Something that must not be in the books."""

    rule: str
    subject: str
    minor: int
    """By how much it is off, in minor units."""


async def get_balance(tx: Tx, account: Account) -> Money:
    """Return what stands on `account`; zero when nothing was ever booked there."""
    minor = await value(tx, "select balance_minor from account where id = %s", (account.id,))
    return Money(minor or 0, account.currency)


async def list_entries(tx: Tx, order: UUID) -> list[Booked]:
    """List what was booked for an order, oldest first."""
    sql = """
    select p.id as posting, p.kind as what, a.kind, a.owner, e.minor, e.currency, p.at
    from posting p join entry e on e.posting_id = p.id join account a on a.id = e.account_id
    where p.order_id = %s order by p.at, p.id, e.n limit 100
    """
    return await rows(tx, sql, (order,), Booked)


async def check_books(tx: Tx) -> list[Finding]:
    """List postings that do not sum to zero and balances that differ; empty is right."""
    sql = """
    (select 'posting does not sum to zero' as rule, p.key as subject,
            sum(e.minor)::bigint as minor
     from entry e join posting p on p.id = e.posting_id
     group by p.key, e.currency having sum(e.minor) <> 0 order by p.key limit %(limit)s)
    union all
    (select 'posting mixes currencies', p.key, count(distinct e.currency)
     from entry e join posting p on p.id = e.posting_id
     group by p.key having count(distinct e.currency) > 1 order by p.key limit %(limit)s)
    union all
    (select 'posting has no entries', p.key, 0 from posting p
     where not exists (select 1 from entry e where e.posting_id = p.id)
     order by p.key limit %(limit)s)
    union all
    (select 'balance differs from its entries', concat_ws(' ', a.kind, a.owner, a.currency),
            (a.balance_minor - coalesce(e.minor, 0))::bigint
     from account a
     left join (select account_id, sum(minor) as minor from entry group by account_id) e
       on e.account_id = a.id
     where a.balance_minor <> coalesce(e.minor, 0) order by a.id limit %(limit)s)
    """
    return await rows(tx, sql, {"limit": FINDINGS_MAX}, Finding)


class Standing(msgspec.Struct, frozen=True):
    """What an order's entries on one account come to."""

    order: UUID
    kind: str
    """The account's kind."""
    owner: str
    minor: int
    currency: str

    @property
    def amount(self) -> Money:
        """Return it as money: debit above zero, credit below."""
        return Money(self.minor, self.currency)


async def sum_by_order(tx: Tx, orders: Sequence[UUID], kinds: Sequence[str]) -> list[Standing]:
    """Sum what was booked for these orders on accounts of these kinds."""
    sql = """
    select p.order_id as "order", a.kind, a.owner, sum(e.minor)::bigint as minor, a.currency
    from posting p join entry e on e.posting_id = p.id join account a on a.id = e.account_id
    where p.order_id = any(%b) and a.kind = any(%b)
    group by p.order_id, a.kind, a.owner, a.currency order by p.order_id, a.kind, a.owner
    """
    return await rows(tx, sql, (list(orders), list(kinds)), Standing)


async def lock_balances(tx: Tx, accounts: Collection[Account]) -> dict[Account, Money]:
    """Return what stands on these accounts, which nobody else moves until this transaction ends."""
    by_id = {account.id: account for account in accounts}
    cursor = await tx.execute(
        "select id, balance_minor from account where id = any(%b) order by id for update",
        (list(by_id),),
    )
    found = dict(await cursor.fetchall())
    return {account: Money(found.get(key, 0), account.currency) for key, account in by_id.items()}
