"""What tests stand on: real engines, a fresh database each, the real application."""

import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx2
import hypothesis
import psycopg
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from fastapi import FastAPI
from psycopg import conninfo

from panier import engines
from panier.engines.places import is_locked
from panier.kit.cells import Cell
from panier.kit.i18n import use_language
from panier.migrations import migrate
from panier.people import passwords
from panier.runtime import Runtime
from panier.settings import Settings
from tests.door import browser, open_door
from tests.sharing import WORKER, Sharing, turn_of

TEMPLATE = f"panier_template{WORKER}"
MEMORY = Path("/dev/shm")  # noqa: S108 - the folders in it are private
MEMORY_BYTES_MIN = 3 << 30
PREFIX, ABANDONED_SECONDS = "panier-tests-", 3600
_numbers = count(1)

# How long an example takes says little while another process has the same cores.
hypothesis.settings.register_profile("shared", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("shared")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """Keep together what must not run at once."""
    config.option.loadscopereorder = False
    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, when processes share the tests."""
    if WORKER:
        items.sort(key=lambda item: turn_of(item.nodeid))


def _in_memory() -> Path | None:
    """Return a folder in memory, if the machine has one with room; copying databases is its work.

    Nobody cuts the power in these tests. Those that kill engines start their own, on the disk.
    """
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return None
    found = os.statvfs(MEMORY)
    roomy = found.f_bavail * found.f_frsize >= MEMORY_BYTES_MIN
    return MEMORY if roomy and not found.f_flag & os.ST_NOEXEC else None


def _sweep() -> None:
    """Give back the memory of tests that were killed and could not."""
    for folder in MEMORY.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another process gave it back, or it is another's
            old = time.time() - folder.stat().st_mtime > ABANDONED_SECONDS
            if old and not is_locked(folder):
                shutil.rmtree(folder, ignore_errors=True)


class Engines(NamedTuple):
    """The running engines that this test session uses."""

    postgres_dsn: str
    nats_url: str


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_engines() -> AsyncIterator[Engines]:
    """Start PostgreSQL and NATS once, or use those of PANIER_CELLS and PANIER_NATS_URL."""
    given = Settings()
    if given.cells and given.nats_url:
        yield Engines(next(iter(given.cells.values())), given.nats_url)
        return
    _sweep()
    with TemporaryDirectory(prefix=PREFIX, dir=_in_memory()) as folder:
        Path(folder).chmod(0o711)  # under root, the engines' own user must pass through
        async with engines.running(Path(folder)) as addresses:
            yield Engines(addresses.postgres_dsn, addresses.nats_url)


@pytest.fixture(scope="session")
def template(running_engines: Engines) -> str:
    """Migrate one database once; every test gets a copy of it."""
    with psycopg.connect(running_engines.postgres_dsn, autocommit=True) as connection:
        connection.execute(f"drop database if exists {TEMPLATE}")
        connection.execute(f"create database {TEMPLATE}")
    migrate(conninfo.make_conninfo(running_engines.postgres_dsn, dbname=TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database(running_engines: Engines, template: str) -> Iterator[str]:
    """Give the test a database of its own; the value is its DSN."""
    name = f"panier_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(running_engines.postgres_dsn, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}")
        yield conninfo.make_conninfo(running_engines.postgres_dsn, dbname=name)
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def settings(database: str, running_engines: Engines, tmp_path: Path) -> Settings:
    """Name the test's engines and an empty data folder."""
    cell = f"t{WORKER}{next(_numbers)}"  # its own news, apart from other tests'
    return Settings(
        data=tmp_path / "data",
        cells={cell: database},
        nats_url=running_engines.nats_url,
        secret="a secret of tests, long enough to sign",
    )


@pytest_asyncio.fixture(loop_scope="session")
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Open what a process holds."""
    async with Runtime.open(settings) as opened:
        yield opened


@pytest.fixture
def cell(runtime: Runtime) -> Cell:
    """Return the test's only cell."""
    return next(iter(runtime.cells))


@pytest_asyncio.fixture(loop_scope="session")
async def app(runtime: Runtime) -> FastAPI:
    """Build the application over the shipped markets."""
    return await open_door(runtime)


@pytest_asyncio.fixture(loop_scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Open a browser without cookies."""
    async with browser(app) as opened:
        yield opened


@pytest.fixture(scope="session", autouse=True)
def real_hasher() -> Iterator[PasswordHasher]:
    """Hash the passwords of tests in no time; the value is what production hashes with."""
    real = passwords._hasher
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)
    yield real
    passwords._hasher = real


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with use_language("en"):
        yield
