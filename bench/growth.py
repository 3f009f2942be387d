"""What an order costs when there are many already: 10³ to 10⁷ orders in the tables.

The orders of a first round are copied in the database, each with its payment, holds, lines,
postings, entries and events under keys of their own, until there are as many as the row says;
then the same 2,000 orders as in the checkout's benchmark are sold in process. A cost that grows
with the tables would show as a slope. Only `python -m bench --large` goes on to 10⁷.
"""

import tempfile
from pathlib import Path

from bench.checkout import BUYERS, EACH, Bench, Spent, in_process
from bench.roles import SECRET, environment
from bench.table import Row
from panier import engines
from panier.kit.bus import Bus
from panier.kit.cells import Cell
from panier.kit.db import Database, Tx, value
from panier.migrations import migrate
from panier.settings import Settings

ROUND = BUYERS * EACH
SIZES = (10_000, 100_000, 1_000_000)
LARGE = 10_000_000
# The tables that grow with each order, and what of a copied row differs from its original: ids
# begin with the copy's number, so that they lie side by side as those of one day do.
OWN_IDS = {
    "payment": ("id",),
    "checkout": ("id", "key", "payment_id"),
    "orders": ("id", "checkout_id"),
    "order_line": ("order_id",),
    "hold": ("id", "checkout_id"),
    "posting": ("id", "order_id"),
    "entry": ("posting_id",),
    "event": ("id", "stream"),
    "sandbox_intent": ("key",),
}
OTHERWISE = {
    ("payment", "reference"): "reference || '-' || k",
    ("orders", "number"): "number || '-' || k",
    ("posting", "key"): "key || '-' || k",
    ("event", "delivered_at"): "at",
    ("sandbox_intent", "id"): "id || '-' || k",
    ("sandbox_intent", "token"): "null",
}
SHIFTED = "(lpad(to_hex(k), 8, '0') || substr(replace({0}::text, '-', ''), 9))::uuid"
COLUMNS = """
select column_name from information_schema.columns
where table_schema = 'public' and table_name = %s and is_generated = 'NEVER'
order by ordinal_position
"""


async def multiply(cell: Cell, before: int, after: int) -> None:
    """Copy the first round until there are `after` orders; `before` are there."""
    first, last = before // ROUND, after // ROUND - 1
    async with cell.db.connection() as tx:
        await tx.execute("set statement_timeout = 0")
        await tx.execute("set session_replication_role = replica")  # rows that are right already
        for table in OWN_IDS:
            await tx.execute(await _copy(tx, table), (first, last))
        await tx.execute("set session_replication_role = origin")
        await tx.execute("vacuum (analyze)")
        await tx.execute("checkpoint")
        await tx.execute("reset statement_timeout")


async def _copy(tx: Tx, table: str) -> str:
    cursor = await tx.execute(COLUMNS, (table,))
    names = [str(row[0]) for row in await cursor.fetchall()]
    made = [
        OTHERWISE.get((table, name)) or (SHIFTED.format(name) if name in OWN_IDS[table] else name)
        for name in names
    ]
    return (
        f"insert into {table} ({', '.join(names)}) select {', '.join(made)}"
        f" from first_{table}, generate_series(%s::int, %s::int) k"
    )


async def remember(cell: Cell) -> None:
    """Keep the first round's rows apart, to copy them from."""
    async with cell.tx() as tx:
        for table in OWN_IDS:
            await tx.execute(f"create table first_{table} as select * from {table}")


async def run(*, quick: bool, large: bool) -> list[Row]:
    """Measure a round at each size."""
    sizes = SIZES[:2] if quick else (*SIZES, LARGE) if large else SIZES
    rows = []
    with tempfile.TemporaryDirectory(prefix="panier-bench-") as folder:
        async with engines.running(Path(folder)) as addresses:
            migrate(addresses.postgres_dsn)
            bus = Bus(addresses.nats_url)
            cell = Cell("home", Database(addresses.postgres_dsn, 8), bus)
            await bus.open()
            await cell.open()
            settings = Settings(data=Path(folder), secret=SECRET)
            bench = Bench(cell, settings, environment(folder, addresses), Path(folder))
            await in_process(bench)
            await remember(cell)
            there = ROUND
            rows.append(_row(there, [await in_process(bench) for _ in range(2)]))
            for size in sizes:
                await multiply(cell, there, size)
                there = size
                rows.append(_row(there, [await in_process(bench) for _ in range(2)]))
                async with cell.read() as tx:
                    found = await value(tx, "select count(*) from orders")
                assert found >= size, found
            await cell.close()
            await bus.close()
    return rows


def _row(there: int, rounds: list[Spent]) -> Row:
    def least(field: str) -> float:
        return float(min(getattr(s, field) for s in rounds))

    note = (
        f"CPU an order: serving {least('role_us'):.0f} µs, PostgreSQL"
        f" {least('database_us'):.0f} µs; {least('wal_bytes') / 1000:.1f} kB of log"
        f" ({max(s.wal_bytes for s in rounds) / 1000:.1f} right after a checkpoint)"
    )
    paces = [s.orders / s.seconds for s in rounds]
    return Row("growth", f"{there:,} orders in the tables", paces, "orders/s", note)
