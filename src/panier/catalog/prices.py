"""What a variant costs now, from memory: for the press on the basket, not for the bill."""

from uuid import UUID

from panier.catalog.queries import get_unit_price_at
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.fresh import Fresh
from panier.kit.money import Money

SECONDS_MAX = 2.0
"""How old a remembered price may be."""

_Key = tuple[str, UUID]


async def get_unit_price(cell: Cell, market: str, variant: UUID) -> Money:
    """Return what one of `variant` costs in `market`, VAT included, at most two seconds ago.

    However many ask at once, the database is asked once. Raises NotFound.
    """
    return await cell.memory(_prices).get((market, variant))


def _prices(cell: Cell) -> Fresh[_Key, Money]:
    async def read(key: _Key) -> Money:
        async with cell.read() as tx:
            return await get_unit_price_at(tx, *key, now())

    return Fresh(read, SECONDS_MAX)
