"""A simulated audience over real sockets and HTTP, so that a demo room is full and sells."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from random import Random

import httpx2
import structlog

from panier import engines
from panier.demo.viewer import HEARTS_SECONDS, MESSAGE_SECONDS, Door, Viewer, origin_of
from panier.settings import Settings

PURCHASE_SECONDS = 8.0
"""The mean time between two purchases of one show."""
PURCHASES_MAX = 20
"""Purchases of one show under way at once."""
LOOK_SECONDS = 5.0
"""How often the start pages are looked at for shows that began or ended."""
ARRIVAL_SECONDS_MAX = 20.0
"""The audience of a show comes in within this time."""
STAY_SECONDS = 420.0
"""How long a viewer stays on average; somebody new takes the place."""
STAY_SECONDS_MIN = 30.0
REPORT_SECONDS = 60.0
"""How often the log says what the audience did."""
CONNECTIONS_MAX = 32
"""HTTP connections of the whole audience; its WebSockets come on top."""

MARKET = re.compile(r'href="(/[a-z]{2}/)"')
ON_AIR = re.compile(r'class="show-card live" href="(/[a-z]{2}/live/[^"?]+)"')

log = structlog.get_logger()


async def run_audience(settings: Settings, count: int | None = None) -> None:
    """Watch all shows on air with `count` viewers (default: the setting) until cancelled."""
    audience = Audience(settings.public_web_url, settings.audience if count is None else count)
    await audience.run()


class Audience:
    """All simulated viewers, split evenly over the shows that are on air."""

    def __init__(self, web: str, count: int) -> None:
        """Prepare for the shop at `web`."""
        self._web = origin_of(web)
        self._count = count
        self._random = Random()  # noqa: S311 - play, not secrets
        self._tally: Counter[str] = Counter()
        self._crowds: dict[str, Crowd] = {}
        self._transport = httpx2.AsyncHTTPTransport(
            limits=httpx2.Limits(max_connections=CONNECTIONS_MAX), retries=1
        )

    async def run(self) -> None:
        """Follow the shows until cancelled."""
        log.info(
            "audience begins",
            viewers=self._count,
            message_seconds=MESSAGE_SECONDS,
            hearts_seconds=HEARTS_SECONDS,
            purchase_seconds=PURCHASE_SECONDS,
        )
        engines.tell_ready()
        reports = asyncio.create_task(self._report())
        try:
            async with httpx2.AsyncClient(
                base_url=self._web, transport=self._transport, headers={"Accept": "text/html"}
            ) as http:
                while True:
                    await self._look(http)
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            reports.cancel()
            tasks = [crowd.task for crowd in self._crowds.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tell()

    async def _look(self, http: httpx2.AsyncClient) -> None:
        """Begin and end crowds as shows come and go; a shop that is away is looked for again."""
        try:
            door = await http.get("/?choose")
            markets = sorted(set(MARKET.findall(door.text)))
            pages = [(await http.get(market)).text for market in markets]
        except httpx2.HTTPError:
            return
        on_air = sorted({path for page in pages for path in ON_AIR.findall(page)})
        for path in set(self._crowds) - set(on_air):
            crowd = self._crowds.pop(path)
            crowd.task.cancel()
            log.info("audience leaves", show=path)
        for n, path in enumerate(on_air):
            share = self._count // len(on_air) + (n < self._count % len(on_air))
            if path not in self._crowds:
                self._crowds[path] = Crowd(self._open, path, self._random, self._tally)
                log.info("audience comes", show=path, viewers=share)
            self._crowds[path].size = share

    def _open(self, path: str) -> Door:
        """Make a way in for one viewer, with an address of the benchmark network (RFC 2544)."""
        a, b, c = (
            self._random.randrange(2),
            self._random.randrange(256),
            self._random.randrange(256),
        )
        return Door(self._web, path, self._transport, f"198.{18 + a}.{b}.{c}")

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            self._tell()

    def _tell(self) -> None:
        here = sum(crowd.here for crowd in self._crowds.values())
        done = {name: self._tally[name] for name in ("messages", "hearts", "orders")}
        rest = {name: n for name, n in sorted(self._tally.items()) if name not in done}
        log.info(
            "audience", viewers=here, **done, **{k.replace(" ", "_"): v for k, v in rest.items()}
        )
        self._tally.clear()


class Crowd:
    """The viewers of one show."""

    def __init__(
        self, open_door: Callable[[str], Door], path: str, random: Random, tally: Counter[str]
    ) -> None:
        """Begin to come in; cancel `task` to leave."""
        self.size = 0
        self._open = open_door
        self._path = path
        self._random = random
        self._tally = tally
        self._viewers: set[Viewer] = set()
        self._buying: set[asyncio.Task[None]] = set()
        self._over = False
        self.task = asyncio.create_task(self._run())

    @property
    def here(self) -> int:
        """Return how many are in the room."""
        return sum(viewer.connected for viewer in self._viewers)

    async def _run(self) -> None:
        seats: dict[int, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sell(group))
            while not self._over:
                for seat in range(self.size):
                    if seat not in seats or seats[seat].done():
                        seats[seat] = group.create_task(self._fill_seat(seat))
                await asyncio.sleep(1.0)

    async def _fill_seat(self, seat: int) -> None:
        """Let one viewer after the other sit here, until the show ends or the seat goes."""
        await asyncio.sleep(self._random.uniform(0, ARRIVAL_SECONDS_MAX))
        while seat < self.size:
            viewer = Viewer(self._open(self._path), self._random, self._tally)
            self._viewers.add(viewer)
            try:
                seconds = self._random.expovariate(1 / STAY_SECONDS)
                await viewer.stay(max(STAY_SECONDS_MIN, seconds))
            finally:
                self._viewers.discard(viewer)
            if viewer.ended:
                self._over = True
                return
            await asyncio.sleep(self._random.uniform(1, 5))

    async def _sell(self, group: asyncio.TaskGroup) -> None:
        """Let somebody who is in the room buy, at the stated pace."""
        while not self._over:
            await asyncio.sleep(self._random.expovariate(1 / PURCHASE_SECONDS))
            free = [viewer for viewer in self._viewers if viewer.connected and not viewer.busy]
            if free and len(self._buying) < PURCHASES_MAX:
                task = group.create_task(self._random.choice(free).buy())
                self._buying.add(task)
                task.add_done_callback(self._buying.discard)
