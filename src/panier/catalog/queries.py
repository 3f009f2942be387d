"""Reads: products with their variants and what they cost now, in the reader's language."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from panier.catalog.exemptions import tell_exemption
from panier.catalog.rules import IMAGE_SIZES, ParcelRate, Texts, image_url, pick
from panier.catalog.slot_rules import Slot
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, value
from panier.kit.errors import NotFound
from panier.kit.money import Money

LIST_MAX = 200
"""Products in one answer."""
SELLERS_MAX = 2000
"""Sellers in one answer."""


class Seller(msgspec.Struct, frozen=True):
    """Somebody who sells in a market."""

    id: UUID
    market: str
    slug: str
    name: str
    country: str
    one_parcel_per_show: bool
    """What a buyer orders in one show goes in one parcel."""
    tier: str
    """As agreed: key account or standard; see `rules.tier_on` for what that is on a day."""
    since: date
    """Its first day."""
    tier_by: UUID | None
    """Who agreed on the tier, and when; empty for the one it began with."""
    tier_at: datetime | None


class SellerName(msgspec.Struct, frozen=True):
    """Who sells a product."""

    id: UUID
    name: str


class Variant(msgspec.Struct, frozen=True):
    """What can be put into a basket, at its price now, VAT included."""

    id: UUID
    title: str
    sku: str
    price: Money
    was: Money | None
    """The lowest price of the 30 days before, where a reduction is announced."""
    slot: Slot | None = None
    """Of a service: when and where."""


class Product(msgspec.Struct, frozen=True):
    """A product in one language; variants that have no price now are left out.

    So are slots that have closed: of a service, the first to begin comes first.
    """

    id: UUID
    market: str
    slug: str
    title: str
    description: str
    image: str | None
    """Address of the large picture (longest side 960 pixels)."""
    thumbnail: str | None
    """Address of the small picture (longest side 320 pixels)."""
    image_alt: str
    vat_category: str
    seller: SellerName
    variants: list[Variant]
    kind: str = "goods"
    """goods, or service: its variants are slots."""
    withdrawal: str = "allowed"
    """See exemptions.Withdrawal."""


class Offer(msgspec.Struct, frozen=True):
    """One variant as a buyer sees it, at its price now."""

    variant: UUID
    product: UUID
    seller: UUID
    seller_name: str
    title: str
    variant_title: str
    sku: str
    image: str | None
    """Address of the small picture."""
    image_alt: str
    unit: Money
    """Price of one, VAT included."""
    vat_category: str
    parcels: Mapping[str, ParcelRate]
    """What the seller asks for a parcel, by country; elsewhere nothing is sent."""
    one_parcel_per_show: bool = False
    withdrawal: str = "allowed"
    """See exemptions.Withdrawal."""
    exemption: str = ""
    """Why it stays bought, to be read before it is; empty: the buyer may withdraw."""
    slot: Slot | None = None
    """Of a service: when and where."""

    @property
    def is_sent(self) -> bool:
        """Tell whether it goes in a parcel."""
        return self.slot is None


class _SlotColumns(msgspec.Struct, kw_only=True):
    starts_at: datetime | None
    ends_at: datetime | None
    closes_at: datetime | None
    place: str | None
    cancel_hours: int | None

    @property
    def slot(self) -> Slot | None:
        if self.starts_at is None or self.ends_at is None or self.closes_at is None:
            return None
        free_until = self.starts_at - timedelta(hours=self.cancel_hours or 0)
        return Slot(self.starts_at, self.ends_at, self.closes_at, free_until, self.place or "")


class _ProductRow(msgspec.Struct):
    id: UUID
    market: str
    slug: str
    title: Texts
    description: Texts
    image: str | None
    image_alt: Texts
    vat_category: str
    kind: str
    withdrawal: str
    seller_id: UUID
    seller_name: str
    first_language: str


class _VariantRow(_SlotColumns):
    id: UUID
    product_id: UUID
    sku: str
    title: Texts
    currency: str
    minor: int
    was_minor: int | None


class _OfferRow(_SlotColumns):
    variant: UUID
    product: UUID
    seller: UUID
    seller_name: str
    title: Texts
    variant_title: Texts
    sku: str
    image: str | None
    image_alt: Texts
    vat_category: str
    currency: str
    minor: int
    withdrawal: str
    parcels: dict[str, tuple[int, int | None]]
    one_parcel_per_show: bool
    first_language: str


PRODUCTS = """
select p.id, p.market, p.slug, p.title, p.description, p.image, p.image_alt, p.vat_category,
       p.kind, p.withdrawal, s.id as seller_id, s.name as seller_name,
       m.languages[1] as first_language
