"""Writes: a document gets the next number of its series, both in one transaction.

The series' row is locked from the moment a number is looked for until the document is committed:
whoever comes next waits, and what is rolled back leaves no gap.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from panier import catalog, markets, orders, taxes
from panier.invoices.queries import find_credit_note, find_invoice, get_document, list_back_lines
from panier.invoices.rules import (
    Body,
    Kind,
    Row,
    draw_credit,
    draw_invoice,
    number,
    sum_rates,
)
from panier.kit.db import Tx, find, run
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.orders import Order

TAKE_TURN = """
insert into document_series (seller_id, kind, year, last, at) values (%s, %s, %s, 0, %s)
on conflict (seller_id, kind, year)
do update set at = greatest(document_series.at, excluded.at)
returning last, at
"""
WRITE = """
insert into document (id, kind, market, seller_id, order_id, refund_id, invoice_id, year, n, number,
  day, language, currency, gross_minor, vat_minor, body, at)
values (%(id)s, %(kind)s, %(market)s, %(seller)s, %(order)s, %(refund)s, %(invoice)s, %(year)s,
  %(n)s, %(number)s, %(day)s, %(language)s, %(currency)s, %(gross)s, %(vat)s, %(body)s, %(at)s)
"""


class Turn(msgspec.Struct):
    """A series that is locked for us."""

    last: int
    at: datetime
    """No document of the series is dated later."""


class Place(NamedTuple):
    """Where a document belongs."""

    order: Order
    kind: Kind
    year: int
    zone: ZoneInfo


class Concern(NamedTuple):
    """What a credit note is about."""

    refund: UUID
    invoice: UUID


async def write_invoice(tx: Tx, order: UUID, moment: datetime) -> UUID:
    """Write the invoice of a paid order, dated `moment`, unless it is there; returns it.

    Raises NotFound for an order that is not paid.
    """
    sold = await orders.find_order(tx, order)
    if sold is None or sold.paid_at is None:
        raise NotFound
    place = await _place(tx, sold, Kind.INVOICE, moment)
    turn = await take_turn(tx, place, moment)
    found = await find_invoice(tx, order)
    if found is not None:
        return found.id
    lines = (await orders.list_lines(tx, [order]))[order]
    body = await _say(tx, place, draw_invoice(lines))
    body = msgspec.structs.replace(body, paid=sold.total.minor, subsidy=sold.subsidy.minor)
    return await _write(tx, place, turn, body, None)


async def write_credit_note(tx: Tx, order: UUID, refund: UUID, moment: datetime) -> UUID | None:
    """Write the credit note of a refund unless it is there; None where no money went back.

    The order's invoice is written first if nobody did. Raises NotFound.
    """
    invoice = await get_document(tx, await write_invoice(tx, order, moment))
    sold = await orders.find_order(tx, order)
    backs = await list_back_lines(tx, refund)
    if sold is None or not backs:
        raise NotFound
    lines = {line.n: line for line in (await orders.list_lines(tx, [order]))[order]}
    drawn = draw_credit(lines, backs)
    if not any(row.gross for row in drawn):
        return None
    place = await _place(tx, sold, Kind.CREDIT_NOTE, moment)
    turn = await take_turn(tx, place, moment)
    found = await find_credit_note(tx, refund)
    if found is not None:
        return found.id
    body = msgspec.structs.replace(
        await _say(tx, place, drawn),
        paid=sum(back.goods + back.shipping for back in backs),
        subsidy=sum(back.subsidy + back.shipping_subsidy for back in backs),
        invoice=invoice.number,
        invoice_day=invoice.day,
    )
    return await _write(tx, place, turn, body, Concern(refund, invoice.id))


async def take_turn(tx: Tx, place: Place, moment: datetime) -> Turn:
    """Lock a series until the end of this transaction."""
    given = (place.order.seller, place.kind.value, place.year, moment)
    found = await find(tx, TAKE_TURN, given, Turn)
    if found is None:
        raise NotFound
    return found


async def _place(tx: Tx, order: Order, kind: Kind, moment: datetime) -> Place:
    zone = ZoneInfo((await markets.get_market(tx, order.market)).time_zone)
    return Place(order, kind, moment.astimezone(zone).year, zone)


async def _say(tx: Tx, place: Place, drawn: list[Row]) -> Body:
    """Return what invoice and credit note both say; the amounts paid are the caller's."""
    order = place.order
    checkout = await orders.find_checkout(tx, order.checkout)
    if checkout is None or order.paid_at is None:
        raise NotFound
    seller = await catalog.get_seller(tx, order.seller)
    business = checkout.business or taxes.Business("", "")
    return Body(
        seller=seller.name,
        seller_country=seller.country,
        buyer=checkout.name,
        address=checkout.sent_to,
        order=order.number,
        paid_on=order.paid_at.astimezone(place.zone).date(),
        rows=drawn,
        rates=sum_rates(drawn),
        paid=0,
        subsidy=0,
        trader=await taxes.find_trader(tx, order.seller),
        company=business.company,
        vat_id=business.vat_id,
        reverse_charge=business.reverse_charge,
        consultation=business.consultation,
    )


async def _write(tx: Tx, place: Place, turn: Turn, body: Body, concern: Concern | None) -> UUID:
    order, n, key = place.order, turn.last + 1, new_id()
    seller = await catalog.get_seller(tx, order.seller)
    checkout = await orders.find_checkout(tx, order.checkout)
    if checkout is None:
        raise NotFound
    await run(
        tx,
        WRITE,
        {
            "id": key,
            "kind": place.kind.value,
            "market": order.market,
            "seller": order.seller,
            "order": order.id,
            "refund": concern.refund if concern else None,
            "invoice": concern.invoice if concern else None,
            "year": place.year,
            "n": n,
            "number": number(seller.slug, order.market, place.kind, place.year, n),
            "day": turn.at.astimezone(place.zone).date(),
            "language": checkout.language,
            "currency": order.currency,
            "gross": sum(rate.gross for rate in body.rates),
            "vat": sum(rate.vat for rate in body.rates),
            "body": msgspec.json.encode(body).decode(),
            "at": turn.at,
        },
    )
    await run(
        tx,
        "update document_series set last = %s where (seller_id, kind, year) = (%s, %s, %s)",
        (n, order.seller, place.kind.value, place.year),
    )
    return key
