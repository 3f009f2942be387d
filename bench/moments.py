"""From a pin to every viewer's socket, and from a show's end to its report.

The roles web, rooms and worker as processes of their own; the host's browser asks over HTTP, as the
studio does. A pin replaces another; measured from before the request is sent until the fact has
come to the last of 1,000 viewers, whose readers share the machine. It follows the fact that takes
the other product off, so in a quiet room it waits for the next frame, 100 ms later. Promised is a
second. Peer: one fact of that kind appended in process, without route, event and worker.
Reports: a show of an hour ends; measured from before the request is sent until the page shows the
report, asked for again 10 ms after each answer. Promised are ten seconds. Peer: a small show. A
worker looks once a second for reports to write: half a second of each row is the wait for that. The
worker has nothing else to do in these rows. In the others it is busy with what follows 2,000 sales
of another show, or with mails to 2,000 people for whom units came in, and still is at the end of
the round.
"""

import asyncio
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple
from unittest.mock import patch
from uuid import UUID

import httpx2

from bench import checkout, fanout
from bench.roles import SECRET, role, room_ticket
from bench.table import Row, median
from panier import people, rooms, stock
from panier.demo.chatter import choose_line
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, value
from panier.kit.ids import new_id
from panier.kit.signing import Signer
from panier.people.reader import SESSION_COOKIE
from panier.settings import Settings
from tests.reports import rows
from tests.shop import Shop, lay_shop

SOCKETS, SOCKETS_QUICK = 1000, 200
PINS = 10
"""Of each way, a round."""
CHAT_PACE = 50
"""Lines a second, where the room chats."""
PINNED_SECONDS, REPORTED_SECONDS = 1.0, 10.0
"""Promised."""
WAIT_SECONDS_MAX = 60
AGAIN_SECONDS = 0.01
"""Between two looks at the report's page."""
TITLES = {"OIL": "Huile d’olive", "MUG": "Tasse", "TOTE": "Cabas", "SCARF": "Foulard",
          "LAMP": "Lampe", "CREAM": "Crème", "CHOC": "Chocolats"}  # fmt: skip
"""Products beside the shop's candle, by what the demo's viewers say of them."""


class Size(NamedTuple):
    """What a show of an hour leaves behind."""

    visitors: int
    lines: int
    orders: int
    pins: int

    def __str__(self) -> str:
        """Write it for the table."""
        return f"{self.visitors:,} visitors, {self.lines:,} chat lines, {self.orders} orders"


LARGE, SMALL = Size(1000, 2000, 500, 10), Size(10, 20, 5, 5)
SHOW_SECONDS = 3600
WAITING = 2000
"""People for whom units come in."""
WAIT = """
with person as (
  insert into person (id, email, name, password_hash, language, at)
  select id, id || '@example.org', 'Ana', 'x', 'fr', now()
  from (select gen_random_uuid() as id from generate_series(1, %(people)s)) g returning id)
insert into waiting (id, variant_id, market, show_id, buyer, quantity, seconds, state, at,
                     person_id)
select id, %(variant)s, 'FR', %(show)s, id, 1, 120, 'waiting', now(), id from person
"""


@asynccontextmanager
async def studio(cell: Cell, shop: Shop, port: int) -> AsyncIterator[httpx2.AsyncClient]:
    """Open the browser of a show's host, signed in and connected."""
    async with cell.tx() as tx:
        await people.grant_role(tx, shop.host, "host", shop.market)
        token = await people.open_session(tx, shop.host, "studio", days=1)
    web = f"http://localhost:{port}"
    cookies = {SESSION_COOKIE: f"{cell.name}~{token}"}
    async with httpx2.AsyncClient(
        base_url=web, headers={"origin": web}, cookies=cookies, timeout=WAIT_SECONDS_MAX
    ) as http:
        (await http.get("/fr/reports/")).raise_for_status()
        yield http


async def lay_pins(cell: Cell) -> tuple[Shop, list[UUID]]:
    """Lay a show on air with two products to pin."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await rooms.open_room(tx, shop.show, shop.market)
        other, _ = await rows.lay_product(tx, shop, {"fr": "Tasse"})
    return shop, [shop.product, other]


def hello(shop: Shop) -> str:
    """Return what a new viewer's socket sends first."""
    ticket = Signer(SECRET).sign("room", room_ticket(shop, new_id()))
    return json.dumps({"do": "join", "id": 1, "ticket": ticket})


async def hear(
    viewers: asyncio.subprocess.Process, word: str, act: Callable[[], Awaitable[object]]
) -> list[float]:
    """Act; return after how many milliseconds `word` had come to each viewer, the last last."""
    assert viewers.stdin is not None
    assert viewers.stdout is not None
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        viewers.stdin.write(f"{word}\n".encode())
        assert await viewers.stdout.readline() == b"listening\n"
        began = time.monotonic()
        await act()
        return [1000 * (at - began) for at in json.loads(await viewers.stdout.readline())]


