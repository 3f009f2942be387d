"""Documents of years: a list and a sum read those of one year, a file a few at a time."""

from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest

from panier.invoices import queries
from panier.invoices.queries import LATEST, SUMMED, Asked, list_all, list_documents
from panier.kit.cells import Cell
from panier.kit.db import Tx
from tests.payouts.laid import sell
from tests.plans import indexes_used, rows_read
from tests.shop import Shop, lay_shop

# Ids rise with the years, as they do where each is made when its document is written.
YEARS = """
insert into document (id, kind, market, seller_id, order_id, refund_id, invoice_id, year, n, number,
  day, language, currency, gross_minor, vat_minor, body, at)
select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid, 'invoice', 'FR',
  o.seller_id, o.id, null, null, 2024 + n / 1000, n + 1, 'N-' || n, '2025-01-01', 'fr', 'EUR', 1200,
  200, '{}', now()
from generate_series(0, 2999) n, orders o
"""
BY_ID = """
select d.id from document d where d.market = 'FR' and d.year = 2024 order by d.id desc limit 50
"""


async def lay_years(tx: Tx) -> Shop:
    """Lay three years of 1,000 documents each; of one order, which the tables do not mind."""
    shop = await lay_shop(tx)
    await sell(tx, shop, datetime(2024, 1, 2, tzinfo=UTC))
    await tx.execute("drop index document_invoice")
    await tx.execute(YEARS)
    await tx.execute("analyze document")
    return shop


async def test_a_page_of_an_early_year_passes_by_no_later_one(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_years(tx)
        asked = {"market": "FR", "year": 2024, "sellers": [shop.seller], "limit": 50}
        assert await rows_read(tx, LATEST, asked) <= 50
        await tx.execute("drop index document_market")
        await tx.execute("set local enable_sort = off")
        assert await rows_read(tx, BY_ID, {}) > 2000


async def test_a_years_sum_is_read_from_an_index_alone(cell: Cell) -> None:
    async with cell.tx() as tx:
        await lay_years(tx)
        await tx.execute("alter table document drop constraint document_counted")
        asked = {"market": "FR", "year": 2025, "sellers": None}
        assert await indexes_used(tx, SUMMED, asked) == [("Index Only Scan", "document_market")]


async def test_a_file_has_each_document_once_a_few_at_a_time(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "FILE_STEP", 300)
    async with cell.tx() as tx:
        await lay_years(tx)
    found = [step async for step in list_all(cell, Asked("FR", 2025, None))]
    assert [len(step) for step in found] == [300, 300, 300, 100]
    ids: list[UUID] = [document.id for step in found for document in step]
    assert all(later > earlier for later, earlier in pairwise(ids))
    async with cell.read() as tx:
        (first,) = await list_documents(tx, Asked("FR", 2025, None), limit=1)
    assert first.id == ids[0]
