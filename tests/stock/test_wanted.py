"""What is only wanted: it lies in the basket, sets nothing aside, and who pays first gets it."""

from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panier import stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from tests.shop import Shop
from tests.stock.laid import ANNA, BEN, CLEO, counts, kinds, lay, press

EXAMPLES = 40


def want(shop: Shop, buyer: UUID, quantity: int = 1, key: UUID | None = None) -> stock.Wanted:
    pressed = press(shop, buyer, quantity=quantity, seconds=stock.WANTED_SECONDS, key=key)
    return msgspec.structs.replace(pressed, aside=False)


async def claim(cell: Cell, buyer: UUID) -> UUID:
    checkout = new_id()
    async with cell.tx() as tx:
        until = now() + timedelta(minutes=15)
        await stock.claim(tx, [stock.Claim(checkout, buyer, "FR")], until)
    return checkout


async def take(cell: Cell, checkout: UUID) -> bool:
    async with cell.tx() as tx:
        return bool(await stock.take(tx, [checkout]))


async def basket(cell: Cell, buyer: UUID) -> list[tuple[int, bool]]:
    async with cell.read() as tx:
        return [(h.quantity, h.aside) for h in await stock.list_holds(tx, buyer, "FR")]


async def test_two_want_the_last_unit_and_who_pays_first_gets_it(cell: Cell) -> None:
    shop = await lay(cell, 1)
    for buyer in (ANNA, BEN):
        wanted = await stock.hold(cell, want(shop, buyer))
        assert (wanted.aside, wanted.available, wanted.in_basket) == (False, 1, 1)
        assert wanted.expires_at > now() + timedelta(hours=23)
    assert await counts(cell, shop) == (1, 0, 0)
    assert await kinds(cell) == []
    assert await take(cell, await claim(cell, BEN))
    assert not await take(cell, await claim(cell, ANNA))
    assert await counts(cell, shop) == (0, 0, 1)
    assert await kinds(cell) == ["SoldOut"]
    assert (await basket(cell, ANNA), await basket(cell, BEN)) == ([], [])


async def test_nobody_can_want_what_is_gone_nor_more_than_there_is(cell: Cell) -> None:
    shop = await lay(cell, 2)
    with pytest.raises(stock.NotEnough):
        await stock.hold(cell, want(shop, ANNA, 3))
    await stock.hold(cell, press(shop, BEN, quantity=2))
    with pytest.raises(stock.SoldOut):
        await stock.hold(cell, want(shop, ANNA))
    assert await basket(cell, ANNA) == []


async def test_the_same_press_twice_is_wanted_once_and_nobody_wants_more_than_they_may(
    cell: Cell,
) -> None:
    shop = await lay(cell, 100)
    key = new_id()
    first, again = [await stock.hold(cell, want(shop, ANNA, 12, key)) for _ in range(2)]
    assert again == first
    await stock.hold(cell, press(shop, ANNA, quantity=8))
    for one in (want(shop, ANNA), press(shop, ANNA)):
        with pytest.raises(stock.HoldLimitReached):
            await stock.hold(cell, one)
    assert await basket(cell, ANNA) == [(12, False), (8, True)]
    assert await counts(cell, shop) == (92, 8, 0)


async def test_what_a_buyer_wants_already_counts_when_they_want_more(cell: Cell) -> None:
    shop = await lay(cell, 3)
    await stock.hold(cell, want(shop, ANNA, 2))
    with pytest.raises(stock.NotEnough):
        await stock.hold(cell, want(shop, ANNA, 2))
    await stock.hold(cell, want(shop, ANNA))
    await stock.hold(cell, want(shop, BEN, 3))
    assert await basket(cell, ANNA) == [(2, False), (1, False)]


async def test_taking_out_what_was_wanted_frees_nothing(cell: Cell) -> None:
    shop = await lay(cell, 5)
    await stock.hold(cell, want(shop, ANNA, 3))
    await stock.hold(cell, press(shop, ANNA, quantity=2))
    async with cell.tx() as tx:
        assert await stock.release(tx, ANNA, shop.variant, 1, "FR") == 4
    assert await basket(cell, ANNA) == [(2, False), (2, True)]
    async with cell.tx() as tx:
        assert await stock.release(tx, ANNA, shop.variant, 3, "FR") == 1
    assert await basket(cell, ANNA) == [(1, True)]
    assert await counts(cell, shop) == (4, 1, 0)


