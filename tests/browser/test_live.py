"""A whole live in real browsers: a host in the studio, two viewers, then the report.

Selectors are classes of the page's parts, so that the words may be in any language.
"""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenTab
from tests.journeys.conftest import HOST, KNOWN, SELLER, Show, connect_encoder, schedule
from tests.journeys.platform import Platform
from tests.journeys.shopper import PASSWORD, Shopper

# Mean brightness (0 to 255) of the video's present frame, in a coarse grid.
BRIGHTNESS = """
(video) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, 16, 16);
  const pixels = pen.getImageData(0, 0, 16, 16).data;
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 4) sum += pixels[i] + pixels[i + 1] + pixels[i + 2];
  return sum / (16 * 16 * 3);
}
"""


async def sign_in(page: Page, platform: Platform, email: str, path: str) -> None:
    """Sign in through the form and go on to `path`."""
    await page.goto(f"{platform.web}/fr/sign-in?next={path}")
    await page.fill("[name=email]", email)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main form button")
    await page.wait_for_url(f"**{path}")


async def check_picture(page: Page) -> None:
    """The picture moves and is not black."""
    await page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.5")
    before = await page.locator("video").first.evaluate("video => video.currentTime")
    await page.wait_for_function(
        "before => document.querySelector('video').currentTime > before + 1",
        arg=before,
    )
    assert await page.locator("video").first.evaluate(BRIGHTNESS) > 20


async def remember(platform: Platform, show: Show) -> None:
    """Let the known person have bought once, and have asked us to remember."""
    known = Shopper(platform.web)
    await known.sign_in(KNOWN)
    async with known.room(show.id) as room:
        await room.hold(show.variant("CREAM"))
        assert (await known.pay(show.id, remember=True))["state"] == "paid"


async def test_a_live_from_the_studio_to_the_report(
    platform: Platform, film: Path, open_tab: OpenTab
) -> None:
    show = await schedule(platform, "Un direct dans le navigateur")
    encoder = await connect_encoder(show, film)
    try:
        host = await open_tab("host", DESKTOP)
        await sign_in(host, platform, HOST, f"/fr/studio/{show.slug}")
        await host.click(".go-live")
        await expect(host.locator(".studio.is-live")).to_be_visible()
        await remember(platform, show)

        guest, known = await open_tab("guest", DESKTOP), await open_tab("known", PHONE, touch=True)
        await guest.goto(f"{platform.web}/fr/live/{show.slug}")
        await sign_in(known, platform, KNOWN, f"/fr/live/{show.slug}")
        await known.tap(".first-time button")
        for page in (guest, known):
            await check_picture(page)

        await check_chat(guest, known)
        await check_pin(host, [guest, known], show)
        order = await buy_in_three_taps(known)
        await expect(guest.locator(".chat-line.bought").first).to_be_visible()

        seller = await open_tab("seller", DESKTOP)
        await sign_in(seller, platform, SELLER, "/fr/seller/orders")
        await expect(seller.locator("main")).to_contain_text(order)

        await host.locator(".backstage > .button-quiet.wide").click()
        await host.click(".end-sure .button-danger")
        await expect(guest.locator(".watch.is-replay")).to_be_visible()
        await check_report(host, platform, show)
    finally:
        encoder.stop()


async def check_chat(guest: Page, known: Page) -> None:
    """What one says, the other reads."""
    await guest.fill("#chat-text", "Elle est à quel prix, la lampe ?")
    await guest.press("#chat-text", "Enter")
    await expect(known.locator(".chat-lines")).to_contain_text("la lampe ?")
    await known.fill("#chat-text", "Elle est superbe")
    await known.press("#chat-text", "Enter")
    await expect(guest.locator(".chat-lines")).to_contain_text("Elle est superbe")


async def check_pin(host: Page, viewers: list[Page], show: Show) -> None:
    """What the host pins comes to everybody's picture by itself."""
    title = next(p["title"] for p in show.run_sheet if p["product"] == show.product("LAMP"))
    button = host.locator(".run-row", has_text=title).locator(".pin-button")
    await button.scroll_into_view_if_needed()
    await button.click()
    for viewer in viewers:
        await viewer.locator(".pinned", has_text=title).wait_for()


async def buy_in_three_taps(known: Page) -> str:
    """Add, basket, pay: somebody we know needs no more. Returns the order's number."""
    await known.tap(".pinned .add")
    await known.tap(".basket-button")
    await known.tap(".sheet .button-buy")
    await expect(known.locator(".done")).to_be_visible()
    link = await known.locator(".sheet-end a").evaluate("link => link.href")
    order = await known.context.new_page()
    await order.goto(link)
    number = await order.locator(".crumbs").first.text_content()
    assert number
    await order.close()
    # The picture kept playing above the sheet.
    assert not await known.locator("video").first.evaluate("video => video.paused")
    return number.strip()


async def check_report(host: Page, platform: Platform, show: Show) -> None:
    """The report is there without a click, and fits a phone."""
    await host.goto(f"{platform.web}/fr/reports/{show.slug}")
    await host.locator("#products").wait_for()
    await expect(host.locator(".sentences li")).to_have_count(3)
    await expect(host.locator("#asked")).to_contain_text("la lampe ?")
    await host.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert await host.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
