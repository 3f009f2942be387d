"""Paid orders a second, each held, paid at the sandbox provider, settled and in the books.

500 buyers at once, each with a basket and cards of their own, one product, fsync on. In process:
the same with and without the ledger, in turns. Over HTTP (web) and over the room's socket (rooms):
a hold and a purchase each time, two processes of each role behind a port of their own; p50 and p99
are of both together, of the slower process. The measure is 317 items/s, the average pace of ten
billion items a year; five times that is the goal over HTTP, ten times nearly that over the socket.
A buyer is answered before what follows is done: the last row is the pace of that, its p50 and p99
how long it took one worker to do half and all of it for a round's 2,000 sales.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID

from bench import load
from bench.machine import cpu_seconds
from bench.roles import ORIGIN, SECRET, environment, role, room_ticket
from bench.table import Row, median
from panier import engines, ledger, orders, stock
from panier.kit.bus import Bus
from panier.kit.cells import Cell
from panier.kit.db import Database, value
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.kit.signing import Signer
from panier.ledger.rules import Posting
from panier.markets.remembered import COOKIE as MARKET_COOKIE
from panier.migrations import migrate
from panier.payments.rules import Behaviour
from panier.people.reader import VISITOR_COOKIE
from panier.reports.reconcile import reconcile
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying
from tests.shop import Shop, lay_shop

BUYERS = 500
EACH = 4
"""Orders of each buyer a round; a socket may pay five times in a row."""
PACE = 10_000_000_000 / (365 * 86_400)
"""Items a second, on average, of ten billion items a year: 317."""
PROCESSES = 2
"""Of the serving role: as many as the machine has cores."""
TOKENS = """
insert into sandbox_token (token, behaviour, brand, last4, lasting, at, expires_at)
select t, %s, 'visa', '4242', false, now(), now() + interval '30 minutes' from unnest(%s::text[]) t
"""
ADDRESS = {"line1": "12 rue de la Paix", "postcode": "75002", "city": "Paris", "country": "FR"}


class Bench(NamedTuple):
    """What every way needs."""

    cell: Cell
    settings: Settings
    environment: dict[str, str]
    folder: Path


class Spent(NamedTuple):
    """What a round took."""

    orders: int
    seconds: float
    p50: float
    p99: float
    role_us: float
    """CPU of the serving process, each order."""
    database_us: float
    load_us: float
    wal_bytes: float
    flushes: float
    """Of the write-ahead log, each order."""
    flush_us: float
    """Time that they took, each order."""


async def lay(bench: Bench, count: int) -> tuple[Shop, list[str]]:
    """Lay a shop with enough stock, its room, and a card for each order."""
    tokens = [f"tok_{new_id().hex}" for _ in range(count)]
    async with bench.cell.tx() as tx:
        shop = await lay_shop(tx, count)
        await tx.execute("insert into room (show_id, market) values (%s, 'FR')", (shop.show,))
        await tx.execute(TOKENS, (Behaviour.SUCCEEDS.value, tokens))
    async with bench.cell.read() as tx:
        await tx.execute("vacuum (analyze) hold, stock")
    return shop, tokens


def wish(token: str) -> dict[str, Any]:
    """Return what the checkout sheet would send."""
    return {
        "key": str(new_id()), "email": "anna@example.org", "name": "Anna Martin",
        "address": ADDRESS, "card": {"token": token},
    }  # fmt: skip


@asynccontextmanager
async def metered(bench: Bench, pids: Sequence[int] = ()) -> AsyncIterator[dict[str, float]]:
    """Note CPU (of `pids`, else of this process), log bytes and flushes of a block."""
    before = await _meters(bench, pids)
    told: dict[str, float] = {}
    yield told
    after = await _meters(bench, pids)
    told.update({name: after[name] - before[name] for name in after})


async def _meters(bench: Bench, pids: Sequence[int]) -> dict[str, float]:
    async with bench.cell.read() as tx:
        wal = await value(tx, "select pg_current_wal_lsn() - '0/0'::pg_lsn")
        flushes, flush_ms = await value(
            tx, "select (sum(fsyncs), sum(fsync_time)) from pg_stat_io where object = 'wal'"
        )
    return {
        "role": sum(map(cpu_seconds, pids)) if pids else time.process_time(),
        "database": sum(cpu_seconds(one) for one in _database_pids(bench.folder)),
        "wal": float(wal),
        "flushes": float(flushes or 0),
        "flush_ms": float(flush_ms or 0),
    }


def _database_pids(folder: Path) -> list[int]:
    [lock] = folder.glob("engines/postgres*/postmaster.pid")
    postmaster = int(lock.read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]


async def in_process(bench: Bench) -> Spent:
    """Let this process sell, without a wire."""
    shop, tokens = await lay(bench, BUYERS * EACH)
    took: list[float] = []

    async def buyer(cards: list[str]) -> None:
        me = new_id()
        for card in cards:
            began = time.perf_counter()
            wanted = stock.Wanted(new_id(), me, shop.variant, 1, "FR", shop.show, 480, 20)
            await stock.hold(bench.cell, wanted)
            placement = buying.placement(shop, me, card)
            _, settled = await orders.check_out(bench.cell, bench.settings, placement)
            assert settled.state == "paid", settled
            took.append(time.perf_counter() - began)

    async with metered(bench) as spent:
        began = time.perf_counter()
        await asyncio.gather(*(buyer(tokens[n::BUYERS]) for n in range(BUYERS)))
        seconds = time.perf_counter() - began
    ranked = sorted(took)
    figures = {"seconds": seconds, "cpu_seconds": 0.0, "p50": ranked[len(ranked) // 2],
               "p99": ranked[len(ranked) * 99 // 100]}  # fmt: skip
    return _spent(len(tokens), figures, spent)


async def without_ledger(bench: Bench) -> Spent:
    """The same, with nothing written into the books."""

    async def forget(_tx: object, postings: list[Posting]) -> set[str]:
        return {posting.key for posting in postings}

    with patch.object(ledger, "post", forget):
        return await in_process(bench)


async def what_follows(bench: Bench) -> Spent:
    """Let a worker do what follows a sale: invoice, mails queued, the room told, and the rest."""
    await in_process(bench)
    courier, took = Courier(bench.cell, REACTIONS), list[float]()
    async with metered(bench) as spent:
        began = time.perf_counter()
        while await courier.deliver_lane():
            took.append(time.perf_counter() - began)
        seconds = time.perf_counter() - began
    async with bench.cell.read() as tx:
        left = await value(tx, "select count(*) from event where delivered_at is null")
    assert left == 0, left
    figures = {"seconds": seconds, "cpu_seconds": 0.0, "p50": took[len(took) // 2], "p99": seconds}
    return _spent(BUYERS * EACH, figures, spent)


async def over_http(bench: Bench) -> Spent:
    """Put into the basket and pay through the JSON routes of one web process."""
    shop, tokens = await lay(bench, BUYERS * EACH)
    signer = Signer(SECRET)

    def viewer(n: int) -> load.Viewer:
        visitor = signer.sign(VISITOR_COOKIE, {"id": str(UUID(int=n + 1))})
        cookies = f"{VISITOR_COOKIE}={visitor}; {MARKET_COOKIE}=FR"
        headers = {
            "host": ORIGIN.removeprefix("http://"), "origin": ORIGIN, "accept": "application/json",
            "cookie": cookies, "x-forwarded-for": f"10.0.{n // 250}.{n % 250}",
        }  # fmt: skip
        messages = []
        for token in tokens[n::BUYERS]:
            press = {"variant": str(shop.variant), "show": str(shop.show), "key": str(new_id())}
            messages.append(load.post("/fr/api/basket", headers, press))
            messages.append(load.post("/fr/api/checkout", headers, wish(token)))
        return load.Viewer(b"", messages)

    return await _served(bench, "web", "http", lambda n, _port: viewer(n))


async def over_socket(bench: Bench) -> Spent:
    """Put into the basket and pay over the room's sockets, of one gateway process."""
    shop, tokens = await lay(bench, BUYERS * EACH)

    def viewer(n: int, port: int) -> load.Viewer:
        ticket = Signer(SECRET).sign("room", room_ticket(shop, UUID(int=10_000 + n)))
        commands: list[dict[str, Any]] = []
        for token in tokens[n::BUYERS]:
            press = {"variant": str(shop.variant), "key": str(new_id())}
            commands.append({"do": "hold", "id": 1 + len(commands), "args": press})
            commands.append({"do": "buy", "id": 1 + len(commands), "args": wish(token)})
        return load.socket_viewer(port, ORIGIN, ticket, commands)

    return await _served(bench, "rooms", "ws", viewer)


