"""Looks for accessibility faults with axe-core in the fake room: python dev/axe.py."""

# ruff: noqa: D103, INP001 - a tool for working on looks, not a package

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = "http://127.0.0.1:5391/dev"
AXE = Path(__file__).parent.parent / "node_modules/axe-core/axe.min.js"


def say(*words: object) -> None:
    """Write a line."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def look(page: Page, name: str) -> None:
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    for fault in found["violations"]:
        nodes = [" ".join(node["target"]) for node in fault["nodes"]][:4]
        say(f"{name}: {fault['impact']} {fault['id']}: {fault['help']}\n    {nodes}")


def main() -> None:
    """Each island in its main states."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        for width, height in ((390, 844), (1440, 900)):
            page = browser.new_page(viewport={"width": width, "height": height})
            for scene in ("live&held=1&person=1&first=1", "scheduled", "ended", "cancelled"):
                page.goto(f"{HERE}/watch.html?scene={scene}")
                page.wait_for_timeout(1800)
                look(page, f"watch {scene} {width}")
            page.goto(f"{HERE}/watch.html?scene=live&held=1")
            page.wait_for_timeout(1200)
            if width < 1000:
                page.locator(".basket-button").click()
                look(page, "sheet basket")
            page.get_by_role("button", name="Check out").click()
            page.wait_for_timeout(500)
            look(page, f"sheet address {width}")
            for scene in ("live", "scheduled", "rehearsing", "ended"):
                page.goto(f"{HERE}/studio.html?scene={scene}")
                page.wait_for_timeout(1500)
                look(page, f"studio {scene} {width}")
            page.goto(f"{HERE}/office.html")
            page.wait_for_timeout(600)
            look(page, f"office {width}")
            page.close()
        browser.close()


main()