from product p join seller s on s.id = p.seller_id join market m on m.code = p.market
"""

# Each variant with the price that began last and is not in the future.
VARIANTS = """
select v.id, v.product_id, v.sku, v.title, price.currency, price.minor, price.was_minor,
       t.starts_at, t.ends_at, t.closes_at, t.place, e.cancel_hours
from variant v join product p on p.id = v.product_id
left join slot t on t.variant_id = v.id left join service e on e.product_id = p.id
join lateral (
  select currency, minor, was_minor from price
  where variant_id = v.id and market = p.market and valid_from <= %(at)s
  order by valid_from desc limit 1) price on true
where v.product_id = any(%(products)s)
  and (t.variant_id is null or (t.closes_at > %(at)s and t.cancelled_at is null))
order by v.product_id, v.position, t.starts_at, v.id
"""

OFFERS = """
select v.id as variant, p.id as product, s.id as seller, s.name as seller_name,
       p.title, v.title as variant_title, v.sku, p.image, p.image_alt, p.vat_category,
       price.currency, price.minor, s.one_parcel_per_show, m.languages[1] as first_language,
       (select coalesce(jsonb_object_agg(country, jsonb_build_array(minor, free_from_minor)), '{}')
        from shipping_rate where seller_id = s.id) as parcels,
       p.withdrawal, t.starts_at, t.ends_at, t.closes_at, t.place, e.cancel_hours
from variant v join product p on p.id = v.product_id join seller s on s.id = p.seller_id
join market m on m.code = p.market
left join slot t on t.variant_id = v.id left join service e on e.product_id = p.id
join lateral (
  select currency, minor from price
  where variant_id = v.id and market = p.market and valid_from <= %(at)s
  order by valid_from desc limit 1) price on true
where v.id = any(%(variants)s) and p.market = %(market)s
  and (t.variant_id is null or (t.closes_at > %(at)s and t.cancelled_at is null))
"""

SELLERS = """
select id, market, slug, name, country, one_parcel_per_show, tier, since, tier_by, tier_at
from seller
"""


async def get_seller(tx: Tx, seller: UUID) -> Seller:
    """Return a seller; raises NotFound."""
    found = await find(tx, SELLERS + "where id = %s", (seller,), Seller)
    if found is None:
        raise NotFound
    return found


async def find_seller(tx: Tx, market: str, slug: str) -> Seller | None:
    """Return the seller of that name in an address, or None."""
    return await find(tx, SELLERS + "where market = %s and slug = %s", (market, slug), Seller)


async def list_sellers(tx: Tx, sellers: Iterable[UUID]) -> list[Seller]:
    """List these sellers by name, all of them."""
    sql = SELLERS + "where id = any(%s) order by name"
    return await rows(tx, sql, (list(sellers),), Seller)


async def list_sellers_of(
    tx: Tx, market: str, called: str = "", limit: int | None = LIST_MAX
) -> list[Seller]:
    """List the sellers of a market by name, those whose name holds `called`; None: all of them."""
    sql = SELLERS + (
        "where market = %s and position(lower(%s) in lower(name)) > 0 order by name, id limit %s"
    )
    return await rows(tx, sql, (market, called, limit), Seller)


async def get_product(tx: Tx, product: UUID, language: str) -> Product:
    """Return a product in `language`, or its market's first one; raises NotFound."""
    found = await find_products(tx, [product], language)
    if product not in found:
        raise NotFound
    return found[product]


async def find_product_id(tx: Tx, market: str, slug: str) -> UUID | None:
    """Return the id of the product of that name in an address, or None."""
    found: UUID | None = await value(
        tx, "select id from product where market = %s and slug = %s", (market, slug)
    )
    return found


async def find_products(tx: Tx, products: Sequence[UUID], language: str) -> dict[UUID, Product]:
    """Return those of `products` that exist, in `language` or their market's first one."""
    sql = PRODUCTS + "where p.id = any(%s)"
    found = await rows(tx, sql, (list(products),), _ProductRow)
    return {p.id: p for p in await _with_variants(tx, found, language)}


