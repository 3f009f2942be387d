"""What a process holds while it runs: settings, cells, news, objects, signer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from obstore.store import ObjectStore

from panier.kit.bus import Bus
from panier.kit.cells import Cell, Cells
from panier.kit.db import Database
from panier.kit.signing import Signer
from panier.kit.store import open_store
from panier.settings import Settings


@dataclass(frozen=True)
class Runtime:
    """Opened once a process and handed to whoever needs it."""

    settings: Settings
    cells: Cells
    bus: Bus
    store: ObjectStore
    signer: Signer

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Runtime"]:
        """Connect to all engines; `settings` must name them (the supervisor sees to it)."""
        bus = Bus(settings.nats_url)
        cells = Cells(
            {
                name: Cell(name, Database(dsn), bus, settings.public_web_url)
                for name, dsn in settings.cells.items()
            },
            settings.market_cells,
        )
        await bus.open()
        try:
            for cell in cells:
                await cell.open()
            store = open_store(settings.store_url)
            yield cls(settings, cells, bus, store, Signer(settings.signing_secret))
        finally:
            for cell in cells:
                await cell.close()
            await bus.close()
