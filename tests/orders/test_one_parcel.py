"""One parcel a show: who bought already pays no delivery again, as long as nothing is packed."""

from typing import Any
from uuid import UUID

import pytest

from panier import baskets, catalog, orders, parcels
from panier.baskets import Asking, To, Visit
from panier.catalog import ParcelRate
from panier.incentives import Who
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.people import Address
from panier.settings import Settings
from tests import buying
from tests.bookings import laid as slots
from tests.shop import Shop, lay_shop, lay_variant

ANNA, BEN = UUID(int=1), UUID(int=2)
FIRST, AGAIN = Money(2980, "EUR"), Money(2490, "EUR")


async def lay(cell: Cell, *, offered: bool = True) -> Shop:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await catalog.set_one_parcel(tx, shop.seller, offered=offered)
        return shop


async def buy(
    cell: Cell, settings: Settings, shop: Shop, total: Money, buyer: UUID = ANNA, **changes: Any
) -> None:
    """Buy one candle for exactly `total`."""
    await buying.fill_basket(cell, shop, buyer)
    token = await buying.card(cell)
    placement = buying.placement(shop, buyer, token, expected=total, **changes)
    _, settled = await orders.check_out(cell, settings, placement)
    assert settled.state == "paid"


async def basket(cell: Cell, buyer: UUID = ANNA, to: To = To()) -> baskets.ShownBasket:  # noqa: B008
    visit = Visit(Who(buyer), buying.FR, "en", to, orders.find_open_parcels)
    async with cell.read() as tx:
        return await baskets.get_basket(tx, visit)


async def joins(cell: Cell) -> list[tuple[int, bool]]:
    """List each order's delivery and whether it joins the first."""
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select shipping_minor, joins_id = (select id from orders order by number limit 1)"
            " from orders order by number"
        )
        return [(minor, bool(joined)) for minor, joined in await cursor.fetchall()]


async def together(cell: Cell) -> list[tuple[int, int | None, list[int]]]:
    """List each order's delivery, which it joins, and with which its slip says it is packed."""
    async with cell.read() as tx:
        cursor = await tx.execute("select id, shipping_minor, joins_id from orders order by number")
        found = await cursor.fetchall()
        slips = await orders.list_together(tx, [key for key, *_ in found])
    place = {key: n for n, (key, *_) in enumerate(found, 1)}
    return [
        (minor, place.get(joined), [place[other.id] for other in slips.get(key, [])])
        for key, minor, joined in found
    ]


async def the_first(cell: Cell) -> UUID:
    async with cell.read() as tx:
        cursor = await tx.execute("select id from orders order by number limit 1")
        (row,) = await cursor.fetchall()
    return UUID(str(row[0]))


