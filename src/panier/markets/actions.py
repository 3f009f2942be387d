"""Opening, pausing and closing markets; loading what is shipped."""

import tomllib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files

import msgspec

from panier.kit.db import Tx, run
from panier.markets.queries import forget, get_market
from panier.markets.rules import check_move


class ShippedMarket(msgspec.Struct):
    """A market as the data file tells it."""

    code: str
    name: str
    country: str
    currency: str
    languages: list[str]
    time_zone: str
    stage: str


class Shipped(msgspec.Struct):
    """The data file."""

    market: list[ShippedMarket]
    vat: dict[str, dict[str, dict[date, int]]]
    """By country, category and the day from which it holds; basis points."""

    def rates(self) -> Iterator[tuple[str, str, date, int]]:
        """List country, category, first day and basis points of each rate."""
        for country, categories in self.vat.items():
            for category, days in categories.items():
                for valid_from, rate in days.items():
                    yield country, category, valid_from, rate


def read_shipped() -> Shipped:
    """Read the data file that panier ships with."""
    text = files("panier.markets").joinpath("data.toml").read_text()
    return msgspec.convert(tomllib.loads(text), Shipped)


async def load(tx: Tx) -> None:
    """Bring in the shipped markets and VAT rates; may be repeated.

    What an operator decided stays (stage, languages); a VAT rate is corrected.
    """
    shipped = read_shipped()
    for market in shipped.market:
        await run(
            tx,
            "insert into market (code, name, country, currency, languages, time_zone, stage)"
            " values (%(code)s, %(name)s, %(country)s, %(currency)s, %(languages)s,"
            " %(time_zone)s, %(stage)s) on conflict (code) do nothing",
            msgspec.structs.asdict(market),
        )
    for country, category, valid_from, rate in shipped.rates():
        await run(
            tx,
            "insert into vat_rate (country, category, valid_from, basis_points)"
            " values (%s, %s, %s, %s) on conflict (country, category, valid_from)"
            " do update set basis_points = excluded.basis_points",
            (country, category, valid_from, rate),
        )
    cell = tx.cell
    tx.after_commit(lambda: forget(cell))


async def move(tx: Tx, code: str, to: str) -> None:
    """Take a market to another stage; raises StageRefused for a step that is not allowed."""
    await run(tx, "select 1 from market where code = %s for update", (code,))
    market = await get_market(tx, code)
    check_move(market.stage, to)
    await run(tx, "update market set stage = %s where code = %s", (to, code))
    cell = tx.cell
    tx.after_commit(lambda: forget(cell))
