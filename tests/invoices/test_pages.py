"""Who sees which document, in which language, and the file of a year."""

import csv
import io
from uuid import UUID

import httpx2
import pytest_asyncio
from fastapi import FastAPI

from panier import invoices, orders, parcels, people
from panier.kit.cells import Cell
from panier.kit.db import value
from panier.kit.ids import new_id
from panier.parcels import Cancelling
from panier.runtime import Runtime
from panier.settings import Settings
from tests.door import browser, give_role, sign_up
from tests.parcels import sold as laid
from tests.parcels.sold import Sold
from tests.payouts.laid import sell
from tests.shop import lay_shop


@pytest_asyncio.fixture(loop_scope="session")
async def sold(app: FastAPI, cell: Cell, settings: Settings) -> Sold:
    """Sell an order in the shipped market to somebody who reads French."""
    return await laid.sell(cell, settings, language="fr", name="Zoé <b>O'Hara</b>")


def link(runtime: Runtime, checkout: UUID) -> str:
    return f"/fr/order/{runtime.signer.sign(orders.ORDER_PAGE, {'checkout': str(checkout)})}"


async def employ(cell: Cell, client: httpx2.AsyncClient, seller: UUID) -> None:
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    async with cell.tx() as tx:
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person is not None
        await people.grant_role(tx, person.id, "seller", "FR", seller)


async def invoice_of(cell: Cell, order: UUID) -> invoices.Document:
    async with cell.read() as tx:
        found = await invoices.find_invoice(tx, order)
    assert found is not None
    return found


