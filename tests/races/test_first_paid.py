"""Fifty pay at once for three units that nobody holds: three orders. Unguarded, it oversells."""

import asyncio
from collections import Counter
from uuid import UUID

from panier import orders, stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.settings import Settings
from tests import buying
from tests.shop import Shop, lay_shop

BUYERS = [UUID(int=n) for n in range(1, 51)]


async def lay(cell: Cell, units: int) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx, units)


async def test_fifty_who_pay_at_once_for_three_units_make_three_orders(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 3)
    for buyer in BUYERS:
        await buying.fill_basket(cell, shop, buyer, aside=False)
    assert await buying.counts(cell, shop) == (3, 0, 0)
    tokens = [await buying.card(cell) for _ in BUYERS]

    async def pay(buyer: UUID, token: str) -> str:
        wanted = buying.placement(shop, buyer, token)
        try:
            return (await orders.check_out(cell, settings, wanted))[1].state
        except PanierError as refusal:
            return refusal.code

    async with asyncio.timeout(60):
        answers = Counter(await asyncio.gather(*map(pay, BUYERS, tokens)))
    # Some were charged before others' payments were booked: those have their money back.
    assert answers["paid"] == 3
    assert answers["refused"] + answers["paid_first"] == 47
    assert answers["refused"] > 0
    while await orders.resume_payments(cell, settings):
        pass
    states = Counter(await buying.states(cell))
    assert states == {
        ("paid", "paid", "paid"): 3,
        ("refunded", "refused", "refused"): answers["refused"],
    }
    assert await buying.counts(cell, shop) == (0, 0, 3)
    assert await buying.taken(cell) == Money(3 * 2980, "EUR")
    assert await buying.all_adds_up(cell)


async def claim(cell: Cell, shop: Shop, buyer: UUID) -> UUID:
    """Want a unit and begin to pay for it."""
    await buying.fill_basket(cell, shop, buyer, aside=False)
    checkout = new_id()
    async with cell.tx() as tx:
        await stock.claim(tx, [stock.Claim(checkout, buyer, "FR")], now())
    return checkout


async def take_unguarded(cell: Cell, shop: Shop, checkout: UUID, barrier: asyncio.Barrier) -> bool:
    """Sell what is wanted the way that races: look first, sell in another statement."""
    async with cell.tx() as tx:
        left = (await stock.get_availability(tx, [shop.variant], shop.show))[shop.variant]
        await barrier.wait()
        if left < 1:
            return False
        await tx.execute(
            "update stock set available = available - 1, sold = sold + 1 where variant_id = %s",
            (shop.variant,),
        )
        await tx.execute("update hold set state = 'sold' where checkout_id = %s", (checkout,))
        return True


async def test_without_the_guard_fifty_buyers_are_sold_three_units(cell: Cell) -> None:
    shop = await lay(cell, 3)
    async with cell.tx() as tx:
        await tx.execute("alter table stock drop constraint stock_available_check")
    checkouts = [await claim(cell, shop, buyer) for buyer in BUYERS[:5]]
    barrier = asyncio.Barrier(5)
    async with asyncio.timeout(30):
        sold = await asyncio.gather(
            *(take_unguarded(cell, shop, checkout, barrier) for checkout in checkouts)
        )
    assert sold == [True] * 5
    assert await buying.counts(cell, shop) == (-2, 0, 5)


async def test_who_sets_it_aside_elsewhere_and_who_pays_for_it_never_both_get_it(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 10)
    for buyer in BUYERS[:20]:
        await buying.fill_basket(cell, shop, buyer, aside=False)
    tokens = [await buying.card(cell) for _ in BUYERS[:20]]

    async def pay(buyer: UUID, token: str) -> str:
        try:
            wanted = buying.placement(shop, buyer, token)
            return (await orders.check_out(cell, settings, wanted))[1].state
        except orders.PaidFirst:
            return "paid_first"

    async def hold(buyer: UUID) -> str:
        try:
            await buying.fill_basket(cell, shop, buyer)
        except stock.SoldOut:
            return "sold_out"
        return "held"

    async with asyncio.timeout(60):
        answers = Counter(
            await asyncio.gather(*map(pay, BUYERS[:20], tokens), *map(hold, BUYERS[20:40]))
        )
    assert answers["paid"] + answers["held"] == 10
    assert await buying.counts(cell, shop) == (0, answers["held"], answers["paid"])
    while await orders.resume_payments(cell, settings):
        pass
    assert await buying.all_adds_up(cell)
