"""A voucher's code in the basket, over HTTP."""

import httpx2

from panier.kit.cells import Cell
from panier.kit.ids import new_id
from tests.incentives.laid import lay_voucher
from tests.shop import lay_shop

JSON = {"accept": "application/json"}


async def test_a_vouchers_code_reduces_the_basket_or_says_why_not(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    await lay_voucher(cell, "SUMMER")
    await lay_voucher(cell, "BIG", minimum_minor=5000)
    address = "/fr/api/basket/voucher"
    english = {**JSON, "accept-language": "en"}
    refused = await client.post(address, json={"code": "SUMMER"}, headers=english)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "voucher_not_here")
    press = {"variant": str(shop.variant), "key": str(new_id()), "show": str(shop.show)}
    assert (await client.post("/fr/api/basket", json=press, headers=english)).status_code == 200

    basket = (await client.post(address, json={"code": " summer "}, headers=english)).json()
    assert basket["vouchers"] == [
        {
            "code": "SUMMER",
            "shipping": False,
            "off": {"minor": 249, "currency": "EUR"},
            "problem": None,
        }
    ]
    (line,) = basket["lines"]
    assert (line["list"]["minor"], line["total"]["minor"]) == (2490, 2241)
    assert (basket["list"]["minor"], basket["goods"]["minor"]) == (2490, 2241)
    assert basket["total"]["minor"] == 2731
    assert basket["vat"]["minor"] == 456  # inside 22.41 and 4.90 paid: 3.74 and 0.82

    for code, error in (("NOBODY", "voucher_unknown"), ("BIG", "voucher_minimum")):
        answer = await client.post(address, json={"code": code}, headers=english)
        assert answer.json()["error"]["code"] == error
    assert (await client.post(address, json={"code": ""}, headers=english)).status_code == 422
    kept = (await client.get("/fr/api/basket", headers=english)).json()
    assert [shown["code"] for shown in kept["vouchers"]] == ["SUMMER"]

    left = (await client.delete(f"{address}/Summer", headers=english)).json()
    assert left["vouchers"] == []
    assert left["total"]["minor"] == 2980
