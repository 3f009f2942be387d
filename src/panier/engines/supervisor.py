"""All engines together: under one lock, started side by side, stopped in order, named to others."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panier.engines.keeper import Keeper
from panier.engines.nats import Nats
from panier.engines.places import SYSTEM_HOME, engines_home, is_locked, locked
from panier.engines.postgres import Postgres


@dataclass(frozen=True)
class Addresses:
    """Where the running engines are."""

    postgres_dsn: str
    nats_url: str


@dataclass(frozen=True)
class Engines(Addresses):
    """The running engines and what keeps each of them running."""

    home: Path
    """The folder of the engines' files."""
    postgres: Keeper
    nats: Keeper


@asynccontextmanager
async def running(
    folder: Path, *, system_home: Path = SYSTEM_HOME, programs: Path | None = None
) -> AsyncIterator[Engines]:
    """Run PostgreSQL and NATS with their data under `folder` as long as the block lasts.

    `programs` is a folder of PostgreSQL's programs to use instead of the wheel's.
    Raises AlreadyRunning and the other errors of this folder.
    """
    folder = folder.absolute()
    with locked(folder):
        home, account = await asyncio.to_thread(engines_home, folder, system_home)
        server = await asyncio.to_thread(Postgres.at, home, account, programs)
        news = await asyncio.to_thread(Nats.at, home, account)
        postgres, nats = server.keeper(), news.keeper()

        async def start_postgres() -> None:
            await server.prepare()
            await postgres.start()
            await server.make_database()

        try:
            await together([start_postgres(), nats.start()])
            engines = Engines(server.dsn(), news.url, home, postgres, nats)
            _publish(folder, engines)
            yield engines
        finally:
            (folder / "addresses.json").unlink(missing_ok=True)
            await stop_all([postgres, nats])


async def together(starts: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Await all; the first failure cancels the others and is raised as it is."""
    tasks = [asyncio.create_task(start) for start in starts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def stop_all(keepers: Sequence[Keeper]) -> None:
    """End all of them side by side."""
    await asyncio.gather(*(keeper.stop() for keeper in keepers))


def find_running(folder: Path) -> Addresses | None:
    """Return the addresses of the engines that another panier runs on `folder`, if one does."""
    folder = folder.absolute()
    if not is_locked(folder):
        return None
    try:
        found = json.loads((folder / "addresses.json").read_text())
    except FileNotFoundError:
        return None
    return Addresses(found["postgres_dsn"], found["nats_url"])


def _publish(folder: Path, engines: Engines) -> None:
    draft = folder / f"addresses.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(
        json.dumps({"postgres_dsn": engines.postgres_dsn, "nats_url": engines.nats_url})
    )
    draft.rename(folder / "addresses.json")
