"""An account's details: asked for by the provider on a page of its own, and how it then stands."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI

from panier import payments
from panier.kit.cells import Cell
from tests.door import browser, sign_up
from tests.payouts.test_pages import employ
from tests.shop import Shop, lay_shop


@pytest_asyncio.fixture(loop_scope="session")
async def shop(cell: Cell, app: FastAPI) -> Shop:
    """Lay a shop in a market that the application knows."""
    async with cell.tx() as tx:
        return await lay_shop(tx)


async def state(cell: Cell, shop: Shop) -> str:
    async with cell.read() as tx:
        account = await payments.find_account(tx, shop.seller, "sandbox")
    assert account is not None
    return account.state


@pytest.mark.parametrize(("given", "ends"), [("all", "active"), ("some", "pending")])
async def test_a_seller_gives_the_details_that_the_provider_wants_and_sees_how_it_stands(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop, given: str, ends: str
) -> None:
    await employ(cell, client, shop.seller)
    base = f"/fr/balance/seller/{shop.seller}"
    assert (await client.get(f"{base}/account/details")).status_code == 404  # nothing connected
    await client.post(f"{base}/account", data={"email": "pending@example.com"})
    page = await client.get(base)
    assert "The provider wants more details before it pays this account." in page.text
    assert f'href="{base}/account/details"' in page.text

    led = await client.get(f"{base}/account/details")
    assert led.status_code == 303
    there = urlsplit(led.headers["location"])
    back = parse_qs(there.query)["back"][0]
    assert back == f"{base}/account/back"
    asked = await client.get(f"{there.path}?{there.query}")
    assert asked.status_code == 200
    assert "Details of your account" in asked.text
    led = await client.post(there.path, data={"given": given, "back": back})
    assert led.headers["location"] == back
    home = await client.get(back)
    assert home.headers["location"] == f"{base}#account"
    assert await state(cell, shop) == ends
    page = await client.get(base)
    assert ("Ready to be paid." in page.text) is (ends == "active")
    assert ("Give the details" in page.text) is (ends == "pending")


async def test_the_way_back_never_leads_elsewhere(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await employ(cell, client, shop.seller)
    await client.post(
        f"/fr/balance/seller/{shop.seller}/account", data={"email": "pending@example.com"}
    )
    led = await client.get(f"/fr/balance/seller/{shop.seller}/account/details")
    path = urlsplit(led.headers["location"]).path
    answer = await client.post(path, data={"given": "all", "back": "//elsewhere.example/"})
    assert answer.headers["location"] == "/fr/"


async def test_nobody_else_is_led_to_an_accounts_details(
    cell: Cell, app: FastAPI, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await employ(cell, client, shop.seller)
    base = f"/fr/balance/seller/{shop.seller}"
    await client.post(f"{base}/account", data={"email": "pending@example.com"})
    async with browser(app) as other:
        assert (await other.get(f"{base}/account/details")).status_code == 303  # to the sign-in
        await sign_up(other, "ben@example.com")
        for path in ("account/details", "account/back"):
            assert (await other.get(f"{base}/{path}")).status_code == 403
    assert await state(cell, shop) == "pending"
