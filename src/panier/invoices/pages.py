"""Pages: a document for its buyer by the order's signed link, and for its seller; lists and CSV."""

import asyncio
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import orders, parcels, people, taxes, web
from panier.invoices import total_pages
from panier.invoices.paper import KINDS, print_pdf, write_out
from panier.invoices.queries import (
    PAGE,
    Asked,
    Document,
    find_credit_note,
    find_document,
    find_invoice,
    list_all,
    list_documents,
    list_documents_of,
    list_years,
    sum_documents,
)
from panier.kit.clock import now
from panier.kit.errors import Forbidden, NotFound
from panier.kit.i18n import current_language
from panier.kit.money import Money
from panier.orders import Order
from panier.people import Reader
from panier.runtime import Runtime

STAFF = ("market", "finance", "admin")
"""Who sees the documents of all sellers of a market."""
PDFS = "60/minute"
"""PDFs that one client has set."""
COLUMNS = (
    "number", "kind", "date", "order", "invoice", "seller", "buyer", "country", "currency",
    "vat_basis_points", "net_minor", "vat_minor", "gross_minor",
)  # fmt: skip

Year = Annotated[int, Query(ge=2000, le=9999)]

pdf = [Depends(web.limit("pdf", PDFS))]
router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)
router.include_router(total_pages.router)


@router.get("/order/{token}/invoice/{order}")
async def lead_buyer(
    request: Request, reader: people.ReaderHere, token: str, order: UUID
) -> Response:
    """Lead a buyer to the invoice of an order of theirs."""
    path = f"{reader.market.path}order/{token}"
    found = await _access_bought(request, reader, token, order)
    return await _lead(request, reader, found, f"{path}/document", path)


@router.get("/order/{token}/credit/{refund}")
async def lead_to_credit(
    request: Request, reader: people.ReaderHere, token: str, refund: UUID
) -> Response:
    """Lead a buyer to the credit note of a refund of theirs, as the mail about it does."""
    path = f"{reader.market.path}order/{token}"
    checkout = _open_link(request, token)
    async with reader.cell.read() as tx:
        theirs = [order.id for order in await orders.list_orders_of(tx, checkout)]
        known = await parcels.list_refunds(tx, theirs)
        note = await find_credit_note(tx, refund)
    if all(
        one.id != refund or one.market != reader.market.code for of in known.values() for one in of
    ):
        raise NotFound
    if note is None:
        return web.render(request, "invoices/waiting.html", back=path, credit=True)
    return RedirectResponse(f"{path}/document/{note.id}", 303)


@router.get("/order/{token}/document/{document}.pdf", dependencies=pdf)
async def send_to_buyer(
    request: Request, reader: people.ReaderHere, token: str, document: UUID
) -> Response:
    """Send a buyer a document of theirs as a PDF."""
    found = await _find(reader, document)
    await _access_bought(request, reader, token, found.order)
    return await _send(found)


@router.get("/order/{token}/document/{document}")
async def show_to_buyer(
    request: Request, reader: people.ReaderHere, token: str, document: UUID
) -> Response:
    """Show a buyer a document of theirs."""
    found = await _find(reader, document)
    await _access_bought(request, reader, token, found.order)
    path = f"{reader.market.path}order/{token}"
    return await _show(request, reader, found, f"{path}/document", path)


@router.get("/seller/orders/{order}/invoice")
async def lead_seller(request: Request, reader: people.ReaderHere, order: UUID) -> Response:
    """Lead a seller to the invoice of an order."""
    people.require(reader, "seller", *STAFF)
    async with reader.cell.read() as tx:
        found = await orders.find_order(tx, order)
    if found is None or found.market != reader.market.code:
        raise NotFound
    people.require_seller(reader, found.seller)
    path = f"{reader.market.path}seller"
    return await _lead(request, reader, found, f"{path}/invoices", f"{path}/orders/{order}")


