"""Durable holds a second on one hot product, none oversold.

Peers in the same run, on the same embedded PostgreSQL (fsync on) and the same tables: one
transaction a buyer (guarded UPDATE, INSERT) and the same as one statement, 32 connections each.
Ours twice: the hold desk alone, and end to end over 1,000 sockets of the real gateway process.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.machine import compile_c
from bench.table import Row, median
from panier import engines, stock
from panier.engines import free_port
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
SECRET = "the benchmark's secret, long enough to sign"  # noqa: S105 - signs nothing but this run

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
    settings: dict[str, str], cell: Cell, units: int, presses: int, crowd: list[str]
) -> dict[str, Any]:
    """Let 1,000 sockets of a real gateway process press at once; `crowd` is the load's command."""
    shop = await lay(cell, units)
    port = free_port(0, "127.0.0.1")
    environment = {**os.environ, **settings, "PANIER_ROOMS_PORT": str(port)}
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "panier", "run", "rooms", env=environment
    )
    try:
        await _until_open(port)
        origin = f"http://localhost:{environment['PANIER_WEB_PORT']}"
        command = [*crowd, f"ws://127.0.0.1:{port}/", origin, str(SOCKETS), str(presses)]
        figures = await _press(gateway.pid, command, shop, environment)
    finally:
        gateway.terminate()
        await gateway.wait()
    await check(cell, shop, units)
    assert figures["granted"] == min(units, SOCKETS * presses), figures
    return figures


async def choose_crowd(folder: Path) -> list[str]:
    """Return the load's command: in C, which takes less of the cores, where a compiler is."""
    program = await compile_c("crowd", folder)
    return [str(program)] if program else [sys.executable, "-m", "bench.crowd"]


async def _press(gateway: int, command: list[str], shop: Shop, environment: dict[str, str]) -> Any:
    crowd = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert crowd.stdin is not None
    assert crowd.stdout is not None
    signer = Signer(SECRET)
    for number in range(SOCKETS):
        ticket = signer.sign("room", _ticket(shop, UUID(int=number + 1)))
        crowd.stdin.write(f"{ticket} {shop.variant}\n".encode())
    await crowd.stdin.drain()
    async with asyncio.timeout(120):
        assert await crowd.stdout.readline() == b"joined\n"
        before = _cpu_seconds(gateway)
        crowd.stdin.write(b"go\n")
        await crowd.stdin.drain()
        figures = json.loads(await crowd.stdout.readline())
        figures["gateway_us"] = 1e6 * (_cpu_seconds(gateway) - before) / figures["answers"]
        await crowd.wait()
    return figures


def _ticket(shop: Shop, visitor: UUID) -> dict[str, Any]:
    return {
        "market": "FR",
        "show": str(shop.show),
        "visitor": str(visitor),
        "person": None,
        "name": "Guest",
        "staff": False,
        "language": "fr",
    }


async def _until_open(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
            settings = {
                "PANIER_DATA": folder,
                "PANIER_CELLS": f"home={addresses.postgres_dsn}",
                "PANIER_NATS_URL": addresses.nats_url,
                "PANIER_SECRET": SECRET,
                "PANIER_WEB_PORT": "8400",
            }
            crowd = await choose_crowd(Path(folder))
            for _ in range(rounds):
                for name, way, count in [*ways, *reversed(ways)]:
                    shop = await lay(cell, count)
                    found[name].append(await way(cell, shop, count))
                    await check(cell, shop, count)
                for units in (everybody, everybody // 2, everybody // 2, everybody):
                    figures = await end_to_end(settings, cell, units, PRESSES, crowd)
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
