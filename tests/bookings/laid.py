"""A service with one slot in two days, and people who book it, for the tests of this folder."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from panier import bookings, catalog, orders, stock
from panier.catalog import Terms
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, run, value
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import buying
from tests.shop import Shop, lay_shop


class Laid(msgspec.Struct):
    """A shop that sells candles and a tasting at 30.00."""

    shop: Shop
    service: UUID
    slot: UUID
    starts_at: datetime


def terms(**changes: object) -> Terms:
    """Return what a tasting says of itself."""
    usual = Terms(
        title={"fr": "Dégustation", "en": "Tasting"},
        description={"fr": "Six huiles.", "en": "Six oils."},
        vat_category="standard",
        price=Money(3000, "EUR"),
        closes_minutes=60,
        cancel_hours=24,
        arrival="https://meet.example/huile",
    )
    return msgspec.structs.replace(usual, **changes)


async def lay(cell: Cell, places: int = 2, **changes: object) -> Laid:
    """Lay it; the slot begins in two days and lasts half an hour."""
    starts_at = (now() + timedelta(days=2)).replace(microsecond=0)
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        service = await bookings.make_service(tx, shop.seller, terms(**changes), "fr")
        slot = await add(tx, service, starts_at, places)
    return Laid(shop, service, slot, starts_at)


async def add(tx: Tx, service: UUID, starts_at: datetime, places: int = 2) -> UUID:
    """Add one slot; returns it."""
    span = (starts_at, starts_at + timedelta(minutes=30))
    (slot,) = await bookings.open_slots(tx, service, [span], place="", places=places, who=None)
    return slot


async def hold(cell: Cell, laid: Laid, buyer: UUID, quantity: int = 1) -> stock.Held:
    """Put places of the slot into a basket."""
    return await buying.fill_basket(cell, laid.shop, buyer, quantity, laid.slot)


async def book(
    cell: Cell,
    settings: Settings,
    laid: Laid,
    quantity: int = 1,
    candles: int = 0,
    *,
    goods: UUID | None = None,
    behaviour: Behaviour = Behaviour.SUCCEEDS,
    person: UUID | None = None,
) -> UUID:
    """Book places of the slot, with candles or one of other goods, and pay; returns the order."""
    buyer = new_id()
    await hold(cell, laid, buyer, quantity)
    if candles:
        await buying.fill_basket(cell, laid.shop, buyer, candles)
    if goods:
        await buying.fill_basket(cell, laid.shop, buyer, 1, goods)
    wanted = buying.placement(laid.shop, buyer, await buying.card(cell, behaviour), person=person)
    placed, settled = await orders.check_out(cell, settings, wanted)
    assert settled.state == "paid"
    async with cell.read() as tx:
        (order,) = await orders.list_orders_of(tx, placed.id)
    return order.id


async def pass_by(cell: Cell, laid: Laid) -> None:
    """Let the slot have ended five minutes ago, everywhere where its time stands."""
    ended = now() - timedelta(minutes=5)
    async with cell.tx() as tx:
        await run(
            tx,
            "update slot set starts_at = %(s)s, ends_at = %(e)s, closes_at = %(s)s"
            " where variant_id = %(v)s",
            {"s": ended - timedelta(minutes=30), "e": ended, "v": laid.slot},
        )
        await run(
            tx,
            "update booking set starts_at = %s, ends_at = %s where variant_id = %s",
            (ended - timedelta(minutes=30), ended, laid.slot),
        )
        await run(
            tx, "update stock set closes_at = %s where variant_id = %s",
            (ended - timedelta(minutes=30), laid.slot),
        )  # fmt: skip


async def counts(cell: Cell, laid: Laid) -> tuple[int, int, int]:
    """Return the slot's places: free, in baskets, sold."""
    async with cell.read() as tx:
        found = (await stock.list_counts(tx, [laid.slot]))[laid.slot]
    return found.available, found.held, found.sold


async def is_seen_to(cell: Cell, laid: Laid) -> bool:
    """Tell whether the slot is done with."""
    async with cell.read() as tx:
        sql = "select done_at is not null from slot where variant_id = %s"
        return bool(await value(tx, sql, (laid.slot,)))


async def offered(cell: Cell, laid: Laid) -> list[UUID]:
    """List the slots that a product page offers."""
    async with cell.read() as tx:
        product = await catalog.get_product(tx, laid.service, "en")
    return [variant.id for variant in product.variants]
