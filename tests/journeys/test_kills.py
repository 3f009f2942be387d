"""Killing each role and engine while people buy: nothing acknowledged is lost, nothing paid twice.

A small, bounded load of buyers goes on through each kill. What they were told is paid must be a
paid order afterwards; what the provider took must be known to the books, once.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx2
import pytest
from websockets.exceptions import WebSocketException

from tests.journeys.conftest import Show
from tests.journeys.patience import eventually
from tests.journeys.platform import Platform
from tests.journeys.shopper import Refused, Shopper

BUYERS = 4
ROUNDS_BEFORE, ROUNDS_AFTER = 3, 3
TROUBLE = (httpx2.HTTPError, WebSocketException, OSError, TimeoutError, asyncio.CancelledError)
VICTIMS = {
    "web": ("panier run web",),
    "rooms": ("panier run rooms",),
    "worker": ("panier run worker",),
    "video": ("panier run video",),
    "nats": ("nats-server ",),
    "postgres": ("bin/postgres -D ",),
}


class Load:
    """Buyers who buy again and again and note what they were told."""

    def __init__(self, platform: Platform, show: Show) -> None:
        self.paid: dict[str, Shopper] = {}
        """Checkouts that somebody was told are paid, and by whom."""
        self.begun: dict[str, Shopper] = {}
        """Keys whose answer never came."""
        self.troubles = 0
        self._platform, self._show = platform, show
        self._stopped = asyncio.Event()
        self._news = asyncio.Condition()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Buy during the block, and finish what is at hand."""
        tasks = [asyncio.create_task(self._buy_on(n)) for n in range(BUYERS)]
        try:
            yield
        finally:
            self._stopped.set()
            async with asyncio.timeout(90):
                await asyncio.gather(*tasks)

    async def until_more(self, count: int, seconds: float = 90) -> None:
        """Wait until so many more purchases were acknowledged."""
        goal = len(self.paid) + count
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: len(self.paid) >= goal)

    async def _buy_on(self, number: int) -> None:
        while not self._stopped.is_set():
            buyer = Shopper(self._platform.web)
            try:
                async with asyncio.timeout(40):
                    await self._buy(buyer)
            except TROUBLE:
                self.troubles += 1
                await asyncio.sleep(0.3 + 0.1 * number)
            except Refused as refused:
                # Whoever is away for a moment says so; anything else is a bug.
                if refused.code not in {"unavailable", "unexpected"}:
                    raise
                self.troubles += 1
                await asyncio.sleep(0.3 + 0.1 * number)

    async def _buy(self, buyer: Shopper) -> None:
        async with buyer.room(self._show.id) as room:
            await room.hold(self._show.variant("MUG"))
            key = str(uuid4())
            card = await buyer.card("4242424242424242")
            outcome = await self._pay(buyer, key, card)
        async with self._news:
            self.paid[outcome["checkout"]] = buyer
            self._news.notify_all()
        await asyncio.sleep(0.2)

    async def _pay(self, buyer: Shopper, key: str, card: dict[str, str]) -> dict[str, str]:
        """Pay; without an answer, say the same wish again, as the page does."""
        while True:
            try:
                outcome = await buyer.pay(self._show.id, card, key=key)
            except (httpx2.HTTPError, OSError):
                self.troubles += 1
                await asyncio.sleep(0.3)
            except Refused as refused:
                if refused.status is None or refused.status < 500:
                    raise
                self.troubles += 1
                await asyncio.sleep(0.3)
            else:
                if outcome["state"] == "paid":
                    return outcome
                return outcome | await buyer.until_settled(outcome["checkout"])


@pytest.mark.timeout(240)
@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_kill_in_the_middle_of_buying_loses_nothing(
    platform: Platform, on_air: Show, victim: str
) -> None:
    await stock_up(platform, on_air)
    load = Load(platform, on_air)
    async with load.running():
        await load.until_more(ROUNDS_BEFORE)
        killed = platform.find_process(*VICTIMS[victim])
        os.kill(killed, signal.SIGKILL)
        await load.until_more(ROUNDS_AFTER)
    await platform.until_well()
    assert platform.find_process(*VICTIMS[victim]) != killed
    for checkout, buyer in load.paid.items():
        told = await buyer.call("GET", f"api/checkout/{checkout}")
        assert told["state"] == "paid"
    await until_nothing_is_open(platform)
    assert await platform.count(CHARGED_FOR_NOTHING) == 0
    code, said = await platform.run("reconcile")
    assert code == 0, said


CHARGED_FOR_NOTHING = """
select count(*) from sandbox_intent i where i.state = 'succeeded' and not exists (
  select 1 from payment p join checkout c on c.payment_id = p.id
  where p.reference = i.id and p.state = 'paid' and c.state = 'paid')
"""
OPEN = "select count(*) from payment where state in ('created', 'pending')"


async def until_nothing_is_open(platform: Platform) -> None:
    """Wait until the worker has found out how every payment stands."""

    async def is_settled() -> bool | None:
        return await platform.count(OPEN) == 0 or None

    await eventually(is_settled, seconds=120)


async def stock_up(platform: Platform, show: Show) -> None:
    """Let there be enough for a test; there is no page for it yet."""
    variant = show.variant("MUG")
    await platform.count(
        f"with more as (update stock set available = 1000 where variant_id = '{variant}'"
        " returning 1) select count(*) from more"
    )
