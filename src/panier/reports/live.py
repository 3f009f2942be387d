"""Reads the figures of a show while it runs: what the studio asks for every few seconds."""

from uuid import UUID

import msgspec

from panier.kit.clock import ms, now
from panier.kit.db import Tx, find
from panier.kit.money import Money
from panier.reports.aired import Aired
from panier.reports.room import MOMENTS
from panier.reports.rules import SAMPLE_SECONDS, tenths_of_percent
from panier.reports.sales import read_totals

SAMPLES_MAX = 60
"""Samples of ten seconds in the little curve."""


class ProductNow(msgspec.Struct, frozen=True):
    """What a product sold so far, and what is left of all its variants."""

    product: UUID
    sold: int
    revenue: Money
    stock: int


class Sample(msgspec.Struct, frozen=True):
    """Ten seconds: when they began (ms since the epoch), viewers then, sales in them (minor)."""

    at: int
    viewers: int
    revenue: int


class FiguresNow(msgspec.Struct, frozen=True):
    """The figures of a show on air, as far as they are committed."""

    viewers: int
    """At the latest sample."""
    viewers_peak: int
    visitors: int
    orders: int
    units: int
    revenue: Money
    conversion: float
    """Buyers of visitors, from 0 to 1, with three decimals."""
    hearts: int
    messages: int
    products: list[ProductNow]
    minute: list[Sample]
    """The latest 60 samples, the oldest first."""


ROOM = (
    "with "
    + MOMENTS
    + """
select coalesce(max(viewers), 0)::int as peak, coalesce(sum(hearts), 0)::int as hearts,
  (select count(*)::int from room_visit
   where show_id = %(show)s and last_at >= %(start)s) as visitors,
  (select count(*)::int from room_log
   where show_id = %(show)s and kind = 'chat' and at >= %(start)s) as messages
from moment
"""
)
LATEST = "with " + MOMENTS + "select n, viewers from moment where n >= %(first)s order by n"
REVENUE = """
select floor(extract(epoch from at - %(start)s) / %(every)s)::int, sum(goods_minor)::bigint
from orders where show_id = %(show)s and paid_at is not null
  and at >= %(start)s + make_interval(secs => %(first)s * %(every)s) group by 1
"""
STOCK = """
select v.product_id, sum(s.available)::int from variant v join stock s on s.variant_id = v.id
where v.product_id = any(%s) group by 1
"""


class _Room(msgspec.Struct):
    peak: int
    hearts: int
    visitors: int
    messages: int


async def read_figures(tx: Tx, show: Aired) -> FiguresNow:
    """Read the figures of a show up to now, or up to its end."""
    end = show.ended_at or now()
    last = max(0, int((end - show.start).total_seconds()) // SAMPLE_SECONDS)
    span = {
        "show": show.id,
        "start": show.start,
        "end": end,
        "every": SAMPLE_SECONDS,
        "first": max(0, last - SAMPLES_MAX + 1),
        "last": last,
    }
    room = await find(tx, ROOM, span, _Room) or _Room(0, 0, 0, 0)
    totals, products = await read_totals(tx, show, end)
    left = dict(await (await tx.execute(STOCK, ([p.product for p in products],))).fetchall())
    minute = await _read_minute(tx, show, span)
    return FiguresNow(
        viewers=minute[-1].viewers if minute else 0,
        viewers_peak=room.peak,
        visitors=room.visitors,
        orders=totals.orders,
        units=sum(p.units for p in products),
        revenue=Money(totals.minor, show.currency),
        conversion=tenths_of_percent(totals.buyers, room.visitors) / 1000,
        hearts=room.hearts,
        messages=room.messages,
        products=[
            ProductNow(p.product, p.units, Money(p.minor, show.currency), left.get(p.product, 0))
            for p in products
        ],
        minute=minute,
    )


async def _read_minute(tx: Tx, show: Aired, span: dict[str, object]) -> list[Sample]:
    viewers: dict[int, int] = dict(await (await tx.execute(LATEST, span)).fetchall())
    revenue: dict[int, int] = dict(await (await tx.execute(REVENUE, span)).fetchall())
    start = ms(show.start)
    return [
        Sample(start + 1000 * SAMPLE_SECONDS * n, viewers.get(n, 0), revenue.get(n, 0))
        for n in sorted({*viewers, *revenue})
    ]