async def test_further_orders_of_a_show_go_with_the_first_and_the_basket_says_so(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buy(cell, settings, shop, FIRST)
    await buying.fill_basket(cell, shop, ANNA)
    shown = await basket(cell)
    (parcel,) = shown.parcels
    assert shown.total == AGAIN
    assert parcel.joins is not None
    assert parcel.joins.endswith("-000001")
    assert (parcel.shipping.minor, parcel.free_from, parcel.missing) == (0, None, None)
    token = await buying.card(cell)
    await orders.check_out(
        cell, settings, buying.placement(shop, ANNA, token, expected=shown.total)
    )
    await buy(cell, settings, shop, AGAIN)
    assert await joins(cell) == [(490, False), (0, True), (0, True)]
    assert await buying.all_adds_up(cell)


async def test_where_no_parcel_is_offered_each_order_pays(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell, offered=False)
    await buy(cell, settings, shop, FIRST)
    await buy(cell, settings, shop, FIRST)
    assert await joins(cell) == [(490, False), (490, False)]


async def test_another_buyer_another_show_and_another_address_pay(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buy(cell, settings, shop, FIRST)
    await buy(cell, settings, shop, FIRST, BEN)
    other = Address("13 rue de la Paix", "75002", "Paris", "FR")
    await buy(cell, settings, shop, FIRST, address=other)
    async with cell.tx() as tx:
        await tx.execute("update orders set show_id = %s", (new_id(),))
    await buy(cell, settings, shop, FIRST)
    assert [minor for minor, _ in await joins(cell)] == [490, 490, 490, 490]


async def test_the_same_address_written_otherwise_is_the_same(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buy(cell, settings, shop, FIRST)
    loud = Address("12 RUE DE LA PAIX", "75002", "PARIS", "FR")
    await buy(cell, settings, shop, AGAIN, address=loud)


async def test_who_signed_in_is_the_same_on_another_device(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    await buy(cell, settings, shop, FIRST, ANNA, person=shop.host)
    await buy(cell, settings, shop, AGAIN, BEN, person=shop.host)
    assert await joins(cell) == [(490, False), (0, True)]


@pytest.mark.parametrize("end", ["packed", "cancelled", "not paid"])
async def test_a_parcel_that_is_closed_is_not_opened_again(
    cell: Cell, settings: Settings, end: str
) -> None:
    shop = await lay(cell)
    await buy(cell, settings, shop, FIRST)
    order = await the_first(cell)
    async with cell.tx() as tx:
        if end == "packed":
            await parcels.pack(tx, order, None)
        elif end == "cancelled":
            found = await orders.lock_order(tx, order)
            await orders.move_order(tx, found, orders.State.CANCELLED, now())
        else:
            await tx.execute("update orders set state = 'placed', paid_at = null")
    await buying.fill_basket(cell, shop, ANNA)
    assert (await basket(cell)).total == FIRST


@pytest.mark.parametrize("end", ["packed", "cancelled"])
async def test_nobody_joins_an_order_that_itself_joins_and_all_slips_agree(
    cell: Cell, settings: Settings, end: str
) -> None:
    shop = await lay(cell)
    await buy(cell, settings, shop, FIRST)
    await buy(cell, settings, shop, AGAIN)
    order = await the_first(cell)
    if end == "packed":
        assert await cell.run(lambda tx: parcels.pack(tx, order, None))
    else:
        asked = parcels.Cancelling(new_id(), by_buyer=True)
        assert await cell.run(lambda tx: parcels.cancel(tx, order, asked, None))
    await buy(cell, settings, shop, FIRST)
    await buy(cell, settings, shop, AGAIN)
    # The third pays a parcel of its own; the fourth goes with the third.
    assert await together(cell) == [
        (490, None, [2]),
        (0, 1, [1]),
        (490, None, [4]),
        (0, 3, [3]),
    ]


async def test_goods_that_were_cancelled_open_no_parcel_for_a_class_that_still_stands(
    cell: Cell, settings: Settings
) -> None:
    made = await slots.lay(cell)
    async with cell.tx() as tx:
        mug = await lay_variant(tx, made.shop.product, 10, 2000)
        await catalog.set_one_parcel(tx, made.shop.seller, offered=True)
    await slots.hold(cell, made, ANNA)
    await buying.fill_basket(cell, made.shop, ANNA, 1, mug)
    mixed = buying.placement(made.shop, ANNA, await buying.card(cell), expected=Money(5490, "EUR"))
    await orders.check_out(cell, settings, mixed)
    await buying.fill_basket(cell, made.shop, ANNA)
    assert (await basket(cell)).total == AGAIN
    order, asked = await the_first(cell), parcels.Cancelling(new_id(), by_buyer=True)
    assert await cell.run(lambda tx: parcels.cancel(tx, order, asked, None))
    assert (await basket(cell)).total == FIRST
    token = await buying.card(cell)
    alone = buying.placement(made.shop, ANNA, token, expected=FIRST)
    _, settled = await orders.check_out(cell, settings, alone)
    assert settled.state == "paid"
    assert await together(cell) == [(490, None, []), (490, None, [])]


async def test_goods_of_which_some_still_stand_keep_their_parcel_open(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buying.fill_basket(cell, shop, ANNA, 2)
    token = await buying.card(cell)
    await orders.check_out(cell, settings, buying.placement(shop, ANNA, token))
    order, asked = await the_first(cell), parcels.Cancelling(new_id(), by_buyer=True, units={1: 1})
    assert await cell.run(lambda tx: parcels.cancel(tx, order, asked, None))
    await buy(cell, settings, shop, AGAIN)
    assert await together(cell) == [(490, None, [2]), (0, 1, [1])]


async def test_a_basket_for_another_address_is_priced_for_it(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buy(cell, settings, shop, FIRST)
    await buying.fill_basket(cell, shop, ANNA)
    other = Address("13 rue de la Paix", "75002", "Paris", "FR")
    same = Address(" 12  rue de la paix", "75002", "Paris", "FR")
    assert (await basket(cell, to=To("FR", other))).total == FIRST
    assert (await basket(cell, to=To("FR", same))).total == AGAIN


async def test_an_order_to_another_country_is_another_parcel(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        await tx.execute("insert into vat_rate values ('DE', 'standard', '2021-01-01', 1900)")
        await catalog.set_shipping(tx, shop.seller, "DE", ParcelRate(790))
    await buy(cell, settings, shop, FIRST)
    berlin = Address("Torstraße 1", "10115", "Berlin", "DE")
    await buy(cell, settings, shop, Money(3280, "EUR"), address=berlin)
    assert [minor for minor, _ in await joins(cell)] == [490, 790]


async def test_a_look_for_open_parcels_is_one_question_for_all_who_ask(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    await buy(cell, settings, shop, FIRST)
    asked = [
        Asking(buyer, None, "FR", shop.seller, show, "FR", address)
        for buyer, show, address in (
            (ANNA, shop.show, None),
            (BEN, shop.show, None),
            (ANNA, new_id(), None),
            (ANNA, shop.show, buying.PARIS),
        )
    ]
    async with cell.read() as tx:
        found = await orders.find_open_parcels(tx, asked)
    assert [parcel is not None for parcel in found] == [True, False, False, True]


async def test_reconciliation_finds_an_order_in_somebody_elses_parcel(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    other = Address("13 rue de la Paix", "75002", "Paris", "FR")
    await buy(cell, settings, shop, FIRST)
    await buy(cell, settings, shop, AGAIN)
    async with cell.tx() as tx:
        assert await orders.check_orders(tx) == []
        await tx.execute(
            "update checkout set address = address || %s::jsonb where id = ("
            " select checkout_id from orders where joins_id is null)",
            (f'{{"line1": "{other.line1}"}}',),
        )
        found = await orders.check_orders(tx)
    assert [finding.rule for finding in found] == ["joins a parcel that is not its own"]
