"""Statistics of a quiet hour say that nothing is held; a press must not read all that is."""

from panier.kit.arrays import Uuids
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.ids import new_id
from panier.stock.desk import HELD
from panier.stock.waiting import LENGTH
from tests.plans import rows_read
from tests.shop import Shop, lay_shop

HOLDS = """
insert into hold (id, variant_id, market, buyer, quantity, state, at, expires_at)
select gen_random_uuid(), %s, 'FR', gen_random_uuid(), 1, %s, now(), now() + interval '1 min'
from generate_series(1, %s)
"""
WAITING = """
insert into waiting (id, variant_id, market, show_id, buyer, quantity, seconds, state, at)
select gen_random_uuid(), %s, 'FR', %s, gen_random_uuid(), 1, 60, %s, now()
from generate_series(1, %s)
"""
TRAP = "create index trap on hold (expires_at) where state in ('held', 'wanted')"


async def lay_quiet(tx: Tx) -> Shop:
    """Lay a shop with a past, in an hour in which nothing is held and nobody waits."""
    shop = await lay_shop(tx, 10_000)
    await tx.execute(HOLDS, (shop.variant, "sold", 3000))
    await tx.execute(WAITING, (shop.variant, shop.show, "left", 3000))
    await tx.execute("analyze hold, waiting")
    return shop


def ten_presses(shop: Shop) -> tuple[Uuids, Uuids, Uuids]:
    one_each = [[new_id() for _ in range(10)] for _ in range(2)]
    return Uuids(one_each[0]), Uuids(one_each[1]), Uuids([shop.variant] * 10)


async def test_a_press_reads_what_its_buyer_holds_and_nothing_else(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_quiet(tx)
        await tx.execute(HOLDS, (shop.variant, "held", 500))
        assert await rows_read(tx, HELD, ten_presses(shop)) == 0


async def test_with_an_index_of_all_that_is_held_each_press_reads_all_of_it(cell: Cell) -> None:
    async with cell.tx() as tx:
        await tx.execute(TRAP)
        shop = await lay_quiet(tx)
        await tx.execute(HOLDS, (shop.variant, "held", 500))
        assert await rows_read(tx, HELD, ten_presses(shop)) == 5000


async def test_a_line_is_counted_without_a_look_at_the_others(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_quiet(tx)
        await tx.execute(WAITING, (shop.variant, shop.show, "waiting", 500))
        other = await lay_shop(tx)
        assert await rows_read(tx, LENGTH, (other.variant,)) == 0
