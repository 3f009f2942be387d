"""A voucher for three and a hundred checkouts at once: three. Without the lock, more."""

import asyncio
from typing import Any

from panier import incentives, orders
from panier.incentives import Want
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, value
from panier.kit.ids import new_id
from panier.settings import Settings
from tests import buying
from tests.incentives.laid import a_line, enter, lay_voucher, redeem, who
from tests.shop import Shop, lay_shop

BUYERS = [who(n) for n in range(1, 101)]


async def lay(cell: Cell, **limits: Any) -> Shop:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    await lay_voucher(cell, **limits)
    return shop


async def count(cell: Cell) -> tuple[int, int]:
    async with cell.read() as tx:
        uses = await value(tx, "select count(*) from voucher_use where state = 'reserved'")
        return int(uses), int(await value(tx, "select used from voucher"))


async def test_a_limit_of_three_against_a_hundred_gives_three(cell: Cell) -> None:
    shop = await lay(cell, uses_max=3)
    for buyer in BUYERS:
        await enter(cell, buyer)
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(redeem(cell, shop, buyer) for buyer in BUYERS))
    assert sum(bool(reduced.taken) for _, reduced in answers) == 3
    refusals = [problem for _, reduced in answers for problem in reduced.problems.values()]
    assert [type(problem) for problem in refusals] == [incentives.VoucherUsedUp] * 97
    assert await count(cell) == (3, 3)


async def test_once_a_buyer_holds_for_one_buyer_in_many_tabs(cell: Cell) -> None:
    shop = await lay(cell, buyer_max=1)
    tabs = [who(n, "anna@example.org") for n in range(1, 31)]
    for tab in tabs:
        await enter(cell, tab)
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(redeem(cell, shop, tab) for tab in tabs))
    assert sum(bool(reduced.taken) for _, reduced in answers) == 1
    assert await count(cell) == (1, 1)


async def race_unlocked(cell: Cell, shop: Shop, buyers: list[incentives.Who]) -> list[bool]:
    """Redeem without the lock, nobody writing before all have read; returns who got it."""
    barrier = asyncio.Barrier(len(buyers))

    async def race(buyer: incentives.Who) -> bool:
        want = Want(new_id(), buyer, "FR")

        async def act(tx: Tx) -> bool:
            till = await incentives.open_till(tx, [want], now(), lock=False)
            reduced = till.reduce(want, [a_line(shop)])
            await barrier.wait()
            till.accept(want, reduced)
            await till.close(tx)
            return bool(reduced.taken)

        return await cell.run(act)

    async with asyncio.timeout(30):
        return list(await asyncio.gather(*map(race, buyers)))


async def test_without_the_lock_the_limit_is_overrun(cell: Cell) -> None:
    shop = await lay(cell, uses_max=3)
    async with cell.tx() as tx:
        await tx.execute("alter table voucher drop constraint voucher_check1")
        left = await value(
            tx,
            "select count(*) from pg_constraint where conrelid = 'voucher'::regclass"
            " and pg_get_constraintdef(oid) like '%used <= uses_max%'",
        )
        assert left == 0
    buyers = BUYERS[:6]
    for buyer in buyers:
        await enter(cell, buyer)
    assert await race_unlocked(cell, shop, buyers) == [True] * 6
    assert await count(cell) == (6, 6)


async def test_without_the_lock_one_buyer_uses_it_twice(cell: Cell) -> None:
    shop = await lay(cell, buyer_max=1)
    tabs = [who(n, "anna@example.org") for n in (1, 2)]
    for tab in tabs:
        await enter(cell, tab)
    assert await race_unlocked(cell, shop, tabs) == [True, True]
    assert await count(cell) == (2, 2)


async def test_a_hundred_paid_checkouts_share_three_reductions(
    cell: Cell, settings: Settings
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx, 100)
    await lay_voucher(cell, uses_max=3)
    placements = []
    for buyer in BUYERS:
        await buying.fill_basket(cell, shop, buyer.visitor)
        await enter(cell, buyer)
        email = f"buyer{buyer.visitor.int}@example.org"
        token = await buying.card(cell)
        placements.append(buying.placement(shop, buyer.visitor, token, email=email))

    async def buy(placement: orders.Placement) -> str:
        try:
            return (await orders.check_out(cell, settings, placement))[1].state
        except incentives.VoucherUsedUp as refusal:
            return refusal.code

    async with asyncio.timeout(60):
        answers = await asyncio.gather(*map(buy, placements))
    assert sorted(answers) == ["paid"] * 3 + ["voucher_used_up"] * 97
    assert await buying.charges(cell) == [("succeeded", 2731)] * 3
    async with cell.read() as tx:
        confirmed = "select count(*) from voucher_use where state = 'confirmed'"
        assert await value(tx, confirmed) == 3
    assert await buying.all_adds_up(cell)
