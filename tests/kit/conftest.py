"""A mail server in front of the worker."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.post_office import PostOffice, open_post_office


@pytest_asyncio.fixture(loop_scope="session")
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as opened:
        yield opened
