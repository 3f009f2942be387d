"""The application as a whole: what each of its addresses answers to a stranger."""

import re
from collections.abc import Iterator

import httpx2
from fastapi import APIRouter
from fastapi.routing import APIRoute

from panier.app import ROUTERS
from panier.runtime import Runtime
from tests.door import give_role, sign_up
from tests.web.test_headers import Inline


def pages_of(router: APIRouter) -> Iterator[str]:
    """List what a browser can open of a router and of those that it includes."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            if "GET" in (route.methods or ()):
                yield route.path
        else:
            for path in pages_of(route.original_router):  # type: ignore[attr-defined]
                yield path if path.startswith(router.prefix) else router.prefix + path


async def test_the_api_describes_itself(client: httpx2.AsyncClient) -> None:
    described = (await client.get("/api/openapi.json")).json()
    assert described["info"]["title"] == "panier"
    assert all(path.startswith("/{m}/") for path in described["paths"])


async def test_no_address_fails_whatever_stands_in_it(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    paths = {
        re.sub(r"\{\w+(:path)?\}", "none", path.replace("{m}", "fr"))
        for router in ROUTERS
        for path in pages_of(router)
    }
    assert {"/", "/fr/", "/fr/account", "/fr/seller/orders", "/fr/payouts"} <= paths
    for signed_in in (False, True):
        if signed_in:
            await sign_up(client)
            await give_role(runtime.cells.of("FR"), "admin")
        for path in sorted(paths):
            answer = await client.get(path)
            assert answer.status_code < 500, f"{path}: {answer.text}"
            if "text/html" in answer.headers.get("content-type", ""):
                page = Inline()
                page.feed(answer.text)
                assert page.found == [], path
