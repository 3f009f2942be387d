"""The application as a whole: what each of its addresses answers to a stranger."""

import re

import httpx2
from fastapi.routing import APIRoute

from panier.app import ROUTERS
from panier.runtime import Runtime
from tests.door import give_role, sign_up
from tests.web.test_headers import Inline


async def test_the_api_describes_itself(client: httpx2.AsyncClient) -> None:
    described = (await client.get("/api/openapi.json")).json()
    assert described["info"]["title"] == "panier"
    assert all(path.startswith("/{m}/") for path in described["paths"])


async def test_no_address_fails_whatever_stands_in_it(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    paths = {
        re.sub(r"\{\w+(:path)?\}", "none", route.path.replace("{m}", "fr"))
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }
    assert {"/", "/fr/", "/fr/account", "/fr/seller/orders"} <= paths
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
