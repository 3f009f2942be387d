"""A document written out in the buyer's language: for its page, and as a PDF set by Typst.

templates/document.typ gets every text written out; nothing in it is evaluated.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import typst
from babel.dates import format_date

from panier import web
from panier.invoices.queries import Document
from panier.invoices.rules import Body, Kind, Row
from panier.kit.i18n import N_, _, use_language
from panier.kit.money import Money
from panier.kit.percent import write_percent

TEMPLATE = Path(__file__).parent / "templates" / "document.typ"
KINDS = {Kind.INVOICE.value: N_("Invoice"), Kind.CREDIT_NOTE.value: N_("Credit note")}


class Table(msgspec.Struct):
    """Texts in rows; the first `texts` columns are words, the others figures."""

    title: str
    texts: int
    head: list[str]
    rows: list[list[str]]
    total: list[str]


class Written(msgspec.Struct):
    """A document with every text and figure written out."""

    language: str
    title: str
    number: str
    facts: list[tuple[str, str]]
    parties: list[tuple[str, list[str]]]
    goods: Table
    rates: Table
    sums: list[tuple[str, str]]
    """From the total to who paid it; the first is the total."""
    notes: list[str]


class Writer(msgspec.Struct):
    """Writes amounts and days of one document."""

    language: str
    currency: str

    def money(self, minor: int) -> str:
        """Write an amount."""
        return Money(minor, self.currency).format(self.language)

    def day(self, day: date) -> str:
        """Write a day."""
        return str(format_date(day, "long", self.language))


def write_out(document: Document) -> Written:
    """Write a document out in its buyer's language."""
    with use_language(document.language):
        return _write_out(document, Writer(document.language, document.currency))


def _write_out(document: Document, writer: Writer) -> Written:
    said = document.said
    credit = document.kind == Kind.CREDIT_NOTE
    return Written(
        language=document.language,
        title=_(KINDS[document.kind]),
        number=document.number,
        facts=_facts(document, said, writer),
        parties=_parties(said, document.language),
        goods=_credited(said, writer) if credit else _sold(said, writer),
        rates=_rates(said, writer),
        sums=_sums(said, writer, credit=credit),
        notes=_notes(said, credit=credit),
    )


def _facts(document: Document, said: Body, writer: Writer) -> list[tuple[str, str]]:
    facts = [(_("Date"), writer.day(document.day)), (_("Order"), said.order)]
    if said.invoice_day is None:
        return [*facts, (_("Paid on"), writer.day(said.paid_on))]
    of = _("%(number)s of %(day)s", number=said.invoice, day=writer.day(said.invoice_day))
    return [*facts, (_("For invoice"), of)]


def _parties(said: Body, language: str) -> list[tuple[str, list[str]]]:
    to = said.address
    town = f"{to.postcode} {to.city}"
    where = [to.line1, to.line2, town, web.territory_name(to.country, language)]
    if said.vat_id:
        where.append(_("VAT %(number)s", number=said.vat_id))
    return [
        (_("Seller"), _seller(said, language)),
        (_("Buyer"), [line for line in (said.company, said.buyer, *where) if line]),
    ]


def _seller(said: Body, language: str) -> list[str]:
    trader = said.trader
    if trader is None:
        return [said.seller, web.territory_name(said.seller_country, language)]
    lines = [
        *([said.seller] if said.seller != trader.name else []),
        trader.name,
        trader.line1,
        trader.line2,
        f"{trader.postcode} {trader.city}",
        web.territory_name(trader.country, language),
        _("VAT %(number)s", number=trader.vat_number) if trader.vat_number else "",
        trader.registration,
        trader.email,
    ]
    return [line for line in lines if line]


def _what(row: Row) -> str:
    if not row.goods:
        return _("Delivery")
    small = " · ".join(text for text in (row.variant, row.sku) if text)
    return f"{row.title}\n{small}" if small else row.title


