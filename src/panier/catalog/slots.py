"""Services: products that take place, and their slots: variants with a time each.

A slot's capacity is its stock, so whoever makes slots brings the places into the stock, and tells
it when the slot closes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from panier import markets
from panier.catalog.actions import insert_product, set_price
from panier.catalog.exemptions import check_withdrawal
from panier.catalog.rules import (
    DESCRIPTION_MAX,
    TITLE_MAX,
    Texts,
    check_price,
    check_texts,
)
from panier.catalog.slot_rules import (
    ARRIVAL_MAX,
    CANCEL_HOURS_MAX,
    CLOSES_MINUTES_MAX,
    PLACE_MAX,
    SLOTS_MAX,
    NotAService,
    SlotTaken,
    TooManySlots,
    check_number,
    check_time,
    slot_sku,
    slot_title,
)
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run, value
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import _, current_language
from panier.kit.ids import new_id
from panier.kit.money import Money

SERVICE = """
select p.id as product, p.market, p.seller_id as seller, s.name as seller_name, p.slug, p.title,
       p.description, p.image, p.image_alt, p.vat_category, p.withdrawal, m.currency, m.country,
       m.languages, m.time_zone, v.minor, v.closes_minutes, v.cancel_hours, v.arrival
from service v join product p on p.id = v.product_id join seller s on s.id = p.seller_id
join market m on m.code = p.market
"""
SLOTS = """
select t.variant_id as variant, t.product_id as product, t.starts_at, t.ends_at, t.closes_at,
       t.place, t.cancelled_at, t.note, t.done_at
from slot t
"""
# All or none: the price is the service's, the number tells the same slot made twice.
ADD_VARIANTS = """
insert into variant (id, product_id, position, sku, title)
select id, %(product)s, 0, sku, title
from unnest(%(ids)s::uuid[], %(skus)s::text[], %(titles)s::jsonb[]) t(id, sku, title)
on conflict (product_id, sku) do nothing
"""
ADD_PRICES = """
insert into price (variant_id, market, currency, minor, valid_from)
select id, %(market)s, %(currency)s, %(minor)s, %(at)s from unnest(%(ids)s::uuid[]) t(id)
"""
ADD_SLOTS = """
insert into slot (variant_id, product_id, market, starts_at, ends_at, closes_at, place)
select id, %(product)s, %(market)s, starts_at, ends_at, closes_at, %(place)s
from unnest(%(ids)s::uuid[], %(starts)s::timestamptz[], %(ends)s::timestamptz[],
            %(closes)s::timestamptz[]) t(id, starts_at, ends_at, closes_at)
