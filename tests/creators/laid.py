"""Whose share a sale of the shop would be."""

from uuid import UUID

from panier import creators
from panier.creators import Sale
from panier.kit.cells import Cell
from panier.kit.clock import now
from tests.shop import Shop


async def share_of(cell: Cell, shop: Shop, host: UUID | None = None) -> int | None:
    """Return the basis points that `host` (else the shop's) would have of a sale now."""
    sale = Sale("FR", host or shop.host, shop.seller, shop.product, now())
    async with cell.read() as tx:
        (share,) = await creators.find_shares(tx, [sale])
    return share.basis_points if share else None
