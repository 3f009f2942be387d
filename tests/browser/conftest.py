"""A real Chromium, tabs that note every complaint, and the platform of the journeys."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from tests.journeys.conftest import film, platform

__all__ = ["film", "platform"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
PATIENCE_MS = 30_000
"""How long a page may take before something is wrong: no measure, machines differ."""
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`);
});
"""

expect.set_options(timeout=PATIENCE_MS)

OpenTab = Callable[..., Coroutine[Any, Any, Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Start the machine's Chromium; without one, say so, and fail where nothing may be skipped."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        missing = f"no browser: none of {', '.join(NAMES)} is installed (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        await browser.close()


class Complaints:
    """What browsers complained about, by tab."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def listen(self, tab: str, page: Page) -> None:
        """Note console errors (a violated policy is one) and exceptions of a page."""

        def hear(message: ConsoleMessage) -> None:
            where = str(message.location.get("url"))
            # A show that is on air before its encoder has no playlist yet; the player asks again.
            if message.type == "error" and not where.endswith("/index.m3u8"):
                self.heard.append(f"{tab}: {message.text} ({where})")

        page.on("console", hear)
        page.on("pageerror", lambda error: self.heard.append(f"{tab}: {error}"))


@pytest_asyncio.fixture(loop_scope="session")
async def complaints() -> AsyncIterator[Complaints]:
    """Fail the test when a tab complained."""
    complaints = Complaints()
    yield complaints
    assert complaints.heard == []


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(chromium: Browser, complaints: Complaints) -> AsyncIterator[OpenTab]:
    """Open tabs, each in a browser of its own as far as cookies go."""
    contexts = []

    async def open_one(tab: str, size: dict[str, int], *, touch: bool = False) -> Page:
        context = await chromium.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale="fr-FR",
            has_touch=touch,
        )
        contexts.append(context)
        await context.add_init_script(VIOLATIONS)
        page = await context.new_page()
        complaints.listen(tab, page)
        return page

    yield open_one
    for context in contexts:
        await context.close()
