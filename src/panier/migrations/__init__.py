"""Migrations: dated, plain SQL, run by Alembic; every process may ask, one does the work."""

import asyncio
from importlib import import_module
from pathlib import Path

import psycopg

from panier.kit.errors import PanierError

POSTGRESQL_MIN = 15
"""The lowest major version that panier is tested with."""
LOCK = 0x70616E696572
"""The advisory lock that lets one process migrate while the others wait ("panier")."""


class DatabaseTooOld(PanierError):
    """This PostgreSQL is version %(found)s; panier needs %(needed)s or newer."""

    code, status = "database_too_old", 503


def newest() -> str:
    """Return the newest revision's name: the date and number that its file's name begins with."""
    last = max(path.stem for path in (Path(__file__).parent / "versions").glob("[0-9]*.py"))
    return "_".join(last.split("_")[:2])


def migrate(dsn: str) -> None:
    """Bring the database at `dsn` up to date; raises DatabaseTooOld.

    The lock is a session's, taken on a connection of its own, so that it ends with the process.
    """
    with psycopg.connect(dsn, autocommit=True, connect_timeout=30) as connection:
        major = connection.info.server_version // 10_000
        if major < POSTGRESQL_MIN:
            raise DatabaseTooOld(found=major, needed=POSTGRESQL_MIN)
        connection.execute("select pg_advisory_lock(%s)", (LOCK,))
        if _is_current(connection):
            return
        # Alembic takes a second to load, and most starts have nothing to migrate.
        import_module("panier.migrations.upgrade").upgrade(dsn)


def _is_current(connection: psycopg.Connection) -> bool:
    row = connection.execute("select to_regclass('alembic_version')").fetchone()
    if row is None or row[0] is None:
        return False
    found = connection.execute("select version_num from alembic_version").fetchone()
    return found is not None and found[0] == newest()


async def migrate_all(dsns: list[str]) -> None:
    """Bring several databases up to date, one after the other, off the event loop."""
    for dsn in dsns:
        await asyncio.to_thread(migrate, dsn)
