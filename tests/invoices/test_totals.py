"""What quarters come to: by country and rate, corrections told apart, in line with the books."""

import csv
import io
from datetime import UTC, datetime
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from panier import invoices, people
from panier.invoices.quarters import Quarter, last_quarters, quarter_of, read_quarter
from panier.invoices.totals import Asked, list_quarter, sum_quarter
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.errors import BadInput
from panier.kit.ids import new_id
from panier.settings import Settings
from tests import buying
from tests.door import browser, give_role, sign_up
from tests.invoices.test_companies import sell as sell_to
from tests.parcels import sold as bought
from tests.payouts import laid
from tests.shop import Shop, lay_shop
from tests.taxes.companies import WEBER

FEBRUARY = datetime(2026, 2, 10, 9, tzinfo=UTC)
MARCH = datetime(2026, 3, 31, 21, 30, tzinfo=UTC)
"""Half past eleven in Paris, on the last day of the quarter."""
APRIL = datetime(2026, 4, 1, 7, tzinfo=UTC)
FIRST, SECOND = Quarter(2026, 1), Quarter(2026, 2)


async def sell(
    tx: Tx, shop: Shop, country: str = "FR", paid: datetime = FEBRUARY, written: datetime = FEBRUARY
) -> UUID:
    """Sell 34.90, VAT inside 5.82, sent to `country`, and write the invoice."""
    order = await laid.sell(tx, shop, paid)
    await tx.execute(
        "update checkout set address = jsonb_set(address, '{country}', to_jsonb(%s::text))"
        " where id = (select checkout_id from orders where id = %s)",
        (country, order),
    )
    await invoices.write_invoice(tx, order, written)
    return order


async def give_half_back(tx: Tx, order: UUID, at: datetime) -> None:
    """Credit 17.45, VAT inside 2.91."""
    refund = new_id()
    await tx.execute(
        "insert into order_refund (id, key, order_id, market, reason, state, minor, currency, note,"
        " at, ended_at) values (%s, %s, %s, 'FR', 'goodwill', 'done', 1595, 'EUR', '', %s, %s)",
        (refund, new_id(), order, at, at),
    )
    await tx.execute(
        "insert into order_refund_line (refund_id, order_id, n, quantity, goods_minor,"
        " subsidy_minor, vat_minor, commission_minor, creator_minor, shipping_minor,"
        " shipping_subsidy_minor, shipping_vat_minor)"
        " values (%s, %s, 1, 0, 1350, 150, 250, 0, 0, 245, 0, 41)",
        (refund, order),
    )
    await invoices.write_credit_note(tx, order, refund, at)


async def totals(
    cell: Cell, quarter: Quarter, sellers: list[UUID] | None = None
) -> list[tuple[str, str, int, str | None, int, int]]:
    async with cell.read() as tx:
        found = await sum_quarter(tx, Asked("FR", quarter, sellers))
    return [(t.part, t.country, t.rate, t.corrects, t.base, t.vat) for t in found]


