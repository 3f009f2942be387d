"""Sellers' legal data: who may fill it in, what is refused, who reads it."""

import csv
import io
from uuid import UUID

import httpx2
import msgspec
import pytest
import pytest_asyncio
from fastapi import FastAPI

from panier import catalog, people, taxes
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from panier.runtime import Runtime
from tests.door import browser, give_role, open_door, sign_up
from tests.shop import Shop, lay_shop
from tests.taxes.companies import LUMEN, tell_law

FORM = {
    "name": "  Lumen   SARL ",
    "line1": "8 rue du Four",
    "line2": "",
    "postcode": "69001",
    "city": "Lyon",
    "country": "FR",
    "vat_number": "11 123 456 782",
    "registration": "RCS Lyon 123 456 782",
    "email": "Legal@Lumen.example",
}


@pytest_asyncio.fixture(loop_scope="session")
async def app(runtime: Runtime) -> FastAPI:
    return await open_door(runtime)


@pytest_asyncio.fixture(loop_scope="session")
async def shop(app: FastAPI, cell: Cell) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx)


async def employ(cell: Cell, client: httpx2.AsyncClient, seller: UUID) -> None:
    await sign_up(client)
    async with cell.tx() as tx:
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person is not None
        await people.grant_role(tx, person.id, "seller", "FR", seller)


async def test_a_seller_fills_it_in_once_and_reads_it_again(
    app: FastAPI, cell: Cell, shop: Shop
) -> None:
    async with browser(app) as client:
        await employ(cell, client, shop.seller)
        led = await client.get("/fr/seller/legal")
        here = f"/fr/seller/legal/{shop.seller}"
        assert led.headers["location"] == here
        assert "Nothing is filled in yet" in (await client.get(here)).text
        kept = await client.post(here, data=FORM)
        assert kept.headers["location"] == f"{here}?said=saved"
        assert "Saved." in (await client.get(f"{here}?said=saved")).text
        assert 'value="FR11123456782"' in (await client.get(here)).text
    async with cell.read() as tx:
        found = await taxes.find_trader(tx, shop.seller)
    assert found is not None
    assert (found.name, found.vat_number, found.email) == (
        "Lumen SARL", "FR11123456782", "legal@lumen.example",
    )  # fmt: skip


async def test_all_that_is_wrong_is_told_at_once_and_nothing_typed_is_lost(
    app: FastAPI, cell: Cell, shop: Shop
) -> None:
    async with browser(app) as client:
        await employ(cell, client, shop.seller)
        wrong = {
            "name": "", "line1": "x" * 101, "city": "Lyon", "postcode": "69001",
            "country": "ZZ", "vat_number": "FR11123456783", "email": "nobody",
        }  # fmt: skip
        answer = await client.post(f"/fr/seller/legal/{shop.seller}", data=wrong)
        assert answer.status_code == 422
        for text in (
            "Please fill this in.",
            "At most 100 characters.",
            "Please choose a country.",
            "This is not written like a VAT id",
            "This does not look like an e-mail address",
        ):
            assert text in answer.text
        assert 'value="FR11123456783"' in answer.text
        assert 'value="Lyon"' in answer.text
    async with cell.read() as tx:
        assert await taxes.find_trader(tx, shop.seller) is None


async def test_a_vat_number_of_another_country_than_the_sellers_is_refused(
    app: FastAPI, cell: Cell, shop: Shop
) -> None:
    async with browser(app) as client:
        await employ(cell, client, shop.seller)
        here = f"/fr/seller/legal/{shop.seller}"
        answer = await client.post(here, data=FORM | {"vat_number": "DE123456788"})
        assert answer.status_code == 422
        assert "A number of France is needed, from where the goods are sent." in answer.text
        assert 'value="DE123456788"' in answer.text
        async with cell.read() as tx:
            assert await taxes.find_trader(tx, shop.seller) is None
        seat_abroad = FORM | {"country": "IT", "postcode": "00144", "city": "Roma"}
        assert (await client.post(here, data=seat_abroad)).status_code == 303


