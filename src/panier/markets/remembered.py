"""Which market a browser was in last."""

from starlette.requests import Request

from panier import web
from panier.markets.market import Market

COOKIE = "panier_market"


def remember_market(request: Request, market: Market) -> None:
    """Keep `market` as the one that `/` leads to."""
    if web.read_cookie(request, COOKIE) != market.code:
        web.set_cookie(request, COOKIE, market.code)


def remembered_market(request: Request) -> str | None:
    """Return the code of the market this browser was in last, or None."""
    return web.read_cookie(request, COOKIE)
