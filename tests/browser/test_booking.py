"""A place at a time is booked from the watch page, and its seller sees who comes.

Selectors are classes of the page's parts, so that the words may be in any language.
"""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenTab
from tests.browser.test_live import sign_in
from tests.journeys.conftest import SELLER, Show, go_on_air
from tests.journeys.platform import Platform


async def open_service(page: Page, show: Show, phone: bool) -> None:  # noqa: FBT001 - of the size
    """Open the service on the list of products."""
    service = next(p for p in show.run_sheet if p["kind"] == "service")
    if phone:
        await page.tap(".first-time button")
        await page.tap(".basket-button")
        await page.locator(".tabs .tab").first.tap()
    await page.locator(".shop-row", has_text=service["title"]).locator(".shop-open").click()
    await expect(page.locator(".slot-day")).to_have_count(5)


async def pay(page: Page) -> str:
    """Fill in who it is for and a card; returns the link to the order."""
    await page.fill("#pay-email", "lea@example.org")
    await page.fill("#pay-name", "Léa Bernard")
    await page.fill("#pay-line1", "12 rue de la Paix")
    await page.fill("#pay-postcode", "75002")
    await page.fill("#pay-city", "Paris")
    await page.locator(".sheet-form [type=submit]").click()
    await page.fill("#pay-number", "4242424242424242")
    await page.fill("#pay-expiry", "1230")
    await page.fill("#pay-cvc", "123")
    await page.locator(".sheet-end .button-buy").last.click()
    await expect(page.locator(".done")).to_be_visible()
    return str(await page.locator(".sheet-end a").evaluate("link => link.href"))


@pytest.mark.timeout(240)  # the platform starts and ends within it
@pytest.mark.parametrize("phone", [False, True])
async def test_a_time_is_chosen_paid_for_and_known_to_the_seller(
    platform: Platform,
    open_tab: OpenTab,
    phone: bool,  # noqa: FBT001 - of the size
) -> None:
    show = await go_on_air(platform, f"Conseil {'mobile' if phone else 'bureau'}")
    guest = await open_tab("guest", PHONE if phone else DESKTOP, touch=phone)
    await guest.goto(f"{platform.web}/fr/live/{show.slug}")
    await open_service(guest, show, phone)
    slot = guest.locator(".slot").nth(3)
    left = await slot.locator(".quiet").first.text_content()
    await slot.click()
    await guest.locator(".sheet-end .add").click()
    await expect(slot.locator(".quiet").first).not_to_have_text(left or "")
    if phone:
        await guest.locator(".sheet-head .round").first.tap()
        await guest.locator(".tabs .tab").last.tap()
    else:
        await guest.click(".sheet-close")
    # Nothing is sent, so nothing is asked for a parcel.
    await expect(guest.locator(".sums dt")).to_have_count(3)
    await guest.locator(".sheet-end .button-buy, .side .button-buy").last.click()
    link = await pay(guest)

    await guest.goto(link)
    booked = guest.locator("form[action$='give-up']")
    await expect(booked).to_be_visible()
    assert (
        await guest.evaluate("document.documentElement.scrollWidth")
        <= (guest.viewport_size or PHONE)["width"]
    )
    calendar = await guest.locator("a[href$='.ics']").get_attribute("href")
    answer = await guest.request.get(f"{platform.web}{calendar}")
    assert "BEGIN:VEVENT" in await answer.text()
    number = (await guest.locator(".crumbs").first.text_content() or "").strip()

    seller = await open_tab("seller", PHONE if phone else DESKTOP)
    await sign_in(seller, platform, SELLER, "/fr/seller/orders")
    row = seller.locator("tr", has_text=number)
    await row.locator("a[href*='/seller/slots/']").click()
    await expect(seller.locator("main")).to_contain_text("lea@example.org")
    await booked.locator("button").click()
    await seller.reload()
    await expect(seller.locator("main")).not_to_contain_text(number)
