"""What a process knows of the shelves without asking: the news it tells and a short memory."""

import time
from collections.abc import Mapping
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.db import Tx

PULSE = "stock"
"""The subject under which {variant: available} is told after each change."""
SOLD_OUT_SECONDS = 0.25
"""How long "sold out" is answered from memory before the database is asked again."""


class Shelves:
    """Variants that were sold out a moment ago, by this process's monotonic clock."""

    def __init__(self, _cell: Cell) -> None:
        """Start with nothing known."""
        self.empty_until: dict[int, float] = {}

    def is_empty(self, variant: UUID) -> bool:
        """Tell whether `variant` is known to be sold out right now."""
        until = self.empty_until.get(variant.int)
        if until is None:
            return False
        if until < time.monotonic():
            del self.empty_until[variant.int]
            return False
        return True

    def note(self, left: Mapping[UUID, int]) -> None:
        """Take in what a committed transaction left."""
        until = time.monotonic() + SOLD_OUT_SECONDS
        for variant, count in left.items():
            if count:
                self.empty_until.pop(variant.int, None)
            else:
                self.empty_until[variant.int] = until


def tell(tx: Tx, left: Mapping[UUID, int]) -> None:
    """Tell the rooms what is left, once this transaction is committed."""
    cell = tx.cell
    payload = msgspec.json.encode({str(variant): count for variant, count in left.items()})
    tx.after_commit(lambda: cell.tell(PULSE, payload))
    tx.after_commit(lambda: cell.memory(Shelves).note(left))
