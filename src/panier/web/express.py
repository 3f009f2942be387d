"""The express way: the few addresses that a whole room presses at once, found without a search.

FastAPI looks a path up among some two hundred routes and works dependencies and models out anew
for each request: two thirds of a millisecond, more than the rest of a press costs. What is listed
as express is a plain function of the request; it is still a route of its router, so that the API
describes it, and a request that comes that way is answered the same.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from panier.kit.errors import PanierError
from panier.kit.reading import read_json
from panier.web.errors import answer, http_error

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]
HEAD = len("/fr/")
"""What stands before an express path: a market's two letters between slashes."""


class Express:
    """Answers what is listed, by method and path behind the market; lets the rest pass."""

    def __init__(self, app: ASGIApp, routes: Mapping[tuple[str, str], Handler]) -> None:
        """List `routes`: ("POST", "api/basket") and who answers."""
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, errors in the one shape."""
        handler = None
        if scope["type"] == "http" and scope["path"][3:HEAD] == "/":
            handler = self._routes.get((scope["method"], scope["path"][HEAD:]))
        if handler is None:
            await self._app(scope, receive, send)
            return
        scope["path_params"] = {"m": scope["path"][1:3]}
        request = Request(scope, receive)
        try:
            response = await handler(request)
        except PanierError as error:
            response = answer(request, error)
        except HTTPException as error:
            response = await http_error(request, error)
        except ClientDisconnect:
            return
        await response(scope, receive, send)


async def read_body(request: Request, kind: type[T]) -> T:
    """Read the body as `kind`; raises BadInput with the field that is wrong."""
    return read_json(await request.body(), kind, "body")


def write_json(body: Any) -> Response:
    """Answer `body`, anything that msgspec can write."""
    return Response(msgspec.json.encode(body), media_type="application/json")


def describe(kind: type[Any]) -> dict[str, Any]:
    """Describe an express route in the API's own words (OpenAPI 3.1): its market and body."""
    schema = {"$id": kind.__name__, **msgspec.json.schema(kind)}
    return {
        "parameters": [
            {"name": "m", "in": "path", "required": True, "schema": {"type": "string"}},
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
    }
