"""The fault switch: what may go wrong between us and a provider, on purpose and by a seed."""

import random
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Annotated, TypeVar

import msgspec

from panier.kit.cells import Cell
from panier.kit.db import Tx, find, run
from panier.kit.fresh import Fresh
from panier.payments.provider import ProviderAway

KNOWN_SECONDS = 0.5
"""How long each of two memories may not know that the switch was turned: a second in all."""
SHUFFLE_SECONDS_MAX = 3.0
"""How much later than due a shuffled message leaves."""

T = TypeVar("T")
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class Faults(msgspec.Struct, frozen=True):
    """How often what goes wrong, in per cent; the same seed gives a process the same faults."""

    seed: int = 0
    lost: Percent = 0
    """Requests that time out and never arrived."""
    unheard: Percent = 0
    """Requests that were done and whose answer timed out."""
    broken: Percent = 0
    """Requests that are answered with status 500; nothing was done."""
    duplicate: Percent = 0
    """Messages sent twice, under two ids."""
    shuffled: Percent = 0
    """Messages sent up to 3 s late, so that later ones overtake them."""


class Dice:
    """Decides, by the seed, what happens to the next request or message."""

    def __init__(self, faults: Faults) -> None:
        """Start the row of numbers that belongs to the seed."""
        self.faults = faults
        self._random = random.Random(faults.seed)  # noqa: S311 - meant to be repeatable

    def fate(self) -> str:
        """Return `well`, `lost`, `unheard` or `broken` for a request."""
        f = self.faults
        roll = self._random.random() * 100
        for name, share in (("lost", f.lost), ("unheard", f.unheard), ("broken", f.broken)):
            if roll < share:
                return name
            roll -= share
        return "well"

    def deliveries(self) -> list[float]:
        """Return when a message leaves, in seconds from now; twice when it is duplicated."""
        times = 2 if self._random.random() * 100 < self.faults.duplicate else 1
        return [self._delay() for _ in range(times)]

    def _delay(self) -> float:
        if self._random.random() * 100 < self.faults.shuffled:
            return self._random.uniform(0, SHUFFLE_SECONDS_MAX)
        return 0.0


class Switch:
    """What this process knows of the switch of a cell."""

    def __init__(self, cell: Cell) -> None:
        """Know nothing yet."""
        self._cell = cell
        self._dice = Dice(Faults())
        self._off_until = 0.0
        self._fresh: Fresh[None, Faults] = Fresh(self._read, KNOWN_SECONDS)

    async def _read(self, _key: None) -> Faults:
        async with self._cell.read() as tx:
            return await find_faults(tx)

    async def dice(self) -> Dice:
        """Return the dice for how the switch stands."""
        faults = await self._fresh.get(None)
        if faults != self._dice.faults:
            self._dice = Dice(faults)
        self._off_until = monotonic() + KNOWN_SECONDS if faults == Faults() else 0.0
        return self._dice

    @property
    def off(self) -> bool:
        """Tell whether it was off a moment ago; thousands of charges a second ask."""
        return monotonic() < self._off_until

    def forget(self) -> None:
        """Look at the switch anew."""
        self._fresh.forget()
        self._off_until = 0.0


async def find_faults(tx: Tx) -> Faults:
    """Return how the switch stands; nothing goes wrong when it was never turned."""
    sql = "select seed, lost, unheard, broken, duplicate, shuffled from sandbox_fault"
    return await find(tx, sql, None, Faults) or Faults()


async def turn_switch(tx: Tx, faults: Faults) -> None:
    """Turn the switch; every process knows within KNOWN_SECONDS."""
    await run(
        tx,
        """
        insert into sandbox_fault (seed, lost, unheard, broken, duplicate, shuffled)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (one) do update set seed = excluded.seed, lost = excluded.lost,
          unheard = excluded.unheard, broken = excluded.broken,
          duplicate = excluded.duplicate, shuffled = excluded.shuffled
        """,
        msgspec.structs.astuple(faults),
    )
    tx.after_commit(tx.cell.memory(Switch).forget)


async def through(cell: Cell, act: Callable[[], Awaitable[T]]) -> T:
    """Let a request through, or let it go wrong. Raises ProviderAway."""
    switch = cell.memory(Switch)
    if switch.off:
        return await act()
    fate = (await switch.dice()).fate()
    if fate in ("lost", "broken"):
        raise ProviderAway(fault=fate)
    answer = await act()
    if fate == "unheard":
        raise ProviderAway(fault=fate)
    return answer
