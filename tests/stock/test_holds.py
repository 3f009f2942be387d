"""Setting stock aside, giving it back, losing it, selling it: on a real database."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from panier import stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.kit.errors import BadInput, Conflict, NotFound
from panier.kit.ids import new_id
from panier.stock.shelves import Shelves
from tests.shop import Shop
from tests.stock.laid import ANNA, BEN, counts, kinds, lay, press


async def test_a_hold_sets_stock_aside_until_it_expires(cell: Cell) -> None:
    shop = await lay(cell, 10)
    held = await stock.hold(cell, press(shop, quantity=3))
    assert (held.quantity, held.available, held.in_basket) == (3, 7, 3)
    assert timedelta(seconds=478) < held.expires_at - now() <= timedelta(seconds=480)
    assert await counts(cell, shop) == (7, 3, 0)


async def test_two_buyers_cannot_hold_the_last_item(cell: Cell) -> None:
    shop = await lay(cell, 1)
    answers = await asyncio.gather(
        stock.hold(cell, press(shop, ANNA)),
        stock.hold(cell, press(shop, BEN)),
        return_exceptions=True,
    )
    assert isinstance(answers[0], stock.Held)
    assert isinstance(answers[1], stock.SoldOut)
    assert await counts(cell, shop) == (0, 1, 0)
    assert await kinds(cell) == ["SoldOut"]


async def test_the_same_press_sent_twice_is_granted_once(cell: Cell) -> None:
    shop = await lay(cell, 10)
    key = new_id()
    first = await stock.hold(cell, press(shop, key=key))
    again = await stock.hold(cell, press(shop, key=key))
    assert again.expires_at == first.expires_at
    assert again.in_basket == 1
    assert await counts(cell, shop) == (9, 1, 0)


async def test_a_used_key_is_refused_and_harms_nobody_else(cell: Cell) -> None:
    shop = await lay(cell, 10)
    key = new_id()
    await stock.hold(cell, press(shop, key=key, seconds=0))
    await stock.expire_holds(cell)
    answers = await asyncio.gather(
        stock.hold(cell, press(shop, key=key)),
        stock.hold(cell, press(shop, BEN)),
        stock.hold(cell, press(shop, BEN, key=key)),
        return_exceptions=True,
    )
    assert [type(a) for a in answers] == [Conflict, stock.Held, Conflict]
    assert await counts(cell, shop) == (9, 1, 0)


async def test_an_unknown_variant_harms_only_its_own_request(cell: Cell) -> None:
    shop = await lay(cell, 10)
    unknown = stock.Wanted(new_id(), BEN, new_id(), 1, "FR", None, 480, 20)
    answers = await asyncio.gather(
        stock.hold(cell, press(shop)), stock.hold(cell, unknown), return_exceptions=True
    )
    assert isinstance(answers[0], stock.Held)
    assert isinstance(answers[1], NotFound)


async def test_sold_out_is_answered_from_memory_and_forgotten_soon(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, ANNA))
    shelves = cell.memory(Shelves)
    assert shelves.is_empty(shop.variant)
    shelves.empty_until[shop.variant.int] = 0  # its time is over
    assert not shelves.is_empty(shop.variant)


async def test_giving_back_brings_the_product_back_in_stock(cell: Cell) -> None:
    shop = await lay(cell, 2)
    await stock.hold(cell, press(shop, quantity=2))
    async with cell.tx() as tx:
        assert await stock.release(tx, ANNA, shop.variant, 1, "FR") == 1
    assert await counts(cell, shop) == (1, 1, 0)
    assert await kinds(cell) == ["SoldOut", "BackInStock"]


async def test_a_hold_that_ran_out_is_free_for_others(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, press(shop, seconds=0))
    assert await stock.expire_holds(cell) == 1
    assert await stock.expire_holds(cell) == 0
    assert await counts(cell, shop) == (1, 0, 0)
    assert await kinds(cell) == ["SoldOut", "BackInStock", "HoldExpired"]


async def claimed(cell: Cell, shop: Shop, buyer: UUID) -> UUID:
    """Claim what `buyer` holds for a new checkout."""
    checkout = new_id()
    async with cell.tx() as tx:
        claim = stock.Claim(checkout, buyer, shop.market)
        assert await stock.claim(tx, [claim], now() + timedelta(minutes=15)) == {checkout}
    return checkout


async def test_taking_sells_what_was_claimed_once(cell: Cell) -> None:
    shop = await lay(cell, 5)
    await stock.hold(cell, press(shop, quantity=2))
    checkout = await claimed(cell, shop, ANNA)
    for _ in range(2):
        async with cell.tx() as tx:
            assert await stock.take(tx, [checkout]) == {checkout}
    assert await counts(cell, shop) == (3, 0, 2)


async def test_a_sale_under_way_holds_up_no_press_and_no_sweep(cell: Cell) -> None:
    shop = await lay(cell, 5)
    await stock.hold(cell, press(shop, quantity=2))
    checkout = await claimed(cell, shop, ANNA)
    async with cell.tx() as tx:
        await tx.execute("update hold set expires_at = now() - interval '1 s'")
    async with cell.tx() as tx, asyncio.timeout(30):
        assert await stock.take(tx, [checkout]) == {checkout}
        # Orders and books are written here, and others go on.
        await stock.hold(cell, press(shop, BEN))
        assert await stock.expire_holds(cell) == 0
    assert await counts(cell, shop) == (2, 1, 2)
    assert await stock.expire_holds(cell) == 0


async def expire_claimed(cell: Cell, checkout: UUID) -> None:
    """Let a claimed hold run out."""
    async with cell.tx() as tx:
        await tx.execute(
            "update hold set expires_at = now() - interval '1 s' where checkout_id = %s",
            (checkout,),
        )
    assert await stock.expire_holds(cell) == 1


async def test_a_late_payment_takes_again_what_is_still_there(cell: Cell) -> None:
    shop = await lay(cell, 5)
    await stock.hold(cell, press(shop, quantity=2))
    checkout = await claimed(cell, shop, ANNA)
    await expire_claimed(cell, checkout)
    async with cell.tx() as tx:
        assert await stock.take(tx, [checkout]) == {checkout}
    assert await counts(cell, shop) == (3, 0, 2)


async def test_a_late_payment_gets_nothing_when_all_is_gone(cell: Cell) -> None:
    shop = await lay(cell, 2)
    await stock.hold(cell, press(shop, quantity=2))
    checkout = await claimed(cell, shop, ANNA)
    await expire_claimed(cell, checkout)
    await stock.hold(cell, press(shop, BEN))
    async with cell.tx() as tx:
        assert await stock.take(tx, [checkout]) == set()
    assert await counts(cell, shop) == (1, 1, 0)


async def test_a_declined_payment_leaves_the_basket_as_it_was(cell: Cell) -> None:
    shop = await lay(cell, 2)
    await stock.hold(cell, press(shop))
    checkout = await claimed(cell, shop, ANNA)
    async with cell.read() as tx:
        assert await stock.list_holds(tx, ANNA, "FR") == []
    until = now() + timedelta(minutes=2)
    async with cell.tx() as tx:
        [hold] = await stock.list_claimed(tx, [checkout])
        await stock.unclaim(tx, {hold.id: until})
    async with cell.read() as tx:
        [kept] = await stock.list_holds(tx, ANNA, "FR")
    assert (kept.variant, kept.quantity, kept.expires_at) == (shop.variant, 1, until)
    assert hold.kept_until is not None
    assert hold.kept_until < hold.expires_at


async def test_fifty_presses_at_once_share_a_few_commits(cell: Cell) -> None:
    shop = await lay(cell, 100)
    async with cell.read() as tx:
        before = await value(tx, "select pg_current_xact_id()::text::bigint")
    await asyncio.gather(*(stock.hold(cell, press(shop, UUID(int=n))) for n in range(50)))
    async with cell.read() as tx:
        after = await value(tx, "select pg_current_xact_id()::text::bigint")
    assert await counts(cell, shop) == (50, 50, 0)
    assert after - before < 15


@pytest.mark.parametrize("quantity", [0, -1])
async def test_a_quantity_below_one_is_refused(cell: Cell, quantity: int) -> None:
    shop = await lay(cell, 100)
    with pytest.raises(BadInput):
        await stock.hold(cell, press(shop, quantity=quantity))


async def test_a_buyer_cannot_hoard(cell: Cell) -> None:
    shop = await lay(cell, 100)
    await stock.hold(cell, press(shop, quantity=20))
    with pytest.raises(stock.HoldLimitReached):
        await stock.hold(cell, press(shop))