@pytest.mark.parametrize(
    ("country", "vat_number", "registered"),
    [
        ("FR", "FR11123456782", True),
        ("FR", "DE123456788", False),
        ("GR", "EL094259216", True),
        ("GR", "FR11123456782", False),
        ("DE", "FR11123456782", False),
        ("FR", "", False),
    ],
)
async def test_only_a_number_of_its_own_country_lets_a_seller_sell_without_vat(
    cell: Cell, shop: Shop, country: str, vat_number: str, *, registered: bool
) -> None:
    async with cell.tx() as tx:
        await tx.execute("update seller set country = %s where id = %s", (country, shop.seller))
        told = msgspec.structs.replace(LUMEN, vat_number=vat_number)
        await tell_law(tx, shop.seller, told)
        assert await taxes.list_origins(tx, [shop.seller]) == [(country, registered)]


async def test_only_its_own_people_and_the_market_team_change_it(
    app: FastAPI, cell: Cell, shop: Shop
) -> None:
    async with cell.tx() as tx:
        other = await lay_shop(tx)
    mine, theirs = (f"/fr/seller/legal/{s.seller}" for s in (shop, other))
    async with browser(app) as client:
        for path in ("/fr/seller/legal", "/fr/seller/legal.csv", mine):
            assert (await client.get(path)).status_code in {303, 401}
        await employ(cell, client, shop.seller)
        assert (await client.get(theirs)).status_code == 403
        assert (await client.post(theirs, data=FORM)).status_code == 403
    async with browser(app) as client:
        await sign_up(client, "fin@example.com")
        assert (await client.get(mine)).status_code == 403
        await give_role(cell, "finance", of="fin@example.com")
        page = await client.get(mine)
        assert page.status_code == 200
        assert '<form class="form card"' not in page.text
        assert (await client.post(mine, data=FORM)).status_code == 403
        assert (await client.get(f"/fr/seller/legal/{new_id()}")).status_code == 404
    async with browser(app) as client:
        await sign_up(client, "team@example.com")
        await give_role(cell, "market", of="team@example.com")
        assert (await client.post(mine, data=FORM)).status_code == 303


async def test_the_team_sees_who_has_told_nothing_and_has_it_as_a_file(
    app: FastAPI, cell: Cell, shop: Shop
) -> None:
    async with cell.tx() as tx:
        await lay_shop(tx)
        await tell_law(tx, shop.seller)
    async with browser(app) as client:
        await sign_up(client)
        await give_role(cell, "finance")
        page = (await client.get("/fr/seller/legal")).text
        assert "1 seller has told nothing yet." in page
        assert "FR11123456782" in page
        sheet = (await client.get("/fr/seller/legal.csv")).text
        table = list(csv.DictReader(io.StringIO(sheet)))
        assert sorted(row["vat_number"] for row in table) == ["", "FR11123456782"]
        assert (
            "No seller is called that" in (await client.get("/fr/seller/legal?called=nobody")).text
        )


async def test_no_seller_of_a_large_market_is_left_out_of_the_file(
    app: FastAPI, cell: Cell, shop: Shop
) -> None:
    ids = [new_id() for _ in range(2100)]
    async with cell.tx() as tx:
        await tx.execute(
            "insert into seller (id, market, slug, name, country, at)"
            " select id, 'FR', 'shop-' || n, 'Shop ' || to_char(n, 'FM0000'), 'FR', now()"
            " from unnest(%s::uuid[]) with ordinality t(id, n)",
            (ids,),
        )
        assert len(await catalog.list_sellers(tx, ids)) == 2100
    async with browser(app) as client:
        await sign_up(client)
        await give_role(cell, "finance")
        page = (await client.get("/fr/seller/legal")).text
        assert "Shop 1900" in page
        assert "These are the first 2000" in page
        table = list(csv.reader(io.StringIO((await client.get("/fr/seller/legal.csv")).text)))
        assert len(table) == 1 + 2101
        assert "Shop 1900" in (await client.get("/fr/seller/vat")).text


async def test_buyers_read_with_whom_they_make_a_contract(
    app: FastAPI, cell: Cell, shop: Shop
) -> None:
    async with browser(app) as client:
        page = await client.get(f"/fr/sellers/{shop.seller}")
        assert "has not filled this in yet" in page.text
        async with cell.tx() as tx:
            await tell_law(tx, shop.seller)
        page = await client.get(f"/fr/sellers/{shop.seller}")
        for text in (LUMEN.name, LUMEN.line1, LUMEN.vat_number, LUMEN.registration, LUMEN.email):
            assert text in page.text
        assert (await client.get(f"/gb/sellers/{shop.seller}")).status_code == 404
        assert (await client.get(f"/fr/sellers/{new_id()}")).status_code == 404