@asynccontextmanager
async def chat(cell: Cell, shop: Shop) -> AsyncIterator[None]:
    """Let the room chat until the block ends."""
    body = {"name": "Ada", "text": "Elle brûle combien de temps ?", "author": "0123456789ab"}
    began = time.monotonic()

    async def talk() -> None:
        spoken = 0
        while True:
            await rooms.append(cell, shop.show, shop.market, "chat", {**body, "staff": False})
            spoken += 1
            late = time.monotonic() - began - spoken / CHAT_PACE
            assert late < 1, "this machine does not chat at the pace that the table states"
            await asyncio.sleep(-late)

    async with asyncio.TaskGroup() as group:
        talking = group.create_task(talk())
        yield
        talking.cancel()


@asynccontextmanager
async def busy_worker(sales: checkout.Bench) -> AsyncIterator[None]:
    """Sell to a crowd; in the end the worker must still have what follows to do."""
    await checkout.in_process(sales)
    yield
    await check_busy(sales.cell, "OrderPaid")


@asynccontextmanager
async def writing_worker(cell: Cell) -> AsyncIterator[None]:
    """Bring units in for those who wait; in the end the worker must still write to some."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx, 0)
        asked = {"people": WAITING, "variant": shop.variant, "show": shop.show}
        await tx.execute(WAIT, asked)
        await stock.restock(tx, shop.variant, WAITING, shop.market)
    yield
    await check_busy(cell, "WaitingOffered")


async def check_busy(cell: Cell, kind: str) -> None:
    """See that the worker had events of this kind to deliver all the time; it has none then."""
    async with cell.read() as tx:
        sql = "select count(*) from event where kind = %s and delivered_at is null"
        assert await value(tx, sql, (kind,)), "the worker was done before the round was"
    await checkout.clear(cell)


async def measure_pins(
    sales: checkout.Bench,
    bench: fanout.Bench,
    ports: Mapping[str, int],
    sockets: int,
    rounds: int,
) -> dict[str, list[list[float]]]:
    """Pin again and again; returns the milliseconds to each viewer, by way and pin."""
    cell = sales.cell
    shop, products = await lay_pins(cell)
    viewers = await bench.readers(ports["rooms"], [hello(shop) for _ in range(sockets)])
    found: dict[str, list[list[float]]] = defaultdict(list)

    async with studio(cell, shop, ports["web"]) as http:

        async def pin(way: str) -> None:
            products.reverse()
            path, body = f"/fr/api/shows/{shop.show}/pin", {"product": str(products[0])}

            async def act() -> None:
                (await http.post(path, json=body)).raise_for_status()

            found[way].append(await hear(viewers, body["product"], act))

        async def append(way: str) -> None:
            product = str(new_id())
            act = partial(rooms.append, cell, shop.show, shop.market, "pin", {"product": product})
            found[way].append(await hear(viewers, product, act))

        quiet, busy = "the host pins over HTTP", f"the same, {CHAT_PACE} chat lines a second"
        behind, offers = "the same, behind 2,000 sales", "the same, behind 2,000 offers"
        peer = "the fact appended in process (peer)"
        for _ in range(2):  # the second finds the first on the picture, as all that follow
            await pin("")
        for _ in range(rounds):
            for n in range(PINS):
                for act, way in [(pin, quiet), (append, peer)][:: (1, -1)[n % 2]]:
                    await asyncio.sleep(pause(n))
                    await act(way)
            for way, meanwhile in [
                (busy, chat(cell, shop)),
                (behind, busy_worker(sales)),
                (offers, writing_worker(cell)),
            ]:
                async with meanwhile:
                    for n in range(PINS):
                        await asyncio.sleep(pause(n))
                        await pin(way)
    return {way: found[way] for way in (quiet, busy, behind, offers, peer)}


def pause(n: int) -> float:
    """Return seconds that let pins fall anywhere between two frames of the gateway."""
    return 0.25 + n * 0.037


async def lay_show(cell: Cell, size: Size) -> Shop:
    """Lay a show that has been on air for an hour."""
    with patch.object(rows, "LIVE", now() - timedelta(seconds=SHOW_SECONDS)):
        async with cell.tx() as tx:
            shop = await lay_shop(tx)
            await tx.execute("update show set live_at = %s where id = %s", (rows.LIVE, shop.show))
            await rooms.open_room(tx, shop.show, shop.market)
            products = [("CANDLE", "Bougie", shop.product, shop.variant)]
            for kind, title in TITLES.items():
                ids = await rows.lay_product(tx, shop, {"fr": title})
                products.append((kind, title, *ids))
            await _lay_deeds(tx, shop, size, products)
            await rows.record(tx, shop, 0, SHOW_SECONDS)
    return shop


async def _lay_deeds(
    tx: Tx, shop: Shop, size: Size, products: list[tuple[str, str, UUID, UUID]]
) -> None:
    """Lay pins, and what viewers did while each product was pinned."""
    random = Random(1)  # noqa: S311 - a play that repeats itself
    pinned = SHOW_SECONDS // size.pins
    for n in range(size.pins):
        kind, title, product, variant = products[n % len(products)]
        await rows.pin(tx, shop, product, n * pinned, (n + 1) * pinned)
        for k in range(lines := size.lines // size.pins):
            text = choose_line(random, "fr", title, kind)
            await rows.say(tx, shop, n * pinned + k * pinned / lines, text, staff=k % 10 == 9)
        for _ in range(size.orders // size.pins):
            second = n * pinned + random.randrange(pinned)
            await rows.buy(tx, shop, product, variant, second)
            await rows.log(
                tx, shop, second, "purchase", name="Ana", product=str(product), quantity=1
            )
    for _ in range(size.visitors):
        await rows.visit(tx, shop, random.randrange(60, SHOW_SECONDS))
    for second in range(0, SHOW_SECONDS, 10):
        await rows.sample(tx, shop, second, random.randrange(size.visitors), hearts=5)


async def measure_report(cell: Cell, size: Size, port: int) -> float:
    """End a show; return after how many seconds its host could read the report."""
    shop = await lay_show(cell, size)
    async with studio(cell, shop, port) as http, asyncio.timeout(WAIT_SECONDS_MAX):
        began = time.perf_counter()
        ended = await http.post(f"/fr/api/shows/{shop.show}/end")
        path = f"/fr/reports/{ended.raise_for_status().json()['slug']}"
        while True:
            page = (await http.get(path)).raise_for_status().text
            if 'id="products"' in page:
                break
            await asyncio.sleep(AGAIN_SECONDS)
        took = time.perf_counter() - began
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select (room->>'visitors')::int, (room->>'messages')::int, (sales->>'orders')::int,"
            " jsonb_array_length(room->'pins') from show_report where show_id = %s",
            (shop.show,),
        )
        [told] = await cursor.fetchall()
    assert Size(*told) == size, told
    return took


async def run(*, quick: bool) -> list[Row]:
    """Measure pins in rounds, then reports by turns, after one of each unmeasured."""
    rounds, sockets = (1, SOCKETS_QUICK) if quick else (5, SOCKETS)
    behind = f"{LARGE}, behind 2,000 sales"
    reports: dict[str, list[float]] = {str(LARGE): [], behind: [], f"{SMALL} (peer)": []}
    with tempfile.TemporaryDirectory(prefix="panier-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # under root, the engines' own user must pass through
        async with AsyncExitStack() as stack:
            cell, settings = await stack.enter_async_context(fanout.ground(folder))
            ports = {
                each: (await stack.enter_async_context(role(each, settings)))[1]
                for each in ("web", "rooms", "worker")
            }
            bench = fanout.Bench(stack, folder)
            sales = checkout.Bench(
                cell, Settings(data=folder, secret=SECRET), settings, folder / "data"
            )
            pins = await measure_pins(sales, bench, ports, sockets, rounds)
            for size in (LARGE, SMALL):
                await measure_report(cell, size, ports["web"])
            for _ in range(rounds):
                for size, way in [(LARGE, str(LARGE)), (SMALL, f"{SMALL} (peer)")]:
                    reports[way].append(await measure_report(cell, size, ports["web"]))
                async with busy_worker(sales):
                    reports[behind].append(await measure_report(cell, LARGE, ports["web"]))
    return [*_pin_rows(pins, sockets), *_report_rows(reports)]


def _pin_rows(found: dict[str, list[list[float]]], sockets: int) -> list[Row]:
    last = {way: [pin[-1] for pin in pins] for way, pins in found.items()}
    *_, peer = (median(took) for took in last.values())
    made = []
    for way, pins in found.items():
        each = sorted(ms for pin in pins for ms in pin)
        p50, p99 = (each[len(each) * percent // 100] for percent in (50, 99))
        note = (
            f"{1000 * PINNED_SECONDS / median(last[way]):.1f} times below the second promised,"
            f" {median(last[way]) / peer:.1f}× the peer; {len(pins)} facts, each to {sockets:,}"
            f" sockets: p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        )
        made.append(Row("pin", way, last[way], "ms to the last viewer", note))
    return made


def _report_rows(found: dict[str, list[float]]) -> list[Row]:
    *_, small = map(median, found.values())
    return [
        Row("report", way,
            [1000 * seconds for seconds in took], "ms to the report",
            f"{REPORTED_SECONDS / median(took):.1f} times below the ten seconds promised,"
            f" {median(took) / small:.1f}× the peer")
        for way, took in found.items()
    ]  # fmt: skip
