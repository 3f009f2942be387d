"""The report as its readers see it, through the application."""

import csv
from collections.abc import AsyncIterator
from io import StringIO

import httpx2
import pytest
import pytest_asyncio

from panier import people
from panier.app import create_app
from panier.events import ShowEnded
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import run
from panier.reports import write_due
from panier.reports.handlers import ask_for_show_report
from panier.runtime import Runtime
from tests.reports.rows import LIVE, air, buy, pin, record, sample, say, visit
from tests.shop import Shop, lay_shop

PASSWORD = "four random words make one"
SLUG = "evening"


@pytest_asyncio.fixture(loop_scope="session")
async def client(runtime: Runtime) -> AsyncIterator[httpx2.AsyncClient]:
    """Speak to the application without a network."""
    transport = httpx2.ASGITransport(create_app(runtime))
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://localhost:8400", headers={"accept": "text/html"}
    ) as opened:
        yield opened


async def lay_evening(cell: Cell, *, written: bool = True) -> Shop:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await air(tx, shop, 600)
        await run(tx, "update show set slug = %s where id = %s", (SLUG, shop.show))
        await pin(tx, shop, shop.product, 60, 600)
        await sample(tx, shop, 60, 3, hearts=4)
        await visit(tx, shop, 300)
        await record(tx, shop, 5, 595)
        await say(tx, shop, 70, "=cmd|' /C calc'!A0 ?")
        await buy(tx, shop, shop.product, shop.variant, 100, quantity=2, minor=2490)
    if written:
        await write(cell, shop)
    return shop


async def write(cell: Cell, shop: Shop) -> None:
    """Let the end be heard and the report be written."""
    async with cell.tx() as tx:
        await ask_for_show_report(tx, ShowEnded(market="FR", show=shop.show))
    assert await write_due(cell) == 1


async def sign_in(client: httpx2.AsyncClient, cell: Cell, name: str, *roles: str) -> None:
    hashed = await people.hash_password(PASSWORD)
    async with cell.tx() as tx:
        person = await people.create_person(
            tx, email=f"{name}@example.org", name=name, password_hash=hashed, language="en"
        )
        for role in roles:
            await people.grant_role(tx, person, role, "FR")
    await enter(client, f"{name}@example.org")


async def enter(client: httpx2.AsyncClient, email: str) -> None:
    answer = await client.post(
        "/fr/sign-in",
        data={"email": email, "password": PASSWORD},
        headers={"origin": "http://localhost:8400"},
    )
    assert answer.status_code == 303


async def test_the_market_team_reads_a_report(client: httpx2.AsyncClient, cell: Cell) -> None:
    await lay_evening(cell)
    await sign_in(client, cell, "mara", "market")
    listed = await client.get("/fr/reports/")
    assert f"/fr/reports/{SLUG}" in listed.text
    page = await client.get(f"/fr/reports/{SLUG}")
    assert page.status_code == 200
    assert "One viewer came and stayed 5\u00a0min." in page.text
    assert "One order came to €49.80: Candle." in page.text
    assert f"/fr/live/{SLUG}#t=55" in page.text  # the picture came five seconds after the start
    assert 'href="/fr/reports/definitions#viewers"' in page.text
    assert "style=" not in page.text  # the policy of the pages would drop it


async def test_a_host_reads_their_own_report_only(client: httpx2.AsyncClient, cell: Cell) -> None:
    await lay_evening(cell)
    await sign_in(client, cell, "hugo", "host")
    assert SLUG not in (await client.get("/fr/reports/")).text
    assert (await client.get(f"/fr/reports/{SLUG}")).status_code == 403


@pytest.mark.parametrize("roles", [(), ("finance",)])
async def test_others_read_no_report(
    client: httpx2.AsyncClient, cell: Cell, roles: tuple[str, ...]
) -> None:
    await lay_evening(cell)
    await sign_in(client, cell, "sara", *roles)
    for path in ("", SLUG, f"{SLUG}/products.csv", f"{SLUG}/curve.csv"):
        assert (await client.get(f"/fr/reports/{path}")).status_code == 403


async def test_a_stranger_is_asked_to_sign_in(client: httpx2.AsyncClient, cell: Cell) -> None:
    await lay_evening(cell)
    answer = await client.get(f"/fr/reports/{SLUG}")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/fr/sign-in?next=%2Ffr%2Freports%2Fevening"


