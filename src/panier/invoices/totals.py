"""Reads: what documents of a quarter come to, by country of destination and VAT rate.

A sale counts on the day of its payment (Directive 2006/112/EC, articles 63 and 65), a credit note
on its own. What lowers a sale of an earlier quarter is a correction of that one: a declaration
through the One-Stop-Shop tells it apart (Implementing Regulation 282/2011, article 61).
"""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from panier.invoices.quarters import Quarter
from panier.kit.db import Tx, rows, value
from panier.kit.errors import PanierError
from panier.kit.money import Money
from panier.markets import EU

ROWS_MAX = 50_000
"""Rows of one file."""


class FileTooLong(PanierError):
    """This file would have more than %(count)s rows; please choose one seller."""

    code, status = "file_too_long", 422


class Part(StrEnum):
    """How the VAT of a sale is declared."""

    DOMESTIC = "domestic"
    """In the seller's own country, with its ordinary return."""
    UNION = "union"
    """In the buyer's country, through the One-Stop-Shop."""
    BUSINESS = "business"
    """By the buyer, a company in another member state; the seller reports it without VAT."""
    OTHER = "other"
    """Across a border with a country outside of the EU: no One-Stop-Shop takes it."""


class Asked(msgspec.Struct, frozen=True):
    """Which totals are asked for."""

    market: str
    quarter: Quarter
    sellers: list[UUID] | None
    """None: of all."""


class Total(msgspec.Struct, frozen=True):
    """What the documents of one kind come to, in minor units; credit notes lower it."""

    part: str
    country: str
    """Where the goods went."""
    rate: int
    """VAT in basis points."""
    corrects: str | None
    """The earlier quarter to which this belongs (2026-Q3); None: the one asked for."""
    documents: int
    base: int
    """The taxable amount."""
    vat: int
    seller: UUID | None = None
    """Of rows by seller,"""
    vat_id: str = ""
    """and of companies their VAT id."""


TOTALS = """
with counted as (
  select d.seller_id, 1 as sign, null::text as corrects, d.body from document d
  where d.kind = 'invoice' and d.market = %(market)s
    and d.body->>'paid_on' >= %(first)s and d.body->>'paid_on' < %(after)s
    and (%(sellers)s::uuid[] is null or d.seller_id = any(%(sellers)s))
  union all
  select d.seller_id, -1,
    case when d.body->>'paid_on' < %(first)s
         then to_char((d.body->>'paid_on')::date, 'YYYY"-Q"Q') end, d.body
  from document d
  where d.kind = 'credit_note' and d.market = %(market)s
    and d.day >= %(first)s::date and d.day < %(after)s::date
    and (%(sellers)s::uuid[] is null or d.seller_id = any(%(sellers)s))),
told as (
  select seller_id, sign, corrects, body->'address'->>'country' as country,
    case when (body->>'reverse_charge')::bool then 'business'
         when body->'address'->>'country' = body->>'seller_country' then 'domestic'
         when body->>'seller_country' = any(%(eu)s)
           and body->'address'->>'country' = any(%(eu)s) then 'union'
         else 'other' end as part,
    case when (body->>'reverse_charge')::bool then body->>'vat_id' else '' end as vat_id,
    (r->>'rate')::int as rate, (r->>'gross')::bigint as gross, (r->>'vat')::bigint as vat
  from counted cross join lateral jsonb_array_elements(body->'rates') r)
"""
SUMMED = """
  count(*) as documents, sum(sign * (gross - vat))::bigint as base, sum(sign * vat)::bigint as vat
"""


async def sum_quarter(tx: Tx, asked: Asked) -> list[Total]:
    """Sum a quarter by part, country, rate and the quarter it corrects."""
    sql = f"""
    {TOTALS}
    select part, country, rate, corrects, {SUMMED} from told
    group by part, country, rate, corrects
    order by part, corrects nulls first, country, rate desc
    """
    return await rows(tx, sql, _given(asked), Total)


async def list_quarter(tx: Tx, asked: Asked) -> list[Total]:
    """Sum a quarter for a file: also by seller, and companies by their VAT id.

    Raises FileTooLong: what is declared is never cut off.
    """
    sql = f"""
    {TOTALS}
    select seller_id as seller, part, country, vat_id, rate, corrects, {SUMMED} from told
    group by seller_id, part, country, vat_id, rate, corrects
    order by seller_id, part, corrects nulls first, country, vat_id, rate desc
    limit {ROWS_MAX + 1}
    """
    found = await rows(tx, sql, _given(asked), Total)
    if len(found) > ROWS_MAX:
        raise FileTooLong(count=ROWS_MAX)
    return found


async def find_first_quarter(tx: Tx, market: str) -> Quarter | None:
    """Return the quarter of the first sale of a market that has an invoice."""
    sql = "select min(body->>'paid_on') from document where market = %s and kind = 'invoice'"
    first = await value(tx, sql, (market,))
    return Quarter(int(first[:4]), (int(first[5:7]) + 2) // 3) if first else None


def _given(asked: Asked) -> dict[str, object]:
    return {
        "market": asked.market,
        "first": asked.quarter.first.isoformat(),
        "after": asked.quarter.after.isoformat(),
        "sellers": asked.sellers,
        "eu": sorted(EU),
    }


def money_of(totals: Sequence[Total], currency: str) -> tuple[Money, Money]:
    """Return what rows come to: taxable amount and VAT."""
    return (
        Money(sum(total.base for total in totals), currency),
        Money(sum(total.vat for total in totals), currency),
    )