async def _served(
    bench: Bench, name: str, mode: str, viewer: Callable[[int, int], load.Viewer]
) -> Spent:
    """Have PROCESSES of a role sell, each to its share of the buyers."""
    async with AsyncExitStack() as stack:
        served = [
            await stack.enter_async_context(role(name, bench.environment)) for _ in range(PROCESSES)
        ]
        acts = []
        for which, (_, port) in enumerate(served):
            viewers = [viewer(n, port) for n in range(which, BUYERS, PROCESSES)]
            crowd = load.crowd(bench.folder, port, mode, viewers, 2)
            acts.append(await stack.enter_async_context(crowd))
        async with metered(bench, [pid for pid, _ in served]) as spent:
            told = await asyncio.gather(*(act() for act in acts))
    assert sum(one["granted"] for one in told) == 2 * BUYERS * EACH, told
    figures = {key: max(one[key] for one in told) for key in ("seconds", "p50", "p99")}
    figures["cpu_seconds"] = sum(one["cpu_seconds"] for one in told)
    return _spent(BUYERS * EACH, figures, spent)


def _spent(count: int, figures: dict[str, Any], spent: dict[str, float]) -> Spent:
    each = 1e6 / count
    return Spent(
        count, figures["seconds"], figures["p50"], figures["p99"], spent["role"] * each,
        spent["database"] * each, figures["cpu_seconds"] * each, spent["wal"] / count,
        spent["flushes"] / count, 1000 * spent["flush_ms"] / count,
    )  # fmt: skip


