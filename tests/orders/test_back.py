"""Back from a bank, and a card that its owner takes back from us."""

from uuid import UUID

import httpx2
from fastapi import FastAPI

from panier import people
from panier.kit.cells import Cell
from panier.kit.db import value
from panier.kit.ids import new_id
from panier.payments import sandbox
from tests.door import browser, sign_up
from tests.orders.test_routes import CHALLENGE, JSON, fill, lay, pay, react, token, wish


async def payment_of(cell: Cell, checkout: str) -> UUID:
    async with cell.read() as tx:
        sql = "select payment_id from checkout where id = %s"
        found: UUID = await value(tx, sql, (checkout,))
    return found


async def test_a_buyer_comes_back_to_the_show_and_a_strangers_browser_learns_nothing(
    cell: Cell, app: FastAPI, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell)
    await fill(client, shop)
    card = await token(client, CHALLENGE)
    begun = (await pay(client, wish(card, show=str(shop.show)))).json()
    assert (begun["state"], begun["action_secret"]) == ("action", None)
    path = f"/fr/payment/{await payment_of(cell, begun['checkout'])}/back"
    # What a provider adds to the address changes nothing.
    led = await client.get(f"{path}?redirect_status=failed&payment_intent=pi_1")
    assert led.status_code == 303
    watched, _, query = led.headers["location"].partition("?")
    assert query == f"checkout={begun['checkout']}"
    assert watched.startswith("/fr/live/lights-")
    async with browser(app) as other:
        for asked in (path, f"/fr/payment/{new_id()}/back"):
            page = await other.get(asked)
            assert page.status_code == 200
            assert "Your bank has answered" in page.text
            assert begun["checkout"] not in page.text


async def test_who_bought_outside_a_show_comes_back_to_the_order(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    await fill(client, await lay(cell))
    begun = (await pay(client, wish(await token(client, CHALLENGE)))).json()
    led = await client.get(f"/fr/payment/{await payment_of(cell, begun['checkout'])}/back")
    assert led.headers["location"].startswith("/fr/order/")


async def test_a_kept_card_is_shown_to_its_owner_by_its_provider_only_and_forgotten_on_request(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    assert (await client.delete("/fr/api/checkout/saved/card", headers=JSON)).status_code == 401
    await sign_up(client)
    async with cell.tx() as tx:
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person is not None
        await tx.execute(
            "insert into saved_card values (%s, 'stripe', 'cus_1/pm_1', 'visa', '4242', now())",
            (person.id,),
        )
    saved = await client.get("/fr/api/checkout/saved", headers=JSON)
    assert saved.json()["card"] is None  # the sandbox takes payments here
    assert "Visa •••• 4242" in (await client.get("/fr/account")).text
    answer = await client.delete("/fr/api/checkout/saved/card", headers=JSON)
    assert answer.status_code == 204
    async with cell.read() as tx:
        assert await value(tx, "select token from card_to_forget") == "cus_1/pm_1"
        assert await value(tx, "select count(*) from saved_card") == 0


async def test_a_kept_card_that_can_pay_no_more_is_not_offered_again(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell)
    await sign_up(client)
    await fill(client, shop)
    assert (await pay(client, wish(await token(client), remember=True))).status_code == 200
    await react(cell)
    # A decline for want of money says nothing against the card that is kept.
    await fill(client, shop)
    poor = await pay(client, wish(await token(client, "4000000000009995")))
    assert poor.json()["error"]["details"] == {"reason": "insufficient_funds"}
    saved = await client.get("/fr/api/checkout/saved", headers=JSON)
    assert saved.json()["card"] == {"brand": "visa", "last4": "4242"}
    async with cell.tx() as tx:
        kept = await value(tx, "select token from saved_card")
        await sandbox.forget_token(tx, kept)
    refused = await pay(client, wish(None))
    assert refused.status_code == 402
    assert refused.json()["error"]["details"] == {"reason": "card_unknown"}
    saved = await client.get("/fr/api/checkout/saved", headers=JSON)
    assert saved.json()["card"] is None
    async with cell.read() as tx:
        assert await value(tx, "select token from card_to_forget") == kept
    paid = await pay(client, wish(await token(client)))
    assert paid.json()["state"] == "paid"
