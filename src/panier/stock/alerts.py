"""Telling sellers what runs low: one mail for all that ran low together, a variant once a day.

What is there again by then is not told. Who wants no such mails says so on the page of stock.
"""

from datetime import timedelta
from uuid import UUID

import msgspec

from panier import events, people
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run
from panier.kit.i18n import _, n_
from panier.people import Note, Person
from panier.stock.lists import ShelfRow, find_shelf

BUNDLE_MINUTES = 5
"""So long a mail waits for what else runs low."""
AGAIN_HOURS = 24
"""A variant is told of at most once in this time."""
NAMED_MAX = 50
"""Variants that one mail names."""

DUE = """
select p.seller_id as seller, l.market from low_stock l
join variant v on v.id = l.variant_id join product p on p.id = v.product_id
where l.since <= %(bundled)s and (l.told_at is null or l.told_at <= %(again)s)
order by l.since limit 1
"""
# Another worker that tells the same seller at this moment leaves nothing to tell.
TAKE = """
select l.variant_id from low_stock l
join variant v on v.id = l.variant_id join product p on p.id = v.product_id
where l.since is not null and (l.told_at is null or l.told_at <= %(again)s)
  and p.seller_id = %(seller)s and l.market = %(market)s
order by v.sku, l.variant_id for update of l skip locked
"""


class Due(msgspec.Struct):
    """A seller who is to be told."""

    seller: UUID
    market: str


async def note_low(tx: Tx, event: events.LowStock) -> None:
    """Note that a variant's seller is to be told."""
    await run(
        tx,
        "insert into low_stock (variant_id, market, since) values (%s, %s, %s)"
        " on conflict (variant_id) do update"
        " set since = coalesce(low_stock.since, excluded.since)",
        (event.variant, event.market, now()),
    )


async def tell_low(cell: Cell) -> int:
    """Tell one seller whose time has come what runs low; returns how many variants were due."""

    async def act(tx: Tx) -> int:
        moment = now()
        times = {
            "bundled": moment - timedelta(minutes=BUNDLE_MINUTES),
            "again": moment - timedelta(hours=AGAIN_HOURS),
        }
        due = await find(tx, DUE, times, Due)
        if due is None:
            return 0
        asked = {**times, "seller": due.seller, "market": due.market}
        cursor = await tx.execute(TAKE, asked)
        taken = [row[0] for row in await cursor.fetchall()]
        low = await _list_low(tx, due.market, taken)
        await run(
            tx,
            "update low_stock set since = null, told_at = case when variant_id = any(%s)"
            " then %s else told_at end where variant_id = any(%s)",
            (low, moment, taken),
        )
        if low:
            await _tell(tx, due, low)
        return len(taken)

    return await cell.run(act)


async def _list_low(tx: Tx, market: str, variants: list[UUID]) -> list[UUID]:
    """Return those that are low still."""
    found = [await find_shelf(tx, market, variant, "en") for variant in variants]
    return [
        shelf.variant
        for shelf in found
        if shelf and shelf.available <= shelf.low_at and shelf.low_at
    ]


async def _tell(tx: Tx, due: Due, low: list[UUID]) -> None:
    silent = await list_silent(tx, due.seller)
    staff = [
        person for person in await people.list_staff(tx, due.seller) if person.id not in silent
    ]
    shelves = {
        language: [await find_shelf(tx, due.market, key, language) for key in low[:NAMED_MAX]]
        for language in {person.language for person in staff}
    }

    def write(person: Person) -> Note:
        named = [shelf for shelf in shelves[person.language] if shelf]
        said = [
            n_(
                "%(count)s variant of %(seller)s is running low.",
                "%(count)s variants of %(seller)s are running low.",
                len(low),
                seller=named[0].seller_name,
            ),
            _("You are told of a variant at most once a day, and not at all once it is back."),
        ]
        return Note(
            subject=n_("%(count)s variant is running low", "%(count)s variants are running low",
                       len(low)),
            said=said,
            facts=[(_name(shelf), _left(shelf)) for shelf in named],
            link=(_("See the stock"), f"/{due.market.lower()}/seller/stock?low=1"),
            why=_("You get this mail because you work for this seller. You can switch it off on"
                  " the page of stock."),
        )  # fmt: skip

    await people.write_to(tx, due.market, staff, write)


def _name(shelf: ShelfRow) -> str:
    name = " · ".join(part for part in (shelf.title, shelf.variant_title) if part)
    return f"{name} ({shelf.sku})"


def _left(shelf: ShelfRow) -> str:
    return _("%(count)s left", count=shelf.available)


async def list_silent(tx: Tx, seller: UUID) -> set[UUID]:
    """Return who of a seller's staff wants no mails of what runs low."""
    cursor = await tx.execute("select person_id from low_stock_off where seller_id = %s", (seller,))
    return {row[0] for row in await cursor.fetchall()}


class Wish(msgspec.Struct):
    """Whether somebody wants to be told of a seller's stock."""

    seller: UUID
    name: str
    told: bool


async def list_wishes(tx: Tx, person: UUID, sellers: list[UUID]) -> list[Wish]:
    """List for which of these sellers a person is told when something runs low."""
    sql = """
    select s.id as seller, s.name, not exists (
      select 1 from low_stock_off o where o.seller_id = s.id and o.person_id = %s) as told
    from seller s where s.id = any(%s) order by s.name, s.id
    """
    return await rows(tx, sql, (person, sellers), Wish)


async def set_wish(tx: Tx, person: UUID, seller: UUID, *, told: bool) -> None:
    """Be told of a seller's stock from now on, or not."""
    if told:
        sql = "delete from low_stock_off where person_id = %s and seller_id = %s"
    else:
        sql = "insert into low_stock_off values (%s, %s) on conflict do nothing"
    await run(tx, sql, (person, seller))
