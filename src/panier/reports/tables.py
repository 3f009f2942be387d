"""Tables for spreadsheets: CSV (RFC 4180) in UTF-8, amounts in minor units with their currency."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from uuid import UUID

from starlette.responses import Response

from panier.reports.figures import Room, Sales
from panier.reports.wording import Titles

Table = Iterable[Sequence[str | int]]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be run by a spreadsheet; it is sent with a ' before it (OWASP)."""


def products(sales: Sales, titles: Titles, pinned: Mapping[UUID, int]) -> Table:
    """List what each product sold."""
    yield (
        "product",
        "title",
        "units",
        "orders",
        "sales_minor",
        "currency",
        "units_while_pinned",
        "seconds_pinned",
    )
    for one in sales.products:
        yield (
            str(one.product),
            titles.of(one.product),
            one.units,
            one.orders,
            one.minor,
            sales.currency,
            one.units_pinned,
            pinned.get(one.product, 0),
        )


def curve(room: Room, sales: Sales) -> Table:
    """List the points of the curve; `second` counts from going live."""
    sold = {sale.at: sale for sale in sales.points}
    yield "second", "viewers", "messages", "hearts", "units", "sales_minor", "currency"
    for point in room.points:
        sale = sold.get(point.at)
        units, minor = (sale.units, sale.minor) if sale else (0, 0)
        yield (
            point.at,
            point.viewers,
            point.messages,
            point.hearts,
            units,
            minor,
            sales.currency,
        )


def send(name: str, table: Table) -> Response:
    """Answer with a CSV file called `name`."""
    written = StringIO()
    writer = csv.writer(written)
    for row in table:
        writer.writerow([_harmless(cell) for cell in row])
    return Response(
        written.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _harmless(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
