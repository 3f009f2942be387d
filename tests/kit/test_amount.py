"""Amounts as people write them."""

import pytest

from panier.kit.amount import read_amount, write_amount
from panier.kit.errors import BadInput
from panier.kit.money import Money


@pytest.mark.parametrize(
    ("text", "minor"),
    [("24.90", 2490), ("24,9", 2490), ("€ 24", 2400), ("1\u202f250,00 €", 125_000), ("0", 0)],
)
def test_an_amount_is_read_as_it_is_written(text: str, minor: int) -> None:
    assert read_amount(text, "EUR") == Money(minor, "EUR")


@pytest.mark.parametrize("text", ["", "1.234", "-5", "1e3", "1.000,50", "²"])
def test_what_is_not_an_amount_is_refused_and_never_rounded(text: str) -> None:
    with pytest.raises(BadInput):
        read_amount(text, "EUR")


def test_a_currency_without_parts_is_read_and_written_whole() -> None:
    assert read_amount("500", "JPY") == Money(500, "JPY")
    with pytest.raises(BadInput):
        read_amount("500.5", "JPY")
    assert write_amount(Money(500, "JPY")) == "500"
    assert write_amount(Money(2405, "EUR")) == "24.05"