async def test_after_a_day_it_leaves_the_basket_and_frees_nothing(cell: Cell) -> None:
    shop = await lay(cell, 5)
    await stock.hold(cell, want(shop, ANNA))
    await stock.hold(cell, press(shop, BEN))
    with pytest.raises(stock.NothingToExtend):
        async with cell.tx() as tx:
            await stock.extend(tx, ANNA, "FR", 240)
    assert await stock.expire_holds(cell) == 0
    async with cell.tx() as tx:
        await tx.execute("update hold set expires_at = now() where buyer = %s", (ANNA,))
    assert await basket(cell, ANNA) == []
    assert await stock.expire_holds(cell) == 1
    assert await stock.expire_holds(cell) == 0
    assert await counts(cell, shop) == (4, 1, 0)
    assert await kinds(cell) == []


async def test_a_decline_puts_it_back_as_it_was(cell: Cell) -> None:
    shop = await lay(cell, 1)
    wanted = await stock.hold(cell, want(shop, ANNA))
    checkout = await claim(cell, ANNA)
    assert await basket(cell, ANNA) == []
    async with cell.tx() as tx:
        [hold] = await stock.list_claimed(tx, [checkout])
        assert (hold.aside, hold.kept_until) == (False, wanted.expires_at)
        await stock.unclaim(tx, {hold.id: wanted.expires_at})
        [back] = await stock.list_holds(tx, ANNA, "FR")
    assert (back.expires_at, back.kept_until, back.checkout) == (wanted.expires_at, None, None)


async def test_it_is_all_or_nothing_and_what_was_held_is_free_again(cell: Cell) -> None:
    shop = await lay(cell, 3)
    await stock.hold(cell, press(shop, ANNA))
    await stock.hold(cell, want(shop, ANNA, 2))
    checkout = await claim(cell, ANNA)
    await stock.hold(cell, press(shop, BEN))
    assert not await take(cell, checkout)
    assert await counts(cell, shop) == (2, 1, 0)
    assert not await take(cell, checkout)


async def test_units_of_its_show_are_what_it_can_have(cell: Cell) -> None:
    shop = await lay(cell, 5)
    async with cell.tx() as tx:
        await stock.allocate(tx, shop.show, shop.variant, 2, beyond=False, market="FR")
    with pytest.raises(stock.NotEnough):
        await stock.hold(cell, want(shop, ANNA, 3))
    for buyer in (ANNA, BEN, CLEO):
        await stock.hold(cell, want(shop, buyer))
    paid = [await take(cell, await claim(cell, buyer)) for buyer in (CLEO, ANNA, BEN)]
    assert paid == [True, True, False]
    assert await counts(cell, shop) == (3, 0, 2)
    with pytest.raises(stock.SoldOut):
        await stock.hold(cell, want(shop, BEN))


async def test_an_offer_to_who_waited_is_set_aside_for_them(cell: Cell) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, want(shop, CLEO))
    await stock.hold(cell, press(shop, ANNA))
    wish = stock.Wish(BEN, shop.variant, 1, "FR", shop.show, 120, 20)
    async with cell.tx() as tx:
        await stock.wait(tx, wish)
        await stock.release(tx, ANNA, shop.variant, 1, "FR")
    assert await basket(cell, BEN) == [(1, True)]
    assert not await take(cell, await claim(cell, CLEO))
    assert await take(cell, await claim(cell, BEN))


