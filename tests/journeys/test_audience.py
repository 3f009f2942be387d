"""The simulated audience comes, talks, buys and leaves."""

import asyncio

from panier.demo.audience import run_audience
from panier.settings import Settings
from tests.journeys.conftest import go_on_air
from tests.journeys.platform import Platform
from tests.journeys.shopper import Shopper


async def test_an_audience_talks_buys_and_leaves(platform: Platform) -> None:
    show = await go_on_air(platform, "Une salle pleine")
    await show.host.call("POST", f"api/shows/{show.id}/pin", {"product": show.product("MUG")})
    async with Shopper(platform.web).room(show.id) as room:
        audience = asyncio.create_task(run_audience(Settings(web_url=platform.web), 9))
        try:
            await room.until_fact("chat", seconds=60)
            await room.until_fact("purchase", seconds=90)
            await show.host.call("POST", f"api/shows/{show.id}/end")
        finally:
            audience.cancel()
            async with asyncio.timeout(30):
                await asyncio.gather(audience, return_exceptions=True)
