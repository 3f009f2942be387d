"""A small, bounded load of buyers that goes on through trouble and notes what it was told."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx2
from websockets.exceptions import WebSocketException

from tests.journeys.conftest import SELLER, Show
from tests.journeys.patience import eventually
from tests.journeys.platform import Platform
from tests.journeys.shopper import LATE, SUCCEEDS, Refused, Shopper

BUYERS = 4
BUY_SECONDS_MAX = 75
"""What the provider did not answer is looked after when LOOK_SECONDS have passed."""
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

    def __init__(self, platform: Platform, show: Show, *, seed: int = 0, late: float = 0.0) -> None:
        """Buy by this seed; `late` is the share of cards whose payment settles late."""
        self.paid: dict[str, Shopper] = {}
        """Checkouts that somebody was told are paid, and by whom."""
        self.said: set[str] = set()
        """What somebody said in the chat, and was told that it is said."""
        self.troubles = 0
        self._platform, self._show = platform, show
        self._seed, self._late = seed, late
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
            async with asyncio.timeout(120):
                await asyncio.gather(*tasks)

    async def until_more(self, count: int, seconds: float = 90) -> None:
        """Wait until so many more purchases were acknowledged."""
        goal = len(self.paid) + count
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: len(self.paid) >= goal)

    async def _buy_on(self, number: int) -> None:
        dice = random.Random(f"{self._seed}/{number}")  # noqa: S311 - to be repeated
        while not self._stopped.is_set():
            buyer = Shopper(self._platform.web)
            try:
                async with asyncio.timeout(BUY_SECONDS_MAX):
                    await self._buy(buyer, LATE if dice.random() < self._late else SUCCEEDS)
            except TROUBLE:
                self.troubles += 1
                await asyncio.sleep(0.3 + 0.1 * number)
            except Refused as refused:
                # Whoever is away for a moment says so; anything else is a bug.
                if refused.code not in {"unavailable", "unexpected"}:
                    raise
                self.troubles += 1
                await asyncio.sleep(0.3 + 0.1 * number)

    async def _buy(self, buyer: Shopper, number: str) -> None:
        async with buyer.room(self._show.id) as room:
            await room.hold(self._show.variant("MUG"))
            words = f"I take one, {uuid4()}"
            await room.do("say", text=words)
            self.said.add(words)
            key = str(uuid4())
            card = await buyer.card(number)
            outcome = await self._pay(buyer, key, card)
        if outcome["state"] == "paid":
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
                return outcome | await buyer.until_settled(outcome["checkout"], BUY_SECONDS_MAX)


CHARGED_FOR_NOTHING = """
select count(*) from sandbox_intent i where i.state = 'succeeded' and not exists (
  select 1 from payment p join checkout c on c.payment_id = p.id
  where p.reference = i.id
    and (p.state = 'paid' and c.state = 'paid' or p.state = 'refunded' and c.state = 'refused'))
"""
OPEN = "select count(*) from payment where state in ('created', 'pending', 'refunding')"
# What a worker would look at in minutes, because the provider was away so often, it looks at now.
LOOK = """
with hurried as (
  update payment set look_at = now() where look_at > now() and looks > 0 returning 1)
select count(*) from hurried
"""


async def until_nothing_is_open(platform: Platform) -> None:
    """Wait until the worker has found out how every payment stands."""

    async def is_settled() -> bool | None:
        return await platform.count(OPEN) == 0 or None

    await platform.count(LOOK)
    await eventually(is_settled, seconds=120)


async def stock_up(platform: Platform, show: Show) -> None:
    """Let the seller bring in enough for a test."""
    seller = Shopper(platform.web)
    await seller.sign_in(SELLER)
    page = f"/fr/seller/stock/{show.variant('MUG')}/change"
    given = {"key": str(uuid4()), "reason": "restock", "quantity": "1000", "note": ""}
    answer = await seller.http.post(page, data=given)
    assert answer.status_code == 303, answer.text


async def check_that_nothing_was_lost(platform: Platform, load: Load) -> None:
    """What was acknowledged is there; who paid has an order; the books add up."""
    await platform.until_well()
    await until_nothing_is_open(platform)
    for checkout, buyer in load.paid.items():
        told = await buyer.call("GET", f"api/checkout/{checkout}")
        assert told["state"] == "paid"
    said = await platform.texts("select body->>'text' from room_log where kind = 'chat'")
    assert load.said <= said
    assert await platform.count(CHARGED_FOR_NOTHING) == 0
    code, words = await platform.run("reconcile")
    assert code == 0, words
