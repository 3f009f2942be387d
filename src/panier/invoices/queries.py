"""Reads: one document, those of an order, those of a year; whether numbers and sums are right."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from panier.invoices.rules import BackLine, Body, Kind
from panier.kit.cells import Cell
from panier.kit.db import Tx, find, rows
from panier.kit.errors import NotFound
from panier.kit.money import Money

PAGE = 50
"""Documents on one page."""
FILE_MAX = 50_000
"""Documents in one file."""
FILE_STEP = 500
"""Documents read at once for a file."""

DOCUMENT = """d.id, d.kind, d.market, d.seller_id as seller, d.order_id as "order",
  d.invoice_id as invoice, d.number, d.day, d.language, d.currency, d.gross_minor, d.vat_minor,
  d.body"""
WHERE = """
where d.market = %(market)s and d.year = %(year)s
  and (%(sellers)s::uuid[] is null or d.seller_id = any(%(sellers)s))
"""
# The first page in the order of the years, though it asks for one of them: else a database passes
# by all documents of later years, one by one.
LATEST = f"""
select {DOCUMENT} from document d
where d.market = %(market)s and d.year between %(year)s and %(year)s
  and (%(sellers)s::uuid[] is null or d.seller_id = any(%(sellers)s))
order by d.year, d.id desc limit %(limit)s
"""
OLDER = f"""
select {DOCUMENT} from document d {WHERE} and d.id < %(before)s order by d.id desc limit %(limit)s
"""
SUMMED = f"""
select count(*) as documents,
  coalesce(sum(case kind when 'invoice' then gross_minor else -gross_minor end), 0)::bigint
    as gross_minor,
  coalesce(sum(case kind when 'invoice' then vat_minor else -vat_minor end), 0)::bigint
    as vat_minor
from document d {WHERE}
"""


class Document(msgspec.Struct):
    """An invoice or a credit note, as it was written."""

    id: UUID
    kind: str
    market: str
    seller: UUID
    order: UUID
    invoice: UUID | None
    """Of a credit note: the invoice that it lowers."""
    number: str
    day: date
    language: str
    """The buyer's."""
    currency: str
    gross_minor: int
    vat_minor: int
    body: dict[str, Any]

    @property
    def said(self) -> Body:
        """Return all that it says."""
        return msgspec.convert(self.body, Body)

    @property
    def sign(self) -> int:
        """Return 1, or -1 for what lowers a sum of documents."""
        return 1 if self.kind == Kind.INVOICE else -1

    @property
    def gross(self) -> Money:
        """Return the total, VAT included."""
        return Money(self.sign * self.gross_minor, self.currency)

    @property
    def vat(self) -> Money:
        """Return the VAT inside."""
        return Money(self.sign * self.vat_minor, self.currency)

    @property
    def net(self) -> Money:
        """Return the total without VAT."""
        return self.gross - self.vat


class Asked(msgspec.Struct, frozen=True):
    """Which documents are asked for."""

    market: str
    year: int
    sellers: list[UUID] | None
    """None: of all."""


class Totals(msgspec.Struct):
    """What a year's documents come to, credit notes taken off."""

    documents: int
    gross_minor: int
    vat_minor: int


async def find_document(tx: Tx, document: UUID) -> Document | None:
    """Return a document, if there is one."""
    return await find(tx, f"select {DOCUMENT} from document d where d.id = %s", (document,),
                      Document)  # fmt: skip


async def get_document(tx: Tx, document: UUID) -> Document:
    """Return a document; raises NotFound."""
    found = await find_document(tx, document)
    if found is None:
        raise NotFound
    return found


async def find_invoice(tx: Tx, order: UUID) -> Document | None:
    """Return the invoice of an order, if it is written."""
    sql = f"select {DOCUMENT} from document d where d.order_id = %s and d.kind = 'invoice'"
    return await find(tx, sql, (order,), Document)


async def find_credit_note(tx: Tx, refund: UUID) -> Document | None:
    """Return the credit note of a refund, if it is written."""
    return await find(tx, f"select {DOCUMENT} from document d where d.refund_id = %s", (refund,),
                      Document)  # fmt: skip


async def list_back_lines(tx: Tx, refund: UUID) -> list[BackLine]:
    """List what a refund takes back, line by line."""
    sql = """
    select n, quantity, goods_minor as goods, subsidy_minor as subsidy, vat_minor as vat,
           shipping_minor as shipping, shipping_subsidy_minor as shipping_subsidy,
           shipping_vat_minor as shipping_vat
    from order_refund_line where refund_id = %s order by n
    """
    return await rows(tx, sql, (refund,), BackLine)


