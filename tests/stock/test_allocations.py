"""Units that one show has for itself: nobody else gets them, and what is left comes back."""

import asyncio
from uuid import UUID

import msgspec
import pytest

from panier import events, shows, stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.delivery import Courier
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.stock.handlers import end_allocations
from tests.shop import Shop
from tests.stock.laid import ANNA, BEN, CLEO, counts, kinds, lay, press

ELSEWHERE = UUID(int=99)
"""Another show; presses name it, and it has no units of its own."""


async def give(cell: Cell, shop: Shop, units: int, *, beyond: bool = False) -> None:
    """Let the shop's show have units of its own."""
    async with cell.tx() as tx:
        await stock.allocate(tx, shop.show, shop.variant, units, beyond=beyond, market="FR")


async def own(cell: Cell, shop: Shop) -> tuple[int, int, int, int]:
    """Read units, left, held and sold of the show's own."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select units, available, held, sold from allocation where show_id = %s", (shop.show,)
        )
        [row] = await cursor.fetchall()
        return (row[0], row[1], row[2], row[3])


async def test_others_cannot_have_what_is_set_aside_for_a_show(cell: Cell) -> None:
    shop = await lay(cell, 10)
    await give(cell, shop, 8)
    assert await counts(cell, shop) == (2, 0, 0)
    with pytest.raises(stock.NotEnough) as refused:
        await stock.hold(cell, press(shop, ANNA, quantity=3, show=ELSEWHERE))
    assert refused.value.details["available"] == 2
    held = await stock.hold(cell, press(shop, BEN, quantity=3))
    assert held.available == 5
    assert await own(cell, shop) == (8, 5, 3, 0)
    assert await counts(cell, shop) == (2, 3, 0)


async def test_a_show_goes_beyond_its_own_only_if_it_may(cell: Cell) -> None:
    shop = await lay(cell, 10)
    await give(cell, shop, 2)
    with pytest.raises(stock.NotEnough):
        await stock.hold(cell, press(shop, quantity=3))
    await give(cell, shop, 2, beyond=True)
    held = await stock.hold(cell, press(shop, quantity=3))
    assert held.available == 7
    assert await own(cell, shop) == (2, 0, 2, 0)
    assert await counts(cell, shop) == (7, 3, 0)


async def test_a_show_that_sold_its_own_is_sold_out_there_alone(cell: Cell) -> None:
    shop = await lay(cell, 10)
    await give(cell, shop, 1)
    await stock.hold(cell, press(shop))
    with pytest.raises(stock.SoldOut):
        await stock.hold(cell, press(shop, BEN))
    assert (await stock.hold(cell, press(shop, CLEO, show=ELSEWHERE))).available == 8
    async with cell.read() as tx:
        cursor = await tx.execute("select body from event where kind = 'SoldOut'")
        [(body,)] = await cursor.fetchall()
        assert body["show"] == str(shop.show)
        assert await stock.get_availability(tx, [shop.variant]) == {shop.variant: 8}
        assert await stock.get_availability(tx, [shop.variant], shop.show) == {shop.variant: 0}


async def test_no_memory_of_empty_shelves_hides_a_shows_own_units(cell: Cell) -> None:
    shop = await lay(cell, 3)
    await give(cell, shop, 2)
    await stock.hold(cell, press(shop, ANNA, show=ELSEWHERE))
    assert await counts(cell, shop) == (0, 1, 0)
    assert (await stock.hold(cell, press(shop, BEN))).available == 1


async def test_what_is_given_back_returns_to_the_show(cell: Cell) -> None:
    shop = await lay(cell, 10)
    await give(cell, shop, 2, beyond=True)
    await stock.hold(cell, press(shop, quantity=3))
    async with cell.tx() as tx:
        assert await stock.release(tx, ANNA, shop.variant, 2, "FR") == 1
    assert await own(cell, shop) == (2, 1, 1, 0)
    assert await counts(cell, shop) == (9 - 1, 1, 0)
    await stock.hold(cell, press(shop, BEN, seconds=0))
    assert await stock.expire_holds(cell) == 1
    assert await own(cell, shop) == (2, 1, 1, 0)
    assert await counts(cell, shop) == (8, 1, 0)


async def test_what_is_sold_counts_for_the_show_also_when_paid_late(cell: Cell) -> None:
    shop = await lay(cell, 3)
    await give(cell, shop, 2)
    checkout = new_id()
    await stock.hold(cell, press(shop, quantity=2))
    async with cell.tx() as tx:
        await stock.claim(tx, [stock.Claim(checkout, ANNA, "FR")], now())
    async with cell.tx() as tx:
        await tx.execute("update hold set expires_at = now() - interval '1 s'")
    assert await stock.expire_holds(cell) == 1
    assert await own(cell, shop) == (2, 2, 0, 0)
    async with cell.tx() as tx:
        assert await stock.take(tx, [checkout]) == {checkout}
    assert await own(cell, shop) == (2, 0, 0, 2)
    assert await counts(cell, shop) == (1, 0, 2)


async def test_the_end_of_a_show_frees_what_it_did_not_sell(cell: Cell) -> None:
    shop = await lay(cell, 10)
    await give(cell, shop, 10)
    await stock.hold(cell, press(shop, quantity=4))
    async with cell.tx() as tx:
        await shows.end(tx, shop.show)
    await Courier(cell, {events.ShowEnded: [end_allocations]}).deliver_all()
    assert await counts(cell, shop) == (6, 4, 0)
    async with cell.tx() as tx:  # the buyer's hold is like any other now
        assert await stock.release(tx, ANNA, shop.variant, 4, "FR") == 0
    assert await counts(cell, shop) == (10, 0, 0)
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select delta, reason, note from stock_movement where variant_id = %s order by id",
            (shop.variant,),
        )
        assert (await cursor.fetchall())[1:] == [
            (-10, "allocation", "Evening lights"),
            (6, "allocation_end", "Evening lights"),
        ]
    with pytest.raises(stock.ShowOver):
        await give(cell, shop, 3)


async def test_an_allocation_grows_and_shrinks_but_not_below_what_is_used(cell: Cell) -> None:
    shop = await lay(cell, 10)
    await give(cell, shop, 4)
    await stock.hold(cell, press(shop, quantity=3))
    await give(cell, shop, 3)
    assert await counts(cell, shop) == (7, 3, 0)
    with pytest.raises(stock.AllocationUsed) as refused:
        await give(cell, shop, 2)
    assert refused.value.details == {"least": 3}
    with pytest.raises(stock.NotEnough):
        await give(cell, shop, 11)
    await give(cell, shop, 10)
    assert await own(cell, shop) == (10, 7, 3, 0)
    assert await counts(cell, shop) == (0, 3, 0)


async def test_setting_units_aside_alarms_nobody_but_who_finds_none_left(cell: Cell) -> None:
    shop = await lay(cell, 10)
    await give(cell, shop, 10)
    assert await kinds(cell) == ["SoldOut"]
    async with cell.read() as tx:
        cursor = await tx.execute("select body from event")
        [(body,)] = await cursor.fetchall()
    assert (body["show"], body["apart"]) == (None, [str(shop.show)])


async def test_rooms_are_told_what_their_own_show_can_sell(cell: Cell) -> None:
    shop = await lay(cell, 10)
    told: asyncio.Queue[bytes] = asyncio.Queue()
    unhear = await cell.hear(stock.PULSE, lambda _subject, payload: told.put_nowait(payload))
    await give(cell, shop, 4)
    async with asyncio.timeout(30):
        left = msgspec.json.decode(await told.get())
    unhear()
    assert left == {str(shop.variant): 6, f"{shop.show}/{shop.variant}": 4}


async def test_a_crowd_in_and_out_of_the_show_takes_exactly_what_there_is(cell: Cell) -> None:
    shop = await lay(cell, 60)
    await give(cell, shop, 40, beyond=True)

    async def buy(n: int) -> str:
        show = shop.show if n % 2 else ELSEWHERE
        try:
            await stock.hold(cell, press(shop, UUID(int=1000 + n), show=show))
        except PanierError as refusal:
            return refusal.code
        return "held in" if n % 2 else "held out"

    async with asyncio.timeout(60):
        answers = await asyncio.gather(*map(buy, range(200)))
    assert answers.count("held in") + answers.count("held out") == 60
    assert answers.count("held out") <= 20
    assert await own(cell, shop) == (40, 0, 40, 0)
    assert await counts(cell, shop) == (0, 60, 0)
