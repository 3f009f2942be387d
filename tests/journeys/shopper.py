"""Somebody with a browser, as far as addresses and frames go: pages, API, the room's socket."""

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx2
from websockets.asyncio.client import ClientConnection, connect

BOOT = re.compile(r'<script type="application/json" id="boot">(.*?)</script>', re.DOTALL)
ANSWER_SECONDS_MAX = 60.0
PASSWORD = "basket-demo"

SUCCEEDS = "4242424242424242"
DECLINED = "4000000000000002"
INSUFFICIENT = "4000000000009995"
CHALLENGE = "4000000000003220"
LATE = "4000000000000259"


class Refused(Exception):
    """The platform said no: its code, its status, its words."""

    def __init__(self, error: dict[str, Any], status: int | None = None) -> None:
        super().__init__(f"{status} {error}")
        self.code = error["code"]
        self.message = error["message"]
        self.details = error["details"]
        self.status = status


class Shopper:
    """A visitor with a cookie jar."""

    def __init__(self, web: str, market: str = "fr") -> None:
        self.web = web
        self.market = market
        self.http = httpx2.AsyncClient(
            base_url=web,
            headers={"Origin": web, "X-Forwarded-For": f"198.18.{_next()}"},
            timeout=ANSWER_SECONDS_MAX,
            # Nothing stays open between requests, so that nobody has to be closed.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def sign_in(self, email: str) -> None:
        """Sign in with a sample account."""
        answer = await self.http.post(
            f"/{self.market}/sign-in", data={"email": email, "password": PASSWORD}
        )
        assert answer.status_code == 303, answer.text

    async def page(self, path: str) -> str:
        """Open a page that must be there."""
        answer = await self.http.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.text

    async def boot(self, slug: str, place: str = "live") -> dict[str, Any]:
        """Open a show's page and read what it begins with."""
        found = BOOT.search(await self.page(f"/{self.market}/{place}/{slug}"))
        assert found is not None
        content: dict[str, Any] = json.loads(html.unescape(found[1]))
        return content

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """Call the API under the market; raises Refused."""
        place = path if path.startswith("/") else f"/{self.market}/{path}"
        answer = await self.http.request(method, place, json=body)
        if answer.is_error:
            raise Refused(answer.json()["error"], answer.status_code)
        return answer.json() if answer.content else None

    async def card(self, number: str) -> dict[str, str]:
        """Type a card; returns what checkout takes."""
        typed = {"number": number, "expiry": "12/34", "cvc": "123"}
        token = await self.call("POST", "sandbox/tokens", typed)
        return {"token": token["token"]}

    async def pay(
        self, show: str, card: dict[str, Any] | str = SUCCEEDS, **changes: Any
    ) -> dict[str, Any]:
        """Check out with a card number (or what checkout takes); raises Refused."""
        wish: dict[str, Any] = {
            "key": str(uuid4()),
            "show": show,
            "email": "anna@example.org",
            "name": "Anna Martin",
            "address": {
                "line1": "12 rue de la Paix",
                "line2": "",
                "postcode": "75002",
                "city": "Paris",
                "country": "FR",
            },
            "card": await self.card(card) if isinstance(card, str) else card,
            "name_on_air": "first_name",
        }
        answer: dict[str, Any] = await self.call("POST", "api/checkout", wish | changes)
        return answer

    async def until_settled(self, checkout: str, seconds: float = 60) -> dict[str, Any]:
        """Ask until the payment is decided."""
        async with asyncio.timeout(seconds):
            while True:
                told: dict[str, Any] = await self.call("GET", f"api/checkout/{checkout}")
                if told["state"] not in ("action", "pending"):
                    return told
                await asyncio.sleep(0.3)

    @asynccontextmanager
    async def room(self, show: str) -> AsyncIterator["Room"]:
        """Join a show's room."""
        ticket = await self.call("GET", f"api/shows/{show}/ticket")
        async with connect(ticket["url"], origin=self.web, max_size=2**22) as socket:  # type: ignore[arg-type]
            room = Room(socket)
            try:
                room.welcome = await room.ask({"do": "join", "ticket": ticket["ticket"]})
                yield room
            finally:
                await room.close()


class Room:
    """A joined room."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome: dict[str, Any] = {}
        self.facts: list[list[Any]] = []
        self.errors: list[dict[str, Any]] = []
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def send(self, frame: str | bytes) -> None:
        """Send a frame as it is."""
        await self.socket.send(frame)

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a message with a number and return the answer's frame; raises Refused."""
        self._number += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = answer
        await self.send(json.dumps(message | {"id": self._number}))
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            frame = await answer
        if "error" in frame:
            raise Refused(frame["error"])
        return frame

    async def do(self, command: str, **arguments: Any) -> Any:
        """Run a command and return its `ok`; raises Refused."""
        return (await self.ask({"do": command, "args": arguments}))["ok"]

    async def hold(self, variant: str, quantity: int = 1) -> Any:
        """Put something into the basket."""
        return await self.do("hold", variant=variant, quantity=quantity, key=str(uuid4()))

    async def until_fact(self, kind: str, seconds: float = 60, **body: Any) -> list[Any]:
        """Wait for a fact of this kind whose body holds these values."""

        def find() -> list[Any] | None:
            return next(
                (f for f in self.facts if f[1] == kind and body.items() <= f[3].items()), None
            )

        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(find)
        found = find()
        assert found is not None
        return found

    async def until_error(self, seconds: float = 60) -> dict[str, Any]:
        """Wait for an error that answers no number, and take it."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: self.errors)
            return self.errors.pop(0)

    async def close(self) -> None:
        """Leave."""
        await self.socket.close()
        await self._reading

    async def _read(self) -> None:
        async for text in self.socket:
            frame = json.loads(text)
            number = frame.get("re", frame.get("id"))
            if frame["t"] in ("re", "welcome") and number in self._waiting:
                self._waiting.pop(number).set_result(frame)
            async with self._news:
                self.facts += frame.get("facts", [])
                if frame["t"] == "error":
                    self.errors.append(frame["error"])
                self._news.notify_all()
        for answer in self._waiting.values():
            answer.cancel()


def euros(minor: int) -> str:
    """Write cents as a French page does, without the sign: 24,90."""
    return f"{minor // 100},{minor % 100:02}"


_count = 0


def _next() -> str:
    global _count  # noqa: PLW0603 - every shopper is counted for themselves
    _count += 1
    return f"{_count // 250}.{_count % 250 + 1}"
