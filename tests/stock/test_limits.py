"""So many each: counted over basket, payment and purchase, and back when units come back."""

from uuid import UUID

import httpx2
import msgspec
import pytest

from panier import orders, parcels, stock
from panier.kit.cells import Cell
from panier.kit.errors import BadInput
from panier.kit.ids import new_id
from panier.parcels import Cancelling
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import buying
from tests.door import give_role
from tests.shop import Shop, lay_shop
from tests.stock.laid import ANNA, BEN, CLEO, counts, lay, press
from tests.stock.test_pages import employ, sign_in


async def lay_limited(cell: Cell, units: int = 10, limit: int | None = 2) -> Shop:
    shop = await lay(cell, units)
    async with cell.tx() as tx:
        await stock.set_limit(tx, shop.variant, limit)
    return shop


async def buy(
    cell: Cell,
    settings: Settings,
    shop: Shop,
    buyer: UUID,
    behaviour: Behaviour = Behaviour.SUCCEEDS,
    **changes: object,
) -> UUID:
    wanted = buying.placement(shop, buyer, await buying.card(cell, behaviour), **changes)
    placed, _settled = await orders.check_out(cell, settings, wanted)
    return placed.id


async def had(cell: Cell, shop: Shop, buyer: UUID, person: UUID | None = None) -> int:
    async with cell.read() as tx:
        [units] = await stock.count_had(tx, [stock.Asker(buyer, person, shop.variant)])
        return units


async def test_a_buyer_holds_two_and_no_third(cell: Cell) -> None:
    shop = await lay_limited(cell)
    await stock.hold(cell, press(shop, quantity=2))
    with pytest.raises(stock.BuyerLimitReached) as caught:
        await stock.hold(cell, press(shop))
    assert caught.value.details == {"limit": 2, "mine": 2}
    said = "At most 2 of this each; you have 2, with what you have bought."
    assert caught.value.message("en") == said
    await stock.hold(cell, press(shop, BEN, quantity=2))
    assert await counts(cell, shop) == (6, 4, 0)


