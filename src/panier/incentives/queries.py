"""Reads: vouchers, the codes in a basket, how often they were used and what they cost."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from panier.incentives.rules import Voucher
from panier.kit.db import Tx, find, rows
from panier.kit.money import Money

LIST_MAX = 200
"""Vouchers on one page."""

VOUCHER = """
v.id, v.code, v.market, v.seller_id, v.kind, v.basis_points, v.currency, v.minor, v.minimum_minor,
v.funding_basis_points, v.stackable, v.uses_max, v.buyer_max, v.markets, v.products, v.sellers,
v.shows, v.valid_from, v.valid_until, v.agreed_at, v.ended_at, v.used, v.at
"""
# Who is looked for by three marks: a look-up in its own index each, whatever the statistics say.
# With OR, a plan made while the table was empty read all uses of a voucher for each buyer.
MINE = """
select w.n, w.voucher_id, (select count(*) from (
  select checkout_id from voucher_use where voucher_id = w.voucher_id and buyer = w.buyer
    and state <> 'given_back'
  union
  select checkout_id from voucher_use where voucher_id = w.voucher_id and person_id = w.person_id
    and state <> 'given_back'
  union
  select checkout_id from voucher_use where voucher_id = w.voucher_id
    and email_digest = w.email_digest and state <> 'given_back') u)::int
from unnest(%b::int[], %b::uuid[], %b::uuid[], %b::uuid[], %b::bytea[])
  w(n, voucher_id, buyer, person_id, email_digest)
"""


class Who(NamedTuple):
    """A buyer by all that we know them by; the same in one of it is the same buyer.

    A browser's id is lost with its cookies, an account is not needed, an address is easily
    another: whoever wants to be somebody new has to change all three.
    """

    visitor: UUID
    person: UUID | None = None
    email_digest: bytes = b""
    """Empty before the buyer has told it."""


class Cost(msgspec.Struct):
    """A voucher with what it came to so far."""

    voucher: Voucher
    confirmed: int
    """Uses that were paid."""
    reserved: int
    """Uses whose payment is under way."""
    given: Money
    """What paid uses took off."""
    platform: Money
    """What of it the platform bore."""
    seller_name: str | None


class _CostRow(Voucher, frozen=True, kw_only=True):
    confirmed: int
    reserved: int
    given_minor: int
    platform_minor: int
    seller_name: str | None


async def list_entered(
    tx: Tx, buyers: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], list[UUID]]:
    """Return the vouchers in the baskets of these buyers and markets, the first entered first."""
    sql = """
    select e.buyer, e.market, e.voucher_id from voucher_entered e
    join unnest(%s::uuid[], %s::text[]) w(buyer, market) using (buyer, market)
    order by e.at, e.voucher_id
    """
    cursor = await tx.execute(sql, ([b for b, _ in buyers], [m for _, m in buyers]))
    entered: dict[tuple[UUID, str], list[UUID]] = {}
    for buyer, market, voucher in await cursor.fetchall():
        entered.setdefault((buyer, market), []).append(voucher)
    return entered


async def list_vouchers(tx: Tx, vouchers: Sequence[UUID], *, lock: bool = False) -> list[Voucher]:
    """List these vouchers in the order of their ids; `lock`: nobody else uses them till the end."""
    sql = f"select {VOUCHER} from voucher v where v.id = any(%s) order by v.id"
    locked = f"{sql} for update"
    return await rows(tx, locked if lock else sql, (sorted(vouchers),), Voucher)


async def count_mine(tx: Tx, asked: Sequence[tuple[Who, UUID]]) -> list[int]:
    """Return for each buyer and voucher how often that buyer uses or has used it."""
    if not asked:
        return []
    cursor = await tx.execute(
        MINE,
        (
            list(range(len(asked))),
            [voucher for _, voucher in asked],
            [who.visitor for who, _ in asked],
            [who.person for who, _ in asked],
            [who.email_digest for who, _ in asked],
        ),
    )
    found = {n: count for n, _, count in await cursor.fetchall()}
    return [found[n] for n in range(len(asked))]


async def find_voucher(tx: Tx, code: str) -> Voucher | None:
    """Return the voucher of that code, however it is written, or None."""
    sql = f"select {VOUCHER} from voucher v where v.code = %s"
    return await find(tx, sql, (normal_code(code),), Voucher)


async def get_voucher(tx: Tx, voucher: UUID) -> Voucher | None:
    """Return a voucher, or None."""
    return await find(tx, f"select {VOUCHER} from voucher v where v.id = %s", (voucher,), Voucher)


def normal_code(code: str) -> str:
    """Return a code as it is kept: capitals, no blanks."""
    return "".join(code.split()).upper()


# All uses of what is listed in one pass: asked voucher by voucher, a database that takes one with
# many uses for the usual one reads the whole table for each.
LISTED = f"""
with listed as materialized (
  select v.*, (v.ended_at is not null or coalesce(v.valid_until <= %(at)s, false)) as past
  from voucher v
  where v.market = %(market)s and (%(sellers)s::uuid[] is null or v.seller_id = any(%(sellers)s)
    or (v.funding_basis_points < 10000 and v.sellers && %(sellers)s))
  order by past, v.at desc limit %(limit)s),
used as (
  select voucher_id, count(*) filter (where state = 'confirmed')::int as confirmed,
         count(*) filter (where state = 'reserved')::int as reserved,
         sum(minor) filter (where state = 'confirmed')::bigint as given_minor,
         sum(platform_minor) filter (where state = 'confirmed')::bigint as platform_minor
  from voucher_use where voucher_id in (select id from listed) group by voucher_id)
select {VOUCHER}, s.name as seller_name, coalesce(u.confirmed, 0) as confirmed,
       coalesce(u.reserved, 0) as reserved, coalesce(u.given_minor, 0) as given_minor,
       coalesce(u.platform_minor, 0) as platform_minor
from listed v left join used u on u.voucher_id = v.id
left join seller s on s.id = coalesce(v.seller_id, case
  when v.funding_basis_points < 10000 then v.sellers[1] end)
order by v.past, v.at desc
"""


async def list_costs(
    tx: Tx, market: str, sellers: Sequence[UUID] | None, at: datetime, limit: int = LIST_MAX
) -> list[Cost]:
    """List a market's vouchers with what they came to, those that are valid at `at` first.

    `sellers`: only those that belong to one of them or wait for their agreement; None: all.
    """
    asked = {
        "market": market,
        "sellers": list(sellers) if sellers is not None else None,
        "at": at,
        "limit": limit,
    }
    return [
        Cost(
            voucher=row,
            confirmed=row.confirmed,
            reserved=row.reserved,
            given=Money(row.given_minor, row.currency),
            platform=Money(row.platform_minor, row.currency),
            seller_name=row.seller_name,
        )
        for row in await rows(tx, LISTED, asked, _CostRow)
    ]
