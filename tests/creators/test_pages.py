"""A seller makes plans, a host answers; who may see and do what."""

import csv
import io
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from panier import people
from panier.kit.cells import Cell
from panier.kit.clock import now
from tests.creators.laid import share_of
from tests.door import browser, give_role, sign_up
from tests.shop import Shop, lay_shop

HOST = "camille@example.com"


async def enter(client: httpx2.AsyncClient, email: str = "anna@example.com") -> None:
    await sign_up(client, email)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})


async def employ(cell: Cell, seller: UUID) -> None:
    async with cell.tx() as tx:
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person is not None
        await people.grant_role(tx, person.id, "seller", "FR", seller)


async def lay(cell: Cell, client: httpx2.AsyncClient) -> Shop:
    """Lay a shop whose seller's staff `client` is."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    await enter(client)
    await employ(cell, shop.seller)
    return shop


def filled(**changes: str) -> dict[str, str]:
    form = {
        "seller": "", "product": "", "email": "", "percent": "10", "last_day": "",
        "valid_from": f"{now():%Y-%m-%d}",
    }  # fmt: skip
    return {**form, **changes}


async def made(client: httpx2.AsyncClient) -> list[dict[str, str]]:
    answer = await client.get("/fr/seller/creators.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_a_seller_opens_a_plan_and_ends_it(cell: Cell, client: httpx2.AsyncClient) -> None:
    shop = await lay(cell, client)
    assert "No host has a share yet" in (await client.get("/fr/seller/creators")).text
    answer = await client.post("/fr/seller/creators", data=filled(product=str(shop.product)))
    assert answer.headers["location"] == "/fr/seller/creators?said=made"
    page = await client.get(answer.headers["location"])
    for text in ("The plan is made.", "Every host", "10%", "Candle", "In force", "Anna Martin"):
        assert text in page.text
    assert await share_of(cell, shop) == 1000
    (row,) = await made(client)
    answer = await client.post("/fr/seller/creators/end", data={"plan": row["id"]})
    assert answer.headers["location"] == "/fr/seller/creators?said=ended"
    assert await share_of(cell, shop) is None
    assert "1 past plan" in (await client.get("/fr/seller/creators")).text
    assert (
        await client.post("/fr/seller/creators/end", data={"plan": row["id"]})
    ).status_code == 409


async def test_a_host_finds_an_invitation_and_accepts_it(
    app: FastAPI, cell: Cell, client: httpx2.AsyncClient
) -> None:
    shop = await lay(cell, client)
    async with browser(app) as host:
        await enter(host, HOST)
        await give_role(cell, "host", of=HOST)
        empty = (await host.get("/fr/shares")).text
        assert "Nothing is agreed with you alone" in empty
        assert "No open plan at the moment" in empty
        answer = await client.post("/fr/seller/creators", data=filled(email=HOST, percent="12,5"))
        assert answer.headers["location"] == "/fr/seller/creators?said=invited"
        (row,) = await made(client)
        assert (row["host"], row["standing"]) == ("Anna Martin", "waiting")
        page = await host.get("/fr/shares")
        assert "1 invitation for you" in page.text
        assert "12.5% from Maison Lumen" in page.text
        answer = await host.post(f"/fr/shares/{row['id']}/accepted")
        assert answer.headers["location"] == "/fr/shares?said=accepted"
        assert "from now on the share is yours" in (await host.get("/fr/shares?said=accepted")).text
        assert (await host.post(f"/fr/shares/{row['id']}/declined")).status_code == 409
        async with cell.read() as tx:
            person = await people.find_person_by_email(tx, HOST)
        assert person is not None
        assert await share_of(cell, shop, person.id) == 1250
        assert await share_of(cell, shop) is None
    (row,) = await made(client)
    assert row["standing"] == "holds"
    assert row["answered_at"] != ""


async def test_a_host_declines_and_sees_open_plans(
    app: FastAPI, cell: Cell, client: httpx2.AsyncClient
) -> None:
    await lay(cell, client)
    async with browser(app) as host:
        await enter(host, HOST)
        await give_role(cell, "host", of=HOST)
        await client.post("/fr/seller/creators", data=filled())
        await client.post("/fr/seller/creators", data=filled(email=HOST))
        row = (await made(client))[0]
        await host.post(f"/fr/shares/{row['id']}/declined")
        page = (await host.get("/fr/shares")).text
        assert "1 past invitation" in page
        assert "You need not ask" in page
        assert (await host.post(f"/fr/shares/{row['id']}/ended")).status_code == 422
    assert [r["standing"] for r in await made(client)] == ["declined", "holds"]


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"percent": "half"}, "percent", "Write a number with at most two decimals"),
        ({"percent": "0.5"}, "percent", "A share is between 1 and 80 %."),
        ({"percent": "78.34"}, "percent", "leave at most 78.33 % of the price"),
        ({"email": "nobody@example.com"}, "email", "No host of this market has this e-mail"),
        ({"email": "nobody"}, "email", "This does not look like an e-mail address"),
        ({"valid_from": "2026-01-01"}, "valid_from", "a plan begins today at the earliest"),
        ({"valid_from": ""}, "valid_from", "Please choose a day."),
        ({"last_day": "2026-01-01"}, "valid_from", "a plan begins today at the earliest"),
        ({"last_day": "9999-12-31"}, "last_day", "Please choose a day."),
        ({"product": "candle"}, "product", "Please choose one from the list."),
    ],
)
async def test_a_wrong_field_is_marked_and_nothing_is_made(
    cell: Cell, client: httpx2.AsyncClient, changes: dict[str, str], field: str, told: str
) -> None:
    await lay(cell, client)
    answer = await client.post("/fr/seller/creators", data=filled(**changes))
    assert answer.status_code == 422
    assert f'aria-describedby="{field}-note"' in answer.text
    assert told in answer.text
    assert await made(client) == []


async def test_a_plan_ends_with_its_last_day_on_the_markets_clocks(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    await lay(cell, client)
    later = filled(valid_from="2031-06-01", last_day="2031-06-30")
    await client.post("/fr/seller/creators", data=later)
    (row,) = await made(client)
    assert (row["valid_from"], row["valid_until"], row["standing"]) == (
        "2031-05-31T22:00:00Z", "2031-06-30T22:00:00Z", "coming",
    )  # fmt: skip


async def test_sellers_see_and_end_their_own_plans_only(
    app: FastAPI, cell: Cell, client: httpx2.AsyncClient
) -> None:
    await lay(cell, client)
    await client.post("/fr/seller/creators", data=filled())
    (row,) = await made(client)
    async with cell.tx() as tx:
        other = await lay_shop(tx)
    async with browser(app) as rival:
        await enter(rival, "rival@example.com")
        async with cell.tx() as tx:
            person = await people.find_person_by_email(tx, "rival@example.com")
            assert person is not None
            await people.grant_role(tx, person.id, "seller", "FR", other.seller)
        assert await made(rival) == []
        assert (
            await rival.post("/fr/seller/creators/end", data={"plan": row["id"]})
        ).status_code == 403
        foreign = filled(seller=row["id"])
        assert (await rival.post("/fr/seller/creators", data=foreign)).status_code == 403


async def test_the_market_team_sees_all_plans_and_makes_none(
    app: FastAPI, cell: Cell, client: httpx2.AsyncClient
) -> None:
    await lay(cell, client)
    await client.post("/fr/seller/creators", data=filled())
    async with browser(app) as team:
        await enter(team, "team@example.com")
        await give_role(cell, "market", of="team@example.com")
        page = await team.get("/fr/seller/creators")
        assert "Every host" in page.text
        assert "Make a plan" not in page.text
        (row,) = await made(team)
        assert (await team.post("/fr/seller/creators", data=filled())).status_code == 403
        assert (
            await team.post("/fr/seller/creators/end", data={"plan": row["id"]})
        ).status_code == 403


async def test_others_see_neither_page(app: FastAPI, client: httpx2.AsyncClient) -> None:
    await enter(client)
    for path in ("/fr/seller/creators", "/fr/seller/creators.csv", "/fr/shares"):
        assert (await client.get(path)).status_code == 403
    answer = f"/fr/shares/{UUID(int=1)}/accepted"
    assert (await client.post(answer)).status_code == 403
    async with browser(app) as nobody:
        asked = await nobody.get("/fr/shares")
    assert asked.headers["location"].startswith("/fr/sign-in?next=")


async def test_an_invitation_of_somebody_else_is_not_found(
    app: FastAPI, cell: Cell, client: httpx2.AsyncClient
) -> None:
    await lay(cell, client)
    async with browser(app) as host, browser(app) as other:
        for who, email in ((host, HOST), (other, "olivia@example.com")):
            await enter(who, email)
            await give_role(cell, "host", of=email)
        await client.post("/fr/seller/creators", data=filled(email=HOST))
        (row,) = await made(client)
        assert (await other.post(f"/fr/shares/{row['id']}/accepted")).status_code == 404
        assert "invitation for you" not in (await other.get("/fr/shares")).text
