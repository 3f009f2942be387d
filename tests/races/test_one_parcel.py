"""A buyer orders again while the seller packs: no order joins a parcel that is closed.

Without the shared lock the second order goes free in a parcel that was packed meanwhile.
"""

import asyncio
from uuid import UUID

import pytest

from panier import catalog, orders, parcels
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from panier.orders import pricing
from panier.settings import Settings
from tests import buying
from tests.bookings import laid as slots
from tests.shop import Shop, lay_shop


async def lay(cell: Cell, settings: Settings) -> tuple[Shop, UUID]:
    """Lay a shop of one parcel a show, and a paid order of Anna's."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await catalog.set_one_parcel(tx, shop.seller, offered=True)
    await buy(cell, settings, shop)
    async with cell.read() as tx:
        cursor = await tx.execute("select id from orders")
        ((order,),) = await cursor.fetchall()
    return shop, order


async def buy(cell: Cell, settings: Settings, shop: Shop, device: int = 1) -> None:
    """Buy as the same person, from one of her devices."""
    await buying.fill_basket(cell, shop, UUID(int=device))
    await pay(cell, settings, shop, device)


async def pay(cell: Cell, settings: Settings, shop: Shop, device: int = 1) -> None:
    """Pay for what is in her basket."""
    token = await buying.card(cell)
    placement = buying.placement(shop, UUID(int=device), token, person=shop.host)
    _, settled = await orders.check_out(cell, settings, placement)
    assert settled.state == "paid"


async def shipping(cell: Cell) -> list[tuple[int, bool]]:
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select shipping_minor, joins_id is not null from orders order by number"
        )
        return await cursor.fetchall()


async def somebody_waits(cell: Cell) -> None:
    """Return once a transaction waits for another one."""
    while True:
        async with cell.read() as tx:
            cursor = await tx.execute("select count(*) from pg_locks where not granted")
            ((waiting,),) = await cursor.fetchall()
        if waiting:
            return
        await asyncio.sleep(0)


async def test_who_orders_while_the_parcel_is_closed_has_one_of_their_own(
    cell: Cell, settings: Settings
) -> None:
    shop, order = await lay(cell, settings)
    async with asyncio.timeout(30):
        async with cell.tx() as tx:
            await parcels.pack(tx, order, None)
            again = asyncio.create_task(buy(cell, settings, shop))
            await somebody_waits(cell)
            assert not again.done()
        await again
    assert await shipping(cell) == [(490, False), (490, False)]
    assert await buying.all_adds_up(cell)


async def test_who_orders_while_the_goods_are_cancelled_beside_a_class_pays_a_parcel(
    cell: Cell, settings: Settings
) -> None:
    """The order stays paid, for its class: only what became of its lines tells."""
    made = await slots.lay(cell)
    order = await slots.book(cell, settings, made, candles=1, person=made.shop.host)
    async with cell.tx() as tx:
        await catalog.set_one_parcel(tx, made.shop.seller, offered=True)
    asked = parcels.Cancelling(new_id(), by_buyer=True)
    await buying.fill_basket(cell, made.shop, UUID(int=1))
    async with asyncio.timeout(30):
        async with cell.tx() as tx:
            await parcels.cancel(tx, order, asked, None)
            again = asyncio.create_task(pay(cell, settings, made.shop))
            await somebody_waits(cell)
            assert not again.done()
        await again
    assert await shipping(cell) == [(490, False), (490, False)]
    assert await buying.all_adds_up(cell)


async def test_without_the_lock_an_order_joins_a_parcel_that_is_closed(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, order = await lay(cell, settings)
    monkeypatch.setattr(pricing, "lock_open_parcels", orders.find_open_parcels)
    async with asyncio.timeout(30):
        async with cell.tx() as tx:
            await parcels.pack(tx, order, None)
            again = asyncio.create_task(buy(cell, settings, shop))
            # It has looked already: what waits is the reference to the order that it joins.
            await somebody_waits(cell)
        await again
    assert await shipping(cell) == [(490, False), (0, True)]


async def test_who_orders_first_keeps_the_parcel_open_until_the_order_stands(
    cell: Cell, settings: Settings
) -> None:
    """Six orders at once and a seller who packs: each joined while it was open, or pays."""
    shop, order = await lay(cell, settings)
    async with asyncio.timeout(60):
        await asyncio.gather(
            *(buy(cell, settings, shop, device) for device in range(1, 7)),
            cell.run(lambda tx: parcels.pack(tx, order, None)),
        )
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select count(*) from orders o join order_step s on s.order_id = o.joins_id"
            " where s.state = 'packed' and o.at > s.at"
        )
        assert await cursor.fetchall() == [(0,)]
    assert set(await shipping(cell)) <= {(490, False), (0, True)}
