"""The sample host: goes on air with the film and pins what it shows, until a person takes over.

Acts through the same addresses as a browser and an encoder; only looks at the show's rows.
"""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import structlog

from panier import engines, shows, video
from panier.demo.data import read_sample
from panier.demo.film import SHOT_SECONDS, ensure_film, film_seconds
from panier.demo.publisher import Publisher
from panier.demo.seed import DEMO, PASSWORD, ensure_demo_show
from panier.kit.cells import Cell
from panier.runtime import Runtime
from panier.settings import Settings

TRY_AGAIN_SECONDS = 2.0
LOOK_SECONDS = 0.5
"""How often the presenter looks at the film and the show."""
PICTURE_SECONDS_MAX = 60.0
DELAY_SECONDS = 1.5
"""Viewers see the film so much later than it is sent; pins wait for them."""
PAUSE_SECONDS = 20.0
"""Between the end of a sample show and the next one."""

SHOW_SECONDS_MAX = 1800.0
"""A sample show ends by itself, because an hour of it fills 0.8 GB of the disk."""
TAKEN_OVER_FACTOR = 4
"""A show that a person has taken over may last so much longer."""

log = structlog.get_logger()


async def serve_film(settings: Settings) -> None:
    """Keep each market's sample show on air until cancelled."""
    films = Films(settings.data / "demo")
    async with Runtime.open(settings) as runtime:
        engines.tell_ready()
        try:
            async with asyncio.TaskGroup() as hosts:
                for market in read_sample().market:
                    hosts.create_task(_keep_on_air(runtime, films, market))
        finally:
            films.stop()


class Films:
    """The films of this process, made one after the other so that the first is soon on air."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`."""
        self._folder = folder
        self._one_by_one = asyncio.Lock()
        self._stopped = threading.Event()

    async def get(self, language: str) -> Path:
        """Return the film in `language`."""
        async with self._one_by_one:
            return await asyncio.to_thread(ensure_film, self._folder, language, self._stopped)

    def stop(self) -> None:
        """Stop making."""
        self._stopped.set()


async def _keep_on_air(runtime: Runtime, films: Films, market: str) -> None:
    """Present one show after the other; whatever fails is tried again."""
    while True:
        try:
            slug = await ensure_demo_show(runtime, market)
            await forget_old_shows(runtime, market, slug)
            await Presenter(runtime, films, market, slug).present()
            await asyncio.sleep(PAUSE_SECONDS)
        except (httpx2.HTTPError, OSError, TimeoutError) as error:
            log.warning("the sample host tries again", market=market, error=repr(error))
            await asyncio.sleep(TRY_AGAIN_SECONDS)


async def forget_old_shows(runtime: Runtime, market: str, present: str) -> None:
    """Delete the replays of sample shows, but for the latest one that is over."""
    cell = runtime.cells.of(market)
    number = int(present.removeprefix(DEMO).lstrip("-") or 1)
    for old in range(1, number - 1):
        slug = DEMO if old == 1 else f"{DEMO}-{old}"
        async with cell.read() as tx:
            show = await shows.find_show_by_slug(tx, market, slug)
        if show is not None:
            await video.delete_recording(cell, runtime.store, show.id)


class Presenter:
    """The host of one sample show."""

    def __init__(self, runtime: Runtime, films: Films, market: str, slug: str) -> None:
        """Take the show by its market and its name in addresses."""
        self._runtime = runtime
        self._films = films
        self._cell: Cell = runtime.cells.of(market)
        self._market = market
        self._slug = slug
        self._base = f"/{market.lower()}"
        self._pin: UUID | None = None
        self._hands_off = False

    async def present(self) -> None:
        """Go on air with the film; returns when the show is over."""
        sample = read_sample().market[self._market]
        settings = self._runtime.settings
        async with self._cell.read() as tx:
            show = await shows.get_show_by_slug(tx, self._market, self._slug)
        film = await self._films.get(show.language)
        async with httpx2.AsyncClient(base_url=settings.public_web_url, timeout=20) as web:
            await self._sign_in(web, sample.people["host"].email)
            ingest = await self._get(web, f"/api/shows/{show.id}/ingest")
            url = f"{ingest['server']}/{ingest['key']}"
            publisher = Publisher(film, film_seconds(), url, f"{self._market} {self._slug}")
            publisher.start()
            try:
                await self._wait_for_picture(web, show.id)
                await self._post(web, f"/api/shows/{show.id}/go-live")
                log.info("the sample show is on air", market=self._market, show=self._slug)
                await self._pin_along(web, publisher, show.id)
            finally:
                publisher.stop()
                await asyncio.to_thread(publisher.join, 15)
        log.info("the sample show is over", market=self._market, show=self._slug)

    async def _sign_in(self, web: httpx2.AsyncClient, email: str) -> None:
        form = {"email": email, "password": PASSWORD}
        answer = await web.post(f"{self._base}/sign-in", data=form)
        if not answer.is_redirect:
            answer.raise_for_status()

    async def _get(self, web: httpx2.AsyncClient, path: str) -> Any:
        answer = await web.get(self._base + path)
        return answer.raise_for_status().json()

    async def _post(
        self, web: httpx2.AsyncClient, path: str, body: dict[str, str] | None = None
    ) -> None:
        answer = await web.post(self._base + path, json=body or {})
        answer.raise_for_status()

    async def _wait_for_picture(self, web: httpx2.AsyncClient, show: UUID) -> None:
        """Ask for the live as a player does, until it has a first segment."""
        async with self._cell.read() as tx:
            playback = await video.get_playback(tx, show)
        address = self._runtime.settings.public_video_url + playback.live_path
        async with asyncio.timeout(PICTURE_SECONDS_MAX):
            while (await web.get(address)).status_code != httpx2.codes.OK:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)

    async def _pin_along(self, web: httpx2.AsyncClient, publisher: Publisher, show: UUID) -> None:
        """Pin what the film shows until the show is over."""
        async with self._cell.read() as tx:
            products = await shows.list_run_sheet_ids(tx, show)
        shown: int | None = None
        began = time.monotonic()
        while await self._look(show):
            lasted = time.monotonic() - began
            if lasted > SHOW_SECONDS_MAX * (TAKEN_OVER_FACTOR if self._hands_off else 1):
                await self._post(web, f"/api/shows/{show}/end")
                return
            seen = int(max(0.0, publisher.position() - DELAY_SECONDS) // SHOT_SECONDS)
            if seen != shown and seen < len(products) and not self._hands_off:
                shown = seen
                await self._pin_one(web, show, products[seen])
            await asyncio.sleep(LOOK_SECONDS)

    async def _pin_one(self, web: httpx2.AsyncClient, show: UUID, product: UUID) -> None:
        try:
            await self._post(web, f"/api/shows/{show}/pin", {"product": str(product)})
        except httpx2.HTTPStatusError as error:
            log.warning("the sample host could not pin", status=error.response.status_code)
            return
        async with self._cell.read() as tx:
            pin = await shows.find_pin(tx, show)
        self._pin = pin.id if pin is not None else None

    async def _look(self, show: UUID) -> bool:
        """See whether the show goes on, and whether somebody else has taken over the pins."""
        async with self._cell.read() as tx:
            now = await shows.find_show(tx, show)
            pin = await shows.find_pin(tx, show)
        pinned = pin.id if pin is not None else None
        if self._pin is not None and pinned != self._pin and not self._hands_off:
            self._hands_off = True
            log.info("somebody else pins now", market=self._market, show=self._slug)
        return now is not None and now.state in shows.OPEN
