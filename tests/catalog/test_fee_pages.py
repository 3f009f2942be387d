"""The market team's page of commissions: who may see and change it, and what it says."""

import csv
import io
from datetime import date, timedelta

import httpx2
import pytest
from fastapi import FastAPI

from panier import catalog, markets
from panier.kit.cells import Cell
from panier.kit.clock import now
from tests.door import browser, give_role, sign_up
from tests.shop import lay_shop

TEAM = ("market", "finance", "admin")


def tomorrow() -> date:
    return markets.Market("FR", "", "", "", [], "Europe/Paris", "open").day(now()) + timedelta(1)


async def enter(client: httpx2.AsyncClient, cell: Cell, role: str = "market") -> None:
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    await give_role(cell, role)


def filled(**changes: str) -> dict[str, str]:
    form = {"tier": "", "category": "", "percent": "4.5", "valid_from": tomorrow().isoformat()}
    return {**form, **changes}


async def agreed(client: httpx2.AsyncClient) -> list[dict[str, str]]:
    answer = await client.get("/fr/fees.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("role", TEAM)
async def test_the_team_agrees_on_a_rule_and_ends_it(
    cell: Cell, client: httpx2.AsyncClient, role: str
) -> None:
    await enter(client, cell, role)
    page = await client.get("/fr/fees")
    assert "Every seller pays 5% of every product." in page.text
    answer = await client.post("/fr/fees", data=filled(tier="key_account", category="books"))
    assert answer.headers["location"] == "/fr/fees?said=added"
    (row,) = await agreed(client)
    assert (row["tier"], row["category"], row["basis_points"], row["standing"]) == (
        "key_account", "books", "450", "coming",
    )  # fmt: skip
    assert (row["valid_from"], row["made_by"]) == (tomorrow().isoformat(), "Anna Martin")
    page = await client.get(answer.headers["location"])
    for text in ("The rule is agreed.", "Key accounts", "Books", "4.5%", "To come"):
        assert text in page.text
    today = (tomorrow() - timedelta(days=1)).isoformat()
    ended = await client.post("/fr/fees/end", data={"rule": row["id"], "last_day": today})
    assert ended.headers["location"] == "/fr/fees?said=ended"
    (row,) = await agreed(client)
    assert (row["standing"], row["last_day"], row["ended_by"]) == ("withdrawn", "", "Anna Martin")
    page = await client.get("/fr/fees")
    assert "1 past rule" in page.text
    assert "Withdrawn before it began" in page.text


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"percent": "5,123"}, "percent", "Write a number with at most two decimals"),
        ({"percent": ""}, "percent", "Write a number with at most two decimals"),
        ({"percent": "nan"}, "percent", "Write a number with at most two decimals"),
        ({"percent": "50.01"}, "percent", "A commission is between 0 and 50 %."),
        ({"valid_from": "soon"}, "valid_from", "Please choose a day."),
        ({"valid_from": "2026-01-01"}, "valid_from", "a rule begins tomorrow at the earliest"),
        ({"tier": "gold"}, "tier", "Gold."),
        ({"category": "candles"}, "category", "Candles."),
    ],
)
async def test_a_wrong_field_is_marked_and_nothing_is_agreed(
    cell: Cell, client: httpx2.AsyncClient, changes: dict[str, str], field: str, told: str
) -> None:
    await enter(client, cell)
    answer = await client.post("/fr/fees", data=filled(**changes))
    assert answer.status_code == 422
    assert f'aria-describedby="{field}-note"' in answer.text
    assert told in answer.text
    assert await agreed(client) == []


async def test_a_comma_is_a_point(cell: Cell, client: httpx2.AsyncClient) -> None:
    await enter(client, cell)
    await client.post("/fr/fees", data=filled(percent="4,25 %"))
    (row,) = await agreed(client)
    assert row["basis_points"] == "425"


async def test_a_rule_of_the_past_is_not_ended_and_none_of_another_market(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    await enter(client, cell)
    await client.post("/fr/fees", data=filled())
    (row,) = await agreed(client)
    for wrong in ("2026-01-01", "never"):
        form = {"rule": row["id"], "last_day": wrong}
        assert (await client.post("/fr/fees/end", data=form)).status_code == 422
    async with cell.tx() as tx:
        await tx.execute("update fee_rule set market = 'GB'")
    form = {"rule": row["id"], "last_day": "2030-01-01"}
    assert (await client.post("/fr/fees/end", data=form)).status_code == 404
    assert (await client.post("/gb/fees/end", data=form)).status_code == 403


async def test_the_team_makes_a_seller_a_key_account(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    await enter(client, cell)
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    page = await client.get("/fr/fees")
    assert "Maison Lumen" in page.text
    assert "First 90 days</span>" in page.text
    form = {"seller": str(shop.seller), "tier": "first_90_days"}
    assert (await client.post("/fr/fees/tier", data=form)).status_code == 422
    answer = await client.post("/fr/fees/tier", data={**form, "tier": "key_account"})
    assert answer.headers["location"] == "/fr/fees?said=tier#sellers"
    async with cell.read() as tx:
        assert await catalog.list_tiers(tx, [shop.seller], tomorrow()) == {
            shop.seller: "key_account"
        }
    page = await client.get("/fr/fees?seller=lumen")
    assert "Key account</span>" in page.text
    assert "Anna Martin, <time" in page.text
    assert "No seller is called that" in (await client.get("/fr/fees?seller=rive")).text


@pytest.mark.parametrize("role", ["host", None])
async def test_others_neither_see_nor_change_it(
    app: FastAPI, cell: Cell, client: httpx2.AsyncClient, role: str | None
) -> None:
    await sign_up(client)
    if role:
        await give_role(cell, role)
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    assert (await client.get("/fr/fees")).status_code == 403
    assert (await client.get("/fr/fees.csv")).status_code == 403
    assert (await client.post("/fr/fees", data=filled())).status_code == 403
    tier = {"seller": str(shop.seller), "tier": "key_account"}
    assert (await client.post("/fr/fees/tier", data=tier)).status_code == 403
    end = {"rule": str(shop.seller), "last_day": "2030-01-01"}
    assert (await client.post("/fr/fees/end", data=end)).status_code == 403
    async with browser(app) as nobody:
        asked = await nobody.get("/fr/fees")
    assert asked.headers["location"].startswith("/fr/sign-in?next=")
