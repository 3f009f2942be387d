"""Writes: VAT ids are looked up and what came is kept; sellers' legal data; kept companies.

The EU's service is asked outside any transaction. Answers are rows that nobody changes: an id
asked again has a new one.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run
from panier.kit.ids import new_id
from panier.settings import Settings
from panier.taxes.queries import Company, find_check
from panier.taxes.rules import Check, State, Trader, VatId, can_be_checked, is_recent
from panier.taxes.vies import Answer, ask

BUYER_SECONDS = 8
"""How long a buyer who types an id waits for its answer."""
WORKER_SECONDS = 25
"""How long a worker does: some member states are slow."""
FRESH_DAYS = 1
"""A younger answer is given again without asking."""
DOUBT_DAYS = 1 / 24
"""The same of a no: a company may be registered today."""
RETRY_SECONDS, RETRY_SECONDS_MAX = 20, 3600
"""The wait after the first failure, doubled after each, and its end."""
TRIES_MAX = 14
"""Failures before a question is given up: some seven hours; whoever types it again begins anew."""
LOOKS_MAX = 4
"""Questions that a worker asks in one go."""
LEASE_SECONDS = 120
"""A worker that took a question and died gives it back after this time."""
KEEP_DAYS = 30
"""How long a no, or a question that was given up, is kept."""

SETTLE = """
update vat_check set state = %(state)s, consultation = %(consultation)s, name = %(name)s,
  address = %(address)s, evidence = %(evidence)s, trouble = '', checked_at = %(at)s, look_at = null
where vat_id = %(vat_id)s and state = 'pending'
"""
ANSWER = """
insert into vat_check (id, vat_id, country, state, consultation, name, address, evidence, at,
  checked_at)
values (%(id)s, %(vat_id)s, %(country)s, %(state)s, %(consultation)s, %(name)s, %(address)s,
  %(evidence)s, %(at)s, %(at)s)
"""
WAIT = """
insert into vat_check (id, vat_id, country, state, trouble, at, tries, look_at)
values (%(id)s, %(vat_id)s, %(country)s, 'pending', %(trouble)s, %(at)s, 1, %(look_at)s)
on conflict (vat_id) where state = 'pending' do update
set trouble = excluded.trouble, tries = case when vat_check.look_at is null then 1
      else vat_check.tries + 1 end, look_at = excluded.look_at
returning tries
"""
CLAIM = """
update vat_check set look_at = %(lease)s where id in (
  select id from vat_check where look_at <= %(at)s
  order by look_at for update skip locked limit %(limit)s)
returning vat_id, country
"""
LEGAL = """
insert into seller_legal (seller_id, name, line1, line2, postcode, city, country, vat_number,
  registration, email, person_id, at)
values (%(seller)s, %(name)s, %(line1)s, %(line2)s, %(postcode)s, %(city)s, %(country)s,
  %(vat_number)s, %(registration)s, %(email)s, %(person)s, %(at)s)
on conflict (seller_id) do update set name = excluded.name, line1 = excluded.line1,
  line2 = excluded.line2, postcode = excluded.postcode, city = excluded.city,
  country = excluded.country, vat_number = excluded.vat_number,
  registration = excluded.registration, email = excluded.email, person_id = excluded.person_id,
  at = excluded.at
