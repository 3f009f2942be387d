"""Goods that come and go other than by a sale: with a reason, who and what was left."""

import pytest

from panier import stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from tests.shop import Shop
from tests.stock.laid import ANNA, counts, kinds, lay, press


async def movements(cell: Cell, shop: Shop) -> list[tuple[int, str, str, int]]:
    """List delta, reason, note and what was left, without the one that laid the shop."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select delta, reason, note, available from stock_movement where variant_id = %s"
            " order by id",
            (shop.variant,),
        )
        return (await cursor.fetchall())[1:]


async def test_new_goods_and_corrections_are_written_down(cell: Cell) -> None:
    shop = await lay(cell, 3)
    async with cell.tx() as tx:
        await stock.restock(tx, shop.variant, 12, "FR", text="Delivery 4711", who=shop.host)
        await stock.correct(tx, shop.variant, -1, "FR")
        await stock.set_stock(tx, shop.variant, 20, "FR")
    assert await movements(cell, shop) == [
        (12, "restock", "Delivery 4711", 15),
        (-1, "correction", "", 14),
        (6, "correction", "", 20),
    ]
    assert await counts(cell, shop) == (20, 0, 0)


async def test_what_is_held_cannot_be_taken_away(cell: Cell) -> None:
    shop = await lay(cell, 3)
    await stock.hold(cell, press(shop, quantity=2))
    with pytest.raises(stock.NotEnough) as refused:
        async with cell.tx() as tx:
            await stock.correct(tx, shop.variant, -2, "FR")
    assert refused.value.details == {"available": 1}
    assert await counts(cell, shop) == (1, 2, 0)


@pytest.mark.parametrize(
    ("reason", "delta"),
    [(stock.Reason.RESTOCK, -1), (stock.Reason.DAMAGE, 1), (stock.Reason.CORRECTION, 0)],
)
async def test_a_sign_must_suit_its_reason(cell: Cell, reason: stock.Reason, delta: int) -> None:
    shop = await lay(cell, 3)
    with pytest.raises(stock.WrongSign):
        async with cell.tx() as tx:
            await stock.change_stock(tx, "FR", [stock.Movement(shop.variant, delta, reason)])


async def test_more_than_a_million_units_are_a_mistake(cell: Cell) -> None:
    shop = await lay(cell, 3)
    with pytest.raises(stock.TooManyUnits):
        async with cell.tx() as tx:
            await stock.restock(tx, shop.variant, 999_998, "FR")


async def test_one_bad_change_of_many_undoes_all(cell: Cell) -> None:
    shop = await lay(cell, 3)
    moves = [
        stock.Movement(shop.variant, 4, stock.Reason.RESTOCK),
        stock.Movement(shop.variant, -8, stock.Reason.DAMAGE),
    ]
    with pytest.raises(stock.NotEnough):
        async with cell.tx() as tx:
            await stock.change_stock(tx, "FR", moves)
    assert await counts(cell, shop) == (3, 0, 0)


async def test_a_sold_unit_that_comes_back_can_be_sold_again(cell: Cell) -> None:
    shop = await lay(cell, 2)
    await stock.hold(cell, press(shop, quantity=2))
    checkout = new_id()
    async with cell.tx() as tx:
        await stock.claim(tx, [stock.Claim(checkout, ANNA, "FR")], now())
        await stock.take(tx, [checkout])
    assert await counts(cell, shop) == (0, 0, 2)
    async with cell.tx() as tx:
        await stock.give_back(tx, {shop.variant: 1}, "FR", text="FR-2026-000001")
    assert await counts(cell, shop) == (1, 0, 1)
    assert await movements(cell, shop) == [(1, "return", "FR-2026-000001", 1)]
    with pytest.raises(NotFound):
        async with cell.tx() as tx:
            await stock.give_back(tx, {shop.variant: 2}, "FR")
    assert await kinds(cell) == ["SoldOut", "BackInStock"]


async def test_low_stock_is_told_once_until_goods_come_in(cell: Cell) -> None:
    shop = await lay(cell, 7)
    await stock.hold(cell, press(shop, quantity=2))
    assert await kinds(cell) == ["LowStock"]
    async with cell.tx() as tx:
        await stock.release(tx, ANNA, shop.variant, 2, "FR")
    await stock.hold(cell, press(shop, quantity=3))
    assert await kinds(cell) == ["LowStock"]
    async with cell.tx() as tx:
        await stock.restock(tx, shop.variant, 4, "FR")
    await stock.hold(cell, press(shop, quantity=3))
    assert await kinds(cell) == ["LowStock", "LowStock"]
