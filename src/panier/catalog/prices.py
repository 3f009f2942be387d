"""What a variant costs now, from memory: for the press on the basket, not for the bill."""

import asyncio
from time import monotonic
from uuid import UUID
from weakref import WeakKeyDictionary

from panier.catalog.queries import get_unit_price_at
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.money import Money

SECONDS_MAX = 2.0
"""How old a remembered price may be."""
PRICES_MAX = 10_000
"""Prices remembered of one cell; then the memory begins anew."""

_Known = dict[tuple[str, UUID], tuple[float, "asyncio.Task[Money]"]]
_known: WeakKeyDictionary[Cell, _Known] = WeakKeyDictionary()


async def get_unit_price(cell: Cell, market: str, variant: UUID) -> Money:
    """Return what one of `variant` costs in `market`, VAT included, at most two seconds ago.

    However many ask at once, the database is asked once. Raises NotFound.
    """
    known, key = _known.setdefault(cell, {}), (market, variant)
    entry = known.get(key)
    if entry is None or entry[0] < monotonic() or _failed(entry[1]):
        if len(known) >= PRICES_MAX:
            known.clear()
        entry = (monotonic() + SECONDS_MAX, asyncio.create_task(_read(cell, market, variant)))
        known[key] = entry
    # Shielded: whoever gives up must not take the answer from the others.
    return await asyncio.shield(entry[1])


def _failed(task: "asyncio.Task[Money]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


async def _read(cell: Cell, market: str, variant: UUID) -> Money:
    async with cell.read() as tx:
        return await get_unit_price_at(tx, market, variant, now())