@router.get("/seller/invoices")
async def show_documents(
    request: Request,
    reader: people.ReaderHere,
    year: Year | None = None,
    before: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List a year's documents of the reader's sellers, with what they come to."""
    asked = _ask(reader, year)
    async with reader.cell.read() as tx:
        found = await list_documents(tx, asked, before, PAGE + 1)
        totals = await sum_documents(tx, asked)
        years = await list_years(tx, asked.market, asked.sellers)
        told = await taxes.list_traders(tx, asked.sellers or [])
    return web.render(
        request,
        "invoices/documents.html",
        asked=asked,
        years=sorted({*years, asked.year}, reverse=True),
        documents=found[:PAGE],
        nameless=any(seller not in told for seller in asked.sellers or []),
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        before=before,
        totals=totals,
        gross=Money(totals.gross_minor, reader.market.currency),
        vat=Money(totals.vat_minor, reader.market.currency),
        kinds=KINDS,
        dated=lambda day: format_date(day, "medium", current_language()),
    )


@router.get("/seller/invoices.csv")
async def send_documents(reader: people.ReaderHere, year: Year | None = None) -> Response:
    """Send a year's documents as a file: a line a VAT rate, what credit notes lower below zero."""
    asked = _ask(reader, year)
    steps = (
        [row for document in found for row in _rows(document)]
        async for found in list_all(reader.cell, asked)
    )
    return web.stream_sheet(f"invoices-{asked.market}-{asked.year}.csv", COLUMNS, steps)


def _rows(document: Document) -> list[list[str | int]]:
    said, sign = document.said, document.sign
    return [
        [
            document.number, document.kind, document.day.isoformat(), said.order, said.invoice,
            said.seller, said.buyer, said.address.country, document.currency, rate.rate,
            sign * rate.net, sign * rate.vat, sign * rate.gross,
        ]
        for rate in said.rates
    ]  # fmt: skip


@router.get("/seller/invoices/{document}.pdf", dependencies=pdf)
async def send_to_seller(reader: people.ReaderHere, document: UUID) -> Response:
    """Send a seller a document of theirs as a PDF."""
    return await _send(await _access_sold(reader, document))


@router.get("/seller/invoices/{document}")
async def show_to_seller(request: Request, reader: people.ReaderHere, document: UUID) -> Response:
    """Show a seller a document of theirs."""
    found = await _access_sold(reader, document)
    path = f"{reader.market.path}seller"
    return await _show(request, reader, found, f"{path}/invoices", f"{path}/orders/{found.order}")


async def _access_bought(request: Request, reader: Reader, token: str, order: UUID) -> Order:
    """Return an order of the checkout that a link names; raises BadToken or NotFound."""
    checkout = _open_link(request, token)
    async with reader.cell.read() as tx:
        found = await orders.find_order(tx, order)
    if found is None or found.checkout != checkout or found.market != reader.market.code:
        raise NotFound
    return found


def _open_link(request: Request, token: str) -> UUID:
    """Return the checkout that a link names; raises BadToken."""
    runtime: Runtime = request.app.state.runtime
    return UUID(runtime.signer.open(orders.ORDER_PAGE, token, None)["checkout"])


async def _access_sold(reader: Reader, document: UUID) -> Document:
    """Return a document that the reader may see; raises NotFound, SignInNeeded, Forbidden."""
    people.require(reader, "seller", *STAFF)
    found = await _find(reader, document)
    people.require_seller(reader, found.seller)
    return found


async def _find(reader: Reader, document: UUID) -> Document:
    async with reader.cell.read() as tx:
        found = await find_document(tx, document)
    if found is None or found.market != reader.market.code:
        raise NotFound
    return found


def _ask(reader: Reader, year: int | None) -> Asked:
    """Read what is asked for; raises SignInNeeded or Forbidden."""
    people.require(reader, "seller", *STAFF)
    everybody = not reader.roles.isdisjoint(STAFF)
    if not everybody and not reader.sellers:
        raise Forbidden
    this = now().astimezone(ZoneInfo(reader.market.time_zone)).year
    sellers = None if everybody else sorted(reader.sellers)
    return Asked(reader.market.code, year or this, sellers)


async def _lead(request: Request, reader: Reader, order: Order, base: str, back: str) -> Response:
    """Lead to the invoice of a paid order, or tell that it is being written."""
    if order.paid_at is None:
        raise NotFound
    async with reader.cell.read() as tx:
        found = await find_invoice(tx, order.id)
    if found is None:
        return web.render(request, "invoices/waiting.html", back=back, credit=False)
    return RedirectResponse(f"{base}/{found.id}", 303)


async def _show(
    request: Request, reader: Reader, document: Document, base: str, back: str
) -> Response:
    async with reader.cell.read() as tx:
        others = await list_documents_of(tx, document.order)
    return web.render(
        request,
        "invoices/document.html",
        document=document,
        written=write_out(document),
        others=[other for other in others if other.id != document.id],
        kinds=KINDS,
        base=base,
        back=back,
    )


async def _send(document: Document) -> Response:
    made = await asyncio.to_thread(print_pdf, document)
    return web.send_file(f"{document.number}.pdf", "application/pdf", made)
