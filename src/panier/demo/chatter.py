"""What simulated viewers say and who they say they are."""

import tomllib
from functools import cache
from importlib.resources import files
from random import Random

import msgspec

FITTING = 0.55
"""The share of lines that are about what is pinned; a fifth of the others name the product."""
NAMING = 0.2


class Lines(msgspec.Struct, frozen=True):
    """The lines of one language."""

    hello: list[str]
    remarks: list[str]
    product: list[str]
    about: dict[str, list[str]]
    """By the first part of an article number: CANDLE of CANDLE-180."""


class Buyer(msgspec.Struct, frozen=True):
    """A made-up person and an address as their country writes it."""

    name: str
    line1: str
    postcode: str
    city: str


BUYERS = {
    "FR": [
        Buyer("Léa Fontaine", "12 rue des Tanneurs", "69002", "Lyon"),
        Buyer("Hugo Marchand", "3 quai de la Fosse", "44000", "Nantes"),
        Buyer("Aïcha Benali", "27 rue de Rome", "13006", "Marseille"),
        Buyer("Nina Schmitt", "8 place Broglie", "67000", "Strasbourg"),
        Buyer("Paul Guérin", "41 cours Victor Hugo", "33000", "Bordeaux"),
    ],
    "GB": [
        Buyer("Amelia Wright", "14 Mill Lane", "LS1 4DY", "Leeds"),
        Buyer("Oliver Shaw", "7 Harbour Street", "BS1 5TX", "Bristol"),
        Buyer("Zara Ahmed", "22 Canal Road", "M1 3HZ", "Manchester"),
        Buyer("Ewan Reid", "5 Castle Wynd", "EH1 2NG", "Edinburgh"),
        Buyer("Grace Osei", "90 Chapel Street", "B1 1BB", "Birmingham"),
    ],
    "IT": [Buyer("Giulia Ferri", "Via Po 18", "10123", "Torino")],
    "DE": [Buyer("Jonas Weber", "Venloer Straße 40", "50672", "Köln")],
    "ES": [Buyer("Marta Soler", "Calle de la Paz 9", "46003", "Valencia")],
}


@cache
def read_lines() -> dict[str, Lines]:
    """Read the data file that panier ships with."""
    text = files("panier.demo").joinpath("chatter.toml").read_text()
    return msgspec.convert(tomllib.loads(text), dict[str, Lines])


def choose_hello(random: Random, language: str) -> str:
    """Return what somebody says who has just come."""
    return random.choice(_lines(language).hello)


def choose_line(random: Random, language: str, title: str | None, sku: str | None) -> str:
    """Return a line; with something pinned (its title and an article number) mostly about it."""
    lines = _lines(language)
    about = lines.about.get((sku or "").partition("-")[0], [])
    if about and random.random() < FITTING:
        return random.choice(about)
    if title and random.random() < NAMING:
        return random.choice(lines.product).format(product=title)
    return random.choice(lines.remarks)


def choose_buyer(random: Random, country: str) -> Buyer:
    """Return somebody of this country."""
    return random.choice(BUYERS[country])


def _lines(language: str) -> Lines:
    found = read_lines()
    return found.get(language, found["en"])
