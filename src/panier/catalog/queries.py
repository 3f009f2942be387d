"""Reads: products with their variants and what they cost now, in the reader's language."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from panier.catalog.rules import IMAGE_SIZES, Texts, image_url, pick
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
    shipping_minor: int
    """One parcel within the market, VAT included, in the market's currency."""
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


class Product(msgspec.Struct, frozen=True):
    """A product in one language; variants that have no price now are left out."""

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
    shipping: Money
    """What the seller asks for a parcel, whatever is in it, VAT included."""


class _ProductRow(msgspec.Struct):
    id: UUID
    market: str
    slug: str
    title: Texts
    description: Texts
    image: str | None
    image_alt: Texts
    vat_category: str
    seller_id: UUID
    seller_name: str
    first_language: str


class _VariantRow(msgspec.Struct):
    id: UUID
    product_id: UUID
    sku: str
    title: Texts
    currency: str
    minor: int
    was_minor: int | None


class _OfferRow(msgspec.Struct):
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
    shipping_minor: int
    first_language: str


PRODUCTS = """
select p.id, p.market, p.slug, p.title, p.description, p.image, p.image_alt, p.vat_category,
       s.id as seller_id, s.name as seller_name, m.languages[1] as first_language
from product p join seller s on s.id = p.seller_id join market m on m.code = p.market
"""

# Each variant with the price that began last and is not in the future.
VARIANTS = """
select v.id, v.product_id, v.sku, v.title, price.currency, price.minor, price.was_minor
from variant v join product p on p.id = v.product_id
join lateral (
  select currency, minor, was_minor from price
  where variant_id = v.id and market = p.market and valid_from <= %s
  order by valid_from desc limit 1) price on true
where v.product_id = any(%s) order by v.product_id, v.position, v.id
"""

OFFERS = """
select v.id as variant, p.id as product, s.id as seller, s.name as seller_name,
       p.title, v.title as variant_title, v.sku, p.image, p.image_alt, p.vat_category,
       price.currency, price.minor, s.shipping_minor, m.languages[1] as first_language
from variant v join product p on p.id = v.product_id join seller s on s.id = p.seller_id
join market m on m.code = p.market
join lateral (
  select currency, minor from price
  where variant_id = v.id and market = p.market and valid_from <= %s
  order by valid_from desc limit 1) price on true
where v.id = any(%s) and p.market = %s
"""

SELLERS = """
select id, market, slug, name, country, shipping_minor, tier, since, tier_by, tier_at from seller
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
    """List these sellers by name."""
    sql = SELLERS + "where id = any(%s) order by name limit %s"
    return await rows(tx, sql, (list(sellers), LIST_MAX), Seller)


async def list_sellers_of(
    tx: Tx, market: str, called: str = "", limit: int = LIST_MAX
) -> list[Seller]:
    """List the sellers of a market by name, those whose name holds `called`."""
    sql = SELLERS + (
        "where market = %s and position(lower(%s) in lower(name)) > 0 order by name, id limit %s"
    )
    return await rows(tx, sql, (market, called, min(limit, SELLERS_MAX)), Seller)


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
    for row in await rows(tx, VARIANTS, (now(), list(by_product)), _VariantRow):
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
            )
            for v in variants
        ],
    )


async def find_offers(tx: Tx, market: str, variants: Iterable[UUID], language: str) -> list[Offer]:
    """Return what these variants cost now in `market`, in the order asked for.

    A variant that is not sold there now is left out. Titles are in `language`, or in the market's
    first one.
    """
    wanted = list(dict.fromkeys(variants))
    found = await rows(tx, OFFERS, (now(), wanted, market), _OfferRow)
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
        shipping=Money(row.shipping_minor, row.currency),
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
