"""A browser in front of the application."""

from collections.abc import AsyncIterator

import httpx2
import pytest_asyncio
from fastapi import FastAPI

from panier.runtime import Runtime
from tests.door import browser, open_door


@pytest_asyncio.fixture(loop_scope="session")
async def app(runtime: Runtime) -> FastAPI:
    """Build the application over the shipped markets."""
    return await open_door(runtime)


@pytest_asyncio.fixture(loop_scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Open a browser without cookies."""
    async with browser(app) as opened:
        yield opened
