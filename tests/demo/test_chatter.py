"""What the simulated audience says fits every product of the sample shops."""

from random import Random

import pytest

from panier.demo.chatter import BUYERS, choose_buyer, choose_line, read_lines
from panier.demo.data import read_sample
from panier.kit.i18n import LANGUAGES


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a play that repeats itself


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_lines_about_every_sample_product(language: str) -> None:
    about = read_lines()[language].about
    kinds = {p.variant[0].sku.partition("-")[0] for p in read_sample().product}
    assert set(about) == kinds


def test_a_line_names_the_pinned_product_by_its_title() -> None:
    said = {choose_line(dice(n), "fr", "Bougie", None) for n in range(300)}
    assert "Bougie : il en reste ?" in said
    assert not any("{" in line for line in said)


def test_without_a_pin_only_remarks_are_made() -> None:
    lines = read_lines()["de"]
    said = {choose_line(dice(n), "de", None, None) for n in range(100)}
    assert said <= set(lines.remarks)


def test_every_sample_market_has_buyers() -> None:
    assert set(read_sample().market) <= set(BUYERS)
    assert choose_buyer(dice(1), "GB").postcode in {b.postcode for b in BUYERS["GB"]}