async def test_a_report_that_is_being_written_says_so(
    client: httpx2.AsyncClient, cell: Cell
) -> None:
    await lay_evening(cell, written=False)
    await sign_in(client, cell, "mara", "market")
    page = await client.get(f"/fr/reports/{SLUG}")
    assert '<meta http-equiv="refresh" content="2">' in page.text
    assert (await client.get(f"/fr/reports/{SLUG}/curve.csv")).status_code == 404


async def test_what_sold_and_the_curve_are_tables(client: httpx2.AsyncClient, cell: Cell) -> None:
    shop = await lay_evening(cell)
    await sign_in(client, cell, "mara", "market")
    sold = await client.get(f"/fr/reports/{SLUG}/products.csv")
    lines = list(csv.reader(StringIO(sold.text)))
    assert lines[1] == [str(shop.product), "Candle", "2", "1", "4980", "EUR", "2", "540"]
    curve = await client.get(f"/fr/reports/{SLUG}/curve.csv")
    points = list(csv.reader(StringIO(curve.text)))
    assert len(points) == 61
    assert points[7] == ["60", "3", "0", "4", "0", "0", "EUR"]
    assert points[11] == ["100", "0", "0", "0", "2", "4980", "EUR"]


async def test_a_title_is_no_formula_in_a_spreadsheet(
    client: httpx2.AsyncClient, cell: Cell
) -> None:
    shop = await lay_evening(cell, written=False)
    async with cell.tx() as tx:
        title = '{"en": "=HYPERLINK(1)"}'
        await run(tx, "update product set title = %s where id = %s", (title, shop.product))
    await write(cell, shop)
    await sign_in(client, cell, "mara", "market")
    sold = await client.get(f"/fr/reports/{SLUG}/products.csv")
    assert next(iter(list(csv.reader(StringIO(sold.text)))[1:]))[1] == "'=HYPERLINK(1)"


async def test_everybody_may_read_what_the_figures_mean(
    client: httpx2.AsyncClient, cell: Cell
) -> None:
    await lay_evening(cell)
    page = await client.get("/fr/reports/definitions")
    assert page.status_code == 200
    assert 'id="viewers"' in page.text


async def test_the_studio_gets_the_figures_of_now(client: httpx2.AsyncClient, cell: Cell) -> None:
    shop = await lay_evening(cell)
    await sign_in(client, cell, "mara", "market")
    answer = await client.get(f"/fr/api/shows/{shop.show}/figures")
    assert answer.status_code == 200
    at = int(LIVE.timestamp()) * 1000
    assert answer.json() == {
        "viewers": 0,
        "viewers_peak": 3,
        "visitors": 1,
        "orders": 1,
        "units": 2,
        "revenue": {"minor": 4980, "currency": "EUR"},
        "conversion": 1.0,
        "hearts": 4,
        "messages": 1,
        "products": [
            {
                "product": str(shop.product),
                "sold": 2,
                "revenue": {"minor": 4980, "currency": "EUR"},
                "stock": 10,
            }
        ],
        "minute": [
            {"at": at + 60_000, "viewers": 3, "revenue": 0},
            {"at": at + 70_000, "viewers": 3, "revenue": 0},
            {"at": at + 80_000, "viewers": 3, "revenue": 0},
            {"at": at + 100_000, "viewers": 0, "revenue": 4980},
        ],
    }


async def test_figures_are_not_for_strangers(client: httpx2.AsyncClient, cell: Cell) -> None:
    shop = await lay_evening(cell)
    answer = await client.get(
        f"/fr/api/shows/{shop.show}/figures", headers={"accept": "application/json"}
    )
    assert answer.status_code == 401


async def test_the_last_seconds_of_viewers_are_counted_in(cell: Cell) -> None:
    shop = await lay_evening(cell, written=False)
    async with cell.tx() as tx:
        await run(tx, "update show set ended_at = %s where id = %s", (now(), shop.show))
    await write(cell, shop)
    async with cell.tx() as tx:
        await run(
            tx,
            "update show set ended_at = ended_at - interval '16 seconds' where id = %s",
            (shop.show,),
        )
        await run(
            tx,
            "update show_report set room_at = room_at - interval '16 seconds' where show_id = %s",
            (shop.show,),
        )
        await visit(tx, shop, 100)
    assert await write_due(cell) == 1
    assert await write_due(cell) == 0
    async with cell.read() as tx:
        cursor = await tx.execute("select (room->>'visitors')::int from show_report")
        assert await cursor.fetchone() == (2,)
