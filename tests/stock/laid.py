"""What the stock's tests share: presses on the basket, counts that must agree, events."""

from typing import NamedTuple
from uuid import UUID

from panier import stock
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from tests.shop import Shop, lay_shop

ANNA, BEN, CLEO = UUID(int=1), UUID(int=2), UUID(int=3)


class Counts(NamedTuple):
    available: int
    held: int
    sold: int


def press(
    shop: Shop,
    buyer: UUID = ANNA,
    *,
    quantity: int = 1,
    key: UUID | None = None,
    seconds: int = 480,
    show: UUID | None = None,
) -> stock.Wanted:
    """Build the request of one press on the basket, in the shop's show unless told."""
    return stock.Wanted(
        key or new_id(), buyer, shop.variant, quantity, "FR", show or shop.show, seconds, 20
    )


async def lay(cell: Cell, units: int) -> Shop:
    """Lay a shop with `units` of one variant."""
    async with cell.tx() as tx:
        return await lay_shop(tx, units)


async def counts(cell: Cell, shop: Shop) -> Counts:
    """Read available, held and sold; the counts must agree with holds and movements."""
    async with cell.read() as tx:
        assert await stock.check_stock(tx) == []
        cursor = await tx.execute(
            "select available, held, sold from stock where variant_id = %s", (shop.variant,)
        )
        [row] = await cursor.fetchall()
        return Counts(*row)


async def kinds(cell: Cell) -> list[str]:
    """List the events written so far."""
    async with cell.read() as tx:
        cursor = await tx.execute("select kind from event order by id")
        return [row[0] for row in await cursor.fetchall()]
