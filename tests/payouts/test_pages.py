"""What sellers, creators and finance see and may do, and what others may not."""

from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI

from panier import payments, payouts, people
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.settings import Settings
from tests.door import browser, give_role, sign_up
from tests.payouts.laid import FREE, connect, deliver, lay_finance, refund, run_for, sell
from tests.shop import Shop, lay_shop


@pytest_asyncio.fixture(loop_scope="session")
async def shop(cell: Cell, settings: Settings, app: FastAPI) -> Shop:
    """Lay a shop with one order due and one under way."""
    async with cell.tx() as tx:
        laid = await lay_shop(tx)
        await deliver(tx, await sell(tx, laid))
        await sell(tx, laid)
    await payouts.release_due(cell, settings, FREE)
    return laid


async def person(cell: Cell, email: str = "anna@example.com") -> UUID:
    async with cell.read() as tx:
        found = await people.find_person_by_email(tx, email)
    assert found is not None
    return found.id


async def employ(cell: Cell, client: httpx2.AsyncClient, seller: UUID) -> None:
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    who = await person(cell)
    async with cell.tx() as tx:
        await people.grant_role(tx, who, "seller", "FR", seller)


async def test_a_seller_connects_an_account_and_reads_their_balance(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await employ(cell, client, shop.seller)
    lead = await client.get("/fr/balance")
    assert lead.headers["location"] == f"/fr/balance/seller/{shop.seller}"
    page = await client.get(lead.headers["location"])
    assert page.status_code == 200
    assert "€24.58" in page.text
    assert "Connect the account" in page.text
    base = f"/fr/balance/seller/{shop.seller}"
    answer = await client.post(f"{base}/account", data={"email": "Pay@Example.com"})
    assert answer.status_code == 303, answer.text
    async with cell.read() as tx:
        account = await payments.find_account(tx, shop.seller, "sandbox")
    assert account is not None
    page = await client.get(base)
    assert account.reference in page.text
    assert "Connect the account" not in page.text


async def test_a_seller_takes_their_statement_away(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await employ(cell, client, shop.seller)
    base = f"/fr/balance/seller/{shop.seller}/2026-02"
    page = await client.get(base)
    assert page.status_code == 200
    assert page.text.count("seller/orders/") >= 2
    table = await client.get(f"{base}.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.text.startswith("what,at,order,")
    paper = await client.get(f"{base}.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF-")
    assert (await client.get(f"{base}9")).status_code == 422
    assert "Nothing happened" in (await client.get(f"{base[:-1]}1")).text


async def test_others_balances_are_not_shown(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop
) -> None:
    base = f"/fr/balance/seller/{shop.seller}"
    assert (await client.get(base)).status_code == 303  # to the sign-in
    await sign_up(client)
    creator = f"/fr/balance/creator/{shop.host}"
    for path in (base, f"{base}/2026-02", f"{base}/2026-02.csv", f"{base}/2026-02.pdf", creator):
        assert (await client.get(path)).status_code == 403
    assert (await client.get("/fr/balance/platform/" + str(shop.seller))).status_code == 404
    for path in ("", "/balances", "/balances.csv", "/year/2026", "/year/2026.csv", f"/{shop.show}"):
        assert (await client.get(f"/fr/payouts{path}")).status_code == 403
    for path in ("", f"/{shop.show}/approve", f"/{shop.show}/drop"):
        sent = await client.post(f"/fr/payouts{path}", data={"minimum": "1"})
        assert sent.status_code == 403
    await give_role(cell, "finance")
    assert (await client.get(base)).status_code == 200
    assert (await client.get(creator)).status_code == 200
    # nobody but its owner decides where the money goes
    assert (await client.post(f"{base}/account", data={"email": "a@b.example"})).status_code == 403


async def test_a_creator_reads_their_own(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await sign_up(client)
    assert "Nothing is owed to you here" in (await client.get("/fr/balance")).text
    me = await person(cell)
    async with cell.tx() as tx:
        shop.host = me
        await deliver(tx, await sell(tx, shop))
    lead = await client.get("/fr/balance")
    assert lead.headers["location"] == f"/fr/balance/creator/{me}"
    assert "€3.00" in (await client.get(lead.headers["location"])).text
    assert (await client.get(f"/fr/balance/creator/{me}/2026-02")).status_code == 200


async def test_finance_proposes_and_somebody_else_approves(
    cell: Cell, settings: Settings, app: FastAPI, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await connect(cell, settings, "seller", shop.seller)
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    await give_role(cell, "finance")
    assert "€27.58" in (await client.get("/fr/payouts")).text
    assert (await client.post("/fr/payouts", data={"minimum": "0"})).status_code == 422
    assert (await client.post("/fr/payouts", data={"minimum": "99999.99"})).status_code == 409
    made = await client.post("/fr/payouts", data={"minimum": "10,00"})
    assert made.status_code == 303, made.text
    run = made.headers["location"]
    assert "somebody else of finance" in (await client.get(run)).text
    assert (await client.post(f"{run}/approve")).status_code == 403
    async with browser(app) as other:
        await sign_up(other, "marc@example.com")
        await other.post("/fr/language", data={"language": "en", "back": "/fr/"})
        await give_role(cell, "finance", of="marc@example.com")
        assert "Approve and pay €24.58" in (await other.get(run)).text
        assert (await other.post(f"{run}/approve")).status_code == 303
        assert (await other.post(f"{run}/approve")).status_code == 409
    await payouts.send_payouts(cell, settings, now())
    page = await client.get(run)
    assert "Paid out" in page.text
    assert "tr_" in page.text
    assert (await client.get(f"{run}/payouts.csv")).text.count("\n") == 2


async def test_finance_deals_with_a_failed_payout(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await connect(cell, settings, "seller", shop.seller, "closed@example.org")
    async with cell.tx() as tx:
        finance = await lay_finance(tx)
    run = await run_for(cell, settings, finance)
    await payouts.send_payouts(cell, settings, now())
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    await give_role(cell, "finance")
    page = await client.get(f"/fr/payouts/{run}")
    assert "The account is closed." in page.text
    async with cell.read() as tx:
        payout = await value(tx, "select id from payout")
    assert (await client.post(f"/fr/payouts/{run}/{payout}/retry")).status_code == 303
    assert (await client.post(f"/fr/payouts/{run}/{payout}/return")).status_code == 409
    await payouts.send_payouts(cell, settings, now())
    assert (await client.post(f"/fr/payouts/{run}/{payout}/return")).status_code == 303
    assert "Back in the balance" in (await client.get(f"/fr/payouts/{run}")).text


@pytest.mark.parametrize(
    ("percent", "status"), [("12,5", 303), ("", 303), ("101", 422), ("x", 422)]
)
async def test_finance_agrees_on_a_reserve(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop, percent: str, status: int
) -> None:
    await sign_up(client)
    await give_role(cell, "finance")
    answer = await client.post(
        f"/fr/balance/seller/{shop.seller}/reserve", data={"percent": percent}
    )
    assert answer.status_code == status
    async with cell.read() as tx:
        agreed = await value(tx, "select basis_points from reserve_term")
    assert agreed == (1250 if percent == "12,5" else None)


async def test_finance_sees_all_balances_and_the_year(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop
) -> None:
    async with cell.tx() as tx:
        await refund(tx, shop, await sell(tx, shop))
    await sign_up(client)
    await give_role(cell, "finance")
    assert (await client.get("/fr/payouts/balances")).status_code == 200
    table = (await client.get("/fr/payouts/balances.csv")).text.splitlines()
    assert table[1].startswith("seller,")
    assert table[1].endswith(",EUR,2458,0,2458")
    year = await client.get((await client.get("/fr/payouts/year")).headers["location"])
    assert year.status_code == 200
    totals = (await client.get("/fr/payouts/year/2026.csv")).text.splitlines()
    assert totals[0].startswith("seller,name,country,below_threshold,quarter,sales,")
    assert (await client.get("/fr/payouts/year/1926")).status_code == 422
    assert (await client.get("/fr/payouts/nothing")).status_code == 422


async def test_the_order_behind_a_figure_shows_what_became_due(
    cell: Cell, client: httpx2.AsyncClient, shop: Shop
) -> None:
    await employ(cell, client, shop.seller)
    async with cell.read() as tx:
        order = await value(tx, "select order_id from maturity limit 1")
    page = await client.get(f"/fr/seller/orders/{order}")
    assert page.status_code == 200
    assert "Available to the seller" in page.text
    assert str(shop.seller) not in page.text.partition('id="books"')[2]
