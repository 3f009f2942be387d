"""A small shop for tests, laid in rows: market FR, one seller, variants, a host, a live show."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from panier.kit.db import Tx
from panier.kit.ids import new_id

OPENED = datetime(2026, 1, 1, tzinfo=UTC)


class Shop(msgspec.Struct):
    """Names of the rows that were laid."""

    seller: UUID
    product: UUID
    variant: UUID
    host: UUID
    show: UUID
    market: str = "FR"


async def lay_shop(tx: Tx, stock: int = 10, minor: int = 2490) -> Shop:
    """Lay the smallest shop that can sell: one variant at `minor` cents with `stock` units."""
    shop = Shop(new_id(), new_id(), new_id(), new_id(), new_id())
    await tx.execute(
        "insert into market values ('FR', 'France', 'FR', 'EUR', '{fr,en}', 'Europe/Paris', 'open')"
        " on conflict do nothing"
    )
    await tx.execute(
        "insert into vat_rate values ('FR', 'standard', '2014-01-01', 2000) on conflict do nothing"
    )
    await tx.execute(
        "insert into seller (id, market, slug, name, country, at)"
        " values (%s, 'FR', %s, 'Maison Lumen', 'FR', %s)",
        (shop.seller, f"lumen-{shop.seller.hex[-6:]}", OPENED),
    )
    await tx.execute(
        "insert into shipping_rate (seller_id, country, minor, at) values (%s, 'FR', 490, %s)",
        (shop.seller, OPENED),
    )
    await tx.execute(
        "insert into product (id, seller_id, market, slug, title, description, vat_category, at)"
        " values (%s, %s, 'FR', %s, %s, %s, 'standard', %s)",
        (
            shop.product,
            shop.seller,
            f"candle-{shop.product.hex[-6:]}",
            '{"en": "Candle", "fr": "Bougie"}',
            '{"en": "Smells of fig", "fr": "Parfum de figue"}',
            OPENED,
        ),
    )
    shop.variant = await lay_variant(tx, shop.product, stock, minor)
    await tx.execute(
        "insert into person values (%s, %s, 'Camille', 'x', 'fr', %s)",
        (shop.host, f"host-{shop.host.hex[-6:]}@example.org", OPENED),
    )
    await tx.execute(
        "insert into show (id, market, slug, title, language, host_id, state, starts_at, live_at,"
        " at) values (%s, 'FR', %s, 'Evening lights', 'fr', %s, 'live', %s, %s, %s)",
        (shop.show, f"lights-{shop.show.hex[-6:]}", shop.host, OPENED, OPENED, OPENED),
    )
    await tx.execute("insert into run_sheet values (%s, 1, %s)", (shop.show, shop.product))
    return shop


async def lay_variant(tx: Tx, product: UUID, stock: int, minor: int) -> UUID:
    """Lay one more variant of `product`."""
    variant = new_id()
    await tx.execute(
        "insert into variant values (%s, %s, 1, %s, %s)",
        (variant, product, f"SKU-{variant.hex[-8:]}", '{"en": "Large", "fr": "Grande"}'),
    )
    await tx.execute("insert into price values (%s, 'FR', 'EUR', %s, %s)", (variant, minor, OPENED))
    await tx.execute("insert into stock (variant_id, available) values (%s, %s)", (variant, stock))
    if stock:
        await tx.execute(
            "insert into stock_movement values (%s, %s, %s, 'restock', '', null, null, %s, %s)",
            (new_id(), variant, stock, OPENED, stock),
        )
    return variant
