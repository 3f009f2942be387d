"""What is taken of a sale is frozen in its lines: by the seller's tier and by who presented."""

from uuid import UUID

from panier import creators, ledger, orders
from panier.kit.cells import Cell
from panier.kit.db import value
from panier.kit.money import Money
from panier.settings import Settings
from tests import buying
from tests.shop import lay_shop

ANNA = UUID(int=1)


async def test_the_host_who_presented_has_the_share_that_the_seller_promised(
    cell: Cell, settings: Settings
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx, 10)
        host = await value(tx, "select host_id from show where id = %s", (shop.show,))
        await creators.create_plan(
            tx, market="FR", seller=shop.seller, product=None, email=None, basis_points=1000,
            valid_from=None, valid_until=None, by=host,
        )  # fmt: skip
    await buying.fill_basket(cell, shop, ANNA, 2)
    wanted = buying.placement(shop, ANNA, await buying.card(cell))
    settled = (await orders.check_out(cell, settings, wanted))[1]
    assert settled.state == "paid"
    async with cell.read() as tx:
        (order,) = await orders.list_orders_of(tx, settled.checkout)
        [line] = (await orders.list_lines(tx, [order.id]))[order.id]
        owed = await ledger.get_balance(tx, ledger.Account(ledger.CREATOR, str(host), "EUR"))
    # 10 % of 49.80, VAT inside as in the commission's base
    assert (line.creator, line.creator_basis_points, line.creator_minor) == (host, 1000, 498)
    assert owed == Money(-498, "EUR")
    assert order.net.minor == 5470 - 912 - 249 - 498
    assert await buying.all_adds_up(cell)


async def test_a_key_account_pays_the_commission_of_its_tier(
    cell: Cell, settings: Settings
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx, 10)
        await tx.execute("update seller set tier = 'key_account' where id = %s", (shop.seller,))
        await tx.execute(
            "insert into fee_rule (id, market, tier, category, basis_points, valid_from, at)"
            " values (gen_random_uuid(), 'FR', 'key_account', null, 300, '2024-01-01', now())"
        )
    await buying.fill_basket(cell, shop, ANNA, 1)
    wanted = buying.placement(shop, ANNA, await buying.card(cell))
    settled = (await orders.check_out(cell, settings, wanted))[1]
    async with cell.read() as tx:
        (order,) = await orders.list_orders_of(tx, settled.checkout)
        [line] = (await orders.list_lines(tx, [order.id]))[order.id]
    # 3 % of 24.90
    assert (line.commission_basis_points, line.commission_minor) == (300, 75)
