"""Tables as CSV (RFC 4180), harmless in a spreadsheet."""

import csv
import io
from collections.abc import Iterable

Table = Iterable[Iterable[str | int | None]]
"""Rows of cells; None is an empty cell, numbers stay numbers."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be run by a spreadsheet (OWASP, CSV injection)."""


def write_sheet(head: Iterable[str], table: Table) -> str:
    """Write a whole table."""
    return write_rows([head]) + write_rows(table)


def write_rows(table: Table) -> str:
    """Write rows, for a table that is sent a step at a time."""
    out = io.StringIO()
    csv.writer(out).writerows([_harmless(cell) for cell in row] for row in table)
    return out.getvalue()


def _harmless(cell: str | int | None) -> str | int:
    if cell is None:
        return ""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
