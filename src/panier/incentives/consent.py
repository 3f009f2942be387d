"""Whether a seller consents to a deal: their own staff, an agreement, or an answer to a request."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from panier import catalog, people
from panier.incentives.agreed import find_agreement, lock_agreement
from panier.incentives.asking import lock_agreed
from panier.incentives.deal_rules import Agreement, DealNotAgreed
from panier.kit.db import Tx


class Basis(NamedTuple):
    """By what a deal is made; by neither: the seller's own staff makes it."""

    agreement: UUID | None = None
    request: UUID | None = None


class Allowed(NamedTuple):
    """What somebody of the crew may do with a product's prices without asking."""

    product: UUID
    seller: str
    own: bool
    """They work for the seller: whatever they like."""
    agreement: Agreement | None


async def works_for(tx: Tx, person: UUID | None, seller: UUID) -> bool:
    """Tell whether somebody is of a seller's own staff: they need nobody's agreement."""
    if person is None:
        return False
    roles = await people.list_roles(tx, person)
    return any(role.role == "seller" and role.seller_id == seller for role in roles)


async def find_basis(
    tx: Tx,
    show: UUID,
    product: catalog.Product,
    prices: Mapping[UUID, int],
    *,
    units: int,
    between: tuple[datetime, datetime],
    by: UUID | None,
) -> Basis:
    """Return by what `by` may make this deal, locked till the end of the transaction.

    Raises DealNotAgreed.
    """
    if await works_for(tx, by, product.seller.id):
        return Basis()
    agreement = await lock_agreement(tx, product.market, product.seller.id, product.id)
    if agreement is not None:
        cost = {
            variant: (
                await catalog.get_unit_price_at(tx, product.market, variant, between[0])
            ).minor
            for variant in prices
        }
        if agreement.covers(prices, cost, units, between):
            return Basis(agreement=agreement.id)
    for request in await lock_agreed(tx, show, product.id):
        if request.covers(prices, units):
            return Basis(request=request.id)
    raise DealNotAgreed(seller=product.seller.name)


async def list_allowed(
    tx: Tx, products: Sequence[catalog.Product], by: UUID | None
) -> list[Allowed]:
    """List what `by` may do with these products' prices."""
    return [
        Allowed(
            product.id,
            product.seller.name,
            await works_for(tx, by, product.seller.id),
            await find_agreement(tx, product.market, product.seller.id, product.id),
        )
        for product in products
    ]