async def time_flushes(cell: Cell) -> None:
    """Have PostgreSQL say how long its flushes take."""
    async with cell.read() as tx:
        await tx.execute("alter system set track_wal_io_timing = on")
        await tx.execute("select pg_reload_conf()")


async def clear(cell: Cell) -> None:
    """Take all events for delivered: those of the rounds before are not measured."""
    async with cell.tx() as tx:
        await tx.execute("update event set delivered_at = now() where delivered_at is null")


async def warm_up(bench: Bench) -> None:
    """Sell a round each way, unmeasured, and see that everything adds up."""
    for way in (in_process, over_http, over_socket):
        await way(bench)
    assert await reconcile(bench.cell) == []


WAYS = {
    "in process": in_process,
    "in process, without the ledger (peer)": without_ledger,
    "HTTP": over_http,
    "the room's socket": over_socket,
}
FOLLOWS = "what follows a sale, by one worker"


async def run(*, quick: bool) -> list[Row]:
    """Measure all ways in the order A-B-C-D-D-C-B-A, `rounds` times."""
    found: dict[str, list[Spent]] = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory(prefix="panier-bench-") as folder:
        async with engines.running(Path(folder)) as addresses:
            migrate(addresses.postgres_dsn)
            bus = Bus(addresses.nats_url)
            cell = Cell("home", Database(addresses.postgres_dsn, 8), bus)
            await bus.open()
            await cell.open()
            settings = Settings(data=Path(folder), secret=SECRET)
            bench = Bench(cell, settings, environment(folder, addresses), Path(folder))
            await time_flushes(cell)
            await warm_up(bench)
            for _ in range(1 if quick else 3):
                for name in [*WAYS, *reversed(WAYS)]:
                    found[name].append(await WAYS[name](bench))
            await clear(cell)
            found[FOLLOWS] = [await what_follows(bench) for _ in range(1 if quick else 3)]
            await cell.close()
            await bus.close()
    return _rows(found)


def _rows(found: dict[str, list[Spent]]) -> list[Row]:
    paces = {name: [s.orders / s.seconds for s in rounds] for name, rounds in found.items()}
    books = [a / b for a, b in zip(*list(paces.values())[:2], strict=True)]
    rows = [
        Row("checkout", name, paces[name], "orders/s", _note(median(paces[name]), rounds))
        for name, rounds in found.items()
    ]
    return [*rows, Row("checkout", "with the ledger ÷ without", books, "", "goal 0.7 or more")]


def _note(pace: float, rounds: list[Spent]) -> str:
    def middle(field: str) -> float:
        return median([getattr(s, field) for s in rounds])

    return (
        f"{pace / PACE:.1f}× 317/s, p50 {1000 * middle('p50'):.0f} ms,"
        f" p99 {1000 * middle('p99'):.0f} ms; CPU an order: serving {middle('role_us'):.0f} µs,"
        f" PostgreSQL {middle('database_us'):.0f} µs, load {middle('load_us'):.0f} µs;"
        f" {middle('wal_bytes') / 1000:.1f} kB of log, {middle('flushes'):.3f} flushes of"
        f" {middle('flush_us'):.0f} µs together"
    )
