from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from panier import people
from panier.kit.db import run
from panier.kit.errors import BadInput
from panier.kit.ids import new_id
from panier.runtime import Runtime
from tests.door import PASSWORD, browser, give_role, plant, sign_up

JSON = {"accept": "application/json"}
SELLER, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def probed(app: FastAPI) -> FastAPI:
    """Give the application routes that tell who reads."""

    async def who(reader: people.ReaderHere) -> dict[str, object]:
        return {
            "market": reader.market.code,
            "language": reader.language,
            "visitor": reader.visitor,
            "name": reader.person and reader.person.name,
            "roles": sorted(reader.roles),
        }

    async def studio(reader: people.ReaderHere) -> str:
        return people.require(reader, "host").name

    async def orders(reader: people.ReaderHere, seller: UUID) -> str:
        return people.require_seller(reader, seller).name

    app.add_api_route("/{m}/who", who)
    app.add_api_route("/{m}/studio-probe", studio)
    app.add_api_route("/{m}/orders-probe/{seller}", orders)
    return app


async def test_a_visitor_stays_the_same_and_cannot_be_forged(
    probed: FastAPI, client: httpx2.AsyncClient
) -> None:
    first = await client.get("/fr/who")
    visitor = first.json()["visitor"]
    assert UUID(visitor).version == 7
    (line,) = [c for c in first.headers.get_list("set-cookie") if c.startswith("panier_visitor")]
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    second = await client.get("/gb/who")
    assert second.json()["visitor"] == visitor
    assert "panier_visitor" not in second.headers.get("set-cookie", "")
    plant(client, "panier_visitor", client.cookies["panier_visitor"][:-2] + "AA")
    assert (await client.get("/fr/who")).json()["visitor"] != visitor


async def test_signing_in_keeps_the_visitor_and_so_the_basket(
    probed: FastAPI, client: httpx2.AsyncClient
) -> None:
    visitor = (await client.get("/fr/who")).json()["visitor"]
    await sign_up(client)
    who = (await client.get("/fr/who")).json()
    assert who["visitor"] == visitor
    assert who["roles"] == ["shopper"]


async def test_a_role_holds_in_its_market_only(
    probed: FastAPI, client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    assert (await client.get("/fr/studio-probe", headers=JSON)).status_code == 401
    await sign_up(client)
    refused = await client.get("/fr/studio-probe", headers=JSON)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "forbidden"
    await give_role(runtime.cells.of("FR"), "host")
    assert (await client.get("/fr/studio-probe")).status_code == 200
    assert (await client.get("/gb/studio-probe")).status_code == 403


async def test_a_sellers_staff_sees_that_seller_only(
    probed: FastAPI, client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    async with runtime.cells.of("FR").tx() as tx:
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person
        await people.grant_role(tx, person.id, "seller", "FR", SELLER)
    assert (await client.get(f"/fr/orders-probe/{SELLER}")).status_code == 200
    assert (await client.get(f"/fr/orders-probe/{OTHER}")).status_code == 403
    assert (await client.get(f"/gb/orders-probe/{SELLER}")).status_code == 403
    async with runtime.cells.of("FR").tx() as tx:
        await people.revoke_role(tx, person.id, "seller", "FR", SELLER)
    assert (await client.get(f"/fr/orders-probe/{SELLER}")).status_code == 403


async def test_an_admin_may_everything_in_their_market(
    probed: FastAPI, client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    await give_role(runtime.cells.of("FR"), "admin")
    assert (await client.get("/fr/studio-probe")).status_code == 200
    assert (await client.get(f"/fr/orders-probe/{OTHER}")).status_code == 200
    assert (await client.get("/gb/studio-probe")).status_code == 403


async def test_a_role_that_does_not_exist_cannot_be_granted(runtime: Runtime) -> None:
    async with runtime.cells.of("FR").tx() as tx:
        for role, seller in [("king", None), ("seller", None), ("host", SELLER)]:
            with pytest.raises(BadInput):
                await people.grant_role(tx, new_id(), role, "FR", seller)


async def test_the_readers_choice_goes_before_the_browsers_wish_and_the_markets_habit(
    probed: FastAPI, client: httpx2.AsyncClient
) -> None:
    async def language(wish: str) -> str:
        answer = await client.get("/fr/who", headers={"accept-language": wish})
        return str(answer.json()["language"])

    assert await language("pl") == "fr"
    assert await language("pl, it;q=0.5") == "it"
    chosen = await client.post("/fr/language", data={"language": "es", "back": "/fr/account"})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/fr/account")
    assert await language("it") == "es"
    refused = await client.post("/fr/language", data={"language": "pl"}, headers=JSON)
    assert refused.status_code == 422
    away = await client.post("/fr/language", data={"language": "es", "back": "//evil.example"})
    assert away.headers["location"] == "/fr/"


async def test_a_chosen_language_goes_with_the_account_to_another_browser(
    probed: FastAPI, client: httpx2.AsyncClient
) -> None:
    await sign_up(client)
    await client.post("/fr/language", data={"language": "it"})
    async with browser(probed) as other:
        form = {"email": "anna@example.com", "password": PASSWORD}
        await other.post("/fr/sign-in", data=form)
        answer = await other.get("/fr/who", headers={"accept-language": "de"})
    assert answer.json()["language"] == "it"


async def test_an_address_is_kept_by_consent_and_forgotten_on_request(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    cell = runtime.cells.of("FR")
    address = people.Address("1 rue des Lilas", "69001", "Lyon", "FR", line2="Bât. B")
    async with cell.tx() as tx:
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person
        assert await people.get_saved_address(tx, person.id) is None
        await people.save_address(tx, person.id, address)
        assert await people.get_saved_address(tx, person.id) == address
    assert "1 rue des Lilas" in (await client.get("/fr/account")).text
    await client.post("/fr/account/address/forget")
    assert "1 rue des Lilas" not in (await client.get("/fr/account")).text
    async with cell.read() as tx:
        assert await people.get_saved_address(tx, person.id) is None


async def test_a_kept_card_is_shown_by_its_last_digits_and_forgotten_on_request(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    cell = runtime.cells.of("FR")
    async with cell.tx() as tx:
        await run(
            tx,
            "insert into saved_card (person_id, provider, token, brand, last4, at)"
            " select id, 'sandbox', 'kept_1', 'Visa', '4242', now() from person",
        )
    assert "Visa •••• 4242" in (await client.get("/fr/account")).text
    assert (await client.post("/fr/account/card/forget")).status_code == 303
    assert "4242" not in (await client.get("/fr/account")).text
    assert (await client.post("/fr/account/soul/forget")).status_code == 404
