"""Paying over HTTP, as a guest and as somebody known."""

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from panier import people
from panier.kit.cells import Cell
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.kit.mail import send_due_mail
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying
from tests.door import browser, sign_up
from tests.shop import Shop, lay_shop

JSON = {"accept": "application/json"}
SUCCEEDS, DECLINED, CHALLENGE = "4242424242424242", "4000000000000002", "4000000000003220"
LATE = "4000000000000259"


async def lay(cell: Cell, units: int = 10) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx, units)


async def fill(client: httpx2.AsyncClient, shop: Shop, quantity: int = 1) -> None:
    press = {
        "variant": str(shop.variant), "quantity": quantity, "show": str(shop.show),
        "key": str(new_id()),
    }  # fmt: skip
    answer = await client.post("/fr/api/basket", json=press, headers=JSON)
    assert answer.status_code == 200, answer.text


async def token(client: httpx2.AsyncClient, number: str = SUCCEEDS) -> str:
    typed = {"number": number, "expiry": "12/39", "cvc": "123"}
    answer = await client.post("/fr/sandbox/tokens", json=typed, headers=JSON)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def wish(card: str | None, **changes: Any) -> dict[str, Any]:
    return {
        "key": str(new_id()),
        "show": None,
        "email": "anna@example.org",
        "name": "Anna Martin",
        "address": {"line1": "12 rue de la Paix", "postcode": "75002", "city": "Paris",
                    "country": "FR"},
        "card": {"token": card} if card else {"saved": True},
        "name_on_air": "first_name",
        **changes,
    }  # fmt: skip


async def pay(client: httpx2.AsyncClient, wanted: dict[str, Any]) -> httpx2.Response:
    return await client.post("/fr/api/checkout", json=wanted, headers=JSON)


async def react(cell: Cell) -> None:
    async with asyncio.timeout(30):
        await Courier(cell, REACTIONS).deliver_all()


async def test_a_guest_buys_and_gets_a_mail(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell)
    await fill(client, shop, 2)
    basket = (await client.get("/fr/api/basket", headers=JSON)).json()
    assert basket["total"] == {"minor": 5470, "currency": "EUR"}
    answer = await pay(client, wish(await token(client), total=basket["total"]))
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "paid"
    page = await client.get(answer.json()["order_url"])
    assert page.status_code == 200
    assert (await client.get("/fr/api/basket", headers=JSON)).json()["lines"] == []

    await react(cell)
    assert await send_due_mail(cell, settings.mail_url, settings.mail_from) == 1
    (mail,) = (settings.data / "mail").iterdir()
    text = mail.read_text()
    assert "To: anna@example.org" in text
    assert "FR-2" in text
    assert await buying.all_adds_up(cell)


async def test_pressing_pay_twice_is_one_checkout(cell: Cell, client: httpx2.AsyncClient) -> None:
    await fill(client, await lay(cell))
    wanted = wish(await token(client))
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(pay(client, wanted) for _ in range(8)))
    assert len({answer.text for answer in answers}) == 1
    assert await buying.charges(cell) == [("succeeded", 2980)]


