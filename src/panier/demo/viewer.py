"""One simulated viewer: comes by HTTP, watches by WebSocket, talks, sends hearts, buys.

Uses what a browser uses and nothing else: pages, the room's socket, the JSON API.
"""

import asyncio
import html
import re
from collections import Counter
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import httpx2
import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from panier.demo.chatter import choose_buyer, choose_hello, choose_line

MESSAGE_SECONDS = 40.0
"""The mean time between two lines of one viewer."""
HEARTS_SECONDS = 30.0
"""The mean time between two bursts of hearts of one viewer."""
ANSWER_SECONDS_MAX = 15.0
"""How long an answer of room or shop is waited for."""
TYPING_SECONDS = (1.0, 4.0)
"""How long somebody takes between basket and payment."""
BACK_SECONDS = (1.0, 5.0)
"""How long a viewer whose connection broke waits before the next try."""
TRIES_MAX = 30
"""Connections that one viewer tries in a row before leaving."""
POLLS_MAX = 15
"""How often a payment that the bank has yet to confirm is asked for, once a second."""
PINNED = 0.85
"""The share of purchases that are of what is pinned."""
CARDS = {
    "4242424242424242": 82,
    "4000000000003220": 8,
    "4000000000000259": 5,
    "4000000000000002": 3,
    "4000000000009995": 2,
}
"""Test cards of the sandbox and how often each is used: succeeds, 3-D Secure, late, declined."""

BOOT = re.compile(r'<script type="application/json" id="boot">(.*?)</script>', re.DOTALL)


class Door(NamedTuple):
    """How to get in: the shop's address, the show's path, a shared connection pool."""

    web: str
    path: str
    transport: httpx2.AsyncBaseTransport
    address: str
    """What the viewer's device would have; counted by the shop's limits."""


class _Heard(msgspec.Struct):
    """A frame of the room, as far as a viewer heeds it."""

    t: str
    id: int | None = None
    seq: int = 0
    state: dict[str, Any] | None = None
    facts: list[tuple[int, str, int, dict[str, Any]]] = []
    ok: Any = None
    error: dict[str, Any] | None = None
    reason: str = ""


_decode = msgspec.json.Decoder(_Heard).decode


class Refused(Exception):
    """Room or shop said no; the message is the error's code."""


