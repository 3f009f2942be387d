"""PostgreSQL by hand: pools, one transaction an action, rows as typed objects."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg_pool import AsyncConnectionPool

if TYPE_CHECKING:
    from panier.kit.cells import Cell

T = TypeVar("T")
Params = Mapping[str, Any] | Sequence[Any] | None


RETRIES_MAX = 5
"""How often a transaction is tried when the database asks for it (40001, 40P01)."""
STATEMENT_SECONDS_MAX = 30
"""No statement runs longer than this."""
PREPARE_AFTER = 5
"""So often a connection is asked the same before it prepares the statement."""
SHAPES_MAX = 5000
"""Statements whose columns this process remembers."""
PREPARED_MAX = 200
"""Statements that a connection keeps prepared; the one unused longest makes room."""


class Tx(psycopg.AsyncConnection[Any]):
    """A connection inside a transaction, and what shall happen once it is committed."""

    cell: "Cell"
    _last: list[Callable[[], Awaitable[None]]] | None
    _callbacks: list[Callable[[], None]]

    def before_commit(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do `act` as the last of this transaction: so that many wait for its locks but shortly."""
        if self._last is None:
            raise RuntimeError("outside a transaction nothing is committed")
        self._last.append(act)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` when, and only when, this transaction has been committed."""
        self._callbacks.append(callback)


class Database:
    """One PostgreSQL database: `dsn` as libpq reads it, at most `size` connections."""

    def __init__(self, dsn: str, size: int = 12) -> None:
        """Prepare; nothing is opened before `open`."""
        self.dsn = dsn
        self.cell: Cell | None = None
        self._pool = AsyncConnectionPool(
            dsn,
            connection_class=Tx,
            kwargs={
                "autocommit": True,
                "options": f"-c statement_timeout={STATEMENT_SECONDS_MAX}s -c timezone=UTC",
            },
            min_size=1,
            max_size=size,
            open=False,
            check=AsyncConnectionPool.check_connection,
        )

    async def open(self) -> None:
        """Connect, waiting up to 30 s for the server."""
        await self._pool.open(wait=True, timeout=30)

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Tx]:
        """Borrow a connection in autocommit mode."""
        async with self._pool.connection() as tx:
            if self.cell is not None:
                tx.cell = self.cell
            tx._last, tx._callbacks = None, []  # noqa: SLF001 - its own class
            tx.prepare_threshold, tx.prepared_max = PREPARE_AFTER, PREPARED_MAX
            yield tx

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[Tx]:
        """Open one transaction: committed at the end of the block, rolled back on an error."""
        async with self.connection() as connection, transaction(connection):
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """Borrow a connection for reads that need no common snapshot."""
        async with self.connection() as connection:
            yield connection

    async def run(self, action: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `action` in one transaction, again when the database says it may be repeated."""
        attempt = 0
        while True:
            try:
                async with self.tx() as tx:
                    return await action(tx)
            except (pg.SerializationFailure, pg.DeadlockDetected):
                attempt += 1
                if attempt >= RETRIES_MAX:
                    raise
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311


@asynccontextmanager
async def transaction(connection: Tx) -> AsyncIterator[None]:
    """Wrap a block in BEGIN … COMMIT, with what comes before and after the commit."""
    last: list[Callable[[], Awaitable[None]]] = []
    connection._last, connection._callbacks = last, []  # noqa: SLF001 - its own class
    async with connection.transaction():
        yield
        for act in last:
            await act()
    connection._last = None  # noqa: SLF001 - its own class
    callbacks, connection._callbacks = connection._callbacks, []  # noqa: SLF001
    for callback in callbacks:
        callback()


def _as(
    kind: type[T], sql: str
) -> Callable[[psycopg.AsyncCursor[Any]], Callable[[Sequence[Any]], T]]:
    """Return a maker of rows: by position where the columns stand as `kind` has its fields."""

    def factory(cursor: psycopg.AsyncCursor[Any]) -> Callable[[Sequence[Any]], T]:
        columns = _COLUMNS.get((sql, kind))
        if columns is None:
            # To ask for the names costs more than most rows do: once a statement.
            columns = tuple(column.name for column in cursor.description or ())
            if columns == getattr(kind, "__match_args__", ())[: len(columns)]:
                columns = ()
            if len(_COLUMNS) >= SHAPES_MAX:
                _COLUMNS.clear()
            _COLUMNS[sql, kind] = columns
        if columns:
            return lambda values: kind(**dict(zip(columns, values, strict=True)))
        return lambda values: kind(*values)

    return factory


_COLUMNS: dict[tuple[str, type], tuple[str, ...]] = {}
"""The names of a statement's columns by what its rows become; none: they stand as its fields."""


async def rows(tx: Tx, sql: LiteralString, params: Params, kind: type[T]) -> list[T]:
    """Read all rows as `kind`, whose fields bear the columns' names."""
    async with tx.cursor(row_factory=_as(kind, sql)) as cursor:
        await cursor.execute(sql, params)
        return await cursor.fetchall()


async def find(tx: Tx, sql: LiteralString, params: Params, kind: type[T]) -> T | None:
    """Read the first row as `kind`, or None."""
    async with tx.cursor(row_factory=_as(kind, sql)) as cursor:
        await cursor.execute(sql, params)
        return await cursor.fetchone()


async def value(tx: Tx, sql: LiteralString, params: Params = None) -> Any:
    """Read the first column of the first row, or None."""
    cursor = await tx.execute(sql, params)
    row = await cursor.fetchone()
    return row[0] if row else None


async def run(tx: Tx, sql: LiteralString, params: Params = None) -> int:
    """Write; return how many rows were touched."""
    cursor = await tx.execute(sql, params)
    return cursor.rowcount
