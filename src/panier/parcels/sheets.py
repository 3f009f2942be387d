"""The file of parcels that a seller hands in: number, carrier, tracking; read line by line."""

import csv
import io
from typing import NamedTuple

from panier.kit.errors import BadInput
from panier.kit.i18n import _
from panier.parcels.rules import BULK_MAX

SHEET_BYTES_MAX = 256 * 1024
COLUMNS = ("number", "carrier", "tracking")


class SentRow(NamedTuple):
    """One parcel of the file."""

    line: int
    number: str
    carrier: str
    tracking: str


def read_sheet(data: bytes) -> list[SentRow]:
    """Read a CSV with a head of at least number, carrier and tracking, in UTF-8.

    Columns are separated by commas or semicolons, as spreadsheets of Europe write them; lines
    without a tracking number are those that were not sent. Raises BadInput.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(field="sheet", reason=_("the file must be in UTF-8")) from None
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in head else ",")
    names = [(name or "").strip().casefold() for name in reader.fieldnames or []]
    if any(name not in names for name in COLUMNS):
        raise BadInput(
            field="sheet", reason=_("the first line must name number, carrier and tracking")
        )
    reader.fieldnames = names
    found = []
    try:
        for row in reader:
            number, carrier, tracking = (
                (row.get(name) or "").strip().lstrip("'") for name in COLUMNS
            )
            if number and (carrier or tracking):
                found.append(SentRow(reader.line_num, number, carrier, tracking))
            if len(found) > BULK_MAX:
                raise BadInput(field="sheet", reason=_("at most %(count)s at once", count=BULK_MAX))
    except csv.Error:
        raise BadInput(field="sheet", reason=_("this is no CSV file")) from None
    if not found:
        raise BadInput(field="sheet", reason=_("no line names an order and a carrier"))
    return found
