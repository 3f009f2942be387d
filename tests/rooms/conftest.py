"""A gateway on a free port, and clients that speak the room's protocol."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect

from panier import chat, rooms
from panier.kit.cells import Cell
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.runtime import Runtime

SECONDS_MAX = 30
"""No test waits longer for a frame."""


class Hold(rooms.Args):
    """Arguments of a command that a shop might have."""

    variant: UUID
    quantity: Annotated[int, msgspec.Meta(ge=1, le=20)]


async def hold(call: rooms.Call) -> dict[str, Any]:
    """Answer with what was asked for, and for whom."""
    wanted = call.read(Hold)
    return {"variant": wanted.variant, "quantity": wanted.quantity, "author": call.author}


async def fail(call: rooms.Call) -> None:
    """Break, as code with a mistake does."""
    raise ZeroDivisionError


async def wait(call: rooms.Call) -> None:
    """Never answer."""
    await asyncio.Event().wait()


COMMANDS: Mapping[str, rooms.Action] = {
    "say": chat.say,
    "hide": chat.hide,
    "mute": chat.mute,
    "hold": hold,
    "fail": fail,
    "wait": wait,
}


async def hold_all(calls: list[rooms.Call]) -> list[Any]:
    """Answer each call as `hold` does, many at a time."""
    answers: list[Any] = []
    for call in calls:
        try:
            answers.append(await hold(call))
        except PanierError as error:
            answers.append(error)
    return answers


async def fail_all(_calls: list[rooms.Call]) -> list[Any]:
    """Break for everybody."""
    raise ZeroDivisionError


LATE = asyncio.Event()
"""What the answer to more than one unit waits for, in `hold_late`."""


async def hold_late(calls: list[rooms.Call]) -> list[Any]:
    """Answer one unit at once, and more when LATE has come; whoever asks wrongly too."""

    async def wait_and_hold(call: rooms.Call) -> dict[str, Any]:
        await LATE.wait()
        return await hold(call)

    late = [b'"quantity":1}' not in bytes(call.args) for call in calls]
    return [
        wait_and_hold(call) if is_late else await hold(call)
        for call, is_late in zip(calls, late, strict=True)
    ]


TOGETHER: rooms.Together = {
    "hold_together": hold_all,
    "fail_together": fail_all,
    "hold_late": hold_late,
}


class Client:
    """One viewer: a socket and the frames it got."""

    def __init__(self, socket: ClientConnection) -> None:
        """Take an open connection."""
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self.facts: list[list[Any]] = []

    async def send(self, **message: Any) -> None:
        """Send a message as JSON."""
        await self.socket.send(msgspec.json.encode(message).decode())

    async def next(self) -> dict[str, Any]:
        """Return the next frame."""
        async with asyncio.timeout(SECONDS_MAX):
            frame: dict[str, Any] = msgspec.json.decode(await self.socket.recv())
        self.frames.append(frame)
        self.facts += frame.get("facts", [])
        return frame

    async def until(self, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Return the next frame that `wanted` likes."""
        while True:
            frame = await self.next()
            if wanted(frame):
                return frame

    async def answer(self, id: int) -> dict[str, Any]:  # noqa: A002 - the wire's word
        """Return the answer to the message numbered `id`."""
        return await self.until(lambda frame: frame.get("id") == id)

    async def facts_to(self, seq: int) -> list[list[Any]]:
        """Return all facts heard, once the one numbered `seq` is among them."""
        while not self.facts or self.facts[-1][0] < seq:
            await self.next()
        return self.facts

    async def ask(self, do: str, id: int = 9, **args: Any) -> dict[str, Any]:  # noqa: A002
        """Send a command and return its answer."""
        await self.send(do=do, id=id, args=args)
        return await self.answer(id)

    async def closed(self) -> int | None:
        """Wait until the server closes, and return its code."""
        async with asyncio.timeout(SECONDS_MAX):
            await self.socket.wait_closed()
        return self.socket.close_code


Connect = Callable[..., Awaitable[Client]]


class Venue:
    """A show's room, its gateways, and the door."""

    def __init__(self, runtime: Runtime, cell: Cell, stack: AsyncExitStack) -> None:
        """Open nothing yet."""
        self.runtime = runtime
        self.cell = cell
        self.show = new_id()
        self.stack = stack
        self.stock: dict[UUID, int] = {}
        self._ends: dict[rooms.Gateway, AsyncExitStack] = {}

    async def gateway(self, runtime: Runtime | None = None) -> rooms.Gateway:
        """Start one more gateway."""
        shop = rooms.Shop(
            commands=COMMANDS, together=TOGETHER, stock_of=self._stock_of, stock_news="stock"
        )
        made = rooms.Gateway(runtime or self.runtime, shop)
        own = await self.stack.enter_async_context(AsyncExitStack())
        self._ends[made] = own
        return await own.enter_async_context(made.opened(0))

    async def stop(self, gateway: rooms.Gateway) -> None:
        """End a gateway as its process would."""
        await self._ends[gateway].aclose()

    async def _stock_of(self, _cell: Cell, _show: UUID, variants: list[UUID]) -> dict[UUID, int]:
        return {variant: self.stock[variant] for variant in variants}

    def ticket(self, **changes: Any) -> str:
        """Sign a ticket for a new guest of this show."""
        payload = {
            "show": str(self.show),
            "market": "FR",
            "visitor": str(new_id()),
            "person": None,
            "name": "Guest 1234",
            "staff": False,
            "language": "en",
            **changes,
        }
        return self.runtime.signer.sign("room", payload)

    async def connect(self, gateway: rooms.Gateway, **options: Any) -> Client:
        """Open a socket that has not joined."""
        url = f"ws://127.0.0.1:{gateway.port}/"
        options = {"compression": None, "ping_interval": None, "max_queue": None, **options}
        return Client(await self.stack.enter_async_context(connect(url, **options)))

    async def join(
        self, gateway: rooms.Gateway, after: int | None = None, **changes: Any
    ) -> Client:
        """Open a socket and join; its first frame is the welcome."""
        client = await self.connect(gateway)
        await client.send(do="join", id=1, ticket=self.ticket(**changes), after=after)
        welcome = await client.next()
        assert welcome["t"] == "welcome", welcome
        return client

    async def append(self, kind: Any = "chat", **body: Any) -> rooms.Fact:
        """Append a fact to the show's room."""
        return await rooms.append(self.cell, self.show, "FR", kind, body or line("Hello"))


def line(text: str) -> dict[str, Any]:
    """Return the body of a chat message."""
    return {"name": "Ada", "text": text, "author": "0123456789ab", "staff": False}


@pytest_asyncio.fixture(loop_scope="session")
async def venue(runtime: Runtime, cell: Cell) -> AsyncIterator[Venue]:
    """Give the test a show with a room."""
    async with AsyncExitStack() as stack:
        yield Venue(runtime, cell, stack)