"""


class _Due(msgspec.Struct):
    vat_id: str
    country: str


class _Waiting(msgspec.Struct):
    tries: int
    look_at: datetime | None


async def check(cell: Cell, settings: Settings, vat_id: VatId) -> Check | None:
    """Return what is known of an id, having asked for it where that is due.

    The EU's service not answering, a valid answer of at most `vat_check_days` stands; without one
    the question stays open and a worker asks it again. None: ids of this country are not looked up.
    """
    if not can_be_checked(vat_id):
        return None
    moment = now()
    async with cell.read() as tx:
        known = await find_check(tx, vat_id.full, moment, settings.vat_check_days)
        waiting = await _find_waiting(tx, vat_id.full)
    if known is not None and _is_fresh(known, moment):
        return known
    if waiting is not None and waiting.look_at is not None and waiting.look_at > moment:
        return known
    answer = await ask(settings, vat_id, BUYER_SECONDS)
    return await cell.run(lambda tx: _note(tx, settings, vat_id, answer))


async def recheck(cell: Cell, settings: Settings) -> int:
    """Ask again what was not answered; returns how many were asked. Several workers may."""
    moment = now()
    if not settings.vies_url:
        return 0
    async with cell.tx() as tx:
        lease = moment + timedelta(seconds=LEASE_SECONDS)
        given = {"lease": lease, "at": moment, "limit": LOOKS_MAX}
        due = await rows(tx, CLAIM, given, _Due)
    for one in due:
        vat_id = VatId(one.vat_id, one.country)
        answer = await ask(settings, vat_id, WORKER_SECONDS)
        await _note_in(cell, settings, vat_id, answer)
    return len(due)


async def forget_old(cell: Cell) -> int:
    """Delete what is no evidence of anything any more; returns how many."""
    sql = "delete from vat_check where state <> 'valid' and at < %s and look_at is null"
    return await cell.run(lambda tx: run(tx, sql, (now() - timedelta(days=KEEP_DAYS),)))


async def _note_in(cell: Cell, settings: Settings, vat_id: VatId, answer: Answer) -> None:
    await cell.run(lambda tx: _note(tx, settings, vat_id, answer))


async def _note(tx: Tx, settings: Settings, vat_id: VatId, answer: Answer) -> Check | None:
    """Keep what came; returns what is known now."""
    moment = now()
    given = {
        "id": new_id(),
        "vat_id": vat_id.full,
        "country": vat_id.country,
        "state": answer.state.value,
        "consultation": answer.consultation,
        "name": answer.name,
        "address": answer.address,
        "evidence": msgspec.json.encode(answer.evidence).decode(),
        "trouble": answer.trouble,
        "at": moment,
        "look_at": moment + timedelta(seconds=RETRY_SECONDS),
    }
    if answer.state == State.PENDING:
        waiting = await find(tx, WAIT, given, _Tries)
        await _put_off(tx, vat_id.full, waiting.tries if waiting else 1, moment)
    elif not await run(tx, SETTLE, given):
        await run(tx, ANSWER, given)
    return await find_check(tx, vat_id.full, moment, settings.vat_check_days)


class _Tries(msgspec.Struct):
    tries: int


async def _put_off(tx: Tx, vat_id: str, tries: int, moment: datetime) -> None:
    wait = min(RETRY_SECONDS * 2 ** (tries - 1), RETRY_SECONDS_MAX)
    later = moment + timedelta(seconds=wait) if tries < TRIES_MAX else None
    sql = "update vat_check set look_at = %s where vat_id = %s and state = 'pending'"
    await run(tx, sql, (later, vat_id))


async def _find_waiting(tx: Tx, vat_id: str) -> _Waiting | None:
    sql = "select tries, look_at from vat_check where vat_id = %s and state = 'pending'"
    return await find(tx, sql, (vat_id,), _Waiting)


def _is_fresh(known: Check, moment: datetime) -> bool:
    if known.state == State.PENDING:
        return False
    days = FRESH_DAYS if known.state == State.VALID else DOUBT_DAYS
    return is_recent(known, moment, days)


async def set_trader(tx: Tx, seller: UUID, trader: Trader, person: UUID | None) -> None:
    """Write down who a seller is before the law; documents written before keep what they say."""
    given = msgspec.structs.asdict(trader) | {"seller": seller, "person": person, "at": now()}
    await run(tx, LEGAL, given)


async def save_company(tx: Tx, person: UUID, company: Company) -> None:
    """Keep a company with a person's address; they asked for it."""
    await run(
        tx,
        "insert into saved_company (person_id, name, vat_id, at) values (%s, %s, %s, %s)"
        " on conflict (person_id) do update set name = excluded.name, vat_id = excluded.vat_id,"
        " at = excluded.at",
        (person, company.name, company.vat_id, now()),
    )


async def forget_company(tx: Tx, person: UUID) -> None:
    """Forget it."""
    await run(tx, "delete from saved_company where person_id = %s", (person,))
