import re
from html.parser import HTMLParser

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response
from pydantic import SecretStr

from panier import web
from panier.app import create_app
from panier.runtime import Runtime
from tests.door import browser, give_role, sign_up

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self';"
    " img-src 'self' blob: http://localhost:8402; media-src 'self' blob: http://localhost:8402;"
    " connect-src 'self' ws://localhost:8401 http://localhost:8402; worker-src 'self' blob:;"
    " manifest-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
PAGES = ["/", "/?choose", "/fr/sign-in", "/fr/sign-up", "/fr/nothing", "/zz/", "/fr/account"]


class Inline(HTMLParser):
    """Collects what the policy would keep from running."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names):
            data = names.get("type") == "application/json"
            self.found += [] if data else [tag]
        self.found += [name for name in names if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_bears_the_strict_policy(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "strict-transport-security" not in answer.headers


async def test_no_page_holds_an_inline_script_or_style(client: httpx2.AsyncClient) -> None:
    await sign_up(client)
    for path in PAGES:
        page = await client.get(path, follow_redirects=True)
        parser = Inline()
        parser.feed(page.text)
        assert parser.found == [], path


async def test_only_a_page_that_asks_for_it_may_be_framed_and_only_by_us(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    async def challenge(request: Request) -> Response:
        web.allow_framing(request)
        return Response("your bank asks")

    app.add_api_route("/challenge", challenge)
    answer = await client.get("/challenge")
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


async def test_over_tls_browsers_are_told_to_stay_there(app: FastAPI, runtime: Runtime) -> None:
    settings = runtime.settings.model_copy(update={"web_url": "https://shop.example"})
    secure = create_app(
        Runtime(settings, runtime.cells, runtime.bus, runtime.store, runtime.signer)
    )
    async with browser(secure, "https://shop.example") as client:
        answer = await client.get("/fr/sign-in")
    assert answer.headers["strict-transport-security"] == "max-age=63072000"
    assert "upgrade-insecure-requests" in answer.headers["content-security-policy"]
    for cookie in answer.headers.get_list("set-cookie"):
        assert re.match(r"__Host-panier_\w+=", cookie)
        assert "Secure" in cookie


async def test_a_boot_script_cannot_be_closed_from_within(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    async def island(request: Request) -> Response:
        boot = {"title": "</script><script>alert(1)</script>"}
        return web.render(request, "web/island.html", entry="src/watch/main.tsx", boot=boot)

    app.add_api_route("/island", island)
    page = await client.get("/island")
    assert page.text.count("</script>") == page.text.count("<script")
    assert "alert(1)</" not in page.text
    assert 'id="boot">{"title":"\\u003c/script\\u003e' in page.text


async def test_the_market_team_sees_no_less_protected_pages(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    await sign_up(client)
    await give_role(runtime.cells.of("FR"), "admin")
    answer = await client.get("/fr/account")
    assert answer.headers["content-security-policy"] == POLICY


async def test_only_a_page_that_sells_may_load_what_stripes_card_form_is_made_of(
    runtime: Runtime,
) -> None:
    async def sell(request: Request) -> Response:
        web.allow_paying(request)
        return Response("buy")

    given = {
        "payments": "stripe",
        "stripe_key": SecretStr("sk_test_1"),
        "stripe_publishable_key": "pk_test_1",
    }
    settings = runtime.settings.model_copy(update=given)
    app = create_app(Runtime(settings, runtime.cells, runtime.bus, runtime.store, runtime.signer))
    app.add_api_route("/sell", sell)
    async with browser(app) as client:
        other = await client.get("/health")
        answer = await client.get("/sell")
    assert other.headers["content-security-policy"] == POLICY
    assert answer.headers["content-security-policy"] == (
        POLICY
        .replace("script-src 'self'", "script-src 'self' https://js.stripe.com"
                 " https://*.js.stripe.com")
        .replace("http://localhost:8402; worker", "http://localhost:8402 https://api.stripe.com;"
                 " worker")
        .replace("frame-src 'self'", "frame-src 'self' https://js.stripe.com"
                 " https://*.js.stripe.com https://hooks.stripe.com")
    )  # fmt: skip
    permissions = answer.headers["permissions-policy"]
    assert 'payment=(self "https://js.stripe.com" "https://hooks.stripe.com")' in permissions
    assert "camera=()" in permissions
    assert answer.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    assert "payment=()" in other.headers["permissions-policy"]


async def test_with_the_sandbox_a_page_that_sells_is_as_strict_as_any(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    async def sell(request: Request) -> Response:
        web.allow_paying(request)
        return Response("buy")

    app.add_api_route("/sell", sell)
    answer = await client.get("/sell")
    assert answer.headers["content-security-policy"] == POLICY
