"""What sellers ask for parcels, by destination, and whether a show's orders go in one."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from panier.catalog.rules import ParcelRate, check_parcel_rate
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import _
from panier.markets import find_vat_rates, get_market, vat_area

SHIPPING = """
insert into shipping_rate (seller_id, country, minor, free_from_minor, changed_by, at)
values (%s, %s, %s, %s, %s, %s)
on conflict (seller_id, country) do update set minor = excluded.minor,
  free_from_minor = excluded.free_from_minor, changed_by = excluded.changed_by, at = excluded.at
"""


class ShippingRate(msgspec.Struct, frozen=True):
    """What a seller asks for a parcel to a country, and who said so last."""

    seller: UUID
    country: str
    minor: int
    free_from_minor: int | None
    changed_by: UUID | None
    at: datetime


class _Home(msgspec.Struct):
    """Where a seller sells."""

    market: str


async def list_shipping(tx: Tx, sellers: Iterable[UUID]) -> list[ShippingRate]:
    """List what these sellers ask for parcels, by seller and country."""
    sql = """
    select seller_id as seller, country, minor, free_from_minor, changed_by, at
    from shipping_rate where seller_id = any(%s) order by seller_id, country
    """
    return await rows(tx, sql, (list(sellers),), ShippingRate)


async def list_destinations(tx: Tx, sellers: Sequence[UUID]) -> list[str]:
    """List the countries to which every one of these sellers sends, in the order of their codes."""
    wanted = list(set(sellers))
    cursor = await tx.execute(
        "select country from shipping_rate where seller_id = any(%s)"
        " group by country having count(*) = %s order by country",
        (wanted, len(wanted)),
    )
    return [row[0] for row in await cursor.fetchall()]


async def set_shipping(
    tx: Tx, seller: UUID, country: str, rate: ParcelRate, by: UUID | None = None
) -> None:
    """Let `seller` send to `country` at this rate from now on; raises NotFound, BadInput."""
    check_parcel_rate(rate)
    area = vat_area(await _home_of(tx, seller))
    if country not in area:
        raise BadInput(field="country", reason=_("please choose a country"))
    at = now()
    await run(tx, SHIPPING, (seller, country, rate.minor, rate.free_from_minor, by, at))


async def drop_shipping(tx: Tx, seller: UUID, country: str) -> None:
    """Let `seller` send nothing to `country` any more; never the market's own.

    Raises NotFound, BadInput.
    """
    if country == await _home_of(tx, seller):
        raise BadInput(field="country", reason=_("the market’s own country always has a rate"))
    sql = "delete from shipping_rate where seller_id = %s and country = %s"
    if not await run(tx, sql, (seller, country)):
        raise NotFound


async def set_one_parcel(tx: Tx, seller: UUID, *, offered: bool) -> None:
    """Say whether what a buyer orders in one show goes in one parcel; raises NotFound."""
    sql = "update seller set one_parcel_per_show = %s where id = %s"
    if not await run(tx, sql, (offered, seller)):
        raise NotFound


async def list_unpriced(
    tx: Tx, seller: UUID, countries: Sequence[str], on: date
) -> dict[str, list[str]]:
    """List by country the VAT categories of a seller's products whose rate nobody knows there."""
    cursor = await tx.execute(
        "select distinct vat_category from product where seller_id = %s order by 1", (seller,)
    )
    categories = [row[0] for row in await cursor.fetchall()]
    pairs = [(country, category) for country in countries for category in categories]
    known = await find_vat_rates(tx, pairs, on)
    return {
        country: [category for category in categories if (country, category) not in known]
        for country in countries
    }


async def _home_of(tx: Tx, seller: UUID) -> str:
    found = await find(tx, "select market from seller where id = %s", (seller,), _Home)
    if found is None:
        raise NotFound
    return (await get_market(tx, found.market)).country
