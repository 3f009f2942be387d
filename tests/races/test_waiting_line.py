"""Many wait and one unit comes and goes: one offer at a time. Unguarded, it is offered twice."""

import asyncio
from uuid import UUID

from panier import stock
from panier.kit.cells import Cell
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from tests.shop import Shop, lay_shop

WAITING = [UUID(int=n) for n in range(1, 41)]
ANNA = UUID(int=1000)


async def lay(cell: Cell, units: int) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx, units)


def press(shop: Shop, buyer: UUID) -> stock.Wanted:
    return stock.Wanted(new_id(), buyer, shop.variant, 1, "FR", shop.show, 480, 20)


async def wait(cell: Cell, shop: Shop, buyer: UUID) -> None:
    wish = stock.Wish(buyer, shop.variant, 1, "FR", shop.show, 120, 20)
    await cell.run(lambda tx: stock.wait(tx, wish))


async def offered(cell: Cell) -> list[UUID]:
    """List who has an open offer now."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select w.buyer from waiting w join hold h on h.id = w.hold_id"
            " where w.state = 'offered' and h.state = 'held'"
        )
        return [row[0] for row in await cursor.fetchall()]


async def test_one_unit_passes_along_a_line_of_forty_one_offer_at_a_time(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, ANNA))
    async with asyncio.timeout(90):
        await asyncio.gather(*(wait(cell, shop, buyer) for buyer in WAITING))
        holders, had = [ANNA], set[UUID]()
        while holders:
            [holder] = holders

            async def give_up(buyer: UUID = holder) -> None:
                await cell.run(lambda tx: stock.release(tx, buyer, shop.variant, 1, "FR"))

            async def snatch(n: int) -> str:
                try:
                    await stock.hold(cell, press(shop, UUID(int=5000 + n)))
                except PanierError as refusal:
                    return refusal.code
                return "held"

            # It is given back twice, its time runs out, and strangers press, all at once.
            *_done, one, two = await asyncio.gather(
                give_up(), give_up(), stock.expire_holds(cell), snatch(1), snatch(2)
            )
            holders = await offered(cell)
            assert len(holders) <= 1
            assert not had & set(holders)
            had |= set(holders)
            if holders:
                assert (one, two) == ("sold_out", "sold_out")
    assert had == set(WAITING)
    async with cell.read() as tx:
        assert await stock.check_stock(tx) == []
        left = await stock.get_availability(tx, [shop.variant])
        cursor = await tx.execute("select held from stock")
        [(held,)] = await cursor.fetchall()
    assert left[shop.variant] + held == 1


async def test_who_gets_in_line_as_the_last_unit_comes_back_is_not_forgotten(cell: Cell) -> None:
    shop = await lay(cell, 20)
    for n in range(20):
        await stock.hold(cell, press(shop, UUID(int=2000 + n)))

    async def join(buyer: UUID) -> str:
        try:
            await wait(cell, shop, buyer)
        except stock.StillThere:
            return "still there"
        return "in line"

    async def give_up(n: int) -> None:
        buyer = UUID(int=2000 + n)
        await cell.run(lambda tx: stock.release(tx, buyer, shop.variant, 1, "FR"))

    async with asyncio.timeout(60):
        answers, _ = await asyncio.gather(
            asyncio.gather(*map(join, WAITING[:30])), asyncio.gather(*map(give_up, range(20)))
        )
    in_line = answers.count("in line")
    async with cell.read() as tx:
        left = (await stock.get_availability(tx, [shop.variant]))[shop.variant]
        assert await stock.check_stock(tx) == []
    assert len(await offered(cell)) == min(20, in_line)
    assert left == 20 - min(20, in_line)


async def offer_unguarded(cell: Cell, shop: Shop, barrier: asyncio.Barrier) -> UUID:
    """Offer the free unit the way that races: look who is next, then write, guarded by nothing."""
    async with cell.tx() as tx:
        cursor = await tx.execute(
            "select id, buyer from waiting where state = 'waiting' order by at, id limit 1"
        )
        [(key, buyer)] = await cursor.fetchall()
        await barrier.wait()
        await tx.execute("update waiting set state = 'offered' where id = %s", (key,))
        await tx.execute(
            "update stock set available = available - 1, held = held + 1 where variant_id = %s",
            (shop.variant,),
        )
    return UUID(str(buyer))


async def test_without_the_guard_one_unit_is_offered_twice(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, ANNA))
    for buyer in WAITING[:2]:
        await wait(cell, shop, buyer)
    async with cell.tx() as tx:
        await tx.execute("alter table stock drop constraint stock_available_check")
        await tx.execute("update stock set available = 1, held = 0")
    barrier = asyncio.Barrier(2)
    async with asyncio.timeout(30):
        both = await asyncio.gather(*(offer_unguarded(cell, shop, barrier) for _ in range(2)))
    assert both == [WAITING[0], WAITING[0]]
    assert (await cell.run(lambda tx: stock.get_availability(tx, [shop.variant]))) == {
        shop.variant: -1
    }
