from datetime import date

import pytest

from panier import markets
from panier.kit.cells import Cell
from panier.markets.actions import read_shipped

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("country", "category", "expected"),
    [
        ("FR", "standard", 2000),
        ("FR", "reduced", 1000),
        ("FR", "food", 550),
        ("FR", "books", 550),
        ("GB", "standard", 2000),
        ("GB", "reduced", 500),
        ("GB", "food", 0),
        ("GB", "zero", 0),
        ("DE", "standard", 1900),
        ("DE", "books", 700),
        ("IT", "standard", 2200),
        ("IT", "reduced", 1000),
        ("IT", "herbs", 500),
        ("IT", "books", 400),
        ("ES", "standard", 2100),
        ("ES", "reduced", 1000),
        ("ES", "books", 400),
        ("FI", "standard", 2550),
        ("FI", "food", 1350),
        ("RO", "standard", 2100),
        ("SE", "food", 600),
        ("IE", "children_clothing", 0),
    ],
)
async def test_the_shipped_vat_rates_are_the_laws(
    cell: Cell, country: str, category: str, expected: int
) -> None:
    async with cell.tx() as tx:
        await markets.load(tx)
        assert await markets.get_vat_rate(tx, country, category, TODAY) == expected


@pytest.mark.parametrize(
    ("country", "category", "on"),
    [
        ("FR", "zero", TODAY),
        ("PL", "food", TODAY),
        ("CH", "standard", TODAY),
        ("FR", "", TODAY),
        ("FR", "standard", date(2013, 12, 31)),
    ],
)
async def test_an_unknown_rate_is_refused_and_never_nought(
    cell: Cell, country: str, category: str, on: date
) -> None:
    async with cell.tx() as tx:
        await markets.load(tx)
        with pytest.raises(markets.UnknownVatRate) as refused:
            await markets.get_vat_rate(tx, country, category, on)
    assert refused.value.details["on"] == on.isoformat()


async def test_a_new_rate_holds_from_its_day(cell: Cell) -> None:
    async with cell.tx() as tx:
        await markets.load(tx)
        await tx.execute("insert into vat_rate values ('DE', 'standard', '2027-01-01', 2000)")
        assert await markets.get_vat_rate(tx, "DE", "standard", date(2026, 12, 31)) == 1900
        assert await markets.get_vat_rate(tx, "DE", "standard", date(2027, 1, 1)) == 2000


def test_every_shipped_rate_is_of_a_known_category() -> None:
    categories = {category for _, category, _, _ in read_shipped().rates()}
    assert categories == markets.VAT_CATEGORIES


def test_every_country_that_is_sent_to_has_a_standard_rate() -> None:
    shipped = {country for country, category, _, _ in read_shipped().rates()
               if category == "standard"}  # fmt: skip
    assert shipped == markets.EU | {"GB"}


async def test_rates_of_many_countries_are_one_question_and_unknown_ones_are_left_out(
    cell: Cell,
) -> None:
    async with cell.tx() as tx:
        await markets.load(tx)
        wanted = [("FR", "standard"), ("DE", "food"), ("PL", "food"), ("SE", "food")]
        in_march = await markets.find_vat_rates(tx, wanted, date(2026, 3, 31))
        in_april = await markets.find_vat_rates(tx, wanted, date(2026, 4, 1))
    assert in_march == {("FR", "standard"): 2000, ("DE", "food"): 700, ("SE", "food"): 1200}
    assert in_april == in_march | {("SE", "food"): 600}
