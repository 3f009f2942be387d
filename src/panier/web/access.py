"""Access: each request has an id and one line in the log, without secrets; nothing is swallowed."""

from time import perf_counter

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.web.errors import answer

QUIET = ("/static", "/health", "/media")
SERVER_ERROR = 500
SEGMENT_MAX = 24
"""Longer parts of an unknown path may be somebody's token and are not logged."""

log = structlog.get_logger()


class Unexpected(PanierError):
    """Something went wrong on our side; nothing was lost. Our log knows it as %(id)s."""

    code, status = "unexpected", 500


class Access:
    """Names, times and logs requests; answers what nobody expected."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer and log."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, begun, status = new_id().hex, perf_counter(), 0

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", name.encode())]
            await send(message)

        bound = structlog.contextvars.bind_contextvars(request=name)
        try:
            await self._app(scope, receive, send_named)
        except Exception as error:
            log.exception("unexpected", route=_route(scope), error=type(error).__name__)
            if status:  # the answer has begun: break it off, so that nobody takes it for whole
                raise
            response = answer(Request(scope, receive), Unexpected(id=name))
            await response(scope, receive, send_named)
        finally:
            quiet = scope["path"].startswith(QUIET) and status < SERVER_ERROR
            (log.debug if quiet else log.info)(
                "answered",
                method=scope["method"],
                route=_route(scope),
                status=status,
                ms=round((perf_counter() - begun) * 1000, 1),
            )
            structlog.contextvars.reset_contextvars(**bound)


def _route(scope: Scope) -> str:
    """Return the route's pattern, not the path: paths hold tokens of order pages."""
    pattern: str | None = getattr(scope.get("route"), "path_format", None)
    market: str | None = scope.get("path_params", {}).get("m")
    if pattern is not None:
        return pattern.replace("{m}", market) if market else pattern
    parts = scope["path"].split("/")
    return "/".join(part if len(part) <= SEGMENT_MAX else "…" for part in parts)
