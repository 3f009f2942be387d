"""A show from the calendar to its report, with a real encoder; the seller finds the orders."""

import asyncio
import csv
import re
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from tests.journeys.conftest import SELLER, Show, connect_encoder, schedule
from tests.journeys.patience import eventually
from tests.journeys.platform import Platform
from tests.journeys.shopper import Refused, Shopper, euros


async def until_picture(url: str) -> str:
    """Wait until a playlist names media; returns its text."""
    async with httpx2.AsyncClient() as http:

        async def read() -> str | None:
            answer = await http.get(url)
            return answer.text if answer.is_success and ".m4s" in answer.text else None

        return await eventually(read, seconds=60)


async def media_playlist(url: str) -> str:
    """Return the address of the first rendition of a master playlist, or `url` itself."""
    async with httpx2.AsyncClient() as http:
        text = (await http.get(url)).text
    if "#EXT-X-STREAM-INF" not in text:
        return url
    return urljoin(url, next(line for line in text.splitlines() if line and line[0] != "#"))


async def until_report(show: Show) -> str:
    """Open the report until it is written."""

    async def read() -> str | None:
        page = await show.host.page(f"/fr/reports/{show.slug}")
        return page if 'id="products"' in page else None

    return await eventually(read, seconds=60)


async def test_a_show_from_the_calendar_to_its_report(platform: Platform, film: Path) -> None:
    show = await schedule(platform, "Une soirée entière")
    await show.host.call("POST", f"api/shows/{show.id}/rehearse")
    encoder = await connect_encoder(show, film)
    try:
        studio = await show.host.boot(show.slug, "studio")
        await until_picture(await media_playlist(studio["video"]["live"]))
        await show.host.call("POST", f"api/shows/{show.id}/go-live")
        viewer = Shopper(platform.web)
        boot = await viewer.boot(show.slug)
        assert boot["show"]["state"] == "live"
        candle = show.product("CANDLE")
        async with viewer.room(show.id) as room, show.host.room(show.id) as studio_room:
            await show.host.call("POST", f"api/shows/{show.id}/pin", {"product": candle})
            await room.until_fact("pin", product=candle)
            await room.do("say", text="Elle brûle combien de temps ?")
            await studio_room.do("say", text="Quarante-cinq heures")
            await room.hold(show.variant("CANDLE"))
            paid = await viewer.pay(show.id)
            await room.until_fact("purchase", product=candle)
            figures = await show.host.call("GET", f"api/shows/{show.id}/figures")
            assert (figures["orders"], figures["units"]) == (1, 1)
            assert figures["revenue"] == {"minor": show.price("CANDLE"), "currency": "EUR"}
            assert figures["messages"] == 2
            await until_picture(await media_playlist(boot["video"]["live"]))
            await asyncio.sleep(12)  # a show of some seconds, so that there is a replay to watch
            await show.host.call("POST", f"api/shows/{show.id}/end")
            await room.until_fact("ended")
    finally:
        encoder.stop()
    page = await until_report(show)
    assert euros(show.price("CANDLE")) in page
    assert "Elle brûle combien de temps ?" in page
    await check_replay(viewer, show)
    await check_seller(platform, paid["order_url"])


async def check_replay(viewer: Shopper, show: Show) -> None:
    """The replay can be played, and knows when the candle was shown."""

    async def read() -> dict[str, Any] | None:
        boot = await viewer.boot(show.slug)
        return boot if boot["video"]["replay"] else None

    boot = await eventually(read, seconds=60)
    assert boot["show"]["state"] == "ended"
    playlist = await until_picture(await media_playlist(boot["video"]["replay"]))
    assert "#EXT-X-ENDLIST" in playlist
    assert boot["chapters"][0]["product"] == show.product("CANDLE")


async def check_seller(platform: Platform, order_url: str) -> None:
    """The seller finds the order, on the page and in the table."""
    buyer = Shopper(platform.web)
    found = re.search(r'<p class="crumbs">([^<]+)</p>', await buyer.page(order_url))
    assert found is not None
    number = found[1].strip()
    seller = Shopper(platform.web)
    await seller.sign_in(SELLER)
    assert number in await seller.page("/fr/seller/orders")
    table = await seller.http.get("/fr/seller/orders.csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert any(number in row for row in csv.reader(StringIO(table.text)))


async def test_only_the_crew_runs_a_show(platform: Platform, on_air: Show) -> None:
    guest = Shopper(platform.web)
    for path in ("end", "go-live"):
        answer = await guest.http.post(f"/fr/api/shows/{on_air.id}/{path}")
        assert answer.status_code == 401
    seller = Shopper(platform.web)
    await seller.sign_in(SELLER)
    with pytest.raises(Refused) as refused:
        await seller.call("GET", f"api/shows/{on_air.id}/figures")
    assert refused.value.status == 403
