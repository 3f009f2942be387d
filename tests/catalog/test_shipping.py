"""Shipping by destination: the rates themselves, and the seller's page of them."""

import csv
import io
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from panier import catalog, markets, people
from panier.catalog import ParcelRate
from panier.kit.cells import Cell
from panier.kit.db import value
from panier.kit.errors import BadInput, NotFound
from panier.kit.ids import new_id
from tests.door import browser, give_role, sign_up
from tests.shop import Shop, lay_shop


async def lay(cell: Cell) -> Shop:
    async with cell.tx() as tx:
        await markets.load(tx)
        return await lay_shop(tx)


async def rates_of(cell: Cell, seller: UUID) -> dict[str, tuple[int, int | None]]:
    async with cell.read() as tx:
        found = await catalog.list_shipping(tx, [seller])
    return {rate.country: (rate.minor, rate.free_from_minor) for rate in found}


async def test_a_rate_is_set_changed_and_removed(cell: Cell) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        await catalog.set_shipping(tx, shop.seller, "DE", ParcelRate(790, 9000))
        await catalog.set_shipping(tx, shop.seller, "IT", ParcelRate(0))
        await catalog.set_shipping(tx, shop.seller, "FR", ParcelRate(390, 4900))
    assert await rates_of(cell, shop.seller) == {
        "DE": (790, 9000), "FR": (390, 4900), "IT": (0, None),
    }  # fmt: skip
    async with cell.tx() as tx:
        await catalog.drop_shipping(tx, shop.seller, "IT")
        [offer] = await catalog.find_offers(tx, "FR", [shop.variant], "en")
    assert offer.parcels == {"DE": ParcelRate(790, 9000), "FR": ParcelRate(390, 4900)}


@pytest.mark.parametrize(
    ("country", "rate"),
    [
        ("GB", ParcelRate(900)),
        ("XX", ParcelRate(900)),
        ("DE", ParcelRate(-1)),
        ("DE", ParcelRate(900, 0)),
        ("DE", ParcelRate(100_000_001)),
    ],
)
async def test_a_rate_that_cannot_be_is_refused(cell: Cell, country: str, rate: ParcelRate) -> None:
    shop = await lay(cell)
    with pytest.raises(BadInput):
        async with cell.tx() as tx:
            await catalog.set_shipping(tx, shop.seller, country, rate)
    assert await rates_of(cell, shop.seller) == {"FR": (490, None)}


async def test_the_own_country_always_has_a_rate(cell: Cell) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        with pytest.raises(BadInput):
            await catalog.drop_shipping(tx, shop.seller, "FR")
        with pytest.raises(NotFound):
            await catalog.drop_shipping(tx, shop.seller, "DE")
        with pytest.raises(NotFound):
            await catalog.set_shipping(tx, new_id(), "DE", ParcelRate(1))
    assert await rates_of(cell, shop.seller) == {"FR": (490, None)}


async def test_destinations_are_where_all_sellers_send_to(cell: Cell) -> None:
    one, other = await lay(cell), await lay(cell)
    async with cell.tx() as tx:
        for country in ("DE", "IT"):
            await catalog.set_shipping(tx, one.seller, country, ParcelRate(790))
        await catalog.set_shipping(tx, other.seller, "DE", ParcelRate(690))
        assert await catalog.list_destinations(tx, [one.seller]) == ["DE", "FR", "IT"]
        both = [one.seller, other.seller]
        assert await catalog.list_destinations(tx, both) == ["DE", "FR"]


async def enter(client: httpx2.AsyncClient, cell: Cell, shop: Shop, role: str = "seller") -> None:
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    if role != "seller":
        await give_role(cell, role)
        return
    async with cell.tx() as tx:
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person
        await people.grant_role(tx, person.id, "seller", "FR", shop.seller)