"""


class Terms(msgspec.Struct, frozen=True):
    """What a seller says of a service."""

    title: Texts
    description: Texts
    vat_category: str
    price: Money
    """Of one place, VAT included."""
    closes_minutes: int = 0
    """Nobody can book so shortly before a slot begins."""
    cancel_hours: int = 24
    """Until so long before it begins a buyer may cancel."""
    arrival: str = ""
    """How to find or join it, for those who have booked."""
    withdrawal: str = "allowed"


class Service(msgspec.Struct, frozen=True):
    """A service as its seller sees it; texts by language."""

    product: UUID
    market: str
    seller: UUID
    seller_name: str
    slug: str
    title: Texts
    description: Texts
    image: str | None
    image_alt: Texts
    vat_category: str
    withdrawal: str
    currency: str
    country: str
    languages: list[str]
    time_zone: str
    minor: int
    closes_minutes: int
    cancel_hours: int
    arrival: str

    @property
    def price(self) -> Money:
        """Return what a place costs, VAT included."""
        return Money(self.minor, self.currency)


class SlotRow(msgspec.Struct, frozen=True):
    """A slot as its seller sees it."""

    variant: UUID
    product: UUID
    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    place: str
    cancelled_at: datetime | None
    note: str
    done_at: datetime | None


async def create_service(tx: Tx, *, seller: UUID, slug: str, terms: Terms) -> UUID:
    """Make a service without slots.

    Raises NotFound (no such seller), SlugTaken, CurrencyRefused, BadInput and
    markets.UnknownVatRate.
    """
    _check(terms)
    product, market = await insert_product(
        tx,
        seller=seller,
        slug=slug,
        title=terms.title,
        description=terms.description,
        vat_category=terms.vat_category,
        kind="service",
        withdrawal=terms.withdrawal,
    )
    check_price(terms.price, market.currency)
    await run(
        tx,
        "insert into service (product_id, minor, closes_minutes, cancel_hours, arrival)"
        " values (%s, %s, %s, %s, %s)",
        (product, terms.price.minor, terms.closes_minutes, terms.cancel_hours, terms.arrival),
    )
    return product


async def set_terms(tx: Tx, product: UUID, terms: Terms) -> dict[UUID, datetime]:
    """Change a service for all slots to come; returns when each closes now, for the stock.

    Raises NotFound, CurrencyRefused, BadInput and markets.UnknownVatRate.
    """
    _check(terms)
    service, moment = await get_service(tx, product), now()
    check_price(terms.price, service.currency)
    await markets.get_vat_rate(tx, service.country, terms.vat_category, moment.date())
    await run(
        tx,
        "update product set title = %s, description = %s, vat_category = %s, withdrawal = %s"
        " where id = %s",
        (Jsonb(terms.title), Jsonb(terms.description), terms.vat_category, terms.withdrawal,
         product),
    )  # fmt: skip
    await run(
        tx,
        "update service set minor = %s, closes_minutes = %s, cancel_hours = %s, arrival = %s"
        " where product_id = %s",
        (terms.price.minor, terms.closes_minutes, terms.cancel_hours, terms.arrival, product),
    )
    cursor = await tx.execute(
        "update slot set closes_at = starts_at - make_interval(mins => %s)"
        " where product_id = %s and starts_at > %s and cancelled_at is null"
        " returning variant_id, closes_at",
        (terms.closes_minutes, product, moment),
    )
    closings: dict[UUID, datetime] = dict(await cursor.fetchall())
    if terms.price != service.price:
        for variant in sorted(closings):
            await set_price(tx, variant, service.market, terms.price)
    return closings


def _check(terms: Terms) -> None:
    check_texts(terms.title, "title", TITLE_MAX)
    check_texts(terms.description, "description", DESCRIPTION_MAX)
    check_number(terms.closes_minutes, "closes_minutes", CLOSES_MINUTES_MAX)
    check_number(terms.cancel_hours, "cancel_hours", CANCEL_HOURS_MAX)
    _check_text(terms.arrival, "arrival", ARRIVAL_MAX)
    check_withdrawal(terms.withdrawal, "service")


def _check_text(text: str, field: str, longest: int) -> None:
    if len(text) > longest:
        raise BadInput(field=field, reason=_("at most %(count)s characters", count=longest))


async def set_withdrawal(tx: Tx, product: UUID, withdrawal: str) -> None:
    """Say whether buyers of a product may withdraw, from the next order on.

    Raises NotFound, BadInput.
    """
    kind = await find_product_kind(tx, product)
    if kind is None:
        raise NotFound
    chosen = check_withdrawal(withdrawal, kind)
    await run(tx, "update product set withdrawal = %s where id = %s", (chosen.value, product))


async def add_slots(
    tx: Tx, product: UUID, times: Sequence[tuple[datetime, datetime]], place: str
) -> dict[UUID, datetime]:
    """Add slots from beginning to end (UTC); returns when each closes, for the stock.

    All or none. Raises NotFound, NotAService, SlotTaken, TooManySlots, BadInput.
    """
    service, moment = await _lock(tx, product), now()
    _check_text(place, "place", PLACE_MAX)
    for starts_at, ends_at in times:
        check_time(starts_at, ends_at, moment)
    waiting = await value(
        tx,
        "select count(*) from slot where product_id = %s and starts_at > %s"
        " and cancelled_at is null",
        (product, moment),
    )
    if waiting + len(times) > SLOTS_MAX:
        raise TooManySlots(limit=SLOTS_MAX)
    before = timedelta(minutes=service.closes_minutes)
    skus = [slot_sku(starts_at) for starts_at, _end in times]
    titles = [slot_title(*span, service.time_zone, service.country) for span in times]
    await _check_free(tx, product, skus, titles)
    ids = [new_id() for _ in times]
    closes = [starts_at - before for starts_at, _end in times]
    params = {
        "product": product, "market": service.market, "currency": service.currency,
        "minor": service.minor, "at": moment, "place": place, "ids": ids, "skus": skus,
        "titles": [Jsonb(title) for title in titles],
        "starts": [starts_at for starts_at, _end in times],
        "ends": [ends_at for _start, ends_at in times],
        "closes": closes,
    }  # fmt: skip
    for sql in (ADD_VARIANTS, ADD_PRICES, ADD_SLOTS):
        await tx.execute(sql, params)
    return dict(zip(ids, closes, strict=True))


async def _check_free(tx: Tx, product: UUID, skus: Sequence[str], titles: Sequence[Texts]) -> None:
    """Refuse a time that the service has a slot at, or had a cancelled one."""
    cursor = await tx.execute(
        "select sku from variant where product_id = %s and sku = any(%s)", (product, list(skus))
    )
    known = {row[0] for row in await cursor.fetchall()}
    for n, sku in enumerate(skus):
        if sku in known or sku in skus[:n]:
            raise SlotTaken(slot=titles[n][current_language()])


async def _lock(tx: Tx, product: UUID) -> Service:
    if not await run(tx, "select 1 from service where product_id = %s for update", (product,)):
        if await find_product_kind(tx, product) is None:
            raise NotFound
        raise NotAService
    return await get_service(tx, product)


async def cancel_slot(tx: Tx, variant: UUID, note: str) -> bool:
    """Call a slot off; false when it was, or when it is over. Raises NotFound.

    Nobody is told here: whoever calls closes the stock, and a timer refunds who had booked.
    """
    _check_text(note, "note", ARRIVAL_MAX)
    if await find_slot(tx, variant) is None:
        raise NotFound
    moment = now()
    if not await run(
        tx,
        "update slot set cancelled_at = %s, note = %s where variant_id = %s"
        " and cancelled_at is null and starts_at > %s",
        (moment, note, variant, moment),
    ):
        return False
    # The time is free for another slot, whose number would be the same.
    await run(
        tx,
        "update variant set sku = sku || '-' || right(id::text, 12) where id = %s",
        (variant,),
    )
    return True


async def find_product_kind(tx: Tx, product: UUID) -> str | None:
    """Return what a product is, goods or a service; None where there is none."""
    found: str | None = await value(tx, "select kind from product where id = %s", (product,))
    return found


async def get_service(tx: Tx, product: UUID) -> Service:
    """Return a service; raises NotFound."""
    found = await find(tx, SERVICE + "where p.id = %s", (product,), Service)
    if found is None:
        raise NotFound
    return found


async def find_slot(tx: Tx, variant: UUID) -> SlotRow | None:
    """Return a slot, or None."""
    return await find(tx, SLOTS + "where t.variant_id = %s", (variant,), SlotRow)


async def list_slots(
    tx: Tx, product: UUID, since: datetime, limit: int = SLOTS_MAX
) -> list[SlotRow]:
    """List the slots of a service that end after `since`, the first to begin first."""
    sql = SLOTS + "where t.product_id = %s and t.ends_at > %s order by t.starts_at limit %s"
    return await rows(tx, sql, (product, since, limit), SlotRow)


async def list_past_slots(
    tx: Tx, product: UUID, before: datetime, limit: int = 50
) -> list[SlotRow]:
    """List the slots of a service that ended by `before`, the latest first."""
    sql = SLOTS + "where t.product_id = %s and t.ends_at <= %s order by t.starts_at desc limit %s"
    return await rows(tx, sql, (product, before, limit), SlotRow)


async def list_finished_slots(tx: Tx, moment: datetime, limit: int) -> list[SlotRow]:
    """List the slots that are over or called off and not seen to, the oldest first."""
    sql = SLOTS + (
        "where t.done_at is null and (t.ends_at <= %s or t.cancelled_at is not null)"
        " order by t.ends_at limit %s"
    )
    return await rows(tx, sql, (moment, limit), SlotRow)


async def end_slot(tx: Tx, variant: UUID) -> None:
    """Note that all who booked a slot have had it, or have a refund under way."""
    await run(
        tx, "update slot set done_at = %s where variant_id = %s and done_at is null",
        (now(), variant),
    )  # fmt: skip


async def list_arrivals(tx: Tx, products: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return how to find or join these services, where their sellers say it."""
    cursor = await tx.execute(
        "select product_id, arrival from service where product_id = any(%s) and arrival <> ''",
        (list(products),),
    )
    return dict(await cursor.fetchall())