def _units(row: Row) -> str:
    return str(row.quantity) if row.quantity else ""


def _tail(row: Row, writer: Writer) -> list[str]:
    return [
        writer.money(row.net), write_percent(row.rate), writer.money(row.vat),
        writer.money(row.gross),
    ]  # fmt: skip


def _tail_total(rows: Sequence[Row], writer: Writer) -> list[str]:
    net, vat = sum(row.net for row in rows), sum(row.vat for row in rows)
    return [writer.money(net), "", writer.money(vat), writer.money(net + vat)]


def _tail_head() -> list[str]:
    return [_("Net"), _("VAT rate"), _("VAT"), _("VAT included")]


def _sold(said: Body, writer: Writer) -> Table:
    reduced = any(row.reduction for row in said.rows)
    head = [_("Product"), _("Units")]
    head += [_("Regular price"), _("Reduction")] if reduced else []
    rows = []
    for row in said.rows:
        prices = [writer.money(row.regular), writer.money(-row.reduction)] if reduced else []
        rows.append([_what(row), _units(row), *prices, *_tail(row, writer)])
    sums = []
    if reduced:
        regular, reduction = sum(r.regular for r in said.rows), sum(r.reduction for r in said.rows)
        sums = [writer.money(regular), writer.money(-reduction)]
    return Table(
        title=_("What was sold"),
        texts=1,
        head=[*head, *_tail_head()],
        rows=rows,
        total=[_("Sum"), "", *sums, *_tail_total(said.rows, writer)],
    )


def _credited(said: Body, writer: Writer) -> Table:
    return Table(
        title=_("What is credited"),
        texts=1,
        head=[_("Product"), _("Units"), *_tail_head()],
        rows=[[_what(row), _units(row), *_tail(row, writer)] for row in said.rows],
        total=[_("Sum"), "", *_tail_total(said.rows, writer)],
    )


def _rates(said: Body, writer: Writer) -> Table:
    net, vat = sum(r.net for r in said.rates), sum(r.vat for r in said.rates)
    return Table(
        title=_("VAT by rate"),
        texts=1,
        head=[_("VAT rate"), _("Net"), _("VAT"), _("VAT included")],
        rows=[
            [write_percent(r.rate), writer.money(r.net), writer.money(r.vat), writer.money(r.gross)]
            for r in said.rates
        ],
        total=[_("Sum"), writer.money(net), writer.money(vat), writer.money(net + vat)],
    )


def _sums(said: Body, writer: Writer, *, credit: bool) -> list[tuple[str, str]]:
    total = writer.money(said.paid + said.subsidy)
    whole = _("Total, no VAT charged") if said.reverse_charge else _("Total, VAT included")
    if credit:
        sums = [(_("Credited in all"), total), (_("Back to the buyer"), writer.money(said.paid))]
        platform = _("Back to panier, which had paid it for the buyer")
    else:
        sums = [
            (whole, total),
            (_("Paid by the buyer"), writer.money(said.paid)),
        ]
        platform = _("Paid by panier for the buyer, as a third party")
    return [*sums, (platform, writer.money(said.subsidy))] if said.subsidy else sums


def _notes(said: Body, *, credit: bool) -> list[str]:
    issued = _("Issued by panier in the name of %(seller)s and on its behalf.", seller=said.seller)
    exempt = [
        _("VAT-exempt intra-Community supply (article 138 of Directive 2006/112/EC)."),
        _("Reverse charge: the buyer accounts for the VAT in its own country."),
    ]
    paid = [] if credit else [_("Nothing is left to pay.")]
    return [*(exempt if said.reverse_charge else []), *paid, issued]


def print_pdf(*documents: Document) -> bytes:
    """Set documents as one PDF; takes some 0.1 s, so do it in a thread."""
    text = msgspec.json.encode([write_out(document) for document in documents]).decode()
    made: bytes = typst.compile(TEMPLATE, sys_inputs={"data": text})
    return made
