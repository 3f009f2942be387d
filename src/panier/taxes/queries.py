"""Reads: what is known of a VAT id, who a seller is before the law, whose company is kept."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from panier.kit.db import Tx, find, rows
from panier.taxes.rules import Check, From, Trader

CHECK = "id, vat_id, country, state, consultation, name, address, checked_at"
TRADER = """name, line1, line2, postcode, city, country, vat_number, registration, email"""


class Company(msgspec.Struct, frozen=True):
    """The company that a person lets us keep."""

    name: str
    vat_id: str


class _Row(msgspec.Struct):
    seller: UUID
    trader: dict[str, str]


class _From(msgspec.Struct):
    country: str
    registered: bool


async def find_check(tx: Tx, vat_id: str, moment: datetime, days: int) -> Check | None:
    """Return the latest answer of at most `days`; else a question still open; else None."""
    sql = f"""
    select {CHECK} from vat_check
    where vat_id = %s and (state = 'pending' or checked_at >= %s)
    order by checked_at desc nulls last limit 1
    """
    return await find(tx, sql, (vat_id, moment - timedelta(days=days)), Check)


async def find_trader(tx: Tx, seller: UUID) -> Trader | None:
    """Return who a seller is before the law, if it told."""
    return await find(
        tx, f"select {TRADER} from seller_legal where seller_id = %s", (seller,), Trader
    )


async def list_traders(tx: Tx, sellers: Collection[UUID]) -> dict[UUID, Trader]:
    """Return who these sellers are before the law; who did not tell is not there."""
    sql = """
    select seller_id as seller, json_build_object('name', name, 'line1', line1, 'line2', line2,
      'postcode', postcode, 'city', city, 'country', country, 'vat_number', vat_number,
      'registration', registration, 'email', email) as trader
    from seller_legal where seller_id = any(%s)
    """
    found = await rows(tx, sql, (list(sellers),), _Row)
    return {row.seller: msgspec.convert(row.trader, Trader) for row in found}


async def list_origins(tx: Tx, sellers: Collection[UUID]) -> list[From]:
    """Return where these sellers send from, and whether their VAT number there is known."""
    sql = """
    select s.country, coalesce(left(l.vat_number, 2), '')
      = case s.country when 'GR' then 'EL' else s.country end as registered
    from seller s left join seller_legal l on l.seller_id = s.id where s.id = any(%s) order by s.id
    """
    return [From(f.country, f.registered) for f in await rows(tx, sql, (list(sellers),), _From)]


async def find_company(tx: Tx, person: UUID) -> Company | None:
    """Return the company that a person lets us keep, if there is one."""
    return await find(
        tx, "select name, vat_id from saved_company where person_id = %s", (person,), Company
    )
