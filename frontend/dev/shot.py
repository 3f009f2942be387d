"""Takes pictures of the dev pages: python dev/shot.py URL OUT [width height [dark]]."""

import sys

from playwright.sync_api import sync_playwright

url, out, *rest = sys.argv[1:]
width, height = (int(rest[0]), int(rest[1])) if len(rest) > 1 else (1440, 900)
with sync_playwright() as play:
    browser = play.chromium.launch(
        executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
    )
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if "dark" in rest else "light",
    )
    page.on("console", lambda message: print("console:", message.text))
    page.on("pageerror", lambda error: print("error:", error))
    page.goto(url, wait_until="networkidle")
    page.screenshot(path=out, full_page="full" in rest)
    browser.close()
