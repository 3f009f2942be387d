"""Lists of very many orders: what a page asks for is found without a look at the others."""

from uuid import UUID

from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.ids import new_id
from panier.orders.lists import ANYBODY, SHOWS_SOLD, Filter, list_orders, list_shows_sold
from tests.payouts.laid import sell
from tests.plans import rows_read
from tests.shop import Shop, lay_shop

MANY = """
insert into orders (id, checkout_id, market, seller_id, show_id, number, state, currency,
  goods_minor, shipping_minor, vat_minor, commission_minor, at, paid_at)
select gen_random_uuid(), checkout_id, market, seller_id, show_id, number || '-' || n, 'delivered',
  currency, goods_minor, shipping_minor, 0, 0, at, paid_at
from orders, generate_series(1, %s) n
"""
DISTINCT = "select distinct show_id from orders where seller_id = any(%(sellers)s)"


async def lay_many(tx: Tx) -> tuple[Shop, Shop, UUID]:
    """Lay two sellers, one with 3,000 orders delivered and one refunded; returns that."""
    big, small = await lay_shop(tx), await lay_shop(tx)
    await sell(tx, big)
    await tx.execute(MANY, (3000,))
    refunded = await sell(tx, big)
    await tx.execute("update orders set state = 'refunded' where id = %s", (refunded,))
    await sell(tx, small)
    await tx.execute("analyze orders, show")
    return big, small, refunded


async def test_an_end_that_few_orders_come_to_is_found_at_once(cell: Cell) -> None:
    async with cell.tx() as tx:
        big, _, refunded = await lay_many(tx)
        asked = Filter("FR", [big.seller], state="refunded")
        assert [order.id for order in await list_orders(tx, asked)] == [refunded]
        where, given = asked.where()
        sql = f"select o.id from orders o {where} order by o.id desc limit 51"
        assert await rows_read(tx, sql, given) == 1
        await tx.execute("drop index orders_ended")
        assert await rows_read(tx, sql, given) > 3000


async def test_the_shows_of_a_seller_are_found_by_one_look_each(cell: Cell) -> None:
    async with cell.tx() as tx:
        big, small, _ = await lay_many(tx)
        assert await list_shows_sold(tx, "FR", [small.seller]) == [small.show]
        assert set(await list_shows_sold(tx, "FR", None)) == {big.show, small.show}
        given = {"market": "FR", "sellers": [big.seller], "anybody": ANYBODY}
        assert await rows_read(tx, SHOWS_SOLD, given) <= 4
        assert await rows_read(tx, DISTINCT, given) > 3000


async def test_a_list_goes_on_behind_the_last_order_of_its_page(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        first, second, third = [await sell(tx, shop) for _ in range(3)]
        asked = Filter("FR", None, show=shop.show)
        assert [o.id for o in await list_orders(tx, asked, limit=2)] == [third, second]
        assert [o.id for o in await list_orders(tx, asked, second)] == [first]
        assert await list_orders(tx, Filter("FR", [new_id()])) == []
