"""Statements to take away: CSV for machines, PDF for people.

CSV (RFC 4180, UTF-8): amounts in minor units with their currency, times in UTC. The PDF is set by
Typst from templates/statement.typ, which gets every text written out; nothing in it is evaluated.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import typst
from babel.dates import format_date

from panier import ledger
from panier.kit.i18n import _, current_language
from panier.kit.money import Money
from panier.payouts.statements import Line, Move, Statement
from panier.payouts.wording import CORRECTION, KINDS, MOVES

TEMPLATE = Path(__file__).parent / "templates" / "statement.typ"
PDF_LINES_MAX = 5_000
"""Lines of one PDF, 100 pages or so; a longer one states the sums and names the CSV."""
HEAD = (
    "what", "at", "order", "title", "quantity", "currency", "list_minor",
    "seller_discount_minor", "shipping_minor", "vat_minor", "commission_minor",
    "creator_minor", "subsidy_inside_minor", "net_minor", "reserve_minor", "balance_minor",
)  # fmt: skip
COLUMNS = ("list", "discount", "shipping", "vat", "commission", "creator", "net")


def _utc(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def table_of(statement: Statement) -> Iterable[Sequence[str | int]]:
    """List a statement row by row; `net_minor` sums to the closing less the opening balance."""
    empty = [""] * 7
    currency = statement.currency
    start, end = _utc(statement.period.start), _utc(statement.period.end)
    yield "opening", start, "", "", "", currency, *empty, 0, 0, statement.opening
    for line in statement.lines:
        yield (
            "sale", _utc(line.at), line.number, line.title, line.quantity, currency, line.list,
            line.discount, line.shipping, line.vat, line.commission, line.creator, line.subsidy,
            line.net, 0, "",
        )  # fmt: skip
    for move in (*statement.changes, *statement.payouts, *_only_reserve(statement)):
        yield (
            move.kind, _utc(move.at), move.number, "", "", currency, *empty, move.net,
            move.reserve, "",
        )  # fmt: skip
    yield "closing", end, "", "", "", currency, *empty, 0, 0, statement.closing


def _only_reserve(statement: Statement) -> list[Move]:
    return [move for move in statement.reserves if not move.net]


def print_pdf(statement: Statement, name: str, market: str, zone: ZoneInfo) -> bytes:
    """Set a statement in the current language; takes some 0.1 s, so do it in a thread."""
    text = msgspec.json.encode(_document(statement, name, market, zone)).decode()
    made: bytes = typst.compile(TEMPLATE, sys_inputs={"data": text})
    return made


def _document(statement: Statement, name: str, market: str, zone: ZoneInfo) -> dict[str, object]:
    language = current_language()

    def amount(minor: int) -> str:
        return Money(minor, statement.currency).format(language)

    def day(moment: datetime | None) -> str:
        local = moment.astimezone(zone) if moment else None
        return str(format_date(local, "short", language)) if local else ""

    columns = columns_of(statement.owner.kind)
    month = str(format_date(statement.period.start, "LLLL y", language))
    return {
        "language": language,
        "title": _("Statement"),
        "name": name,
        "subtitle": f"{_(KINDS[statement.owner.kind])} · {market} · {month}",
        "summary": [[label, amount(minor)] for label, minor in summary(statement)],
        "closing_parts": [[label, amount(minor)] for label, minor in parts(statement)],
        "lines_title": _("Sales, line by line"),
        "too_many": _("There are too many lines to print; the CSV file has all of them.")
        if len(statement.lines) > PDF_LINES_MAX
        else "",
        "lines_head": line_head(statement.owner.kind),
        "lines": [
            _line(line, columns, day, amount) for line in statement.lines[:PDF_LINES_MAX]
        ]
        if len(statement.lines) <= PDF_LINES_MAX
        else [],
        "lines_sum": [
            _("Sum"), "", *(amount(statement.total(column).minor) for column in columns),
        ],
        "moves_title": _("Refunds, payouts and reserve"),
        "moves_head": [_("Date"), _("What"), _("Order"), _("Changes the balance by"), _("Reserve")],
        "moves": [
            [
                day(move.at), _(MOVES.get(move.kind, CORRECTION)), move.number,
                amount(move.net), amount(move.reserve),
            ]
            for move in (*statement.changes, *statement.payouts, *_only_reserve(statement))
        ][:PDF_LINES_MAX],
    }  # fmt: skip


def _line(
    line: Line,
    columns: Sequence[str],
    day: Callable[[datetime | None], str],
    amount: Callable[[int], str],
) -> list[str]:
    parts_of = [amount(getattr(line, column)) for column in columns]
    return [f"{day(line.at)}\n{line.number}", f"{line.quantity} × {line.title}", *parts_of]


def columns_of(kind: str) -> tuple[str, ...]:
    """Return the columns of the lines: a seller's come to the net, a creator has a share."""
    return COLUMNS if kind == ledger.SELLER else ("list", "net")


def line_head(kind: str) -> list[str]:
    """Return the headings of the lines' columns."""
    if kind != ledger.SELLER:
        return [_("Order"), _("Product"), _("List price"), _("Your share")]
    return [
        _("Order"), _("Product"), _("List price"), _("Your reductions"), _("Delivery"), _("VAT"),
        _("Commission"), _("Creators"), _("Net"),
    ]  # fmt: skip


def summary(statement: Statement) -> list[tuple[str, int]]:
    """Return how the opening balance becomes the closing one."""
    return [
        (_("Balance at the beginning"), statement.opening),
        (_("Sales"), statement.total("net").minor),
        (_("Refunds and corrections"), statement.changed),
        (_("Payouts"), statement.paid),
        (_("Balance at the end"), statement.closing),
    ]


def parts(statement: Statement) -> list[tuple[str, int]]:
    """Return what the closing balance consists of."""
    return [
        (_("Not yet available"), statement.pending),
        (_("Reserve"), statement.reserve),
        (_("Available"), statement.due),
    ]
