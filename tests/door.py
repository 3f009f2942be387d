"""The web application as a browser sees it, without a socket in between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from panier import markets, people
from panier.app import create_app
from panier.kit.cells import Cell
from panier.runtime import Runtime

HOME = "http://localhost:8400"
PAGE = {
    "accept": "text/html,application/xhtml+xml",
    "accept-language": "en",
    "sec-fetch-site": "same-origin",
}
PASSWORD = "four random words"


@asynccontextmanager
async def browser(
    app: FastAPI, base: str = HOME, address: str = "203.0.113.7"
) -> AsyncIterator[httpx2.AsyncClient]:
    """Open a client with a cookie jar of its own; it asks for pages and follows no redirects."""
    transport = httpx2.ASGITransport(app=app, client=(address, 50_000))
    async with httpx2.AsyncClient(transport=transport, base_url=base, headers=PAGE) as client:
        yield client


async def open_door(runtime: Runtime) -> FastAPI:
    """Load the shipped markets and build the application."""
    for cell in runtime.cells:
        async with cell.tx() as tx:
            await markets.load(tx)
    return create_app(runtime)


async def sign_up(client: httpx2.AsyncClient, email: str = "anna@example.com") -> None:
    """Make an account and be signed in."""
    form = {"email": email, "name": "Anna Martin", "password": PASSWORD}
    answer = await client.post("/fr/sign-up", data=form)
    assert answer.status_code == 303, answer.text


async def give_role(
    cell: Cell, role: str, market: str = "FR", of: str = "anna@example.com"
) -> None:
    """Let somebody who has signed up act as `role`."""
    async with cell.tx() as tx:
        person = await people.find_person_by_email(tx, of)
        assert person
        await people.grant_role(tx, person.id, role, market)


def plant(client: httpx2.AsyncClient, name: str, value: str) -> None:
    """Put a cookie of our making in the place of the one the application set."""
    if name in client.cookies:
        client.cookies.delete(name)
    client.cookies.set(name, value)
