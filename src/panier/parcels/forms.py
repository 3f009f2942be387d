"""What the forms of these pages hold: units and amounts by line."""

import re
from collections.abc import Iterator

from babel.numbers import get_currency_precision
from starlette.datastructures import FormData

from panier.kit.errors import BadInput
from panier.kit.i18n import _


def read_units(given: FormData, name: str) -> dict[int, int]:
    """Return the units by line, from fields units-1, units-2 …; empty ones are none."""
    units = {}
    for n, field, text in _numbered(given, name):
        if not re.fullmatch(r"[0-9]{1,6}", text):
            raise BadInput(field=field, reason=_("a number of units"))
        if int(text):
            units[n] = int(text)
    return units


def read_amounts(given: FormData, name: str, currency: str) -> dict[int, int]:
    """Return minor units by line, from fields amount-1, amount-2 …; empty ones are none."""
    amounts = {n: read_amount(text, field, currency) for n, field, text in _numbered(given, name)}
    return {n: minor for n, minor in amounts.items() if minor}


def read_amount(text: str, field: str, currency: str) -> int:
    """Return minor units of an amount as people write it: 12, 12.5, 12,50. Raises BadInput."""
    digits = get_currency_precision(currency)
    written = re.fullmatch(r"([0-9]{1,9})(?:[.,]([0-9]+))?", text.strip())
    part = (written[2] or "") if written else ""
    if written is None or len(part) > digits:
        raise BadInput(field=field, reason=_("an amount as in 12.50"))
    return int(written[1] + part.ljust(digits, "0"))


def _numbered(given: FormData, name: str) -> Iterator[tuple[int, str, str]]:
    """Give the line, the field and the text of each field `name`-1, `name`-2 … that is filled."""
    for field, text in given.multi_items():
        found = re.fullmatch(rf"{name}-([0-9]{{1,4}})", field)
        if found and isinstance(text, str) and text.strip():
            yield int(found[1]), field, text.strip()
