"""The application over one test's database, and browsers of the people in it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import UUID

import httpx2
import pytest_asyncio

from panier import people
from panier.app import create_app
from panier.runtime import Runtime

Browser = httpx2.AsyncClient
Open = Callable[[UUID | None], Awaitable[Browser]]


@pytest_asyncio.fixture(loop_scope="session")
async def browse(runtime: Runtime) -> AsyncIterator[Open]:
    """Give a function that opens a browser, signed in as somebody or not."""
    app, cell = create_app(runtime), next(iter(runtime.cells))
    async with AsyncExitStack() as stack:

        async def browser(person: UUID | None) -> Browser:
            client = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app),
                base_url="http://shop",
                headers={"accept-language": "en"},
            )
            if person is not None:
                async with cell.tx() as tx:
                    token = await people.open_session(tx, person, "a test", 1)
                client.cookies.set("panier_session", f"{cell.name}~{token}")
            client.cookies.set("panier_language", "en")
            return await stack.enter_async_context(client)

        yield browser
