"""Who keeps services and sees who comes: a seller's staff, and the market's team."""

from uuid import UUID

from panier import catalog, people
from panier.catalog import Service, SlotRow
from panier.kit.db import Tx
from panier.kit.errors import Forbidden, NotFound
from panier.people import Person, Reader

TEAM = ("market", "admin")
"""Who keeps those of every seller of a market."""


def list_own(reader: Reader) -> list[UUID] | None:
    """Return whose products the reader keeps; None: everybody's.

    Raises SignInNeeded, Forbidden.
    """
    people.require(reader, "seller", *TEAM)
    if not reader.roles.isdisjoint(TEAM):
        return None
    if not reader.sellers:
        raise Forbidden
    return sorted(reader.sellers)


def require_own(reader: Reader, seller: UUID) -> Person:
    """Return who keeps this seller's products; raises SignInNeeded, Forbidden."""
    own = list_own(reader)
    if own is not None and seller not in own:
        raise Forbidden
    return people.require(reader)


async def access_service(tx: Tx, reader: Reader, product: UUID) -> Service:
    """Return a service that the reader keeps; raises NotFound, SignInNeeded, Forbidden."""
    list_own(reader)
    found = await catalog.get_service(tx, product)
    if found.market != reader.market.code:
        raise NotFound
    require_own(reader, found.seller)
    return found


async def access_slot(tx: Tx, reader: Reader, variant: UUID) -> tuple[Service, SlotRow]:
    """Return a slot that the reader keeps, and its service; raises as `access_service`."""
    list_own(reader)
    slot = await catalog.find_slot(tx, variant)
    if slot is None:
        raise NotFound
    return await access_service(tx, reader, slot.product), slot
