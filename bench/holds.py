"""Durable holds a second on one hot product, none oversold.

Peers in the same run, on the same embedded PostgreSQL (fsync on) and the same tables: one
transaction a buyer (guarded UPDATE, INSERT) and the same as one statement, 32 connections each; and
a Lua script in Valkey or Redis where one is installed, with every write flushed and with none.
Ours twice: the hold desk alone, and end to end over 1,000 sockets of the real gateway process.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from bench import load, redis
from bench.machine import cpu_seconds
from bench.roles import ORIGIN, SECRET, environment, role, room_ticket
from bench.table import Row, median
from panier import engines, stock
from panier.kit.bus import Bus
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Database, Tx
from panier.kit.ids import new_id
from panier.kit.signing import Signer
from panier.migrations import migrate
from tests.shop import Shop, lay_shop

SOCKETS = 1000
PRESSES = 20
"""Presses of each viewer: what one buyer may hold."""
CONNECTIONS = 32

UPDATE = """
update stock set available = available - 1, held = held + 1
where variant_id = %s and available >= 1
"""
INSERT = """
insert into hold (id, variant_id, market, show_id, buyer, quantity, state, at, expires_at)
values (%s, %s, 'FR', %s, %s, 1, 'held', %s, %s + interval '480 s')
"""
ONE_STATEMENT = """
with s as (update stock set available = available - 1, held = held + 1
           where variant_id = %s and available >= 1 returning variant_id)
insert into hold (id, variant_id, market, show_id, buyer, quantity, state, at, expires_at)
select %s, variant_id, 'FR', %s, %s, 1, 'held', %s, %s + interval '480 s' from s
"""


async def by_row_lock(cell: Cell, shop: Shop, tries: int) -> float:
    """One transaction a buyer: the usual way, correct and slow."""

    async def once(tx: Tx) -> None:
        cursor = await tx.execute(UPDATE, (shop.variant,), prepare=True)
        if cursor.rowcount:
            moment = now()
            row = (new_id(), shop.variant, shop.show, new_id(), moment, moment)
            await tx.execute(INSERT, row, prepare=True)

    return await _by_many(tries, lambda: cell.run(once))


async def by_one_statement(cell: Cell, shop: Shop, tries: int) -> float:
    """The same as one statement, committed by itself."""

    async def once() -> None:
        async with cell.read() as tx:
            moment = now()
            row = (shop.variant, new_id(), shop.show, new_id(), moment, moment)
            await tx.execute(ONE_STATEMENT, row, prepare=True)

    return await _by_many(tries, once)


async def by_desk(cell: Cell, shop: Shop, tries: int) -> float:
    """Our desk, asked by as many buyers at once as there are sockets."""
    each = tries // SOCKETS

    async def buyer() -> None:
        me = new_id()
        for _ in range(each):
            wanted = stock.Wanted(new_id(), me, shop.variant, 1, "FR", shop.show, 480, 20)
            try:
                await stock.hold(cell, wanted)
            except stock.SoldOut:
                continue

    began = time.perf_counter()
    await asyncio.gather(*(buyer() for _ in range(SOCKETS)))
    return each * SOCKETS / (time.perf_counter() - began)


async def _by_many(tries: int, once: Callable[[], Awaitable[None]]) -> float:
    left = iter(range(tries))

    async def connection() -> None:
        for _ in left:
            await once()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return tries / (time.perf_counter() - began)


async def lay(cell: Cell, units: int) -> Shop:
    """Lay a shop and its room; nobody pays for the dead rows that the way before left."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx, units)
        await tx.execute("insert into room (show_id, market) values (%s, 'FR')", (shop.show,))
    async with cell.read() as tx:
        await tx.execute("vacuum (analyze) hold, stock")
    return shop


async def check(cell: Cell, shop: Shop, units: int) -> None:
    """Nothing oversold, every unit accounted for."""
    async with cell.read() as tx:
        assert await stock.check_stock(tx) == []
        cursor = await tx.execute(
            "select available, held from stock where variant_id = %s", (shop.variant,)
        )
        [(available, held)] = await cursor.fetchall()
        assert available >= 0
        assert available + held == units


