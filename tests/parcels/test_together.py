"""Orders that share a parcel: the seller sees which, on every page where somebody packs."""

import httpx2

from panier import catalog, orders
from panier.kit.cells import Cell
from panier.kit.money import Money
from panier.parcels.queries import list_stories
from panier.settings import Settings
from tests import buying
from tests.parcels import sold as laid
from tests.parcels.sold import Sold
from tests.parcels.test_seller_pages import employ, sign_in


async def buy_again(cell: Cell, settings: Settings, sold: Sold) -> orders.Order:
    """Let the buyer of `sold` order one more candle in the same show."""
    async with cell.tx() as tx:
        await catalog.set_one_parcel(tx, sold.shop.seller, offered=True)
    buyer = sold.placed.buyer
    await buying.fill_basket(cell, sold.shop, buyer)
    token = await buying.card(cell)
    wanted = buying.placement(sold.shop, buyer, token, expected=Money(2490, "EUR"))
    placed, _ = await orders.check_out(cell, settings, wanted)
    async with cell.read() as tx:
        (order,) = await orders.list_orders_of(tx, placed.id)
    return order


async def test_every_page_of_packing_says_what_goes_together(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient
) -> None:
    first = await laid.sell(cell, settings)
    second = await buy_again(cell, settings, first)
    await sign_in(client)
    await employ(cell, first.shop.seller)
    async with cell.read() as tx:
        earlier = await orders.find_order(tx, first.order)
    assert earlier
    listed = (await client.get("/fr/seller/orders")).text
    assert listed.count("In one parcel with:") == 2
    page = (await client.get(f"/fr/seller/orders/{second.id}")).text
    assert "Please pack it together with:" in page
    assert f'href="/fr/seller/orders/{first.order}">{earlier.number}' in page
    slip = (await client.get(f"/fr/seller/slips?order={first.order}")).text
    assert second.number in slip
    head, *rows = (await client.get("/fr/seller/to-send.csv")).text.splitlines()
    assert head.endswith(",goods,together")
    assert sorted(row.rsplit(",", 1)[1] for row in rows) == [earlier.number, second.number]


async def test_what_is_sent_is_packed_with_nothing_more(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient
) -> None:
    first = await laid.sell(cell, settings)
    second = await buy_again(cell, settings, first)
    await laid.ship(cell, first)
    async with cell.read() as tx:
        (story,) = await list_stories(tx, [second], "Europe/Paris")
    assert [one.number for one in story.together] != []
    assert story.pack_with == []
