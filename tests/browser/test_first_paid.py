"""The watch page of a show in which who pays first gets it; and an offer shown as it is made.

Selectors are classes of the page's parts, so that the words may be in any language.
"""

from playwright.async_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenTab
from tests.journeys.conftest import Show, schedule, set_aside
from tests.journeys.platform import Platform
from tests.journeys.shopper import Shopper


async def go_on_air(platform: Platform, title: str, rule: str) -> Show:
    """Put a show on air with one lamp of its own, on the picture."""
    show = await schedule(platform, title, stock_rule=rule)
    await set_aside(platform, show, "LAMP", 1)
    await show.host.call("POST", f"api/shows/{show.id}/go-live")
    await show.host.call("POST", f"api/shows/{show.id}/pin", {"product": show.product("LAMP")})
    return show


async def watch(page: Page, platform: Platform, show: Show) -> None:
    """Open the show's page, without its picture, and see what is shown."""
    await page.route("**/*.m3u8*", lambda route: route.fulfill(status=204))
    await page.goto(f"{platform.web}/fr/live/{show.slug}")
    await expect(page.locator(".pinned")).to_be_visible()


async def test_a_viewer_is_told_that_nothing_is_set_aside_and_that_others_paid_first(
    platform: Platform, open_tab: OpenTab
) -> None:
    show = await go_on_air(platform, "Premier payé", "first_paid")
    phone, desk = await open_tab("phone", PHONE, touch=True), await open_tab("desk", DESKTOP)
    for page in (phone, desk):
        await watch(page, platform, show)
        await expect(page.locator(".pinned .rule-word")).to_be_visible()
    await phone.tap(".first-time button")
    await phone.tap(".pinned-open")
    await expect(phone.locator(".sheet .first-paid")).to_be_visible()
    await phone.tap(".sheet .add")
    await expect(phone.locator(".basket-count")).to_have_text("1")
    # No ring runs down, and what is wanted is still there for others.
    await expect(phone.locator(".basket-button .ring")).to_have_count(0)
    await desk.click(".pinned .add")
    unheld = desk.locator(".basket-line .hold")
    await expect(unheld).to_be_visible()
    await expect(unheld).not_to_contain_text(":00")
    await expect(desk.locator(".keep")).to_have_count(0)
    before = await unheld.text_content()

    other = Shopper(platform.web)
    async with other.room(show.id) as room:
        await room.hold(show.variant("LAMP"))
        assert (await other.pay(show.id))["state"] == "paid"
    await expect(phone.locator(".toast").first).to_be_visible()  # first: it goes by itself
    await expect(desk.locator(".basket-line .hold.soon")).to_be_visible()
    assert await unheld.text_content() != before


async def test_an_offer_is_on_the_page_as_it_is_made(platform: Platform, open_tab: OpenTab) -> None:
    show = await go_on_air(platform, "Une place dans la file", "hold")
    first = Shopper(platform.web)
    async with first.room(show.id) as room:
        await room.hold(show.variant("LAMP"))
        page = await open_tab("waiting", DESKTOP)
        async with page.expect_websocket() as opened:
            await watch(page, platform, show)
        socket = await opened.value
        button = page.locator(".pinned .add")
        await expect(button).to_have_class("button-quiet add ")
        # In line, it asks for its place once; then not for half a minute.
        async with socket.expect_event("framesent", lambda frame: "places" in str(frame)):
            await button.click()
        asked: list[str] = []
        socket.on("framesent", lambda frame: asked.append(str(frame)))
        await expect(button).to_contain_text("1")  # "Number 1 – leave"
        await expect(page.locator(".basket-line")).to_have_count(0)
        await room.do("drop", variant=show.variant("LAMP"))
        await expect(page.locator(".basket-line")).to_be_visible()
    assert [frame for frame in asked if "places" in frame] == [], "it was told, and did not ask"
