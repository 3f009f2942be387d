"""Quarters of a calendar, pure: VAT is declared by them."""

from datetime import date
from typing import NamedTuple

from panier.kit.errors import BadInput
from panier.kit.i18n import _

YEAR_MIN, YEAR_MAX = 2000, 9998


class Quarter(NamedTuple):
    """Three months of a year."""

    year: int
    n: int
    """From 1 to 4."""

    def __str__(self) -> str:
        """Write it as tables do: 2026-Q4."""
        return f"{self.year}-Q{self.n}"

    @property
    def first(self) -> date:
        """Return its first day."""
        return date(self.year, 3 * self.n - 2, 1)

    @property
    def after(self) -> date:
        """Return the first day that is not its own any more."""
        return self.next.first

    @property
    def next(self) -> "Quarter":
        """Return the one after it."""
        return Quarter(self.year, self.n + 1) if self.n < 4 else Quarter(self.year + 1, 1)

    @property
    def previous(self) -> "Quarter":
        """Return the one before it."""
        return Quarter(self.year, self.n - 1) if self.n > 1 else Quarter(self.year - 1, 4)


def quarter_of(day: date) -> Quarter:
    """Return the quarter of a day."""
    return Quarter(day.year, (day.month + 2) // 3)


def read_quarter(text: str) -> Quarter:
    """Read 2026-Q4; raises BadInput."""
    year, sign, n = text.partition("-Q")
    if sign and len(year) == 4 and len(n) == 1 and (year + n).isascii() and (year + n).isdigit():
        found = Quarter(int(year), int(n))
        if YEAR_MIN <= found.year <= YEAR_MAX and 1 <= found.n <= 4:
            return found
    raise BadInput(field="quarter", reason=_("please choose a quarter"))


def last_quarters(today: Quarter, first: Quarter, most: int = 24) -> list[Quarter]:
    """List the quarters back to `first`, the latest first, at most `most`."""
    found = [today]
    while found[-1] > first and len(found) < most:
        found.append(found[-1].previous)
    return found