async def list_documents_of(tx: Tx, order: UUID) -> list[Document]:
    """List the documents of an order, its invoice first."""
    sql = f"select {DOCUMENT} from document d where d.order_id = %s order by d.kind desc, d.n"
    return await rows(tx, sql, (order,), Document)


async def list_documents(
    tx: Tx, asked: Asked, before: UUID | None = None, limit: int = PAGE
) -> list[Document]:
    """List a year's documents, the latest first, those older than `before`."""
    given = {**msgspec.structs.asdict(asked), "before": before, "limit": min(limit, FILE_STEP)}
    return await rows(tx, LATEST if before is None else OLDER, given, Document)


async def list_all(cell: Cell, asked: Asked) -> AsyncIterator[list[Document]]:
    """List a year's documents for a file, a step at a time, at most FILE_MAX.

    No connection is held while a slow reader takes a step.
    """
    before, listed = None, 0
    while listed < FILE_MAX:
        async with cell.read() as tx:
            found = await list_documents(tx, asked, before, FILE_STEP)
        yield found
        if len(found) < FILE_STEP:
            return
        before, listed = found[-1].id, listed + len(found)


async def sum_documents(tx: Tx, asked: Asked) -> Totals:
    """Sum a year's documents."""
    found = await find(tx, SUMMED, msgspec.structs.asdict(asked), Totals)
    return found or Totals(0, 0, 0)


async def list_years(tx: Tx, market: str, sellers: list[UUID] | None) -> list[int]:
    """List the years in which these sellers (None: all) wrote something, the latest first."""
    sql = """
    select distinct s.year from document_series s join seller e on e.id = s.seller_id
    where e.market = %s and (%s::uuid[] is null or s.seller_id = any(%s)) order by s.year desc
    """
    cursor = await tx.execute(sql, (market, sellers, sellers))
    return [row[0] for row in await cursor.fetchall()]


class Finding(msgspec.Struct):
    """A number or a sum that is wrong."""

    rule: str
    subject: str


async def check_documents(tx: Tx, limit: int = 100) -> list[Finding]:
    """List what an auditor would not sign; empty is right.

    Numbers begin at 1 and none is missing; an invoice states its order, a credit note its refund;
    what documents of an order state as VAT of a country, the books owe that country. An order is
    left out while a refund is booked and its note not written, or its note is and it has failed.
    """
    sql = """
    with written as (
      select order_id, body->'address'->>'country' as country,
             sum(case kind when 'invoice' then vat_minor else -vat_minor end) as vat
      from document group by 1, 2),
    booked as (
      select p.order_id, a.owner as country, -sum(e.minor) as vat
      from posting p join entry e on e.posting_id = p.id join account a on a.id = e.account_id
      where a.kind = 'vat' and p.order_id in (select order_id from written) group by 1, 2),
    open as (
      select r.order_id from order_refund r left join document d on d.refund_id = r.id
      where case when r.state <> 'done' then d.id is not null
                 else d.id is null and exists (
                   select 1 from order_refund_line l where l.refund_id = r.id
                     and l.goods_minor + l.subsidy_minor + l.shipping_minor
                         + l.shipping_subsidy_minor > 0) end),
    counted as (
      select seller_id, kind, year, count(*) as documents, max(n) as highest
      from document group by seller_id, kind, year),
    back as (
      select refund_id, sum(goods_minor + subsidy_minor + shipping_minor + shipping_subsidy_minor)
               as gross, sum(vat_minor + shipping_vat_minor) as vat
      from order_refund_line group by refund_id),
    findings as (
      select 'a number of a document is missing' as rule,
             concat_ws(' ', s.seller_id, s.kind, s.year) as subject
      from document_series s left join counted c using (seller_id, kind, year)
      where (s.last, s.last) is distinct from (coalesce(c.documents, 0), coalesce(c.highest, 0))
      union all
      select 'an invoice and its order differ', d.number
      from document d join orders o on o.id = d.order_id
      where d.kind = 'invoice' and (d.gross_minor, d.vat_minor) is distinct from
        (o.goods_minor + o.shipping_minor + o.subsidy_minor, o.vat_minor)
      union all
      select 'VAT of documents and books differ', o.number
      from written w full join booked b using (order_id, country) join orders o on o.id = order_id
      where coalesce(w.vat, 0) <> coalesce(b.vat, 0)
        and order_id not in (select order_id from open)
      union all
      select 'a credit note and its refund differ', d.number
      from document d left join back b on b.refund_id = d.refund_id
      where d.kind = 'credit_note'
        and (d.gross_minor, d.vat_minor) is distinct from (b.gross, b.vat))
    select rule, subject from findings order by rule, subject limit %s
    """
    return await rows(tx, sql, (limit,), Finding)
