"""A deal for two units and thirty checkouts at once: two. Without the lock, more."""

import asyncio
from datetime import timedelta
from uuid import UUID

from panier import incentives
from panier.incentives import Press, Want, Who
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, value
from panier.kit.ids import new_id
from tests.incentives.laid import a_line, let_hosts, who
from tests.shop import Shop, lay_shop


async def lay(cell: Cell) -> Shop:
    """Open a deal of two units, each buyer one, at 14.90 instead of 24.90."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx, 100)
        await let_hosts(tx, shop)
        given = incentives.NewDeal(
            product=shop.product, prices={shop.variant: 1490}, countdown=10, seconds=600, units=2,
            buyer_max=1,
        )  # fmt: skip
        await incentives.announce(tx, shop.show, given, None)
        await tx.execute("update deal set opens_at = now() - interval '5 s', state = 'open'")
    return shop


async def take(
    cell: Cell, shop: Shop, buyer: Who, *, lock: bool, barrier: asyncio.Barrier | None = None
) -> int:
    """Check out one unit; returns what the deal takes off."""
    moment = now()
    press = Press(shop.variant, shop.show, 1, moment - timedelta(seconds=1))
    want = Want(new_id(), buyer, "FR", [press])

    async def act(tx: Tx) -> int:
        till = await incentives.open_till(tx, [want], moment, lock=lock)
        reduced = till.reduce(want, [a_line(shop)])
        if barrier is not None:
            await barrier.wait()
        till.accept(want, reduced)
        await till.close(tx)
        return sum(cut.seller for cut in reduced.cuts)

    return await cell.run(act)


async def taken(cell: Cell) -> tuple[int, int]:
    async with cell.read() as tx:
        count = await value(tx, "select count(*) from deal_take")
        return int(count), int(await value(tx, "select taken from deal"))


async def test_thirty_checkouts_at_once_share_two_units(cell: Cell) -> None:
    shop = await lay(cell)
    async with asyncio.timeout(30):
        off = await asyncio.gather(*(take(cell, shop, who(n), lock=True) for n in range(1, 31)))
    assert sorted(off) == [0] * 28 + [1000] * 2
    assert await taken(cell) == (2, 2)


async def test_one_buyer_in_many_tabs_has_one(cell: Cell) -> None:
    shop = await lay(cell)
    tabs = [who(n, "anna@example.org") for n in range(1, 13)]
    async with asyncio.timeout(30):
        off = await asyncio.gather(*(take(cell, shop, tab, lock=True) for tab in tabs))
    assert sorted(off) == [0] * 11 + [1000]


async def test_without_the_lock_everybody_has_one(cell: Cell) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        await tx.execute("alter table deal drop constraint deal_check")
        left = await value(
            tx,
            "select count(*) from pg_constraint where conrelid = 'deal'::regclass"
            " and pg_get_constraintdef(oid) like '%taken <= units%'",
        )
        assert left == 0
    barrier = asyncio.Barrier(6)
    buyers = [who(n, person=UUID(int=n)) for n in range(1, 7)]
    async with asyncio.timeout(30):
        off = await asyncio.gather(
            *(take(cell, shop, buyer, lock=False, barrier=barrier) for buyer in buyers)
        )
    assert off == [1000] * 6
    assert await taken(cell) == (6, 6)  # of two