async def test_a_seller_fills_in_the_page(cell: Cell, client: httpx2.AsyncClient) -> None:
    shop = await lay(cell)
    await enter(client, cell, shop)
    page = f"/fr/seller/shipping/{shop.seller}"
    assert (await client.get("/fr/seller/shipping")).headers["location"] == page
    form = {"country": "DE", "price": "7,90", "free_from": "90"}
    answer = await client.post(page, data=form)
    assert answer.headers["location"] == f"{page}?said=set"
    shown = (await client.get(f"{page}?said=set")).text
    for text in ("The rate counts from now on.", "Germany", "€7.90", "€90.00", "Anna Martin"):
        assert text in shown
    assert 'value="7.90"' in (await client.get(f"{page}?edit=DE")).text
    sheet = await client.get("/fr/seller/shipping.csv")
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert [(row["country"], row["minor"], row["free_from_minor"]) for row in rows] == [
        ("DE", "790", "9000"),
        ("FR", "490", ""),
    ]
    gone = await client.post(f"{page}/remove", data={"country": "DE"})
    assert gone.headers["location"] == f"{page}?said=removed"
    assert await rates_of(cell, shop.seller) == {"FR": (490, None)}


async def test_a_slip_of_the_pen_keeps_what_was_written(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell)
    await enter(client, cell, shop)
    page = f"/fr/seller/shipping/{shop.seller}"
    for form, said in (
        ({"country": "DE", "price": "seven"}, "rite an amount such as 24.90"),
        ({"country": "GB", "price": "7.90"}, "lease choose a country"),
        ({"country": "DE", "price": "7.90", "free_from": "0"}, "more than nothing"),
    ):
        answer = await client.post(page, data=form)
        assert answer.status_code == 422
        assert said in answer.text
        assert f'value="{form["price"]}"' in answer.text
    assert await rates_of(cell, shop.seller) == {"FR": (490, None)}


async def test_where_the_vat_is_not_known_the_page_says_so(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell)
    await enter(client, cell, shop)
    async with cell.tx() as tx:
        await tx.execute("update product set vat_category = 'food'")
        await catalog.set_shipping(tx, shop.seller, "PL", ParcelRate(990))
    shown = (await client.get(f"/fr/seller/shipping/{shop.seller}")).text
    assert "Not sold there, its VAT is not known:" in shown


async def test_the_flag_is_offered_and_taken_back(cell: Cell, client: httpx2.AsyncClient) -> None:
    shop = await lay(cell)
    await enter(client, cell, shop)
    page = f"/fr/seller/shipping/{shop.seller}"

    async def flag() -> bool:
        async with cell.read() as tx:
            return bool(await value(tx, "select one_parcel_per_show from seller"))

    answer = await client.post(f"{page}/one-parcel", data={"offered": "true"})
    assert (answer.headers["location"], await flag()) == (f"{page}?said=one", True)
    answer = await client.post(f"{page}/one-parcel", data={})
    assert (answer.headers["location"], await flag()) == (f"{page}?said=each", False)


async def test_the_market_team_sees_all_sellers_and_others_none(
    cell: Cell, app: FastAPI, client: httpx2.AsyncClient
) -> None:
    one, other = await lay(cell), await lay(cell)
    await enter(client, cell, one, role="market")
    shown = (await client.get("/fr/seller/shipping")).text
    assert f"/fr/seller/shipping/{one.seller}" in shown
    assert f"/fr/seller/shipping/{other.seller}" in shown
    form = {"country": "DE", "price": "7.90"}
    answer = await client.post(f"/fr/seller/shipping/{other.seller}", data=form)
    assert answer.status_code == 303
    async with browser(app) as stranger:
        await sign_up(stranger, "bea@example.com")
        assert (await stranger.get("/fr/seller/shipping")).status_code == 403
        asked = await stranger.post(f"/fr/seller/shipping/{one.seller}", data=form)
        assert asked.status_code == 403


async def test_a_seller_of_another_shop_finds_nothing(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    mine, theirs = await lay(cell), await lay(cell)
    await enter(client, cell, mine)
    page = f"/fr/seller/shipping/{theirs.seller}"
    assert (await client.get(page)).status_code == 404
    for path, form in (
        (page, {"country": "DE", "price": "1"}),
        (f"{page}/remove", {"country": "FR"}),
        (f"{page}/one-parcel", {"offered": "true"}),
    ):
        assert (await client.post(path, data=form)).status_code == 404
    assert await rates_of(cell, theirs.seller) == {"FR": (490, None)}
