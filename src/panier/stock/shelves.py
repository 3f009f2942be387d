"""What a process knows of the shelves without asking: the news it tells and a short memory."""

import time
from collections.abc import Mapping
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.db import Tx

PULSE = "stock"
"""The subject under which {variant: left} is told after each change.

A show that has units of its own is told {show/variant: left} besides, which counts there.
"""
SOLD_OUT_SECONDS = 0.25
"""How long "sold out" is answered from memory before the database is asked again."""


class Shelves:
    """Variants that were sold out a moment ago, by this process's monotonic clock."""

    def __init__(self, _cell: Cell) -> None:
        """Start with nothing known."""
        self.empty_until: dict[int, float] = {}

    def is_empty(self, variant: UUID) -> bool:
        """Tell whether `variant` is known to be sold out right now, in every show."""
        until = self.empty_until.get(variant.int)
        if until is None:
            return False
        if until < time.monotonic():
            del self.empty_until[variant.int]
            return False
        return True

    def note(self, left: Mapping[UUID, int], own: Mapping[tuple[UUID, UUID], int]) -> None:
        """Take in what a committed transaction left: free units, and what single shows can sell."""
        until = time.monotonic() + SOLD_OUT_SECONDS
        divided = {variant for _, variant in own}
        for variant, count in left.items():
            if count or variant in divided:
                self.empty_until.pop(variant.int, None)
            else:
                self.empty_until[variant.int] = until


def tell(tx: Tx, left: Mapping[UUID, int], own: Mapping[tuple[UUID, UUID], int]) -> None:
    """Tell the rooms what is left, once this transaction is committed."""
    cell = tx.cell
    told = {str(variant): count for variant, count in left.items()}
    told |= {f"{show}/{variant}": count for (show, variant), count in own.items()}
    payload = msgspec.json.encode(told)
    tx.after_commit(lambda: cell.tell(PULSE, payload))
    tx.after_commit(lambda: cell.memory(Shelves).note(left, own))
