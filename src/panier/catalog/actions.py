"""Writes: sellers, products with their variants, prices, pictures."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from panier import markets
from panier.catalog.history import lowest_prior_prices
from panier.catalog.rules import (
    DESCRIPTION_MAX,
    NAME_MAX,
    SKU_MAX,
    TITLE_MAX,
    VARIANTS_MAX,
    CurrencyRefused,
    ParcelRate,
    SkuTaken,
    SlugTaken,
    Texts,
    check_line,
    check_price,
    check_reduction,
    check_slug,
    check_texts,
)
from panier.catalog.shipping import set_shipping
from panier.kit.clock import now
from panier.kit.db import Tx, run, value
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import _
from panier.kit.ids import new_id
from panier.kit.money import Money


class NewVariant(msgspec.Struct, frozen=True):
    """A variant to be made: its code, its titles by language, its price, VAT included."""

    sku: str
    title: Texts
    price: Money


async def create_seller(
    tx: Tx, *, market: str, slug: str, name: str, country: str, shipping: Money
) -> UUID:
    """Make a seller of `market`; `shipping` is the price of a parcel in its country, with VAT.

    Raises SlugTaken, CurrencyRefused, BadInput.
    """
    check_slug(slug)
    check_line(name, "name", NAME_MAX)
    home = await markets.get_market(tx, market)
    if shipping.currency != home.currency:
        raise CurrencyRefused(currency=home.currency)
    seller, moment = new_id(), now()
    made = await run(
        tx,
        "insert into seller (id, market, slug, name, country, since, at)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict (market, slug) do nothing",
        (seller, market, slug, name, country, home.day(moment), moment),
    )
    if not made:
        raise SlugTaken(slug=slug)
    await set_shipping(tx, seller, home.country, ParcelRate(shipping.minor))
    return seller


async def create_product(
    tx: Tx,
    *,
    seller: UUID,
    slug: str,
    title: Mapping[str, str],
    description: Mapping[str, str],
    vat_category: str,
    variants: Sequence[NewVariant],
) -> UUID:
    """Make a product with its variants, on sale at once; texts are by language.

    Raises NotFound (no such seller), SlugTaken, SkuTaken, CurrencyRefused, BadInput and
    markets.UnknownVatRate.
    """
    if not 1 <= len(variants) <= VARIANTS_MAX:
        reason = _("a product has 1 to %(count)s variants", count=VARIANTS_MAX)
        raise BadInput(field="variants", reason=reason)
    product, market = await insert_product(
        tx,
        seller=seller,
        slug=slug,
        title=title,
        description=description,
        vat_category=vat_category,
    )
    for position, variant in enumerate(variants):
        await _add_variant(tx, product, market, position, variant)
    return product


async def insert_product(
    tx: Tx,
    *,
    seller: UUID,
    slug: str,
    title: Mapping[str, str],
    description: Mapping[str, str],
    vat_category: str,
    kind: str = "goods",
    withdrawal: str = "allowed",
) -> tuple[UUID, markets.Market]:
    """Make a product without variants; returns it and its market. Raises as `create_product`."""
    check_slug(slug)
    check_texts(title, "title", TITLE_MAX)
    check_texts(description, "description", DESCRIPTION_MAX)
    product = new_id()
    cursor = await tx.execute(
        "insert into product (id, seller_id, market, slug, title, description, vat_category, kind,"
        " withdrawal, at) select %s, s.id, s.market, %s, %s, %s, %s, %s, %s, %s from seller s"
        " where s.id = %s on conflict (market, slug) do nothing returning market",
        (product, slug, Jsonb(dict(title)), Jsonb(dict(description)), vat_category, kind,
         withdrawal, now(), seller),
    )  # fmt: skip
    made = await cursor.fetchone()
    if made is None:
        if await value(tx, "select true from seller where id = %s", (seller,)):
            raise SlugTaken(slug=slug)
        raise NotFound
    market = await markets.get_market(tx, made[0])
    # Refuses a category that nobody could tax.
    await markets.get_vat_rate(tx, market.country, vat_category, now().date())
    return product, market


async def _add_variant(
    tx: Tx, product: UUID, market: markets.Market, position: int, variant: NewVariant
) -> None:
    check_line(variant.sku, "sku", SKU_MAX)
    check_texts(variant.title, "title", TITLE_MAX)
    check_price(variant.price, market.currency)
    key, moment = new_id(), now()
    made = await run(
        tx,
        "insert into variant (id, product_id, position, sku, title) values (%s, %s, %s, %s, %s)"
        " on conflict (product_id, sku) do nothing",
        (key, product, position, variant.sku, Jsonb(variant.title)),
    )
    if not made:
        raise SkuTaken(sku=variant.sku)
    await run(
        tx,
        "insert into price (variant_id, market, currency, minor, valid_from)"
        " values (%s, %s, %s, %s, %s)",
        (key, market.code, market.currency, variant.price.minor, moment),
    )


async def set_price(
    tx: Tx,
    variant: UUID,
    market: str,
    price: Money,
    valid_from: datetime | None = None,
    *,
    was: Money | None = None,
) -> None:
    """Let `variant` cost `price` (VAT included) in `market` from `valid_from` on, or from now.

    `was` announces a reduction that begins now; it must be the lowest price of the 30 days
    before. Baskets see the price within two seconds of the commit. Raises NotFound,
    CurrencyRefused, FalseReduction, BadInput.
    """
    check_price(price, (await markets.get_market(tx, market)).currency)
    moment = now()
    if was is not None:
        if valid_from is not None:
            raise BadInput(field="was", reason=_("a reduction is announced when it begins"))
        lowest = await lowest_prior_prices(tx, market, [variant], moment)
        check_reduction(price, was, lowest.get(variant))
    made = await run(
        tx,
        "insert into price (variant_id, market, currency, minor, was_minor, valid_from)"
        " select v.id, p.market, %s, %s, %s, %s"
        " from variant v join product p on p.id = v.product_id where v.id = %s and p.market = %s"
        " on conflict (variant_id, market, valid_from)"
        " do update set minor = excluded.minor, was_minor = excluded.was_minor",
        (
            price.currency,
            price.minor,
            None if was is None else was.minor,
            valid_from or moment,
            variant,
            market,
        ),
    )
    if not made:
        raise NotFound


async def set_image(tx: Tx, product: UUID, image: str, alt: Mapping[str, str]) -> None:
    """Show the picture named `image` (by `keep_image`); `alt` says what is on it, by language.

    Raises NotFound, BadInput.
    """
    check_texts(alt, "alt", DESCRIPTION_MAX)
    made = await run(
        tx,
        "update product set image = %s, image_alt = %s where id = %s",
        (image, Jsonb(dict(alt)), product),
    )
    if not made:
        raise NotFound
