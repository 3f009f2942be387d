"""Money is whole minor units; parts always sum to the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panier.kit.money import CurrencyMismatch, Money

EUROS = st.builds(Money, st.integers(-(10**12), 10**12), st.just("EUR"))


@pytest.mark.parametrize(
    ("gross", "basis_points", "vat"),
    [(2490, 2000, 415), (100, 550, 5), (1, 2000, 0), (3, 2000, 1), (-2490, 2000, -415)],
)
def test_vat_inside_a_gross_price_is_rounded_half_up(
    gross: int, basis_points: int, vat: int
) -> None:
    assert Money(gross, "EUR").vat_inside(basis_points) == Money(vat, "EUR")


@pytest.mark.parametrize(("minor", "share"), [(2490, 125), (2489, 124), (10, 1), (9, 0), (-10, -1)])
def test_five_percent_is_rounded_half_away_from_zero(minor: int, share: int) -> None:
    assert Money(minor, "EUR").percent(500) == Money(share, "EUR")


def test_a_split_gives_the_odd_cent_to_the_first_of_equals() -> None:
    assert [p.minor for p in Money(100, "EUR").split([1, 1, 1])] == [34, 33, 33]


@given(EUROS, st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(sum))
def test_a_split_sums_to_the_whole(amount: Money, weights: list[int]) -> None:
    assert sum(p.minor for p in amount.split(weights)) == amount.minor


@given(EUROS, EUROS)
def test_adding_and_taking_away_leave_the_amount(a: Money, b: Money) -> None:
    assert a + b - b == a


def test_two_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") + Money(1, "GBP")


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError):
        Money(100, "EUR") * 1.5  # type: ignore[operator]


@pytest.mark.parametrize(
    ("money", "language", "text"),
    [
        (Money(2490, "EUR"), "fr", "24,90 €"),
        (Money(2490, "EUR"), "de", "24,90 €"),
        (Money(123456, "EUR"), "it", "1.234,56 €"),
        (Money(2490, "GBP"), "en", "£24.90"),
        (Money(-5, "GBP"), "en", "-£0.05"),
        (Money(500, "JPY"), "en", "¥500"),
    ],
)
def test_an_amount_is_written_as_its_reader_expects(money: Money, language: str, text: str) -> None:
    assert money.format(language).replace("\u202f", " ").replace("\xa0", " ") == text


def test_amounts_of_one_currency_are_ranked() -> None:
    small, large = Money(100, "EUR"), Money(101, "EUR")
    assert small < large
    assert small <= large
    assert large > small
    assert large >= small
    assert small <= Money(100, "EUR") <= small
    assert not large <= small
    assert not small >= large
    with pytest.raises(CurrencyMismatch):
        assert small >= Money(1, "GBP")
