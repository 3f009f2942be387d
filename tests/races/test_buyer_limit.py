"""Two each: fifty presses of one buyer hold two. Looked at before, unlocked, they hold more."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import UUID

import pytest

from panier import orders, stock
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.orders.place import place_batch
from panier.runtime import Runtime
from panier.settings import Settings
from panier.stock import limits
from tests import buying
from tests.shop import Shop, lay_shop

ANNA = UUID(int=1)
PRESSES = 50


async def lay(cell: Cell, units: int = 100) -> Shop:
    async with cell.tx() as tx:
        shop = await lay_shop(tx, units)
        await stock.set_limit(tx, shop.variant, 2)
    return shop


def press(shop: Shop) -> stock.Wanted:
    return stock.Wanted(new_id(), ANNA, shop.variant, 1, "FR", shop.show, 480, 20)


async def test_fifty_presses_at_once_on_three_processes_desks_hold_two(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        others = [await stack.enter_async_context(Runtime.open(settings)) for _ in range(2)]
        cells = [cell, *(next(iter(other.cells)) for other in others)]
        answers = await asyncio.gather(
            *(stock.hold(cells[n % 3], press(shop)) for n in range(PRESSES)),
            return_exceptions=True,
        )
        held = Counter(type(answer) for answer in answers)
        assert held == {stock.Held: 2, stock.BuyerLimitReached: 48}
        assert await buying.counts(cell, shop) == (98, 2, 0)
        paid = buying.placement(shop, ANNA, await buying.card(cell))
        _, settled = await orders.check_out(cell, settings, paid)
        assert settled.state == "paid"
        again = await asyncio.gather(
            *(stock.hold(cells[n % 3], press(shop)) for n in range(9)), return_exceptions=True
        )
    assert Counter(type(answer) for answer in again) == {stock.BuyerLimitReached: 9}
    assert await buying.counts(cell, shop) == (98, 0, 2)
    assert await buying.all_adds_up(cell)


async def look_then_hold(cell: Cell, shop: Shop, barrier: asyncio.Barrier) -> bool:
    """Hold a unit the way that races: count first, write then, with nothing locked."""
    async with cell.tx() as tx:
        [had] = await stock.count_had(tx, [stock.Asker(ANNA, None, shop.variant)])
        await barrier.wait()
        if had >= 2:
            return False
        await tx.execute(
            "insert into hold (id, variant_id, market, show_id, buyer, quantity, state, at,"
            " expires_at)"
            " values (%s, %s, 'FR', %s, %s, 1, 'held', now(), now() + interval '8 min')",
            (new_id(), shop.variant, shop.show, ANNA),
        )
        return True


async def test_without_the_lock_one_buyer_holds_more_than_two(cell: Cell) -> None:
    shop = await lay(cell)
    barrier = asyncio.Barrier(5)
    async with asyncio.timeout(30):
        held = await asyncio.gather(*(look_then_hold(cell, shop, barrier) for _ in range(5)))
    assert held == [True] * 5
    async with cell.read() as tx:
        assert await stock.count_had(tx, [stock.Asker(ANNA, None, shop.variant)]) == [5]


async def fill(cell: Cell, shop: Shop, browsers: int) -> list[orders.Placement]:
    """Let one person hold two in each of their browsers, and be about to pay in all."""
    placements = []
    for n in range(1, browsers + 1):
        await buying.fill_basket(cell, shop, UUID(int=n), 2)
        token = await buying.card(cell)
        placements.append(buying.placement(shop, UUID(int=n), token, person=shop.host))
    return placements


async def test_one_person_who_pays_in_eight_browsers_at_once_buys_two(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    wanted = await fill(cell, shop, 8)

    async def pay(where: Cell, placement: orders.Placement) -> str:
        try:
            return (await orders.check_out(where, settings, placement))[1].state
        except PanierError as refusal:
            return refusal.code

    async with Runtime.open(settings) as other, asyncio.timeout(60):
        cells = [cell, next(iter(other.cells))]
        answers = Counter(
            await asyncio.gather(*(pay(cells[n % 2], p) for n, p in enumerate(wanted)))
        )
    assert answers == {"paid": 1, "too_many_each": 7}
    assert await buying.counts(cell, shop) == (84, 14, 2)
    assert await buying.all_adds_up(cell)


async def test_unless_they_come_one_after_the_other_each_browser_buys_two(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await lay(cell)
    wanted = await fill(cell, shop, 3)
    barrier, count = asyncio.Barrier(3), limits._count

    async def pass_by(_tx: Tx, _askers: Sequence[stock.Asker]) -> None:
        """Let everybody in at once."""

    async def count_and_think(tx: Tx, sql: str, askers: Sequence[stock.Asker]) -> list[int]:
        had = await count(tx, sql, askers)
        await barrier.wait()
        return had

    monkeypatch.setattr(limits, "_serialize", pass_by)
    monkeypatch.setattr(limits, "_count", count_and_think)

    async def place(placement: orders.Placement) -> object:
        async with cell.tx() as tx:
            [placed] = await place_batch(tx, [placement])
            return placed

    async with asyncio.timeout(30):
        placed = await asyncio.gather(*map(place, wanted))
    assert [isinstance(answer, PanierError) for answer in placed] == [False] * 3
