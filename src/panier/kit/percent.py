"""Rates as people write and read them; inside they are basis points."""

import re
from decimal import Decimal

from babel.numbers import format_percent

from panier.kit.errors import BadInput
from panier.kit.i18n import _, current_language
from panier.kit.money import BASIS_POINTS

WRITTEN = re.compile(r"\s*(\d{1,3})(?:[.,](\d{1,2}))?\s*%?\s*", re.ASCII)


def read_percent(text: str, field: str = "percent") -> int:
    """Return the basis points of "5", "4.5", "4,25 %"; raises BadInput, never rounds."""
    written = WRITTEN.fullmatch(text.replace("\u202f", " ").replace("\xa0", " "))
    if written is None:
        reason = _("write a number with at most two decimals, such as 4.5")
        raise BadInput(field=field, reason=reason)
    whole, part = written.groups(default="")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def write_percent(basis_points: int) -> str:
    """Write a rate as its reader expects it: 5.5%, 5,5 %."""
    rate = Decimal(basis_points) / BASIS_POINTS
    return str(format_percent(rate, locale=current_language(), decimal_quantization=False))
