"""What a seller sees of their orders, and what of others' they do not."""

import csv
import io
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from panier import orders, people
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.orders import lists
from panier.payments.rules import Behaviour
from panier.settings import Settings
from tests import buying
from tests.door import browser, give_role, sign_up
from tests.shop import Shop, lay_shop

YEAR = f"{now():%Y}"


async def sell(cell: Cell, settings: Settings, shop: Shop, count: int,
               behaviour: Behaviour = Behaviour.SUCCEEDS) -> list[UUID]:  # fmt: skip
    """Sell one unit to each of `count` buyers; returns the orders."""
    sold = []
    for n in range(count):
        buyer = UUID(int=shop.variant.int ^ (n + 1) ^ len(behaviour.value) << 20)
        await buying.fill_basket(cell, shop, buyer)
        token = await buying.card(cell, behaviour)
        placed, _ = await orders.check_out(cell, settings, buying.placement(shop, buyer, token))
        async with cell.read() as tx:
            sold += [order.id for order in await orders.list_orders_of(tx, placed.id)]
    return sold


async def sign_in(client: httpx2.AsyncClient) -> None:
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})


async def employ(cell: Cell, seller: UUID) -> None:
    async with cell.tx() as tx:
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person is not None
        await people.grant_role(tx, person.id, "seller", "FR", seller)


async def lay_two(cell: Cell) -> tuple[Shop, Shop]:
    async with cell.tx() as tx:
        return await lay_shop(tx), await lay_shop(tx, minor=1000)


async def read_csv(client: httpx2.AsyncClient, query: str = "") -> list[dict[str, str]]:
    answer = await client.get(f"/fr/seller/orders.csv{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_a_seller_sees_their_own_orders_only(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient
) -> None:
    mine, other = await lay_two(cell)
    (my_order,) = await sell(cell, settings, mine, 1)
    (their_order,) = await sell(cell, settings, other, 1)
    await sign_in(client)
    await employ(cell, mine.seller)
    page = await client.get("/fr/seller/orders")
    assert page.status_code == 200
    assert f"FR-{YEAR}-000001" in page.text
    assert f"FR-{YEAR}-000002" not in page.text
    assert "€23.58" in page.text  # 29.80 - 4.97 VAT - 1.25 commission
    assert [row["number"] for row in await read_csv(client)] == [f"FR-{YEAR}-000001"]
    detail = await client.get(f"/fr/seller/orders/{my_order}")
    assert detail.status_code == 200
    assert "12 rue de la Paix" in detail.text
    assert "Commission earned" in detail.text
    assert (await client.get(f"/fr/seller/orders/{their_order}")).status_code == 403
    assert (await client.get(f"/fr/seller/orders/{mine.seller}")).status_code == 404


async def test_the_market_team_sees_all_orders(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient
) -> None:
    for shop in await lay_two(cell):
        await sell(cell, settings, shop, 1)
    await sign_in(client)
    await give_role(cell, "market")
    rows = await read_csv(client)
    assert [(r["total_minor"], r["commission_minor"], r["net_minor"]) for r in rows] == [
        ("1490", "50", "1191"),
        ("2980", "125", "2358"),
    ]


async def test_who_has_no_seller_sees_no_orders(app: FastAPI, client: httpx2.AsyncClient) -> None:
    await sign_in(client)
    assert (await client.get("/fr/seller/orders")).status_code == 403
    async with browser(app) as nobody:
        asked = await nobody.get("/fr/seller/orders")
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/fr/sign-in?next=")


async def test_filters_hold_for_list_totals_and_file(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient
) -> None:
    shop, _ = await lay_two(cell)
    await sell(cell, settings, shop, 2)
    await sell(cell, settings, shop, 1, Behaviour.DECLINED)
    await sign_in(client)
    await employ(cell, shop.seller)
    assert len(await read_csv(client)) == 3
    assert len(await read_csv(client, "?state=paid")) == 2
    assert len(await read_csv(client, "?state=declined")) == 1
    assert len(await read_csv(client, f"?show={shop.show}")) == 3
    assert len(await read_csv(client, f"?show={shop.seller}")) == 0
    assert len(await read_csv(client, f"?number=fr-{YEAR}-000002")) == 1
    page = await client.get("/fr/seller/orders?state=paid")
    assert "€59.60" in page.text  # 2 × 29.80
    nothing = await client.get("/fr/seller/orders?number=FR-1")
    assert "No order looks like this" in nothing.text
    for wrong in ("?state=lost", "?show=x", f"?number={'9' * 41}", "?before=x"):
        assert (await client.get(f"/fr/seller/orders{wrong}")).status_code == 422


async def test_a_seller_without_orders_is_told_what_to_do(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop, _ = await lay_two(cell)
    await sign_in(client)
    await employ(cell, shop.seller)
    page = await client.get("/fr/seller/orders")
    assert "No orders yet" in page.text


async def test_orders_come_page_by_page_and_the_file_has_all(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("panier.parcels.fulfilment.PAGE", 2)
    monkeypatch.setattr(lists, "CSV_STEP", 3)
    shop, _ = await lay_two(cell)
    sold = await sell(cell, settings, shop, 5)
    await sign_in(client)
    await employ(cell, shop.seller)
    first = await client.get("/fr/seller/orders")
    assert f"?before={sold[3]}" in first.text
    assert "5 orders" in first.text
    second = await client.get(f"/fr/seller/orders?before={sold[3]}")
    assert f"FR-{YEAR}-000003" in second.text
    assert f"FR-{YEAR}-000004" not in second.text
    last = await client.get(f"/fr/seller/orders?before={sold[1]}")
    assert f"FR-{YEAR}-000001" in last.text
    assert "Older orders" not in last.text
    assert [row["number"][-1] for row in await read_csv(client)] == ["5", "4", "3", "2", "1"]
