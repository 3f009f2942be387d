"""Stripe's API, played on this machine, and the settings that lead there."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from panier.payments.stripe import Stripe
from panier.settings import Settings
from tests.payments.stripe.played import SECRET, Stage, playing


@pytest_asyncio.fixture(loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    async with playing() as opened:
        yield opened


@pytest.fixture
def settings(settings: Settings, stage: Stage) -> Settings:
    """Name the played Stripe in the settings."""
    given = {
        "payments": "stripe",
        "stripe_key": "sk_test_1",
        "stripe_publishable_key": "pk_test_1",
        "stripe_webhook_secret": SECRET,
    }
    return Settings(**(settings.model_dump() | given | {"stripe_url": stage.url}))


@pytest.fixture
def stripe(settings: Settings) -> Stripe:
    """Return the adapter in front of the played Stripe."""
    return Stripe(settings)
