"""A company buys: its VAT id looked up, no VAT only where the law has it so, kept for audits."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI

from panier import catalog, invoices, orders
from panier.catalog import ParcelRate
from panier.invoices.paper import write_out
from panier.kit.cells import Cell
from panier.kit.db import value
from panier.settings import Settings
from tests import buying
from tests.door import browser, sign_up
from tests.orders.test_routes import JSON, fill, pay, react, token, wish
from tests.shop import Shop, lay_shop
from tests.taxes.companies import tell_law
from tests.taxes.register import INVALID, Register, away, register

BERLIN = {"line1": "Torstr. 1", "postcode": "10115", "city": "Berlin", "country": "DE"}
WEBER = {"name": "Weber Licht GmbH", "vat_id": "de 123 456 788"}
GOING = {"country": "DE", "vat_id": "DE123456788"}


@pytest_asyncio.fixture(loop_scope="session")
async def vies() -> AsyncIterator[Register]:
    async with register() as opened:
        yield opened


@pytest.fixture
def settings(settings: Settings, vies: Register) -> Settings:
    return settings.model_copy(update={"vies_url": vies.url, "vies_requester": "FR11123456782"})


@pytest_asyncio.fixture(loop_scope="session")
async def shop(app: FastAPI, cell: Cell) -> Shop:
    return await lay(cell)


async def lay(cell: Cell, country: str = "FR") -> Shop:
    """Lay a seller that sends a candle of 24.90 to France for 4.90 and to Germany for 7.90."""
    async with cell.tx() as tx:
        laid = await lay_shop(tx)
        await catalog.set_shipping(tx, laid.seller, "DE", ParcelRate(790))
        await tx.execute("update seller set country = %s where id = %s", (country, laid.seller))
        await tell_law(tx, laid.seller)
    return laid


async def look_up(
    client: httpx2.AsyncClient, vat_id: str = "DE123456788", country: str = "DE"
) -> httpx2.Response:
    typed = {"vat_id": vat_id, "country": country}
    return await client.post("/fr/api/checkout/company", json=typed, headers=JSON)


async def priced(client: httpx2.AsyncClient, **going: Any) -> dict[str, Any]:
    answer = await client.post("/fr/api/basket/priced", json=GOING | going, headers=JSON)
    assert answer.status_code == 200, answer.text
    basket: dict[str, Any] = answer.json()
    return basket


async def buy(client: httpx2.AsyncClient, **changes: Any) -> httpx2.Response:
    wanted = wish(await token(client), address=BERLIN, company=WEBER) | changes
    return await pay(client, wanted)


async def business(cell: Cell) -> dict[str, Any]:
    async with cell.read() as tx:
        found: dict[str, Any] = await value(tx, "select business from checkout")
    return found


async def test_a_checked_company_abroad_pays_no_vat_and_an_auditor_finds_why(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await fill(client, shop)
    before = await priced(client)
    assert (before["total"]["minor"], before["reverse_charge"]) == (3280, False)
    assert before["vat_note"].startswith("The id cannot be checked now")
    assert (await look_up(client)).json() == {
        "vat_id": "DE123456788",
        "state": "valid",
        "name": "Weber Licht GmbH",
        "message": "This VAT id is valid.",
    }
    basket = await priced(client)
    # 24.90 / 1.19 = 20.92; 7.90 / 1.19 = 6.64
    assert (basket["total"]["minor"], basket["vat"]["minor"]) == (2756, 0)
    assert basket["reverse_charge"]
    assert basket["vat_note"].startswith("No VAT is charged")
    answer = await buy(client, total=basket["total"])
    assert answer.json()["state"] == "paid", answer.text
    await react(cell)
    kept = await business(cell)
    assert (kept["vat_id"], kept["consultation"]) == ("DE123456788", "WAPIAAAAZdK5xYz1")
    async with cell.read() as tx:
        sql = "select evidence->>'name' from vat_check where id = %s and checked_at = %s"
        given = (UUID(kept["check"]), kept["checked_at"])
        assert await value(tx, sql, given) == "Weber Licht GmbH"
        order = await value(tx, "select id from orders")
        invoice = await invoices.find_invoice(tx, order)
    assert invoice is not None
    assert (invoice.gross_minor, invoice.vat_minor) == (2756, 0)
    written = write_out(invoice)
    assert "VAT DE123456788" in written.parties[1][1]
    assert written.notes[1].startswith("Reverse charge")
    assert await buying.all_adds_up(cell)


async def test_without_an_answer_of_the_register_vat_is_charged_and_said_so(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop, vies: Register
) -> None:
    vies.answer = away("MS_UNAVAILABLE")
    await fill(client, shop)
    told = (await look_up(client)).json()
    assert (told["state"], told["name"]) == ("pending", "")
    basket = await priced(client)
    assert (basket["total"]["minor"], basket["vat"]["minor"]) == (3280, 524)
    assert (await buy(client, total=basket["total"])).json()["state"] == "paid"
    kept = await business(cell)
    assert (kept["vat_id"], kept["reverse_charge"], kept["check"]) == ("DE123456788", False, None)
    await react(cell)
    assert await buying.all_adds_up(cell)


async def test_an_id_that_nobody_looked_up_saves_no_vat(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop, vies: Register
) -> None:
    await fill(client, shop)
    assert (await buy(client)).json()["state"] == "paid"
    assert not (await business(cell))["reverse_charge"]
    assert vies.asked == []
    assert await buying.charges(cell) == [("succeeded", 3280)]


async def test_one_seller_in_the_buyers_country_makes_all_pay_vat(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await look_up(client)
    await fill(client, shop)
    assert (await priced(client))["reverse_charge"]
    await fill(client, await lay(cell, "DE"))
    basket = await priced(client)
    assert not basket["reverse_charge"]
    assert basket["vat_note"].startswith("Something in your basket is sold within the country")
    # Who saw the total without VAT is shown the new one; nothing is taken.
    seen = {"minor": 2756, "currency": "EUR"}
    answer = await buy(client, total=seen)
    assert answer.json()["error"]["code"] == "price_changed"
    assert await buying.charges(cell) == []
    # Who told no total pays what is due.
    assert (await buy(client)).json()["state"] == "paid"
    assert await buying.charges(cell) == [("succeeded", 6560)]


async def test_what_the_register_takes_back_between_look_and_payment_is_told(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop, vies: Register
) -> None:
    await fill(client, shop)
    await look_up(client)
    basket = await priced(client)
    async with cell.tx() as tx:
        await tx.execute("update vat_check set checked_at = checked_at - interval '25 hours'")
    vies.answer = INVALID
    assert (await look_up(client)).json()["state"] == "invalid"
    answer = await buy(client, total=basket["total"])
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "price_changed"
    assert error["details"]["basket"]["total"]["minor"] == 3280


@pytest.mark.parametrize(
    ("company", "field"),
    [
        ({"name": "Weber", "vat_id": "DE123456789"}, "vat_id"),
        ({"name": " ", "vat_id": "DE123456788"}, "company"),
        ({"name": "W" * 121}, "company"),
        ({"name": "W" * 201}, None),
        ({"vat_id": "DE123456788"}, None),
        ({"name": "W", "vat_id": "1" * 33}, None),
    ],
)
async def test_what_is_wrong_with_a_company_is_told_by_field_and_nothing_is_taken(
    cell: Cell,
    client: httpx2.AsyncClient,
    shop: Shop,
    company: dict[str, str],
    field: str | None,
) -> None:
    await fill(client, shop)
    answer = await buy(client, company=company)
    assert answer.status_code == 422
    if field:
        assert answer.json()["error"]["details"]["field"] == field
    assert await buying.charges(cell) == []


async def test_a_company_at_home_or_in_the_united_kingdom_pays_vat(
    client: httpx2.AsyncClient, shop: Shop, vies: Register
) -> None:
    await fill(client, shop)
    assert (await look_up(client, "11123456782", "FR")).json()["state"] == "valid"
    home = await priced(client, country="FR", vat_id="FR11123456782")
    assert (home["reverse_charge"], home["total"]["minor"]) == (False, 2980)
    told = (await look_up(client, "GB123456782", "GB")).json()
    assert told["state"] == "unchecked"
    assert len(vies.asked) == 1


async def test_nobody_looks_up_ids_without_end(client: httpx2.AsyncClient, shop: Shop) -> None:
    answers = [await look_up(client, "x") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    assert answers[0].json()["error"]["code"] == "vat_id_wrong"


async def test_a_company_is_kept_with_the_address_only_by_consent(
    app: FastAPI, cell: Cell, shop: Shop
) -> None:
    async with browser(app) as client:
        await sign_up(client)
        for remember, kept in (
            (False, None),
            (True, {"name": "Weber Licht GmbH", "vat_id": "DE123456788"}),
        ):
            await fill(client, shop)
            assert (await buy(client, remember=remember)).status_code == 200
            await react(cell)
            saved = (await client.get("/fr/api/checkout/saved", headers=JSON)).json()
            assert saved["company"] == kept
        account = await client.get("/fr/account")
        assert "DE123456788" in account.text
        forgotten = await client.post("/fr/account/company/forget")
        assert forgotten.status_code == 303, forgotten.text
        assert "DE123456788" not in (await client.get("/fr/account")).text
        # Remembered anew without a company, none is kept.
        await fill(client, shop)
        await buy(client, remember=True)
        await react(cell)
        await fill(client, shop)
        await pay(client, wish(await token(client), address=BERLIN, remember=True))
        await react(cell)
        saved = (await client.get("/fr/api/checkout/saved", headers=JSON)).json()
        assert saved["company"] is None


async def test_a_checkout_without_a_company_has_none(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await fill(client, shop)
    assert (await pay(client, wish(await token(client)))).json()["state"] == "paid"
    async with cell.read() as tx:
        assert await value(tx, "select business is null from checkout")
        checkout = await orders.find_checkout(tx, await value(tx, "select id from checkout"))
    assert checkout is not None
    assert checkout.business is None
