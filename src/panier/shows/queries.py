"""Reads: shows, their run sheets and pins; who may run one."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from panier import catalog, people
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, value
from panier.kit.errors import NotFound
from panier.kit.fresh import Fresh
from panier.shows.rules import RUN_SHEET_MAX, StockRule

LIST_MAX = 100
"""Shows in one answer."""
PINS_MAX = 2000
"""Pins read of one show."""
LATE = timedelta(hours=3)
"""A show that has not begun is still announced for this long."""
HOST = "host"
"""The role that may schedule shows and run its own."""
CREW = ("market", "admin")
"""Roles that may run every show of their market."""
RULE_SECONDS = 5.0
"""How old a remembered stock rule may be; on air it does not change any more."""

SHOWS = """
select s.id, s.market, s.slug, s.title, s.language, s.host_id as host, p.name as host_name,
       s.cover, s.state, s.starts_at, s.live_at, s.ended_at, s.stock_rule
from show s join person p on p.id = s.host_id
"""


class Show(msgspec.Struct, frozen=True):
    """A live: before, on and after the air."""

    id: UUID
    market: str
    slug: str
    title: str
    language: str
    host: UUID
    host_name: str
    cover: str | None
    """The name of its picture (see `catalog.keep_image`)."""
    state: str
    """See rules.State."""
    starts_at: datetime
    live_at: datetime | None
    ended_at: datetime | None
    stock_rule: str
    """See rules.StockRule."""

    @property
    def cover_url(self) -> str | None:
        """Return the address of its picture, at most 960 pixels wide and high."""
        return catalog.image_url(self.cover)

    @property
    def path(self) -> str:
        """Return where it is watched: /fr/live/evening-lights."""
        return f"/{self.market.lower()}/live/{self.slug}"


class Pin(msgspec.Struct, frozen=True):
    """A stretch of time in which a product was on the picture."""

    id: UUID
    product: UUID
    pinned_at: datetime
    unpinned_at: datetime | None


async def find_show(tx: Tx, show: UUID) -> Show | None:
    """Return a show, or None."""
    return await find(tx, SHOWS + "where s.id = %s", (show,), Show)


async def get_show(tx: Tx, show: UUID) -> Show:
    """Return a show; raises NotFound."""
    found = await find_show(tx, show)
    if found is None:
        raise NotFound
    return found


async def get_show_unmoved(tx: Tx, show: UUID) -> Show:
    """Return a show that stays as it is until this transaction ends; raises NotFound."""
    found = await find(tx, SHOWS + "where s.id = %s for share of s", (show,), Show)
    if found is None:
        raise NotFound
    return found


async def find_show_by_slug(tx: Tx, market: str, slug: str) -> Show | None:
    """Return the show of that name in addresses, or None."""
    return await find(tx, SHOWS + "where s.market = %s and s.slug = %s", (market, slug), Show)


async def get_show_by_slug(tx: Tx, market: str, slug: str) -> Show:
    """Return the show of that name in addresses; raises NotFound."""
    found = await find_show_by_slug(tx, market, slug)
    if found is None:
        raise NotFound
    return found


async def access_show(tx: Tx, reader: people.Reader, show: UUID | str) -> Show:
    """Return a show (by id or slug) for whoever may run it: its host, the market team, admins.

    Raises NotFound (also for another market's show), SignInNeeded, Forbidden.
    """
    market = reader.market.code
    if isinstance(show, UUID):
        found = await get_show(tx, show)
    else:
        found = await get_show_by_slug(tx, market, show)
    if found.market != market:
        raise NotFound
    person = people.require(reader)
    if person.id != found.host or HOST not in reader.roles:
        people.require(reader, *CREW)
    return found


async def list_on_air(tx: Tx, market: str, limit: int = LIST_MAX) -> list[Show]:
    """List shows that are live, the one that began last first."""
    sql = SHOWS + "where s.market = %s and s.state = 'live' order by s.live_at desc, s.id limit %s"
    return await rows(tx, sql, (market, min(limit, LIST_MAX)), Show)


async def list_upcoming(tx: Tx, market: str, limit: int = LIST_MAX) -> list[Show]:
    """List shows that are announced, the next first; one that is late stays for three hours."""
    sql = SHOWS + (
        "where s.market = %s and s.state in ('scheduled', 'rehearsing') and s.starts_at > %s"
        " order by s.starts_at, s.id limit %s"
    )
    return await rows(tx, sql, (market, now() - LATE, min(limit, LIST_MAX)), Show)


async def list_replays(tx: Tx, market: str, limit: int = LIST_MAX) -> list[Show]:
    """List shows that are over, the latest first."""
    sql = (
        SHOWS + "where s.market = %s and s.state = 'ended' order by s.ended_at desc, s.id limit %s"
    )
    return await rows(tx, sql, (market, min(limit, LIST_MAX)), Show)


async def list_shows_of_host(tx: Tx, market: str, host: UUID, limit: int = LIST_MAX) -> list[Show]:
    """List the shows of one host in any state, the latest start first."""
    sql = SHOWS + (
        "where s.market = %s and s.host_id = %s order by s.starts_at desc, s.id limit %s"
    )
    return await rows(tx, sql, (market, host, min(limit, LIST_MAX)), Show)


async def list_shows(tx: Tx, market: str, limit: int = LIST_MAX) -> list[Show]:
    """List all shows of a market in any state, the latest start first."""
    sql = SHOWS + "where s.market = %s order by s.starts_at desc, s.id limit %s"
    return await rows(tx, sql, (market, min(limit, LIST_MAX)), Show)


async def list_run_sheet_ids(tx: Tx, show: UUID) -> list[UUID]:
    """List the products of the run sheet in their order."""
    sql = "select product_id from run_sheet where show_id = %s order by position limit %s"
    cursor = await tx.execute(sql, (show, RUN_SHEET_MAX))
    return [row[0] for row in await cursor.fetchall()]


async def list_run_sheet(tx: Tx, show: UUID, language: str) -> list[catalog.Product]:
    """List the products of the run sheet in their order, with variants, prices and seller."""
    ids = await list_run_sheet_ids(tx, show)
    products = await catalog.find_products(tx, ids, language)
    return [products[product] for product in ids]


async def list_pins(tx: Tx, show: UUID) -> list[Pin]:
    """List what was on the picture and when, in order; once on air, without the rehearsal's."""
    sql = """
    select pin.id, product_id as product, pinned_at, unpinned_at
    from pin join show on show.id = pin.show_id
    where show_id = %s and (live_at is null or pinned_at >= live_at)
    order by pinned_at, pin.id limit %s
    """
    return await rows(tx, sql, (show, PINS_MAX), Pin)


async def find_pin(tx: Tx, show: UUID) -> Pin | None:
    """Return what is on the picture now, or None."""
    sql = (
        "select id, product_id as product, pinned_at, unpinned_at from pin"
        " where show_id = %s and unpinned_at is null"
    )
    return await find(tx, sql, (show,), Pin)


async def find_live_shows_with_variant(tx: Tx, variant: UUID) -> list[UUID]:
    """Return the shows on air or in rehearsal that have this variant on their run sheet."""
    cursor = await tx.execute(
        "select s.id from run_sheet r join show s on s.id = r.show_id"
        " where r.product_id = %s and s.state in ('live', 'rehearsing') order by s.id limit %s",
        (await catalog.find_product_of(tx, variant), LIST_MAX),
    )
    return [row[0] for row in await cursor.fetchall()]


async def list_shows_by_id(tx: Tx, shows: Sequence[UUID]) -> list[Show]:
    """List these shows, the latest start first."""
    sql = SHOWS + "where s.id = any(%s) order by s.starts_at desc, s.id limit %s"
    return await rows(tx, sql, (list(shows), LIST_MAX), Show)


async def is_first_paid(cell: Cell, show: UUID) -> bool:
    """Tell whether who pays first gets it in this show, from memory; an unknown show holds."""
    return await cell.memory(_rules).get(show)


def _rules(cell: Cell) -> Fresh[UUID, bool]:
    async def read(show: UUID) -> bool:
        async with cell.read() as tx:
            rule = await value(tx, "select stock_rule from show where id = %s", (show,))
        return bool(rule == StockRule.FIRST_PAID)

    return Fresh(read, RULE_SECONDS)


async def list_hosts(tx: Tx, shows: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return who presents each of these shows."""
    cursor = await tx.execute("select id, host_id from show where id = any(%s)", (list(shows),))
    return dict(await cursor.fetchall())