async def test_what_was_bought_counts_and_what_was_given_up_does_not(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay_limited(cell)
    await buying.fill_basket(cell, shop, ANNA, 2)
    await buy(cell, settings, shop, ANNA)
    with pytest.raises(stock.BuyerLimitReached):
        await buying.fill_basket(cell, shop, ANNA)
    await buying.fill_basket(cell, shop, BEN, 2)
    async with cell.tx() as tx:
        await stock.release(tx, BEN, shop.variant, 1, "FR")
    await buying.fill_basket(cell, shop, BEN)
    assert await counts(cell, shop) == (6, 2, 2)


async def test_a_limit_counts_what_was_bought_before_it_was_set(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay_limited(cell, limit=None)
    await buying.fill_basket(cell, shop, ANNA, 3)
    await buy(cell, settings, shop, ANNA)
    async with cell.tx() as tx:
        await stock.set_limit(tx, shop.variant, 2)
    with pytest.raises(stock.BuyerLimitReached) as caught:
        await buying.fill_basket(cell, shop, ANNA)
    assert caught.value.details["mine"] == 3
    async with cell.tx() as tx:
        await stock.set_limit(tx, shop.variant, None)
    await buying.fill_basket(cell, shop, ANNA)


async def test_a_cancelled_order_may_be_bought_again(cell: Cell, settings: Settings) -> None:
    shop = await lay_limited(cell)
    await buying.fill_basket(cell, shop, ANNA, 2)
    checkout = await buy(cell, settings, shop, ANNA)
    async with cell.tx() as tx:
        (order,) = await orders.list_orders_of(tx, checkout)
        assert await parcels.cancel(
            tx, order.id, Cancelling(new_id(), by_buyer=True, units={1: 1}), None
        )
    assert await had(cell, shop, ANNA) == 1
    await buying.fill_basket(cell, shop, ANNA)
    with pytest.raises(stock.BuyerLimitReached):
        await buying.fill_basket(cell, shop, ANNA)


async def test_what_is_being_paid_counts_and_a_declined_payment_changes_nothing(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay_limited(cell)
    await buying.fill_basket(cell, shop, ANNA, 2)
    await buy(cell, settings, shop, ANNA, Behaviour.CHALLENGE)
    assert await had(cell, shop, ANNA) == 2
    with pytest.raises(stock.BuyerLimitReached):
        await buying.fill_basket(cell, shop, ANNA)
    await buying.fill_basket(cell, shop, BEN, 2)
    await buy(cell, settings, shop, BEN, Behaviour.DECLINED)
    assert await had(cell, shop, BEN) == 2
    with pytest.raises(stock.BuyerLimitReached):
        await buying.fill_basket(cell, shop, BEN)


async def test_one_person_with_two_browsers_pays_for_two(cell: Cell, settings: Settings) -> None:
    shop = await lay_limited(cell)
    for browser in (ANNA, BEN):
        await buying.fill_basket(cell, shop, browser, 2)
    await buy(cell, settings, shop, ANNA, person=shop.host)
    with pytest.raises(orders.TooManyEach) as caught:
        await buy(cell, settings, shop, BEN, person=shop.host)
    assert (caught.value.details["limit"], caught.value.details["mine"]) == (2, 4)
    assert await counts(cell, shop) == (6, 2, 2)
    wanted = msgspec.structs.replace(press(shop, CLEO), person=shop.host)
    with pytest.raises(stock.BuyerLimitReached):
        await stock.hold(cell, wanted)
    await buy(cell, settings, shop, BEN)  # somebody else: nobody signed in
    assert await counts(cell, shop) == (6, 0, 4)


async def test_what_nobody_set_aside_is_limited_too(cell: Cell, settings: Settings) -> None:
    shop = await lay_limited(cell)
    await buying.fill_basket(cell, shop, ANNA, 2, aside=False)
    with pytest.raises(stock.BuyerLimitReached):
        await buying.fill_basket(cell, shop, ANNA, aside=False)
    await buying.fill_basket(cell, shop, BEN, 2, aside=False)
    await buy(cell, settings, shop, ANNA, person=shop.host)
    with pytest.raises(orders.TooManyEach):
        await buy(cell, settings, shop, BEN, person=shop.host)
    assert await counts(cell, shop) == (8, 0, 2)


async def test_a_lowered_limit_is_met_before_money_is_asked_for(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay_limited(cell, limit=None)
    await buying.fill_basket(cell, shop, ANNA, 3)
    async with cell.tx() as tx:
        await stock.set_limit(tx, shop.variant, 2)
    with pytest.raises(orders.TooManyEach) as caught:
        await buy(cell, settings, shop, ANNA)
    told = caught.value.message("en")
    assert told.startswith("At most 2 of “")
    assert told.endswith("” each; with this basket you would have 3.")
    assert await buying.charges(cell) == []
    async with cell.tx() as tx:
        assert await stock.release(tx, ANNA, shop.variant, 1, "FR") == 2
    await buy(cell, settings, shop, ANNA)
    assert await counts(cell, shop) == (8, 0, 2)


async def line(cell: Cell) -> list[str]:
    """List what became of those who wait, the first first."""
    async with cell.read() as tx:
        cursor = await tx.execute("select state from waiting order by at, id")
        return [row[0] for row in await cursor.fetchall()]


async def wait(cell: Cell, shop: Shop, buyer: UUID, quantity: int) -> None:
    wish = stock.Wish(buyer, shop.variant, quantity, "FR", shop.show, 120, 20)
    async with cell.tx() as tx:
        await stock.wait(tx, wish)


async def test_who_waits_is_offered_no_more_than_they_may_have(cell: Cell) -> None:
    shop = await lay_limited(cell, units=5, limit=3)
    await stock.hold(cell, press(shop, ANNA, quantity=2))
    await stock.hold(cell, press(shop, BEN, quantity=3))
    with pytest.raises(stock.BuyerLimitReached):
        await wait(cell, shop, ANNA, 2)
    await wait(cell, shop, CLEO, 3)
    async with cell.tx() as tx:
        await stock.set_limit(tx, shop.variant, 2)
    async with cell.tx() as tx:
        await stock.release(tx, BEN, shop.variant, 3, "FR")
    assert await had(cell, shop, CLEO) == 2
    assert await counts(cell, shop) == (1, 4, 0)


async def test_all_units_that_come_are_offered_however_long_the_line(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("panier.stock.line.READ_MAX", 2)
    shop = await lay_limited(cell, 5, 5)
    await stock.hold(cell, press(shop, ANNA, quantity=5))
    for n in range(11, 18):
        await wait(cell, shop, UUID(int=n), 1)
    async with cell.tx() as tx:
        await stock.release(tx, ANNA, shop.variant, 5, "FR")
    assert await line(cell) == ["offered"] * 5 + ["waiting"] * 2
    assert await counts(cell, shop) == (0, 5, 0)


async def test_who_may_have_no_more_leaves_the_line_and_stands_in_nobodys_way(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("panier.stock.line.READ_MAX", 1)
    shop = await lay_limited(cell, 3, 2)
    await stock.hold(cell, press(shop, BEN))
    await stock.hold(cell, press(shop, ANNA, quantity=2))
    await wait(cell, shop, BEN, 1)
    await wait(cell, shop, CLEO, 1)
    async with cell.tx() as tx:
        await tx.execute("update stock set per_buyer = 1 where variant_id = %s", (shop.variant,))
        await stock.release(tx, ANNA, shop.variant, 1, "FR")
    assert await line(cell) == ["left", "offered"]
    assert await counts(cell, shop) == (0, 3, 0)


async def test_who_wanted_what_is_gone_waits_for_as_many(cell: Cell) -> None:
    shop = await lay_limited(cell, units=2)
    await buying.fill_basket(cell, shop, ANNA, 2, aside=False)
    await stock.hold(cell, press(shop, BEN, quantity=2))
    await wait(cell, shop, ANNA, 2)
    async with cell.tx() as tx:
        await stock.release(tx, BEN, shop.variant, 2, "FR")
    assert await had(cell, shop, ANNA) == 2
    assert await counts(cell, shop) == (0, 2, 0)


async def test_the_basket_says_how_many_one_may_have(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient
) -> None:
    shop = await lay_limited(cell)
    pressed = {"variant": str(shop.variant), "key": str(new_id())}
    assert (await client.post("/fr/api/basket", json=pressed)).status_code == 200
    [line] = (await client.get("/fr/api/basket")).json()["lines"]
    assert (line["most"], line["more"]) == (2, 1)
    more = {"variant": str(shop.variant), "key": str(new_id()), "quantity": 2}
    accept = {"accept": "application/json"}
    refused = await client.post("/fr/api/basket", json=more, headers=accept)
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "buyer_limit_reached"


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_limit_is_from_one_to_a_thousand(cell: Cell, limit: int) -> None:
    with pytest.raises(BadInput):
        await lay_limited(cell, limit=limit)


async def test_a_seller_sets_and_lifts_the_limit_of_their_own(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    async with cell.tx() as tx:
        mine, other = await lay_shop(tx, 3), await lay_shop(tx, 99)
    await sign_in(client)
    path = f"/fr/seller/stock/{mine.variant}"
    assert (await client.post(f"{path}/limit", data={"per_buyer": "2"})).status_code == 403
    await employ(cell, mine.seller)
    set_to = await client.post(f"{path}/limit", data={"per_buyer": "2"})
    assert set_to.headers["location"] == f"{path}?said=limit"
    page = await client.get(set_to.headers["location"])
    assert "The limit per buyer is kept." in page.text
    assert 'max="1000" step="1" value="2"' in page.text
    for wrong in ("0", "1001", "two"):
        refused = await client.post(f"{path}/limit", data={"per_buyer": wrong})
        assert refused.status_code == 422
        assert "A number of units from 1 to 1000." in refused.text
        assert f'value="{wrong}"' in refused.text
    elsewhere = f"/fr/seller/stock/{other.variant}/limit"
    assert (await client.post(elsewhere, data={"per_buyer": "2"})).status_code == 403
    assert ",2\r\n" in (await client.get("/fr/seller/stock.csv")).text
    assert (await client.post(f"{path}/limit", data={"per_buyer": ""})).status_code == 303
    async with cell.read() as tx:
        assert await stock.list_limits(tx, [mine.variant, other.variant]) == {}
    await give_role(cell, "market")
    assert (await client.post(elsewhere, data={"per_buyer": "5"})).status_code == 303