async def test_who_gets_in_line_wants_it_no_longer_and_pays_for_the_offer_alone(
    cell: Cell,
) -> None:
    shop = await lay(cell, 1)
    await stock.hold(cell, want(shop, BEN))
    await stock.hold(cell, press(shop, ANNA))
    async with cell.tx() as tx:
        await stock.wait(tx, stock.Wish(BEN, shop.variant, 1, "FR", shop.show, 120, 20))
    assert await basket(cell, BEN) == []
    async with cell.tx() as tx:
        await stock.release(tx, ANNA, shop.variant, 1, "FR")
    assert await basket(cell, BEN) == [(1, True)]
    assert await take(cell, await claim(cell, BEN))
    assert await counts(cell, shop) == (0, 0, 1)


class Step(NamedTuple):
    """Something that a buyer does."""

    what: str
    who: int
    quantity: int


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(["want", "hold", "drop", "pay", "claim", "decline", "expire", "restock"]),
        st.integers(0, 2),
        st.integers(1, 4),
    ),
    min_size=5,
    max_size=25,
)


class Evening:
    """What three buyers do with one variant, and what must come of it."""

    def __init__(self, cell: Cell, shop: Shop, units: int) -> None:
        self.cell, self.shop, self.brought = cell, shop, units
        self.buyers = [new_id() for _ in range(3)]  # the next example has others
        self.under_way: list[UUID] = []
        self.paid = 0

    async def go_on(self, step: Step) -> None:
        """Do one thing; a refusal changes nothing, which the counts tell."""
        with suppress(PanierError):
            await getattr(self, step.what)(self.buyers[step.who], step.quantity)

    async def want(self, buyer: UUID, quantity: int) -> None:
        await stock.hold(self.cell, want(self.shop, buyer, quantity))

    async def hold(self, buyer: UUID, quantity: int) -> None:
        await stock.hold(self.cell, press(self.shop, buyer, quantity=quantity))

    async def drop(self, buyer: UUID, quantity: int) -> None:
        async with self.cell.tx() as tx:
            await stock.release(tx, buyer, self.shop.variant, quantity, "FR")

    async def restock(self, _buyer: UUID, quantity: int) -> None:
        self.brought += quantity
        async with self.cell.tx() as tx:
            await stock.restock(tx, self.shop.variant, quantity, "FR")

    async def claim(self, buyer: UUID, _quantity: int) -> None:
        self.under_way.append(await claim(self.cell, buyer))

    async def pay(self, _buyer: UUID, _quantity: int) -> None:
        if self.under_way:
            checkout = self.under_way.pop(0)
            async with self.cell.tx() as tx:
                claimed = await stock.list_claimed(tx, [checkout])
                if await stock.take(tx, [checkout]):
                    self.paid += sum(hold.quantity for hold in claimed)

    async def decline(self, _buyer: UUID, _quantity: int) -> None:
        if self.under_way:
            until = now() + timedelta(minutes=3)
            async with self.cell.tx() as tx:
                claimed = await stock.list_claimed(tx, [self.under_way.pop()])
                await stock.unclaim(tx, {hold.id: until for hold in claimed})

    async def expire(self, buyer: UUID, _quantity: int) -> None:
        async with self.cell.tx() as tx:
            await tx.execute("update hold set expires_at = now() where buyer = %s", (buyer,))
        while await stock.expire_holds(self.cell):
            pass

    async def check(self) -> None:
        """Nothing was sold but what was paid, and every unit is somewhere."""
        available, held, sold = await counts(self.cell, self.shop)
        async with self.cell.read() as tx:
            cursor = await tx.execute(
                "select coalesce(sum(available), 0)::int from allocation where variant_id = %s",
                (self.shop.variant,),
            )
            [(apart,)] = await cursor.fetchall()
        assert sold == self.paid
        assert available + apart + held + sold == self.brought


@given(steps, st.integers(2, 6), st.sampled_from([None, (1, True), (2, True), (2, False)]))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_whatever_happens_no_unit_is_sold_twice_and_no_count_is_lost(
    cell: Cell, done: list[Step], units: int, share: tuple[int, bool] | None
) -> None:
    shop = await lay(cell, units)
    if share:
        own, beyond = share
        async with cell.tx() as tx:
            await stock.allocate(tx, shop.show, shop.variant, own, beyond=beyond, market="FR")
    evening = Evening(cell, shop, units)
    for step in done:
        await evening.go_on(step)
        await evening.check()
