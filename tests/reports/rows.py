"""Lays what a show leaves behind: log lines, samples, visits, pins, paid orders."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from panier.kit.db import Tx
from panier.kit.ids import new_id
from tests.shop import OPENED, Shop, lay_variant

LIVE = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return the moment this many seconds after going live."""
    return LIVE + timedelta(seconds=seconds)


async def air(tx: Tx, shop: Shop, seconds: int) -> None:
    """Let the show have been on air for `seconds`."""
    await tx.execute(
        "update show set live_at = %s, ended_at = %s, state = 'ended' where id = %s",
        (LIVE, at(seconds), shop.show),
    )
    await tx.execute("insert into room (show_id, market) values (%s, 'FR')", (shop.show,))


async def lay_product(tx: Tx, shop: Shop, title: dict[str, str]) -> tuple[UUID, UUID]:
    """Lay one more product of the run sheet; returns it and its variant."""
    product = new_id()
    await tx.execute(
        "insert into product (id, seller_id, market, slug, title, description, vat_category, at)"
        " values (%s, %s, 'FR', %s, %s, '{}', 'standard', %s)",
        (product, shop.seller, f"p-{product.hex}", msgspec.json.encode(title).decode(), OPENED),
    )
    variant = await lay_variant(tx, product, 10, 1000)
    await tx.execute("insert into run_sheet values (%s, 2, %s)", (shop.show, product))
    return product, variant


async def log(tx: Tx, shop: Shop, second: float, kind: str, **body: Any) -> int:
    """Append a line to the room's log; returns its number."""
    cursor = await tx.execute(
        "update room set seq = seq + 1 where show_id = %s returning seq", (shop.show,)
    )
    row = await cursor.fetchone()
    assert row is not None
    await tx.execute(
        "insert into room_log (show_id, seq, kind, body, at) values (%s, %s, %s, %s, %s)",
        (shop.show, row[0], kind, msgspec.json.encode(body).decode(), at(second)),
    )
    return int(row[0])


async def say(tx: Tx, shop: Shop, second: float, text: str, *, staff: bool = False) -> int:
    """Append a chat line."""
    return await log(
        tx, shop, second, "chat", name="Ana", text=text, author="a1b2c3d4e5f6", staff=staff
    )


async def sample(  # noqa: PLR0917 - a row of a test's story
    tx: Tx, shop: Shop, second: int, viewers: int, hearts: int = 0, gateway: str = "one"
) -> None:
    """Write one gateway's sample."""
    await tx.execute(
        "insert into room_sample (show_id, at, gateway, viewers, hearts)"
        " values (%s, %s, %s, %s, %s)",
        (shop.show, at(second), gateway, viewers, hearts),
    )


async def visit(tx: Tx, shop: Shop, seconds: int) -> None:
    """Let one device have watched for `seconds`."""
    await tx.execute(
        "insert into room_visit (show_id, visitor, first_at, last_at, seconds)"
        " values (%s, %s, %s, %s, %s)",
        (shop.show, new_id(), at(0), at(seconds), seconds),
    )


async def pin(tx: Tx, shop: Shop, product: UUID, start: int, end: int | None) -> None:
    """Put a product on the picture between two seconds."""
    await tx.execute(
        "insert into pin values (%s, %s, %s, %s, %s)",
        (new_id(), shop.show, product, at(start), None if end is None else at(end)),
    )


async def buy(  # noqa: PLR0917 - a row of a test's story
    tx: Tx,
    shop: Shop,
    product: UUID,
    variant: UUID,
    second: int,
    quantity: int = 1,
    minor: int = 1000,
    buyer: UUID | None = None,
) -> UUID:
    """Let somebody take `quantity` ten seconds before `second`, and pay then; returns the order."""
    checkout, payment, order, who = new_id(), new_id(), new_id(), buyer or new_id()
    goods = minor * quantity
    await tx.execute(
        "insert into payment (id, market, provider, token, keep, minor, currency, state, at,"
        " changed_at)"
        " values (%s, 'FR', 'sandbox', 'tok', false, %s, 'EUR', 'paid', %s, %s)",
        (payment, goods + 490, at(second), at(second)),
    )
    await tx.execute(
        "insert into checkout (id, key, buyer, market, show_id, payment_id, state, minor,"
        " currency, email, name, address, remember, language, page_url, at, paid_at)"
        " values (%s, %s, %s, 'FR', %s, %s, 'paid', %s, 'EUR', 'a@example.org', 'Ana', '{}',"
        " false, 'fr', '', %s, %s)",
        (
            checkout,
            new_id(),
            who,
            shop.show,
            payment,
            goods + 490,
            at(second),
            at(second),
        ),
    )
    await tx.execute(
        "insert into orders (id, checkout_id, market, seller_id, show_id, number, state, currency,"
        " goods_minor, shipping_minor, vat_minor, commission_minor, at, paid_at)"
        " values (%s, %s, 'FR', %s, %s, %s, 'paid', 'EUR', %s, 490, 0, 0, %s, %s)",
        (order, checkout, shop.seller, shop.show, order.hex, goods, at(second), at(second)),
    )
    await tx.execute(
        "insert into order_line (order_id, n, product_id, variant_id, title, variant_title, sku,"
        " quantity, unit_minor, list_minor, goods_minor, vat_basis_points, vat_minor,"
        " shipping_minor, shipping_vat_minor, commission_base_minor, commission_basis_points,"
        " commission_minor)"
        " values (%s, 1, %s, %s, 'x', 'x', 'x', %s, %s, %s, %s, 2000, 0, 490, 0, %s, 500, 0)",
        (order, product, variant, quantity, minor, goods, goods, goods),
    )
    await tx.execute(
        "insert into hold (id, variant_id, market, show_id, buyer, quantity, state, checkout_id,"
        " at, expires_at) values (%s, %s, 'FR', %s, %s, %s, 'sold', %s, %s, %s)",
        (new_id(), variant, shop.show, who, quantity, checkout, at(second - 10), at(second + 480)),
    )
    return order


async def record(tx: Tx, shop: Shop, start: int, seconds: int) -> None:
    """Let the replay hold one piece of picture."""
    await tx.execute(
        "insert into channel (show_id, market, token, state, at, live_at, ended_at)"
        " values (%s, 'FR', 'x', 'ended', %s, %s, %s)",
        (shop.show, at(0), at(0), at(start + seconds)),
    )
    await tx.execute(
        "insert into segment values (%s, 1, 1, %s, %s, 1000)", (shop.show, at(start), seconds)
    )