class Viewer(WSListener):
    """Somebody who watches one show."""

    def __init__(self, door: Door, random: Random, tally: Counter[str]) -> None:
        """Prepare; `stay` does the rest. `tally` counts what happens."""
        self._door = door
        self._random = random
        self._tally = tally
        self._http = httpx2.AsyncClient(
            base_url=door.web,
            transport=door.transport,
            timeout=ANSWER_SECONDS_MAX,
            headers={"Origin": door.web, "X-Forwarded-For": door.address},
        )
        self._boot: dict[str, Any] = {}
        self._transport: WSTransport | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._seq: int | None = None
        self._pin: str | None = None
        self._lost = asyncio.Event()
        self.ended = False
        self.busy = False

    @property
    def connected(self) -> bool:
        """Tell whether the viewer is in the room."""
        return self._transport is not None and not self._lost.is_set()

    async def stay(self, seconds: float) -> None:
        """Watch for `seconds` or until the show ends, through broken connections."""
        try:
            async with asyncio.timeout(seconds):
                await self._open_page()
                social = asyncio.create_task(self._be_social())
                try:
                    await self._watch()
                finally:
                    social.cancel()
        except (TimeoutError, Refused):
            pass
        except httpx2.HTTPError:
            self._tally["errors"] += 1
        finally:
            self._close()

    async def buy(self) -> None:
        """Hold something over the socket and pay for it, as people do."""
        self.busy = True
        try:
            await self._purchase()
        except Refused as refused:
            self._tally["refused"] += 1
            self._tally[f"refused {refused}"] += 1
        except (TimeoutError, httpx2.HTTPError, ConnectionError):
            self._tally["errors"] += 1
        finally:
            self.busy = False

    # The room ------------------------------------------------------------------------------

    async def _open_page(self) -> None:
        page = await self._http.get(self._door.path, headers={"Accept": "text/html"})
        found = BOOT.search(page.text)
        if page.status_code != httpx2.codes.OK or found is None:
            raise Refused("page")
        self._boot = msgspec.json.decode(html.unescape(found[1]))

    async def _watch(self) -> None:
        tries = 0
        while not self.ended and tries < TRIES_MAX:
            try:
                await self._connect()
                tries = 0
                await self._lost.wait()
            except (OSError, TimeoutError, Refused, httpx2.HTTPError):
                tries += 1
            self._drop()
            if not self.ended:
                self._tally["reconnects"] += 1
                await asyncio.sleep(self._random.uniform(*BACK_SECONDS))

    async def _connect(self) -> None:
        ticket = await self._call("GET", self._boot["urls"]["ticket"])
        self._lost.clear()
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            self._transport, _ = await ws_connect(
                lambda: self, ticket["url"], extra_headers={"Origin": self._door.web}
            )
            join = {"do": "join", "id": 0, "ticket": ticket["ticket"]}
            self._send(join | ({"after": self._seq} if self._seq is not None else {}))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Hear what the room says."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type == WSMsgType.TEXT:
            self._hear(_decode(frame.get_payload_as_bytes()))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Wake whoever waits: the connection is gone."""
        if transport is self._transport:
            self._lost.set()

    def _hear(self, heard: _Heard) -> None:
        if heard.t == "welcome":
            self._seq = heard.seq
            if heard.state is not None:
                self._pin = heard.state.get("pin")
        for seq, kind, _at, body in heard.facts:
            self._seq = seq
            if kind in ("pin", "unpin"):
                self._pin = body["product"] if kind == "pin" else None
            self.ended = self.ended or kind == "ended"
        if heard.t == "re" and heard.id in self._waiting:
            answer = self._waiting.pop(heard.id)
            if not answer.done():
                answer.set_result(heard)
        elif heard.t in ("bye", "resync"):
            self.ended = self.ended or heard.reason == "ended"
            self._lost.set()
        if self.ended:
            self._lost.set()

    def _send(self, message: dict[str, Any]) -> None:
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, msgspec.json.encode(message))

    async def _ask(self, do: str, **args: object) -> Any:
        """Send a command and return its answer; raises Refused, TimeoutError."""
        if not self.connected:
            raise ConnectionError("not in the room")
        self._number += 1
        number = self._number
        answer: asyncio.Future[_Heard] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._send({"do": do, "id": number, "args": args})
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                heard = await answer
        finally:
            self._waiting.pop(number, None)
        if heard.error is not None:
            raise Refused(heard.error["code"])
        return heard.ok

    def _drop(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.disconnect()

    def _close(self) -> None:
        self._lost.set()
        self._drop()

    async def _be_social(self) -> None:
        say = self._random.uniform(3, MESSAGE_SECONDS)
        heart = self._random.expovariate(1 / HEARTS_SECONDS)
        line = self._choose_hello()
        while True:
            pause = min(say, heart)
            await asyncio.sleep(pause)
            say, heart = say - pause, heart - pause
            if heart <= 0:
                heart = self._random.expovariate(1 / HEARTS_SECONDS)
                await self._send_hearts()
            if say <= 0:
                say = self._random.expovariate(1 / MESSAGE_SECONDS)
                await self._say(line)
                line = self._choose_line()

    async def _say(self, text: str) -> None:
        try:
            await self._ask("say", text=text)
            self._tally["messages"] += 1
        except (Refused, TimeoutError, ConnectionError):
            self._tally["unsaid"] += 1

    async def _send_hearts(self) -> None:
        for _ in range(self._random.randint(1, 4)):
            if not self.connected:
                return
            count = self._random.randint(1, 3)
            self._send({"do": "heart", "args": {"n": count}})
            self._tally["hearts"] += count
            await asyncio.sleep(0.4)

    def _choose_hello(self) -> str:
        return choose_hello(self._random, self._boot["market"]["language"])

    def _choose_line(self) -> str:
        product = self._product(self._pin)
        return choose_line(
            self._random,
            self._boot["market"]["language"],
            product["title"] if product else None,
            product["variants"][0]["sku"] if product else None,
        )

    # The shop ------------------------------------------------------------------------------

    def _product(self, product: str | None) -> dict[str, Any] | None:
        return next((p for p in self._boot["run_sheet"] if p["product"] == product), None)

    async def _purchase(self) -> None:
        pinned = self._product(self._pin)
        wanted = pinned if self._random.random() < PINNED else None
        product = wanted or self._random.choice(self._boot["run_sheet"])
        variant = self._random.choice(product["variants"])["id"]
        quantity = self._random.choice((1, 1, 1, 2))
        await self._ask("hold", variant=variant, quantity=quantity, key=str(uuid4()))
        await asyncio.sleep(self._random.uniform(*TYPING_SECONDS))
        card = self._random.choices(list(CARDS), list(CARDS.values()))[0]
        if await self._pay(card):
            return
        # Half of those whose card was declined take another one; the others give it back.
        if self._random.random() < 0.5:
            await asyncio.sleep(self._random.uniform(*TYPING_SECONDS))
            await self._pay(next(iter(CARDS)))
        else:
            await self._ask("drop", variant=variant, quantity=quantity)

    async def _pay(self, card: str) -> bool:
        """Pay for the basket; tells whether it was not declined."""
        urls, country = self._boot["urls"], self._boot["market"]["code"]
        form = self._boot["payment"]
        if form["provider"] != "sandbox":
            return True  # nobody who is simulated has a card of a real provider
        buyer = choose_buyer(self._random, country)
        typed = {"number": card, "expiry": "12/34", "cvc": "123"}
        token = await self._call("POST", form["url"], typed)
        try:
            outcome = await self._call(
                "POST",
                urls["checkout"],
                {
                    "key": str(uuid4()),
                    "show": self._boot["show"]["id"],
                    "email": f"viewer{self._random.randrange(10**9)}@example.org",
                    "name": buyer.name,
                    "address": {
                        "line1": buyer.line1,
                        "line2": "",
                        "postcode": buyer.postcode,
                        "city": buyer.city,
                        "country": country,
                    },
                    "card": {"token": token["token"]},
                    "name_on_air": self._random.choice(("first_name", "initials", "none")),
                },
            )
        except Refused as refused:
            if str(refused) != "card_declined":
                raise
            self._tally["declined"] += 1
            return False
        if outcome["state"] == "action":
            outcome = await self._confirm(outcome)
        self._tally["pending" if outcome["state"] == "pending" else "orders"] += 1
        return True

    async def _confirm(self, outcome: dict[str, Any]) -> dict[str, Any]:
        """Say yes to the bank's question, then ask the shop until it knows."""
        await self._http.get(outcome["action_url"])
        await self._http.post(outcome["action_url"], data={"answer": "approve"})
        for _ in range(POLLS_MAX):
            told = await self._call(
                "GET", f"{self._boot['urls']['checkout']}/{outcome['checkout']}"
            )
            if told["state"] != "action":
                return told
            await asyncio.sleep(1.0)
        raise Refused("challenge")

    async def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Speak to the API; raises Refused with the error's code."""
        answer = await self._http.request(
            method, urljoin(f"{self._door.web}/", path), json=body if body is not None else None
        )
        content = msgspec.json.decode(answer.content) if answer.content else {}
        if answer.is_error:
            raise Refused(content.get("error", {}).get("code", str(answer.status_code)))
        return dict(content)


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
