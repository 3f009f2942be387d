"""What sellers are to us, for their commission: key account, standard, or in their first days."""

from collections.abc import Iterable
from datetime import date
from time import monotonic
from uuid import UUID

import msgspec

from panier.catalog.rules import check_tier, tier_on
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, rows, run
from panier.kit.errors import NotFound

FRESH_SECONDS = 5.0
"""How long a process may go on believing what it has read of a seller."""
REMEMBERED_MAX = 10_000
"""Sellers remembered at once."""


class _Known(msgspec.Struct):
    id: UUID
    tier: str
    since: date


_Memory = dict[UUID, tuple[float, _Known]]


async def list_tiers(tx: Tx, sellers: Iterable[UUID], day: date) -> dict[UUID, str]:
    """Return what each of `sellers` is on the market's `day` (see markets.Tier).

    Whoever was read within 5 s is remembered; all others are one query through `tx`.
    """
    wanted = set(sellers)
    memory, moment = tx.cell.memory(_memory), monotonic()
    missing = [seller for seller in wanted if seller not in memory or memory[seller][0] < moment]
    if missing:
        if len(memory) + len(missing) > REMEMBERED_MAX:
            memory.clear()
            missing = list(wanted)
        for read in await rows(
            tx, "select id, tier, since from seller where id = any(%s)", (missing,), _Known
        ):
            memory[read.id] = (moment + FRESH_SECONDS, read)
    known = (memory[seller][1] for seller in wanted if seller in memory)
    return {seller.id: tier_on(seller.tier, seller.since, day).value for seller in known}


async def set_tier(tx: Tx, market: str, seller: UUID, tier: str, by: UUID) -> None:
    """Agree with a seller on its tier, for what it sells from now on; raises NotFound, BadInput."""
    check_tier(tier)
    made = await run(
        tx,
        "update seller set tier = %s, tier_by = %s, tier_at = %s where id = %s and market = %s",
        (tier, by, now(), seller, market),
    )
    if not made:
        raise NotFound
    memory = tx.cell.memory(_memory)
    tx.after_commit(lambda: memory.pop(seller, None) and None)


def _memory(_cell: Cell) -> _Memory:
    return {}
