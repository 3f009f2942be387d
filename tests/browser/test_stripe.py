"""Paying through Stripe in a real browser: our page and adapter, a stand-in for what is Stripe's.

The page loads the stand-in's script under the policy that the real one is loaded under.
"""

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
import uvicorn
from playwright.async_api import FrameLocator, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Complaints, OpenTab
from tests.browser.standin import ASKS, DECLINES, PAYS, Bank
from tests.browser.test_live import sign_in
from tests.journeys.conftest import KNOWN, Show, go_on_air
from tests.journeys.patience import eventually
from tests.journeys.platform import Platform
from tests.payments.stripe.played import SECRET

ADDRESS = {
    "email": "anna@example.org", "name": "Anna Martin", "line1": "12 rue de la Paix",
    "postcode": "75002", "city": "Paris",
}  # fmt: skip
TOKENS = "select token from payment"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bank() -> AsyncIterator[Bank]:
    """Serve the stand-in."""
    bank = Bank()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        bank.url = f"http://localhost:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(bank, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield bank
        finally:
            server.should_exit = True
            await serving


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def at_stripe(bank: Bank) -> AsyncIterator[Platform]:
    """Run a shop that is set up as docs/guides/stripe.md says."""
    with tempfile.TemporaryDirectory(prefix="panier-stripe-") as folder:
        Path(folder).chmod(0o711)  # under root, the engines' own user must pass through
        platform = Platform(Path(folder) / "data")
        platform.environment |= {
            "PANIER_PAYMENTS": "stripe",
            "PANIER_STRIPE_KEY": "sk_test_standin",
            "PANIER_STRIPE_PUBLISHABLE_KEY": "pk_test_standin",
            "PANIER_STRIPE_WEBHOOK_SECRET": SECRET,
            "PANIER_STRIPE_URL": bank.url,
            "PANIER_STRIPE_JS_URL": f"{bank.url}/stripe.js",
        }
        bank.hook = f"{platform.web}/fr/webhooks/stripe"
        await platform.start("--no-film")
        try:
            yield platform
        finally:
            assert await platform.stop() == 0, platform.last_words()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def show(at_stripe: Platform) -> Show:
    """Put a show on air, with a lamp on the picture."""
    show = await go_on_air(at_stripe, "Un soir chez Stripe")
    await show.host.call("POST", f"api/shows/{show.id}/pin", {"product": show.product("LAMP")})
    return show


async def open_show(page: Page, platform: Platform, show: Show) -> None:
    """Open the show; its picture is not what is looked at here."""
    await page.route("**/*.m3u8*", lambda route: route.fulfill(status=204))
    await page.goto(f"{platform.web}/fr/live/{show.slug}")
    await expect(page.locator(".watch.is-live")).to_be_visible()


async def choose(page: Page) -> None:
    """Put the product on the picture into the basket."""
    if await page.locator(".first-time button").count():
        await page.locator(".first-time button").click()
    await page.locator(".pinned .add").click()
    await expect(page.locator(".side-basket .basket-line")).to_be_visible()


async def go_to_payment(page: Page) -> FrameLocator:
    """Fill in the address; returns Stripe's frame."""
    await page.locator(".button-buy.wide").first.click()
    if await page.locator("#pay-email").count():
        for field, text in ADDRESS.items():
            await page.fill(f"#pay-{field}", text)
        await page.locator(".sheet-form .button-buy").click()
    await expect(page.locator(".card-place.is-ready")).to_be_visible()
    return page.frame_locator(".card-place iframe")


async def pay_with(page: Page, form: FrameLocator, number: str) -> None:
    """Type a card into Stripe's frame and press."""
    await form.locator("#number").fill(number)
    await page.locator(".sheet-payment .button-buy").click()


async def test_a_declined_card_keeps_the_basket_and_another_one_pays(
    at_stripe: Platform, bank: Bank, show: Show, open_tab: OpenTab
) -> None:
    guest = await open_tab("guest", DESKTOP)
    await open_show(guest, at_stripe, show)
    await choose(guest)
    form = await go_to_payment(guest)
    await pay_with(guest, form, "4242")
    await expect(guest.locator(".sheet [role=alert]")).to_contain_text("incomplete")
    await pay_with(guest, form, DECLINES)
    await expect(guest.locator(".sheet [role=alert]")).to_be_visible()
    await expect(guest.locator(".card-place.is-ready")).to_be_visible()
    await pay_with(guest, form, PAYS)
    await expect(guest.locator(".done")).to_be_visible()

    used = [i for what, i in bank.asked if what == "POST /v1/payment_intents"]
    first, second = (i["confirmation_token"] for i in used)
    assert first != second
    assert await at_stripe.texts(TOKENS) == {first, second}
    assert [i["status"] for i in bank.intents.values()] == ["canceled", "succeeded"]
    assert {bank.tokens[first]["number"], bank.tokens[second]["number"]} == {DECLINES, PAYS}
    assert bank.tokens[second]["terms"]["currency"] == "eur"
    assert bank.tokens[second]["terms"]["setupFutureUsage"] is None
    details = bank.tokens[second]["params"]["payment_method_data"]
    assert details["billing_details"] == {"name": "Anna Martin", "email": "anna@example.org"}
    assert details["allow_redisplay"] == "unspecified"


