"""Cells: a cell is a data home, one database whose people, orders and video never leave it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

from panier.kit.bus import Bus, Listener
from panier.kit.db import Database
from panier.kit.desk import Act, Desk
from panier.kit.errors import NotFound

Q = TypeVar("Q")
A = TypeVar("A")


class Cell:
    """One data home: its database, its news and its group-commit desks."""

    def __init__(self, name: str, database: Database, bus: Bus, site: str = "") -> None:
        """Tie the database's transactions to this cell; mails lead to the pages at `site`."""
        self.name = name
        self.site = site
        self.db = database
        self._bus = bus
        self._desks: dict[Any, Desk[Any, Any]] = {}
        self._memory: dict[Any, Any] = {}
        database.cell = self
        self.tx = database.tx
        self.run = database.run
        self.read = database.read

    def desk(self, act: Act[Q, A]) -> Desk[Q, A]:
        """Return this process's desk for `act`, made at its first use."""
        if act not in self._desks:
            self._desks[act] = Desk(self.db, act)
        return cast("Desk[Q, A]", self._desks[act])

    def memory(self, make: Callable[["Cell"], A]) -> A:
        """Return this process's one `make(cell)`: a cache or a mark; never a fact."""
        if make not in self._memory:
            self._memory[make] = make(self)
        return cast("A", self._memory[make])

    def tell(self, subject: str, payload: bytes = b"") -> None:
        """Tell all processes of this cell; never waits, never raises."""
        self._bus.publish(f"{self.name}.{subject}", payload)

    async def hear(self, subject: str, listener: Listener) -> Callable[[], None]:
        """Hear what is told under `subject` (NATS wildcards allowed), its prefix taken off."""
        skip = len(self.name) + 1
        return await self._bus.subscribe(
            f"{self.name}.{subject}", lambda full, payload: listener(full[skip:], payload)
        )

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever news may have been missed."""
        self._bus.on_reconnect(callback)

    async def open(self) -> None:
        """Connect to the database."""
        await self.db.open()

    async def close(self) -> None:
        """Finish the desks' work, then disconnect."""
        for desk in self._desks.values():
            await desk.close()
        await self.db.close()


class Cells:
    """All cells of this installation, and which key (a market) lives in which."""

    def __init__(self, cells: Mapping[str, Cell], homes: Mapping[str, str]) -> None:
        """Take cells by name; a key that `homes` does not name lives in the first cell."""
        if not cells:
            raise ValueError("at least one cell is needed")
        self._cells = dict(cells)
        self._homes = dict(homes)
        self._first = next(iter(self._cells))

    def of(self, key: str) -> Cell:
        """Return the cell where `key` lives."""
        return self.named(self._homes.get(key, self._first))

    def named(self, name: str) -> Cell:
        """Return the cell called `name`; raises NotFound."""
        if name not in self._cells:
            raise NotFound
        return self._cells[name]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells.values())
