"""Two hundred buyers and one unit: one order. With the guard taken off, the race is there."""

import asyncio
from uuid import UUID

from panier import orders, stock
from panier.kit.cells import Cell
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.settings import Settings
from tests import buying
from tests.shop import Shop, lay_shop

BUYERS = [UUID(int=n) for n in range(1, 201)]


async def lay(cell: Cell) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx, 1)


async def test_two_hundred_buyers_of_the_last_unit_make_one_order(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    tokens = [await buying.card(cell) for _ in BUYERS]

    async def buy(buyer: UUID, token: str) -> str:
        try:
            await buying.fill_basket(cell, shop, buyer)
            _, settled = await orders.check_out(
                cell, settings, buying.placement(shop, buyer, token)
            )
        except PanierError as refusal:
            return refusal.code
        return settled.state

    async with asyncio.timeout(60):
        answers = await asyncio.gather(*map(buy, BUYERS, tokens))
    assert sorted(answers) == ["paid", *["sold_out"] * 199]
    assert await buying.states(cell) == [("paid", "paid", "paid")]
    assert await buying.charges(cell) == [("succeeded", 2980)]
    assert await buying.counts(cell, shop) == (0, 0, 1)
    assert await buying.taken(cell) == Money(2980, "EUR")
    assert await buying.all_adds_up(cell)


async def read_think_write(cell: Cell, shop: Shop, buyer: UUID, barrier: asyncio.Barrier) -> bool:
    """Hold a unit the way that races: look first, take in another statement, guarded by nothing."""
    async with cell.tx() as tx:
        left = (await stock.get_availability(tx, [shop.variant]))[shop.variant]
        await barrier.wait()
        if left < 1:
            return False
        await tx.execute(
            "update stock set available = available - 1, held = held + 1 where variant_id = %s",
            (shop.variant,),
        )
        await tx.execute(
            "insert into hold (id, variant_id, market, show_id, buyer, quantity, state, at,"
            " expires_at)"
            " values (%s, %s, 'FR', %s, %s, 1, 'held', now(), now() + interval '8 min')",
            (new_id(), shop.variant, shop.show, buyer),
        )
        return True


async def test_without_the_guard_the_last_unit_is_sold_more_than_once(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        await tx.execute("alter table stock drop constraint stock_available_check")
    buyers, barrier = BUYERS[:4], asyncio.Barrier(4)
    async with asyncio.timeout(30):
        held = await asyncio.gather(
            *(read_think_write(cell, shop, buyer, barrier) for buyer in buyers)
        )
        tokens = [await buying.card(cell) for _ in buyers]
        answers = await asyncio.gather(
            *(
                orders.check_out(cell, settings, buying.placement(shop, buyer, token))
                for buyer, token in zip(buyers, tokens, strict=True)
            )
        )
    assert held == [True] * 4
    assert [settled.state for _, settled in answers] == ["paid"] * 4
    assert await buying.counts(cell, shop) == (-3, 0, 4)


async def test_a_payment_that_comes_as_its_hold_runs_out_sells_or_refunds_never_both(
    cell: Cell, settings: Settings
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx, 20)
    placed = []
    for buyer in BUYERS[:20]:
        await buying.fill_basket(cell, shop, buyer)
        token = await buying.card(cell)
        placed.append(buying.placement(shop, buyer, token, payment_seconds=0))
    async with cell.tx() as tx:
        await tx.execute("update hold set expires_at = now() + interval '300 milliseconds'")

    async def sweep() -> None:
        for _ in range(40):
            await stock.expire_holds(cell)
            await asyncio.sleep(0.02)

    async def rival(buyer: UUID) -> None:
        for _ in range(10):
            try:
                await buying.fill_basket(cell, shop, buyer)
            except stock.SoldOut:
                await asyncio.sleep(0.05)
            else:
                return

    async def buy(wanted: orders.Placement) -> str:
        await asyncio.sleep(0.01 * (wanted.buyer.int % 40))
        try:
            return (await orders.check_out(cell, settings, wanted))[1].state
        except orders.EmptyBasket:
            return "empty"

    async with asyncio.timeout(60):
        *answers, _swept = await asyncio.gather(
            *map(buy, placed), *map(rival, BUYERS[100:120]), sweep()
        )
    states = {answer for answer in answers[:20] if answer}
    assert states <= {"paid", "refused", "empty"}
    await orders.resume_payments(cell, settings)
    available, held, sold = await buying.counts(cell, shop)
    assert available + held + sold == 20
    assert sold == sum(answer == "paid" for answer in answers[:20])
    assert await buying.taken(cell) == Money(2980 * sold, "EUR")
    assert await buying.all_adds_up(cell)
