"""Orders that were paid, and what the worker does with them, for the tests of this folder."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import msgspec

from panier import ledger, orders, parcels, payments
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.parcels import NewParcel
from panier.payments.rules import Behaviour
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying
from tests.shop import Shop, lay_shop, lay_variant


class Sold(msgspec.Struct):
    """An order of two lines: two candles at 24.90, three at 9.99; its parcel costs 4.90."""

    shop: Shop
    small: UUID
    order: UUID
    placed: orders.Placement


async def sell(
    cell: Cell,
    settings: Settings,
    behaviour: Behaviour = Behaviour.SUCCEEDS,
    **changes: object,
) -> Sold:
    """Sell it, paid: 79.77 in goods, 84.67 in all."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        small = await lay_variant(tx, shop.product, 10, 999)
        await tx.execute("update variant set position = 2 where id = %s", (small,))
    buyer = new_id()
    await buying.fill_basket(cell, shop, buyer, 2)
    await buying.fill_basket(cell, shop, buyer, 3, small)
    wanted = buying.placement(shop, buyer, await buying.card(cell, behaviour), **changes)
    placed, settled = await orders.check_out(cell, settings, wanted)
    assert settled.state == "paid"
    async with cell.read() as tx:
        (order,) = await orders.list_orders_of(tx, placed.id)
    return Sold(shop, small, order.id, wanted)


async def numbers(cell: Cell, sold: Sold) -> tuple[int, int]:
    """Return the numbers of the dear line and of the cheap one."""
    async with cell.read() as tx:
        lines = (await orders.list_lines(tx, [sold.order]))[sold.order]
    by_price = {line.unit_minor: line.n for line in lines}
    return by_price[2490], by_price[999]


async def ship(
    cell: Cell, sold: Sold, units: Mapping[int, int] | None = None, tracking: str = "6A1"
) -> UUID:
    """Send a parcel; returns it."""
    parcel = NewParcel(new_id(), "colissimo", tracking, units)
    assert await cell.run(lambda tx: parcels.ship(tx, sold.order, parcel, None))
    return parcel.key


async def deliver(cell: Cell, sold: Sold) -> None:
    """Send all and let it arrive."""
    parcel = await ship(cell, sold)
    assert await cell.run(lambda tx: parcels.deliver(tx, parcel))


async def work(cell: Cell, settings: Settings) -> None:
    """Do what the worker does: tell, send refunds, tell."""
    async with asyncio.timeout(30):
        await Courier(cell, REACTIONS).deliver_all()
        while await payments.send_refunds(cell, settings):
            pass
        await Courier(cell, REACTIONS).deliver_all()


async def state(cell: Cell, order: UUID) -> str:
    """Return where an order stands."""
    async with cell.read() as tx:
        found = await orders.find_order(tx, order)
    assert found is not None
    return found.state


async def steps(cell: Cell, order: UUID) -> list[str]:
    """List the states an order went through."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select state from order_step where order_id = %s order by at, state", (order,)
        )
        return [row[0] for row in await cursor.fetchall()]


async def refunds(cell: Cell, order: UUID) -> list[tuple[str, str, int]]:
    """List reason, state and minor units of an order's refunds."""
    async with cell.read() as tx:
        found = await parcels.list_refunds(tx, [order])
    return [(refund.reason, refund.state, refund.minor) for refund in found[order]]


async def balances(cell: Cell, sold: Sold) -> dict[str, int]:
    """Return what the books say, in cents; who is owed stands below zero."""
    owners = {
        "clearing": "sandbox",
        "vat": "FR",
        "commission": "FR",
        "seller": str(sold.shop.seller),
        "subsidy": "FR",
    }
    async with cell.read() as tx:
        return {
            kind: (await ledger.get_balance(tx, ledger.Account(kind, owner, "EUR"))).minor
            for kind, owner in owners.items()
        }


async def age(tx: Tx, order: UUID, days: int) -> None:
    """Let an order's parcels and steps be `days` older."""
    back = timedelta(days=days)
    await tx.execute(
        "update parcel set shipped_at = shipped_at - %s, ended_at = ended_at - %s"
        " where order_id = %s",
        (back, back, order),
    )
    await tx.execute("update order_step set at = at - %s where order_id = %s", (back, order))