async def test_a_bank_that_asks_is_answered_over_a_reload_and_a_killed_server(
    at_stripe: Platform, bank: Bank, show: Show, open_tab: OpenTab, complaints: Complaints
) -> None:
    guest = await open_tab("guest", DESKTOP)
    await open_show(guest, at_stripe, show)
    await choose(guest)
    form = await go_to_payment(guest)
    await pay_with(guest, form, ASKS)
    question = guest.frame_locator(".standin-challenge")
    await question.locator("#refuse").click()
    await expect(guest.locator(".sheet-payment [role=alert]")).to_be_visible()

    form = await go_to_payment_again(guest)
    await pay_with(guest, form, ASKS)
    await expect(question.locator("#approve")).to_be_visible()
    os.kill(at_stripe.find_process("panier", "run", "web"), signal.SIGKILL)
    await at_stripe.until_well()
    await guest.reload()
    # While the server was gone the page may have asked it how the payment stands.
    complaints.heard[:] = [c for c in complaints.heard if "ERR_CONNECTION_REFUSED" not in c]
    await guest.locator(".bank button").click()
    await question.locator("#approve").click()
    await expect(guest.locator(".done")).to_be_visible()
    assert [i["status"] for i in bank.intents.values()][-2:] == ["canceled", "succeeded"]
    assert await at_stripe.count("select count(*) from payment where action_secret <> ''") == 0


async def go_to_payment_again(page: Page) -> FrameLocator:
    """After a refusal the form stands there anew."""
    await expect(page.locator(".card-place.is-ready")).to_be_visible()
    return page.frame_locator(".card-place iframe")


async def test_a_card_kept_by_consent_pays_by_one_tap_until_it_is_forgotten(
    at_stripe: Platform, bank: Bank, show: Show, open_tab: OpenTab
) -> None:
    known = await open_tab("known", DESKTOP)
    await sign_in(known, at_stripe, KNOWN, f"/fr/live/{show.slug}")
    await open_show(known, at_stripe, show)
    await choose(known)
    form = await go_to_payment(known)
    await known.locator(".form > .check input[type=checkbox]").check()
    await pay_with(known, form, PAYS)
    await expect(known.locator(".done")).to_be_visible()
    paid = [i for what, i in bank.asked if what == "POST /v1/payment_intents"][-1]
    assert (paid["setup_future_usage"], paid["customer"][:4]) == ("on_session", "cus_")
    assert bank.tokens[paid["confirmation_token"]]["terms"]["setupFutureUsage"] == "on_session"
    await known.locator(".sheet-close").click()

    await choose(known)
    tap = known.locator(".side-basket .button-buy")
    await expect(known.locator(".side-basket .express")).to_contain_text("Visa •••• 4242")
    await tap.click()
    await expect(known.locator(".done")).to_be_visible()
    again = [i for what, i in bank.asked if what == "POST /v1/payment_intents"][-1]
    assert again["customer"] == paid["customer"]
    assert again["payment_method"].startswith("pm_")
    await known.locator(".sheet-close").click()

    await choose(known)
    await known.locator(".side-basket .express button").click()
    await known.locator(".sheet-form .button-buy").click()
    await known.locator(".choices .button-link").click()
    await expect(known.locator(".card-place.is-ready")).to_be_visible()
    assert await at_stripe.count("select count(*) from saved_card") == 0

    async def is_detached() -> bool | None:
        return bank.detached == [again["payment_method"]] or None

    await eventually(is_detached, seconds=60)


async def test_on_a_phone_the_form_fits_and_only_the_page_that_sells_may_load_it(
    at_stripe: Platform, show: Show, open_tab: OpenTab
) -> None:
    phone = await open_tab("phone", PHONE, touch=True)
    await open_show(phone, at_stripe, show)
    assert await phone.locator("script[src*='stripe.js']").count() == 0  # not before it is needed
    if await phone.locator(".first-time button").count():
        await phone.tap(".first-time button")
    await phone.tap(".pinned .add")
    await phone.tap(".basket-button")
    form = await go_to_payment(phone)
    assert await phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await pay_with(phone, form, PAYS)
    await expect(phone.locator(".done")).to_be_visible()
    for path, allowed in ((f"/fr/live/{show.slug}", True), ("/fr/", False), ("/fr/sign-in", False)):
        answer = await phone.context.request.get(f"{at_stripe.web}{path}")
        policy = answer.headers["content-security-policy"]
        assert ("script-src 'self' http://localhost" in policy) is allowed, path
        assert ("payment=(self" in answer.headers["permissions-policy"]) is allowed, path
