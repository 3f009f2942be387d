"""A basket over HTTP and over the room's socket: the same holds, priced now."""

import asyncio
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import pytest

from panier import baskets, orders, stock
from panier.kit.cells import Cell
from panier.kit.errors import BadInput, NotFound, PanierError
from panier.kit.ids import new_id
from panier.kit.signing import Signer
from panier.markets import MarketPaused
from panier.rooms import Call
from panier.settings import Settings
from tests.shop import Shop, lay_shop, lay_variant

SIGNER = Signer("a secret of at least thirty-two characters")
ANNA = UUID(int=1)
JSON = {"accept": "application/json"}


async def lay(cell: Cell, units: int = 10) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx, units)


def call(cell: Cell, settings: Settings, shop: Shop, **args: Any) -> Call:
    return Call(
        cell=cell, settings=settings, signer=SIGNER, market="FR", show=shop.show, visitor=ANNA,
        person=None, name="Anna", author="a", staff=False, language="fr", stage="live",
        args=msgspec.Raw(msgspec.json.encode(args)),
    )  # fmt: skip


async def add(pressed: Call) -> dict[str, Any]:
    """Press once, as one of many would."""
    [answer] = await baskets.add_all([pressed])
    if isinstance(answer, PanierError):
        raise answer
    return answer


async def test_presses_of_one_moment_are_answered_in_their_order(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, units=1)
    args = {"variant": str(shop.variant), "key": str(new_id())}
    answers = await baskets.add_all(
        [
            call(cell, settings, shop, variant="x", key=str(new_id())),
            call(cell, settings, shop, **args),
            call(cell, settings, shop, variant=str(new_id()), key=str(new_id())),
            call(cell, settings, shop, variant=str(shop.variant), key=str(new_id())),
        ]
    )
    kinds = [type(answer) for answer in answers]
    assert kinds == [BadInput, dict, NotFound, stock.SoldOut]


async def test_a_press_over_the_socket_holds_and_the_basket_shows_it(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell)
    args = {"variant": str(shop.variant), "quantity": 2, "key": str(new_id())}
    held = await add(call(cell, settings, shop, **args))
    assert (held["variant"], held["quantity"], held["available"]) == (shop.variant, 2, 8)
    assert str(held["hold"]) == args["key"]
    again = await add(call(cell, settings, shop, **args))
    assert again["quantity"] == 2

    basket = await baskets.show(call(cell, settings, shop), orders.find_open_parcels)
    (line,) = basket.lines
    assert (line.title, line.variant_title, line.quantity) == ("Bougie", "Grande", 2)
    assert line.expires_at == held["expires_at"]
    assert 0 < line.expires_at - basket.now <= settings.hold_seconds * 1000
    assert (basket.total.minor, basket.vat.minor) == (5470, 912)

    left = await baskets.drop(call(cell, settings, shop, variant=str(shop.variant)))
    assert left == {"variant": shop.variant, "quantity": 1}


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"variant": "x", "key": str(new_id())},
        {"variant": str(new_id()), "key": str(new_id()), "quantity": 0},
        {"variant": str(new_id()), "key": str(new_id()), "quantity": 1001},
        {"variant": str(new_id()), "key": str(new_id()), "quantity": "2"},
        {"variant": str(new_id()), "key": str(new_id()), "price": 1},
    ],
)
async def test_a_press_that_cannot_be_read_is_refused(
    cell: Cell, settings: Settings, args: dict[str, Any]
) -> None:
    shop = await lay(cell)
    with pytest.raises(BadInput):
        await add(call(cell, settings, shop, **args))


async def test_what_has_no_price_here_cannot_be_held(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        unpriced = await lay_variant(tx, shop.product, 3, 500)
        await tx.execute("delete from price where variant_id = %s", (unpriced,))
    for variant in (unpriced, new_id()):
        with pytest.raises(NotFound):
            await add(call(cell, settings, shop, variant=str(variant), key=str(new_id())))
    async with cell.read() as tx:
        assert await stock.get_availability(tx, [unpriced]) == {unpriced: 3}


async def test_nobody_holds_more_than_the_limit_or_what_is_not_there(
    cell: Cell, settings: Settings
) -> None:
    shop = await lay(cell, 30)

    async def press(quantity: int) -> None:
        args = {"variant": str(shop.variant), "key": str(new_id()), "quantity": quantity}
        await add(call(cell, settings, shop, **args))

    with pytest.raises(stock.HoldLimitReached):
        await press(21)
    await press(20)
    with pytest.raises(stock.HoldLimitReached):
        await press(1)


async def test_a_paused_market_sells_nothing(cell: Cell, settings: Settings) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        await tx.execute("update market set stage = 'paused'")
    args = {"variant": str(shop.variant), "key": str(new_id())}
    with pytest.raises(MarketPaused):
        await add(call(cell, settings, shop, **args))


async def test_the_same_basket_over_http(cell: Cell, client: httpx2.AsyncClient) -> None:
    shop = await lay(cell, 5)
    variant = str(shop.variant)
    press = {"variant": variant, "quantity": 3, "show": str(shop.show), "key": str(new_id())}
    async with asyncio.timeout(30):
        answers = await asyncio.gather(
            client.get("/fr/api/basket", headers=JSON),
            client.get("/fr/api/basket", headers=JSON),
        )
    assert answers[0].json()["lines"] == []
    held = await client.post("/fr/api/basket", json=press, headers=JSON)
    assert (held.json()["quantity"], held.json()["available"]) == (3, 2)
    basket = (await client.get("/fr/api/basket", headers=JSON)).json()
    assert basket["goods"] == {"minor": 7470, "currency": "EUR"}
    assert basket["shipping"] == {"minor": 490, "currency": "EUR"}
    assert basket["lines"][0]["seller"]["name"] == "Maison Lumen"
    left = await client.delete(f"/fr/api/basket/{variant}?quantity=2", headers=JSON)
    assert left.json() == {"variant": variant, "quantity": 1}
    too_many = await client.post(
        "/fr/api/basket", json={**press, "quantity": 5, "key": str(new_id())}, headers=JSON
    )
    assert (too_many.status_code, too_many.json()["error"]["code"]) == (409, "not_enough")
    unknown = await client.delete(f"/fr/api/basket/{new_id()}", headers=JSON)
    assert unknown.status_code == 404
    for wrong in ({"quantity": 0}, {"quantity": 1.5}, {"key": "x"}, {"price": 1}):
        answer = await client.post("/fr/api/basket", json={**press, **wrong}, headers=JSON)
        assert answer.status_code == 422
