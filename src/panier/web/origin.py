"""Same origin: what changes something must come from our own pages.

The order of checks follows Filippo Valsorda's study of cross-site request forgery (2025), as Go's
net/http CrossOriginProtection has it: browsers tell where a request comes from (Sec-Fetch-Site,
or Origin on plain http); what tells neither is no browser and holds nobody's cookies by accident.
The cookies are SameSite=Lax besides.
"""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from panier.kit.errors import PanierError
from panier.settings import Settings
from panier.web.errors import answer

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
WEBHOOKS = re.compile(r"^/[a-z]{2}/webhooks/")
"""Under these addresses outside systems call us; each call is proven by its own signature."""


class CrossSite(PanierError):
    """This came from another site, so it was not done; please use the page itself."""

    code, status = "cross_site", 403


def comes_from_elsewhere(headers: Headers, scheme: str, own: str) -> bool:
    """Tell whether a browser sent this from a page that is not ours (`own` origin)."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        return False
    if site in {"same-origin", "none"} or origin == own:
        return False
    if site is not None or origin is None:
        return True
    return urlsplit(origin)[:2] != (scheme, headers.get("host"))


class SameOrigin:
    """Refuses unsafe methods that come from other sites."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Know our own address."""
        self._app = app
        self._own = settings.public_web_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and not WEBHOOKS.match(scope["path"])
            and comes_from_elsewhere(Headers(scope=scope), scope["scheme"], self._own)
        ):
            refusal = answer(Request(scope, receive), CrossSite())
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)
