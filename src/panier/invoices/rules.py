"""Invoice rules, pure: rows, sums a VAT rate, numbers.

Gross is what the seller gets: what the buyer paid and what the platform paid of the price (article
73 of Directive 2006/112/EC); VAT is inside. Amounts are minor units of the document's currency.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from panier.orders import OrderLine
from panier.people import Address
from panier.taxes import Trader


class Kind(StrEnum):
    """What a document is."""

    INVOICE = "invoice"
    """Of an order that was paid."""
    CREDIT_NOTE = "credit_note"
    """Of a refund that its buyer has."""


MARKS = {Kind.INVOICE: "", Kind.CREDIT_NOTE: "C"}
"""What stands before the count in a number."""


class Row(msgspec.Struct, frozen=True):
    """A line of goods, or the parcel's price at one VAT rate."""

    goods: bool
    """False: the parcel."""
    title: str
    variant: str
    sku: str
    quantity: int
    """0 where no units come back, or of a parcel."""
    regular: int
    """The price before reductions that the seller bears."""
    reduction: int
    rate: int
    """VAT in basis points."""
    vat: int
    gross: int

    @property
    def net(self) -> int:
        """Return the taxable amount."""
        return self.gross - self.vat


class BackLine(msgspec.Struct, frozen=True):
    """What a refund takes back of a line: the parts that a document tells of."""

    n: int
    quantity: int
    goods: int
    subsidy: int
    vat: int
    shipping: int
    shipping_subsidy: int
    shipping_vat: int


class Rate(msgspec.Struct, frozen=True):
    """What all rows of one VAT rate come to."""

    rate: int
    vat: int
    gross: int

    @property
    def net(self) -> int:
        """Return the taxable amount."""
        return self.gross - self.vat


class Body(msgspec.Struct, frozen=True):
    """All that a document says besides its number, date and currency; kept as JSON."""

    seller: str
    seller_country: str
    buyer: str
    address: Address
    order: str
    """Its number."""
    paid_on: date
    """When the order was paid, on the market's calendar."""
    rows: list[Row]
    rates: list[Rate]
    paid: int
    """The buyer's part of gross."""
    subsidy: int
    """The platform's part of gross."""
    invoice: str = ""
    """Of a credit note: the number of the invoice that it lowers,"""
    invoice_day: date | None = None
    """and its date."""
    trader: Trader | None = None
    """Who the seller is before the law, where it told."""
    company: str = ""
    """Of a buyer that is one: its name,"""
    vat_id: str = ""
    """and its VAT id, if it gave one."""
    reverse_charge: bool = False
    """No VAT: the company accounts for it."""
    consultation: str = ""
    """How the EU's register numbers the look-up of that id."""


def draw_invoice(lines: Sequence[OrderLine]) -> list[Row]:
    """Return the rows of an order as it was sold."""
    goods = [
        Row(
            goods=True,
            title=line.title,
            variant=line.variant_title,
            sku=line.sku,
            quantity=line.quantity,
            regular=line.list_minor,
            reduction=line.seller_discount_minor + line.cofunding_minor,
            rate=line.vat_basis_points,
            vat=line.vat_minor,
            gross=line.goods_minor + line.subsidy_minor,
        )
        for line in lines
    ]
    parcel = [
        Rate(
            line.vat_basis_points,
            line.shipping_vat_minor,
            line.shipping_minor + line.shipping_subsidy_minor,
        )
        for line in lines
    ]
    return [*goods, *_draw_parcel(parcel)]


def draw_credit(lines: Mapping[int, OrderLine], backs: Sequence[BackLine]) -> list[Row]:
    """Return the rows of what a refund takes back; `lines` by number, as they were sold."""
    goods, parcel = [], []
    for back in backs:
        line, gross = lines[back.n], back.goods + back.subsidy
        rate = line.vat_basis_points
        if gross or back.quantity:
            goods.append(
                Row(
                    goods=True,
                    title=line.title,
                    variant=line.variant_title,
                    sku=line.sku,
                    quantity=back.quantity,
                    regular=gross,
                    reduction=0,
                    rate=rate,
                    vat=back.vat,
                    gross=gross,
                )
            )
        parcel.append(Rate(rate, back.shipping_vat, back.shipping + back.shipping_subsidy))
    return [*goods, *_draw_parcel(parcel)]


def _draw_parcel(parts: Sequence[Rate]) -> list[Row]:
    """Return the parcel's price: it bears the VAT of what is in it, rate by rate."""
    return [
        Row(
            goods=False,
            title="",
            variant="",
            sku="",
            quantity=0,
            regular=part.gross,
            reduction=0,
            rate=part.rate,
            vat=part.vat,
            gross=part.gross,
        )
        for part in sum_rates(parts)
        if part.gross
    ]


def sum_rates(rows: Sequence[Row] | Sequence[Rate]) -> list[Rate]:
    """Sum rows by their VAT rate, the highest first."""
    return [
        Rate(
            rate,
            sum(row.vat for row in rows if row.rate == rate),
            sum(row.gross for row in rows if row.rate == rate),
        )
        for rate in sorted({row.rate for row in rows}, reverse=True)
    ]


def number(slug: str, market: str, kind: Kind, year: int, n: int) -> str:
    """Write a document's number: LUMEN-FR-2026-000001, of a credit note LUMEN-FR-2026-C000001.

    A seller of the same name in another market is another one, with numbers of its own.
    """
    return f"{slug.upper()}-{market}-{year}-{MARKS[kind]}{n:06d}"
