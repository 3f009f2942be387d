"""A register of VAT ids, and settings that ask it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from panier.settings import Settings
from tests.taxes.register import Register, register


@pytest_asyncio.fixture(loop_scope="session")
async def vies() -> AsyncIterator[Register]:
    async with register() as opened:
        yield opened


@pytest.fixture
def asking(settings: Settings, vies: Register) -> Settings:
    return settings.model_copy(update={"vies_url": vies.url, "vies_requester": "FR 11 123456782"})
