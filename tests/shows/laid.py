"""A market, a host and products for the tests of shows, made through the front doors."""

from datetime import timedelta
from uuid import UUID

import msgspec

from panier import catalog, markets, people, shows
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, rows
from panier.kit.ids import new_id
from panier.kit.money import Money


class Laid(msgspec.Struct):
    """Names of what was made."""

    host: UUID
    products: list[UUID]


class Told(msgspec.Struct):
    """What an event said."""

    kind: str
    body: dict[str, str]


async def lay_product(tx: Tx, seller: UUID, slug: str) -> UUID:
    """Make a product with one variant."""
    price = Money(2490, "EUR" if (await catalog.get_seller(tx, seller)).market == "FR" else "GBP")
    return await catalog.create_product(
        tx,
        seller=seller,
        slug=slug,
        title={"fr": f"Le {slug}", "en": f"The {slug}"},
        description={"fr": "Beau."},
        vat_category="standard",
        variants=[catalog.NewVariant(slug.upper(), {"fr": "Unique"}, price)],
    )


async def lay_seller(tx: Tx, market: str = "FR", currency: str = "EUR") -> UUID:
    """Make a seller of `market`."""
    return await catalog.create_seller(
        tx,
        market=market,
        slug="lumen",
        name="Maison Lumen",
        country=market,
        shipping=Money(490, currency),
    )


async def lay_person(tx: Tx, name: str, *roles: str, market: str = "FR") -> UUID:
    """Make somebody with `roles`."""
    person = await people.create_person(
        tx,
        email=f"{name.lower()}@example.org",
        name=name,
        password_hash="unusable",
        language="fr",
    )
    for role in roles:
        await people.grant_role(tx, person, role, market)
    return person


async def lay(cell: Cell) -> Laid:
    """Make market FR with the host Camille and three products."""
    async with cell.tx() as tx:
        await markets.load(tx)
        seller = await lay_seller(tx)
        products = [await lay_product(tx, seller, slug) for slug in ("candle", "mug", "scarf")]
        return Laid(await lay_person(tx, "Camille", "host"), products)


async def lay_show(cell: Cell, laid: Laid, title: str = "Lumières du soir") -> shows.Show:
    """Put a show with all products on the calendar, in an hour."""
    async with cell.tx() as tx:
        return await shows.schedule(
            tx,
            market="FR",
            host=laid.host,
            title=title,
            starts_at=now() + timedelta(hours=1),
            language="fr",
            products=laid.products,
        )


async def list_told(cell: Cell) -> list[Told]:
    """List the events written so far."""
    async with cell.read() as tx:
        return await rows(tx, "select kind, body from event order by id", None, Told)


NOBODY = new_id()
