"""The sample shops as the data file tells them."""

import tomllib
from datetime import time
from functools import cache
from importlib.resources import files

import msgspec

from panier.taxes import Trader

Texts = dict[str, str]


class SampleVariant(msgspec.Struct, frozen=True):
    """A variant: its prices in minor units by market, and what a new sample show begins with."""

    sku: str
    stock: int
    price: dict[str, int]
    title: Texts


class SampleProduct(msgspec.Struct, frozen=True):
    """A product; `seller` is a key of the market's sellers, `vat_in` a market's own category."""

    slug: str
    seller: str
    vat: str
    title: Texts
    description: Texts
    alt: Texts
    variant: list[SampleVariant]
    vat_in: dict[str, str] = {}
    withdrawal: str = "allowed"

    @property
    def picture(self) -> str:
        """Return the name of its drawing."""
        return self.slug


class SampleService(msgspec.Struct, frozen=True):
    """A service with slots each day to come, at these hours of the market's clocks."""

    slug: str
    seller: str
    vat: str
    picture: str
    """The name of a drawing."""
    minutes: int
    places: int
    hours: list[time]
    price: dict[str, int]
    title: Texts
    description: Texts
    alt: Texts
    arrival: str


class SampleSeller(msgspec.Struct, frozen=True):
    """A shop, and what it asks for parcels by country."""

    slug: str
    name: str
    shipping: dict[str, list[int]]
    """The price of a parcel in minor units, and from how much of goods it is free, if ever."""
    legal: Trader
    one_parcel: bool = False
    """What a buyer orders in one show goes in one parcel."""


class SamplePerson(msgspec.Struct, frozen=True):
    """Somebody who can sign in with the sample password."""

    email: str
    name: str
    also: list[str] = []
    """Further roles."""


class SampleMarket(msgspec.Struct, frozen=True):
    """Shops, people (by role) and show titles of a market: the sample show's, then two more."""

    starts: list[str]
    sellers: dict[str, SampleSeller]
    people: dict[str, SamplePerson]


class SamplePlan(msgspec.Struct, frozen=True):
    """A share in basis points for whoever presents, or for the person whom it invites."""

    seller: str
    share: int
    product: str | None = None
    invites: str | None = None
    """A key of the market's people."""


class Sample(msgspec.Struct, frozen=True):
    """The data file."""

    market: dict[str, SampleMarket]
    plan: list[SamplePlan]
    product: list[SampleProduct]
    """In the order in which the sample film shows them."""
    service: list[SampleService]
    """At the end of the run sheet."""


@cache
def read_sample() -> Sample:
    """Read the data file that panier ships with."""
    text = files("panier.demo").joinpath("data.toml").read_text()
    return msgspec.convert(tomllib.loads(text), Sample)
