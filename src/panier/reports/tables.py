"""Tables for spreadsheets: CSV (RFC 4180) in UTF-8, amounts in minor units with their currency."""

from collections.abc import Mapping
from uuid import UUID

from panier.kit.sheet import Table
from panier.reports.figures import Room, Sales
from panier.reports.wording import Titles

PRODUCT_HEAD = (
    "product", "title", "units", "orders", "sales_minor", "currency", "units_while_pinned",
    "seconds_pinned",
)  # fmt: skip
CURVE_HEAD = ("second", "viewers", "messages", "hearts", "units", "sales_minor", "currency")


def products(sales: Sales, titles: Titles, pinned: Mapping[UUID, int]) -> Table:
    """List what each product sold."""
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
