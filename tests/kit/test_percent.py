"""Rates as people write and read them; cells that a spreadsheet must not run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panier.kit.errors import BadInput
from panier.kit.i18n import LANGUAGES, use_language
from panier.kit.percent import read_percent, write_percent
from panier.kit.sheet import write_sheet


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", 500), ("4.5", 450), (" 4,25 % ", 425), ("0", 0), ("100", 10_000), ("78.33", 7833)],
)
def test_a_rate_is_read_exactly(text: str, expected: int) -> None:
    assert read_percent(text) == expected


@pytest.mark.parametrize("text", ["", "five", "4.555", "nan", "inf", "1e400", "1" * 60, "4.5.6"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_percent(text)


@given(st.integers(0, 10_000))
def test_what_is_shown_is_read_again(basis_points: int) -> None:
    for language in LANGUAGES:
        with use_language(language):
            assert read_percent(write_percent(basis_points)) == basis_points


def test_a_rate_is_written_as_its_reader_expects_it() -> None:
    assert write_percent(550) == "5.5%"
    with use_language("de"):
        assert write_percent(550) == "5,5\xa0%"


def test_no_cell_is_run_by_a_spreadsheet() -> None:
    table: list[list[str | int | None]] = [["=1+1", None, -5], ["plain, quoted", "@x", 7]]
    assert write_sheet(["a", "b", "c"], table) == (
        "a,b,c\r\n'=1+1,,-5\r\n\"plain, quoted\",'@x,7\r\n"
    )