async def test_a_quarter_is_summed_by_how_it_is_declared(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        for country in ("FR", "FR", "DE", "IT"):
            await sell(tx, shop, country)
        company = await sell_to(tx, shop, WEBER)
        await tx.execute(
            "update order_line set vat_basis_points = 0, vat_minor = 0, shipping_vat_minor = 0"
            " where order_id = %s",
            (company,),
        )
        await invoices.write_invoice(tx, company, FEBRUARY)
    assert await totals(cell, FIRST) == [
        ("business", "FR", 0, None, 3490, 0),
        ("domestic", "FR", 2000, None, 5816, 1164),
        ("union", "DE", 2000, None, 2908, 582),
        ("union", "IT", 2000, None, 2908, 582),
    ]
    assert await totals(cell, SECOND) == []


async def test_only_a_sale_from_one_member_state_to_another_is_for_the_one_stop_shop(
    app: FastAPI, cell: Cell
) -> None:
    async with cell.tx() as tx:
        for country in ("GB", "CH", "IT"):
            shop = await lay_shop(tx)
            await tx.execute("update seller set country = %s where id = %s", (country, shop.seller))
            await sell(tx, shop)
        await sell(tx, await lay_shop(tx), "CH")
    assert await totals(cell, FIRST) == [
        ("other", "CH", 2000, None, 2908, 582),
        ("other", "FR", 2000, None, 5816, 1164),
        ("union", "FR", 2000, None, 2908, 582),
    ]
    async with browser(app) as client:
        await sign_up(client)
        await give_role(cell, "finance")
        await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
        page = (await client.get("/fr/seller/vat?quarter=2026-Q1")).text
        assert "Other: sold across a border of the EU" in page
        sheet = (await client.get("/fr/seller/vat.csv?quarter=2026-Q1")).text
    declared = [row["declared_as"] for row in csv.DictReader(io.StringIO(sheet))]
    assert sorted(declared) == ["other", "other", "other", "union"]


async def test_a_sale_counts_on_the_day_it_was_paid_whenever_its_invoice_was_written(
    cell: Cell,
) -> None:
    async with cell.tx() as tx:
        await sell(tx, await lay_shop(tx), "DE", MARCH, APRIL)
    assert await totals(cell, FIRST) == [("union", "DE", 2000, None, 2908, 582)]
    assert await totals(cell, SECOND) == []


async def test_what_lowers_an_earlier_quarter_is_told_apart(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        order = await sell(tx, shop, "DE")
        await give_half_back(tx, order, FEBRUARY)
        await give_half_back(tx, order, APRIL)
        await sell(tx, shop, "DE", APRIL, APRIL)
    assert await totals(cell, FIRST) == [("union", "DE", 2000, None, 1454, 291)]
    assert await totals(cell, SECOND) == [
        ("union", "DE", 2000, None, 2908, 582),
        ("union", "DE", 2000, "2026-Q1", -1454, -291),
    ]


async def test_a_seller_has_totals_of_its_own(cell: Cell) -> None:
    async with cell.tx() as tx:
        mine, theirs = await lay_shop(tx), await lay_shop(tx)
        await sell(tx, mine)
        await sell(tx, theirs)
        await sell(tx, theirs, "DE")
        rows = await list_quarter(tx, Asked("FR", FIRST, [theirs.seller]))
    assert await totals(cell, FIRST, [mine.seller]) == [("domestic", "FR", 2000, None, 2908, 582)]
    assert [(r.seller, r.part, r.country) for r in rows] == [
        (theirs.seller, "domestic", "FR"),
        (theirs.seller, "union", "DE"),
    ]


async def test_documents_and_books_owe_the_same_vat(cell: Cell, settings: Settings) -> None:
    sold = await bought.sell(cell, settings)
    await bought.work(cell, settings)
    assert await buying.all_adds_up(cell)
    async with cell.tx() as tx:
        await tx.execute(
            "update document set body = jsonb_set(body, '{address,country}', '\"BE\"')"
            " where order_id = %s",
            (sold.order,),
        )
        found = await invoices.check_documents(tx)
    assert [finding.rule for finding in found] == ["VAT of documents and books differ"] * 2


async def test_finance_and_sellers_read_them_as_page_and_file(
    app: FastAPI, cell: Cell, client: httpx2.AsyncClient
) -> None:
    async with cell.tx() as tx:
        shop, other = await lay_shop(tx), await lay_shop(tx)
        order = await sell(tx, shop, "DE")
        await give_half_back(tx, order, APRIL)
        await sell(tx, other)
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    assert (await client.get("/fr/seller/vat")).status_code == 403
    await give_role(cell, "finance")
    page = (await client.get("/fr/seller/vat?quarter=2026-Q1")).text
    for text in ("Sold at home", "One-Stop-Shop", "Germany", "€29.08", "€5.82", "€11.64"):
        assert text in page
    page = (await client.get("/fr/seller/vat?quarter=2026-Q2")).text
    assert "Corrections of earlier quarters" in page
    assert "-€2.91" in page
    sheet = (await client.get(f"/fr/seller/vat.csv?quarter=2026-Q2&seller={shop.seller}")).text
    assert list(csv.reader(io.StringIO(sheet)))[1:] == [
        ["2026-Q2", "2026-Q1", "union", "Maison Lumen", "DE", "", "2000", "1", "EUR", "-1454",
         "-291"],
    ]  # fmt: skip
    assert "Nothing to declare" in (await client.get("/fr/seller/vat?quarter=2025-Q4")).text
    for wrong in ("2026-Q5", "2026", "0000-Q1", "²026-Q1"):
        assert (await client.get(f"/fr/seller/vat?quarter={wrong}")).status_code == 422
    assert (await client.get("/fr/seller/vat?seller=x")).status_code == 422
    async with browser(app) as seller:
        await sign_up(seller, "bob@example.com")
        async with cell.tx() as tx:
            person = await people.find_person_by_email(tx, "bob@example.com")
            assert person is not None
            await people.grant_role(tx, person.id, "seller", "FR", other.seller)
        page = (await seller.get("/fr/seller/vat?quarter=2026-Q1")).text
        assert "5,82" in page or "€5.82" in page
        assert "One-Stop-Shop" not in page
        answer = await seller.get(f"/fr/seller/vat?quarter=2026-Q1&seller={shop.seller}")
        assert answer.status_code == 403
    async with browser(app) as nobody:
        assert (await nobody.get("/fr/seller/vat.csv")).status_code in {303, 401}


async def test_a_file_that_would_be_too_long_is_refused_and_not_cut(
    cell: Cell, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cell.tx() as tx:
        shop, other = await lay_shop(tx), await lay_shop(tx)
        await sell(tx, shop)
        await sell(tx, other)
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    await give_role(cell, "finance")
    here = "/fr/seller/vat.csv?quarter=2026-Q1"
    monkeypatch.setattr("panier.invoices.totals.ROWS_MAX", 2)
    assert len((await client.get(here)).text.splitlines()) == 1 + 2
    monkeypatch.setattr("panier.invoices.totals.ROWS_MAX", 1)
    refused = await client.get(here)
    assert refused.status_code == 422
    assert "This file would have more than 1 rows; please choose one seller." in refused.text
    assert (await client.get(f"{here}&seller={shop.seller}")).status_code == 200


def test_quarters_follow_each_other_over_the_year() -> None:
    assert [str(quarter_of(datetime(2026, m, 1, tzinfo=UTC).date())) for m in (1, 3, 4, 12)] == [
        "2026-Q1", "2026-Q1", "2026-Q2", "2026-Q4",
    ]  # fmt: skip
    assert Quarter(2026, 4).after.isoformat() == "2027-01-01"
    assert last_quarters(Quarter(2026, 2), Quarter(2025, 4)) == [
        Quarter(2026, 2), Quarter(2026, 1), Quarter(2025, 4),
    ]  # fmt: skip
    assert read_quarter("2026-Q3") == Quarter(2026, 3)
    with pytest.raises(BadInput):
        read_quarter("2026-Q0")