async def list_products(
    tx: Tx, market: str, language: str, *, after: str = "", limit: int = LIST_MAX
) -> list[Product]:
    """List products of `market` in the order of their slugs, those behind `after`."""
    sql = PRODUCTS + "where p.market = %s and p.slug > %s order by p.slug limit %s"
    found = await rows(tx, sql, (market, after, min(limit, LIST_MAX)), _ProductRow)
    return await _with_variants(tx, found, language)


async def list_products_of(
    tx: Tx, sellers: Iterable[UUID], language: str, limit: int = LIST_MAX
) -> list[Product]:
    """List the products of these sellers in the order of their slugs."""
    sql = PRODUCTS + "where p.seller_id = any(%s) order by p.slug limit %s"
    found = await rows(tx, sql, (list(sellers), min(limit, LIST_MAX)), _ProductRow)
    return await _with_variants(tx, found, language)


async def _with_variants(tx: Tx, found: list[_ProductRow], language: str) -> list[Product]:
    by_product: dict[UUID, list[_VariantRow]] = {row.id: [] for row in found}
    asked = {"at": now(), "products": list(by_product)}
    for row in await rows(tx, VARIANTS, asked, _VariantRow):
        by_product[row.product_id].append(row)
    return [_in_language(row, by_product[row.id], language) for row in found]


def _in_language(row: _ProductRow, variants: list[_VariantRow], language: str) -> Product:
    languages = (language, row.first_language)
    return Product(
        id=row.id,
        market=row.market,
        slug=row.slug,
        title=pick(row.title, *languages),
        description=pick(row.description, *languages),
        image=image_url(row.image),
        thumbnail=image_url(row.image, IMAGE_SIZES[0]),
        image_alt=pick(row.image_alt, *languages),
        vat_category=row.vat_category,
        seller=SellerName(row.seller_id, row.seller_name),
        variants=[
            Variant(
                v.id,
                pick(v.title, *languages),
                v.sku,
                Money(v.minor, v.currency),
                None if v.was_minor is None else Money(v.was_minor, v.currency),
                v.slot,
            )
            for v in variants
        ],
        kind=row.kind,
        withdrawal=row.withdrawal,
    )


async def find_offers(tx: Tx, market: str, variants: Iterable[UUID], language: str) -> list[Offer]:
    """Return what these variants cost now in `market`, in the order asked for.

    A variant that is not sold there now is left out. Titles are in `language`, or in the market's
    first one.
    """
    wanted = list(dict.fromkeys(variants))
    asked = {"at": now(), "variants": wanted, "market": market}
    found = await rows(tx, OFFERS, asked, _OfferRow)
    offers = {row.variant: _offer(row, language) for row in found}
    return [offers[variant] for variant in wanted if variant in offers]


def _offer(row: _OfferRow, language: str) -> Offer:
    languages = (language, row.first_language)
    return Offer(
        variant=row.variant,
        product=row.product,
        seller=row.seller,
        seller_name=row.seller_name,
        title=pick(row.title, *languages),
        variant_title=pick(row.variant_title, *languages),
        sku=row.sku,
        image=image_url(row.image, IMAGE_SIZES[0]),
        image_alt=pick(row.image_alt, *languages),
        unit=Money(row.minor, row.currency),
        vat_category=row.vat_category,
        parcels={country: ParcelRate(*rate) for country, rate in row.parcels.items()},
        one_parcel_per_show=row.one_parcel_per_show,
        withdrawal=row.withdrawal,
        exemption=tell_exemption(row.withdrawal, language),
        slot=row.slot,
    )


async def list_variants(tx: Tx, product: UUID) -> list[UUID]:
    """List the variants of a product in their order, priced or not."""
    cursor = await tx.execute(
        "select id from variant where product_id = %s order by position, id", (product,)
    )
    return [row[0] for row in await cursor.fetchall()]


async def find_product_of(tx: Tx, variant: UUID) -> UUID | None:
    """Return the product that `variant` is one of, or None."""
    found: UUID | None = await value(tx, "select product_id from variant where id = %s", (variant,))
    return found


async def get_unit_price_at(tx: Tx, market: str, variant: UUID, moment: datetime) -> Money:
    """Return what one of `variant` cost in `market` at `moment`, VAT included; raises NotFound."""
    cursor = await tx.execute(
        "select minor, currency from price where variant_id = %s and market = %s"
        " and valid_from <= %s order by valid_from desc limit 1",
        (variant, market, moment),
    )
    found = await cursor.fetchone()
    if found is None:
        raise NotFound
    return Money(*found)