async def end_to_end(
    settings: dict[str, str], cell: Cell, units: int, presses: int, folder: Path
) -> dict[str, Any]:
    """Let 1,000 sockets of a real gateway process press at once."""
    shop = await lay(cell, units)
    async with role("rooms", settings) as (gateway, port):
        viewers = [_viewer(port, shop, UUID(int=n + 1), presses) for n in range(SOCKETS)]
        async with load.crowd(folder, port, "ws", viewers, 1) as act:
            before = cpu_seconds(gateway)
            figures = await act()
        figures["gateway_us"] = 1e6 * (cpu_seconds(gateway) - before) / figures["answers"]
    await check(cell, shop, units)
    assert figures["granted"] == min(units, SOCKETS * presses), figures
    return figures


def _viewer(port: int, shop: Shop, visitor: UUID, presses: int) -> load.Viewer:
    ticket = Signer(SECRET).sign("room", room_ticket(shop, visitor))
    commands = [
        {"do": "hold", "id": 2 + n,
         "args": {"variant": str(shop.variant), "quantity": 1, "key": str(new_id())}}
        for n in range(presses)
    ]  # fmt: skip
    return load.socket_viewer(port, ORIGIN, ticket, commands)


async def run(*, quick: bool) -> list[Row]:
    """Measure in the order A-B-C-C-B-A, and the sockets, `rounds` times; medians."""
    rounds, tries = (1, 2000) if quick else (5, 6000)
    everybody = SOCKETS * PRESSES
    found: dict[str, list[float]] = {"row": [], "statement": [], "desk": []}
    ways = [("row", by_row_lock, tries // 3), ("statement", by_one_statement, tries // 2),
            ("desk", by_desk, 20_000)]  # fmt: skip
    enough: list[dict[str, Any]] = []
    scarce: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="panier-bench-") as folder:
        async with engines.running(Path(folder)) as addresses:
            migrate(addresses.postgres_dsn)
            bus = Bus(addresses.nats_url)
            cell = Cell("home", Database(addresses.postgres_dsn, CONNECTIONS), bus)
            await bus.open()
            await cell.open()
            settings = environment(folder, addresses)
            for _ in range(rounds):
                for durable in (True, False) if redis.find_server() else ():
                    place = Path(folder) / f"redis-{new_id()}"
                    async with redis.running(place, durable=durable) as socket:
                        pace = await redis.by_lua(socket, tries, CONNECTIONS)
                    found.setdefault("flushed" if durable else "forgetful", []).append(pace)
                for name, way, count in [*ways, *reversed(ways)]:
                    shop = await lay(cell, count)
                    found[name].append(await way(cell, shop, count))
                    await check(cell, shop, count)
                for units in (everybody, everybody // 2, everybody // 2, everybody):
                    figures = await end_to_end(settings, cell, units, PRESSES, Path(folder))
                    (enough if units == everybody else scarce).append(figures)
            await cell.close()
            await bus.close()
    return _rows(found, enough, scarce)


def _rows(
    found: dict[str, list[float]], enough: list[dict[str, Any]], scarce: list[dict[str, Any]]
) -> list[Row]:
    slow = median(found["row"])
    durable = [f["granted"] / f["seconds"] for f in enough]
    answers = [f["answers"] / f["seconds"] for f in scarce]
    p50, p99 = (median([f[k] * 1000 for f in enough]) for k in ("p50", "p99"))
    cpu = median([f["gateway_us"] for f in enough])
    return [
        Row("holds", "one transaction a buyer, 32 connections (peer)", found["row"], "holds/s"),
        Row("holds", "one statement a buyer, 32 connections (peer)", found["statement"], "holds/s"),
        *(
            Row("holds", f"Lua in Valkey or Redis, {how}, 32 connections (peer)", found[name],
                "holds/s", f"{median(found[name]) / slow:.1f}×")
            for name, how in (("flushed", "every write flushed"), ("forgetful", "nothing flushed"))
            if name in found
        ),
        Row("holds", "hold desk", found["desk"], "holds/s", f"{median(found['desk']) / slow:.1f}×"),
        Row("holds", f"{SOCKETS} sockets, every press granted and durable", durable, "holds/s",
            f"{median(durable) / slow:.1f}×, p50 {p50:.0f} ms, p99 {p99:.0f} ms,"
            f" gateway {cpu:.0f} µs CPU a press"),
        Row("holds", f"{SOCKETS} sockets, stock for half the presses", answers, "answers/s",
            f"{median(answers) / slow:.1f}×, exactly the stock was granted"),
    ]  # fmt: skip


if __name__ == "__main__":
    for row in asyncio.run(run(quick="--quick" in sys.argv)):
        print(row)