async def test_a_declined_card_is_402_with_the_basket_kept(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    await fill(client, await lay(cell))
    answer = await pay(client, wish(await token(client, DECLINED)))
    assert answer.status_code == 402
    assert answer.json()["error"] == {
        "code": "card_declined",
        "message": "Your bank declined the payment; nothing was charged and your basket is kept.",
        "details": {"reason": "declined"},
    }
    assert len((await client.get("/fr/api/basket", headers=JSON)).json()["lines"]) == 1
    assert (await pay(client, wish(await token(client)))).json()["state"] == "paid"


@pytest.mark.parametrize(("said", "state"), [("approve", "paid"), ("refuse", "declined")])
async def test_the_bank_asks_in_a_frame_and_the_answer_settles(
    cell: Cell, client: httpx2.AsyncClient, said: str, state: str
) -> None:
    await fill(client, await lay(cell))
    begun = (await pay(client, wish(await token(client, CHALLENGE)))).json()
    assert begun["state"] == "action"
    asked = f"/fr/api/checkout/{begun['checkout']}"
    assert (await client.get(asked, headers=JSON)).json()["state"] == "action"
    question = await client.get(begun["action_url"])
    assert question.status_code == 200
    assert question.headers["x-frame-options"] == "SAMEORIGIN"
    assert "29.80" in question.text
    answered = await client.post(begun["action_url"], data={"answer": said})
    assert answered.status_code == 303
    told = (await client.get(asked, headers=JSON)).json()
    assert told["state"] == state
    assert ("error" in told) == (state == "declined")
    assert await buying.all_adds_up(cell)


async def test_a_late_payment_is_pending_and_its_page_says_so(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    await fill(client, await lay(cell))
    begun = (await pay(client, wish(await token(client, LATE)))).json()
    assert begun["state"] == "pending"
    page = await client.get(begun["order_url"])
    assert "Your payment is on its way" in page.text


async def test_another_browser_cannot_ask_about_a_checkout(
    cell: Cell, app: FastAPI, client: httpx2.AsyncClient
) -> None:
    await fill(client, await lay(cell))
    begun = (await pay(client, wish(await token(client)))).json()
    async with browser(app) as stranger:
        answer = await stranger.get(f"/fr/api/checkout/{begun['checkout']}", headers=JSON)
        assert answer.status_code == 404
        assert (await stranger.get(begun["order_url"])).status_code == 200
        forged = begun["order_url"][:-2] + "xx"
        assert (await stranger.get(forged)).status_code == 401
        assert (await stranger.get(begun["order_url"].replace("/fr/", "/gb/"))).status_code == 404


async def test_a_known_buyer_pays_with_what_we_kept(cell: Cell, client: httpx2.AsyncClient) -> None:
    shop = await lay(cell)
    nothing = {"address": None, "card": None, "company": None}
    assert (await client.get("/fr/api/checkout/saved", headers=JSON)).json() == nothing
    await sign_up(client)
    await fill(client, shop)
    refused = await pay(client, wish(None))
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "no_saved_card")
    assert (await pay(client, wish(await token(client), remember=True))).status_code == 200
    await react(cell)
    assert (await client.get("/fr/api/checkout/saved", headers=JSON)).json() == {
        "address": {"line1": "12 rue de la Paix", "line2": "", "postcode": "75002",
                    "city": "Paris", "country": "FR"},
        "card": {"brand": "visa", "last4": "4242"},
        "company": None,
    }  # fmt: skip
    await fill(client, shop)
    assert (await pay(client, wish(None))).json()["state"] == "paid"
    assert await buying.charges(cell) == [("succeeded", 2980)] * 2
    assert await buying.all_adds_up(cell)


async def test_nothing_is_kept_of_a_guest_or_without_consent(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell)
    await fill(client, shop)
    await pay(client, wish(await token(client), remember=True))
    await sign_up(client)
    await fill(client, shop)
    await pay(client, wish(await token(client)))
    await react(cell)
    async with cell.read() as tx:
        for table in ("saved_card", "saved_address"):
            cursor = await tx.execute(f"select count(*) from {table}")
            assert await cursor.fetchall() == [(0,)]
        person = await people.find_person_by_email(tx, "anna@example.com")
    assert person is not None


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"email": "anna"}, 422, "bad_email"),
        ({"name": " "}, 422, "bad_input"),
        ({"name": "x" * 101}, 422, "bad_input"),
        ({"name_on_air": "all"}, 422, "bad_input"),
        ({"extra": 1}, 422, "bad_input"),
        ({"key": "x"}, 422, "bad_input"),
        ({"remember": "yes"}, 422, "bad_input"),
        ({"card": {"token": "tok_x"}}, 422, "token_wrong"),
        ({"card": {"token": "card_0123456789abcdef0123456789abcdef"}}, 422, "token_wrong"),
        ({"card": {"token": "ctoken_1NnQUf2eZvKYlo2CIObdtbnb"}}, 422, "token_wrong"),
        ({"card": {"saved": False}}, 422, "no_saved_card"),
        ({"total": {"minor": 2980, "currency": "GBP"}}, 422, "currency_mismatch"),
        ({"total": {"minor": 2979, "currency": "EUR"}}, 409, "price_changed"),
        (
            {"address": {"line1": "1", "postcode": "10115", "city": "Berlin", "country": "DE"}},
            422,
            "not_shipped_there",
        ),
        (
            {"address": {"line1": "1", "postcode": "8001", "city": "Zürich", "country": "CH"}},
            422,
            "country_refused",
        ),
        (
            {"address": {"line1": "1", "postcode": "1", "city": "Paris", "country": "FR"}},
            422,
            "postcode_wrong",
        ),
    ],
)
async def test_what_cannot_be_right_is_refused_before_anything_is_charged(
    cell: Cell, client: httpx2.AsyncClient, change: dict[str, Any], status: int, code: str
) -> None:
    await fill(client, await lay(cell))
    answer = await pay(client, wish(await token(client)) | change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert await buying.charges(cell) == []
    assert len((await client.get("/fr/api/basket", headers=JSON)).json()["lines"]) == 1


async def test_a_card_number_is_nowhere_in_the_answer_or_the_database(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    await lay(cell)
    typed = {"number": "5555 5555 5555 4444", "expiry": "12/39", "cvc": "123"}
    refused = await client.post("/fr/sandbox/tokens", json=typed, headers=JSON)
    assert refused.status_code == 422
    assert "5555" not in refused.text
    await token(client)
    async with cell.read() as tx:
        cursor = await tx.execute("select t::text from sandbox_token t")
        assert "424242" not in str(await cursor.fetchall()).replace("4242,", "")


async def test_cards_are_not_tried_without_end(cell: Cell, client: httpx2.AsyncClient) -> None:
    await lay(cell)
    typed = {"number": "1", "expiry": "12/39", "cvc": "123"}
    codes = [
        (await client.post("/fr/sandbox/tokens", json=typed, headers=JSON)).status_code
        for _ in range(21)
    ]
    assert codes == [422] * 20 + [429]
