"""Amounts of money as people write them; inside they are minor units."""

import re

from babel.numbers import get_currency_precision

from panier.kit.errors import BadInput
from panier.kit.i18n import _
from panier.kit.money import Money

WRITTEN = re.compile(r"(\d{1,9})(?:[.,](\d{1,3}))?", re.ASCII)
ORNAMENT = re.compile(r"[\s\u00a0\u202f€£$]")


def read_amount(text: str, currency: str, field: str = "amount") -> Money:
    """Return the amount of "24.90", "24,9" or "€ 24"; raises BadInput, never rounds."""
    written = WRITTEN.fullmatch(ORNAMENT.sub("", text))
    digits = get_currency_precision(currency)
    whole, part = written.groups(default="") if written else ("", "")
    if written is None or len(part) > digits:
        raise BadInput(field=field, reason=_("write an amount such as 24.90"))
    return Money(int(whole + part.ljust(digits, "0")), currency)


def write_amount(amount: Money) -> str:
    """Write an amount as a form holds it: 24.90."""
    digits = get_currency_precision(amount.currency)
    whole, part = divmod(amount.minor, 10**digits)
    return f"{whole}.{part:0{digits}d}" if digits else str(whole)
