"""One platform for all journeys, with the sample shops, and a show on air in it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from panier.demo.publisher import Publisher
from tests.journeys.platform import Platform, shared
from tests.journeys.shopper import Shopper
from tests.video.film import SECONDS, make_film

HOST = "host.fr@panier.demo"
SELLER = "seller.fr@panier.demo"
TEAM = "market.fr@panier.demo"
KNOWN = "shopper.fr@panier.demo"


class Show(msgspec.Struct):
    """A show on air, and who runs it."""

    id: str
    slug: str
    host: Shopper
    run_sheet: list[dict[str, Any]]

    def article(self, kind: str) -> dict[str, Any]:
        """The first article whose number begins with `kind`."""
        articles = (v for p in self.run_sheet for v in p["variants"])
        return next(v for v in articles if v["sku"].startswith(kind))

    def variant(self, kind: str) -> str:
        """The id of that article."""
        return str(self.article(kind)["id"])

    def price(self, kind: str) -> int:
        """The price of that article in cents."""
        return int(self.article(kind)["price"]["minor"])

    def product(self, kind: str) -> str:
        """The id of the product that the article belongs to."""
        articles = ((p, v) for p in self.run_sheet for v in p["variants"])
        return next(str(p["product"]) for p, v in articles if v["sku"].startswith(kind))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def platform() -> AsyncIterator[Platform]:
    """Run everything, once for all journeys and browsers."""
    async with shared() as platform:
        yield platform


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small film with sound."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_film(path)
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def on_air(platform: Platform) -> AsyncIterator[Show]:
    """Put a show on air that stays there for all journeys that only buy."""
    yield await go_on_air(platform, "Un soir de marché")


async def go_on_air(platform: Platform, title: str) -> Show:
    """Let the sample host schedule a show of all products and go live."""
    show = await schedule(platform, title)
    await show.host.call("POST", f"api/shows/{show.id}/go-live")
    return show


async def schedule(platform: Platform, title: str, **changes: Any) -> Show:
    """Let the sample host schedule a show with the products of the sample show."""
    host = Shopper(platform.web)
    await host.sign_in(HOST)
    sample = await host.boot("demo")
    made = await host.call(
        "POST",
        "api/shows",
        {
            "title": title,
            "starts_at": datetime.now(UTC).isoformat(),
            "language": "fr",
            "products": [product["product"] for product in sample["run_sheet"]],
            **changes,
        },
    )
    return Show(made["id"], made["slug"], host, sample["run_sheet"])


async def set_aside(platform: Platform, show: Show, kind: str, units: int) -> None:
    """Let the market team set units of an article aside for a show, which sells only those."""
    team = Shopper(platform.web)
    await team.sign_in(TEAM)
    answer = await team.http.post(
        f"/fr/seller/stock/{show.variant(kind)}/allocate",
        data={"show": show.id, "units": str(units)},
    )
    assert answer.status_code == 303, answer.text


async def connect_encoder(show: Show, film: Path) -> Publisher:
    """Send the film to the show's stream key, again and again."""
    ingest = await show.host.call("GET", f"api/shows/{show.id}/ingest")
    encoder = Publisher(film, SECONDS, f"{ingest['server']}/{ingest['key']}", show.slug)
    encoder.start()
    return encoder