async def test_a_buyer_reads_their_invoice_by_the_orders_link(
    cell: Cell, settings: Settings, runtime: Runtime, client: httpx2.AsyncClient, sold: Sold
) -> None:
    path = link(runtime, sold.placed.checkout)
    way = f"{path}/invoice/{sold.order}"
    assert way in (await client.get(path)).text
    assert "is being written" in (await client.get(way)).text
    await laid.work(cell, settings)
    led = await client.get(way)
    assert led.status_code == 303
    page = await client.get(led.headers["location"])
    invoice = await invoice_of(cell, sold.order)
    assert invoice.number in page.text
    assert "Zoé &lt;b&gt;O" in page.text
    assert "84,67\xa0€" in page.text  # in the buyer's language
    assert 'lang="fr"' in page.text
    paper = await client.get(f"{led.headers['location']}.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert invoice.number in paper.headers["content-disposition"]
    assert paper.content.startswith(b"%PDF-1.")


async def test_an_invoice_and_its_credit_note_lead_to_each_other(
    cell: Cell, settings: Settings, runtime: Runtime, client: httpx2.AsyncClient, sold: Sold
) -> None:
    asked = Cancelling(new_id(), by_buyer=True)
    await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    await laid.work(cell, settings)
    async with cell.read() as tx:
        invoice, note = await invoices.list_documents_of(tx, sold.order)
    base = f"{link(runtime, sold.placed.checkout)}/document"
    for one, other in ((invoice, note), (note, invoice)):
        page = await client.get(f"{base}/{one.id}")
        assert page.status_code == 200
        assert f"{base}/{other.id}" in page.text
    assert invoice.number in (await client.get(f"{base}/{note.id}")).text
    paper = await client.get(f"{base}/{note.id}.pdf")
    assert paper.content.startswith(b"%PDF-1.")


async def test_a_link_opens_the_documents_of_its_own_checkout_only(
    cell: Cell, settings: Settings, runtime: Runtime, client: httpx2.AsyncClient, sold: Sold
) -> None:
    other = await laid.sell(cell, settings)
    await laid.work(cell, settings)
    theirs = await invoice_of(cell, other.order)
    mine = link(runtime, sold.placed.checkout)
    for path in (f"invoice/{other.order}", f"document/{theirs.id}", f"document/{theirs.id}.pdf"):
        assert (await client.get(f"{mine}/{path}")).status_code == 404
    own = link(runtime, other.placed.checkout)
    assert (await client.get(f"{own}/document/{theirs.id}")).status_code == 200
    assert (await client.get(f"{own}x/document/{theirs.id}")).status_code == 401
    assert (await client.get(f"{own}/document/{new_id()}")).status_code == 404


async def test_a_seller_sees_their_own_documents_only(
    app: FastAPI, cell: Cell, settings: Settings, client: httpx2.AsyncClient, sold: Sold
) -> None:
    other = await laid.sell(cell, settings)
    await laid.work(cell, settings)
    mine, theirs = await invoice_of(cell, sold.order), await invoice_of(cell, other.order)
    await employ(cell, client, sold.shop.seller)
    led = await client.get(f"/fr/seller/orders/{sold.order}/invoice")
    assert led.headers["location"] == f"/fr/seller/invoices/{mine.id}"
    assert (
        f"seller/orders/{sold.order}/invoice"
        in (await client.get(f"/fr/seller/orders/{sold.order}")).text
    )
    assert (await client.get(led.headers["location"])).status_code == 200
    assert (await client.get(f"{led.headers['location']}.pdf")).content.startswith(b"%PDF-1.")
    listed = (await client.get("/fr/seller/invoices")).text
    assert str(mine.id) in listed
    assert str(theirs.id) not in listed
    for path in (f"invoices/{theirs.id}", f"invoices/{theirs.id}.pdf",
                 f"orders/{other.order}/invoice"):  # fmt: skip
        assert (await client.get(f"/fr/seller/{path}")).status_code == 403
    async with browser(app) as nobody:
        for path in ("invoices", "invoices.csv", f"invoices/{mine.id}"):
            assert (await nobody.get(f"/fr/seller/{path}")).status_code in (303, 401)
    async with browser(app) as shopper:
        await sign_up(shopper, "bob@example.com")
        for path in ("invoices", "invoices.csv", f"invoices/{mine.id}"):
            assert (await shopper.get(f"/fr/seller/{path}")).status_code == 403


async def test_a_years_file_sums_to_what_was_sold_less_what_went_back(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, sold: Sold
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await sell(tx, shop)
    await laid.sell(cell, settings)
    asked = Cancelling(new_id(), by_buyer=True)
    await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    await laid.work(cell, settings)
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    await give_role(cell, "finance")
    answer = await client.get("/fr/seller/invoices.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(r["kind"], r["vat_basis_points"], r["gross_minor"]) for r in table] == [
        ("credit_note", "2000", "-8467"),
        ("invoice", "2000", "8467"),
        ("invoice", "2000", "8467"),
    ]
    assert all(int(r["net_minor"]) + int(r["vat_minor"]) == int(r["gross_minor"]) for r in table)
    page = await client.get("/fr/seller/invoices")
    assert "€84.67" in page.text
    assert "3 documents" in page.text
    async with cell.read() as tx:
        year = await value(tx, "select min(year) from document")
    empty = await client.get(f"/fr/seller/invoices?year={year - 1}")
    assert "No invoices in this year" in empty.text
    assert (await client.get("/fr/seller/invoices?year=x")).status_code == 422


async def mails(cell: Cell) -> list[str]:
    async with cell.read() as tx:
        cursor = await tx.execute("select body_text || body_html from mail order by id")
        return [row[0] for row in await cursor.fetchall()]


async def test_mails_lead_to_the_invoice_and_to_the_credit_note(
    app: FastAPI, cell: Cell, settings: Settings, runtime: Runtime, client: httpx2.AsyncClient
) -> None:
    key = new_id()
    page = link(runtime, key)
    sold = await laid.sell(
        cell, settings, language="de", checkout=key, page_url=f"http://localhost:8400{page}"
    )
    asked = Cancelling(new_id(), by_buyer=True)
    await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    await laid.work(cell, settings)
    async with cell.read() as tx:
        invoice, note = await invoices.list_documents_of(tx, sold.order)
        (refund,) = (await parcels.list_refunds(tx, [sold.order]))[sold.order]
    told = await mails(cell)
    for way, document in ((f"invoice/{sold.order}", invoice), (f"credit/{refund.id}", note)):
        (mail,) = [text for text in told if f"{page}/{way}" in text]
        assert mail.count(f"{page}/{way}") == 2  # as text and as HTML
        led = await client.get(f"{page}/{way}")
        assert led.headers["location"] == f"{page}/document/{document.id}"
    other = await laid.sell(cell, settings)
    theirs = link(runtime, other.placed.checkout)
    assert (await client.get(f"{theirs}/credit/{refund.id}")).status_code == 404
    assert (await client.get(f"{page}/credit/{new_id()}")).status_code == 404
    assert (await client.get(f"{page}x/credit/{refund.id}")).status_code == 401
    async with cell.tx() as tx:
        await tx.execute("delete from document where id = %s", (note.id,))
    waiting = await client.get(f"{page}/credit/{refund.id}")
    assert "The credit note is being written" in waiting.text
