"""Takes pictures of the states of watch, against the fake room: python dev/shots.py OUT [name…]."""

# ruff: noqa: D103, INP001 - a tool for working on looks, not a package

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = "http://127.0.0.1:5391/dev"
PHONE, DESK = (390, 844), (1440, 900)


def say(*words: object) -> None:
    """Write a line."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def add(page: Page) -> None:
    page.locator(".pinned .add").click()
    page.wait_for_timeout(500)


def basket(page: Page) -> None:
    page.locator(".basket-button").click()
    page.wait_for_timeout(500)


def shop(page: Page) -> None:
    page.get_by_role("button", name="All products of this live").click()
    page.wait_for_timeout(500)


def product(page: Page) -> None:
    shop(page)
    page.locator(".shop-open").first.click()
    page.wait_for_timeout(300)


def market(page: Page) -> None:
    page.locator(".top-market").click()
    page.wait_for_timeout(400)


def address(page: Page) -> None:
    if page.locator(".basket-button").count():
        basket(page)
    page.get_by_role("button", name="Check out").click()
    page.wait_for_timeout(400)


def payment(page: Page) -> None:
    address(page)
    for field, value in {
        "email": "jo@example.org",
        "name": "Jo Martin",
        "line1": "1 rue de Rivoli",
        "postcode": "75001",
        "city": "Paris",
    }.items():
        page.locator(f"#pay-{field}").fill(value)
    page.get_by_role("button", name="Go on to payment").click()
    page.wait_for_timeout(300)


def card(page: Page, last4: str) -> None:
    payment(page)
    page.locator(".test-cards summary").click()
    page.locator(".test-cards button", has_text=last4).click()
    page.get_by_role("button", name="Pay €").click()
    page.wait_for_timeout(900)


def hearts(page: Page) -> None:
    for _ in range(6):
        page.locator(".heart").click()
        page.wait_for_timeout(120)


def chapter(page: Page) -> None:
    page.locator(".chapter").nth(1).click()
    page.wait_for_timeout(1200)


STATES = {
    "live": ("scene=live&first=1", None),
    "live-held": ("scene=live&held=1&person=1", hearts),
    "added": ("scene=live", add),
    "sold-out": ("scene=live&pin=p3", None),
    "wide": ("scene=live&wide=1", None),
    "basket": ("scene=live&held=1&person=1", basket),
    "basket-guest": ("scene=live&held=1", basket),
    "basket-empty": ("scene=live", basket),
    "shop": ("scene=live", shop),
    "product": ("scene=live", product),
    "market": ("scene=live", market),
    "address": ("scene=live&held=1", address),
    "payment": ("scene=live&held=1", payment),
    "declined": ("scene=live&held=1", lambda page: card(page, "0002")),
    "bank": ("scene=live&held=1", lambda page: card(page, "3220")),
    "pending": ("scene=live&held=1", lambda page: card(page, "0259")),
    "done": ("scene=live&held=1", lambda page: card(page, "4242")),
    "lost": ("scene=live&lost=1&offline=1", None),
    "scheduled": ("scene=scheduled", None),
    "scheduled-far": ("scene=scheduled&far=1", None),
    "ended": ("scene=ended", chapter),
    "cancelled": ("scene=cancelled", None),
}


def main() -> None:
    """Each state, phone and desktop."""
    out, wanted = Path(sys.argv[1]), sys.argv[2:]
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        for name, (query, act) in STATES.items():
            if wanted and name not in wanted:
                continue
            for kind, (width, height) in {"phone": PHONE, "desk": DESK}.items():
                page = browser.new_page(viewport={"width": width, "height": height})
                page.on("pageerror", lambda error: say("error:", error))
                page.goto(f"{HERE}/watch.html?{query}")
                page.wait_for_timeout(2200)
                try:
                    if act:
                        page.set_default_timeout(3000)
                        act(page)
                except Exception as error:  # noqa: BLE001  (a state that a layout does not have)
                    say(name, kind, str(error).splitlines()[0])
                page.screenshot(path=str(out / f"{name}-{kind}.png"))
                page.close()
        browser.close()


main()
