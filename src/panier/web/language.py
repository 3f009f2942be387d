"""Language: the reader's choice, else the browser's wish, else English; a market refines it."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from panier.kit.i18n import LANGUAGES, use_language
from panier.web.cookies import read_cookie, set_cookie

COOKIE = "panier_language"
WISHES_MAX = 20
"""Languages read of one Accept-Language header."""


def negotiate(header: str, offered: Sequence[str]) -> str | None:
    """Return the offered language that the browser wants most (RFC 9110, 12.5.4), or None.

    A wish for `fr-CA` is content with `fr`.
    """
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:WISHES_MAX]):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        wishes.append((-quality, place, tag.strip().lower().split("-")[0]))
    return next((tag for q, _, tag in sorted(wishes) if q < 0 and tag in offered), None)


def chosen_language(request: Request) -> str | None:
    """Return the language that the reader chose here, or None."""
    choice = read_cookie(request, COOKIE)
    return choice if choice in LANGUAGES else None


def choose_language(request: Request, language: str) -> None:
    """Remember the reader's choice in their browser."""
    set_cookie(request, COOKIE, language)


class LanguageOf:
    """Sets the language of this request's texts before anything can go wrong."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the reader's language."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cookies = cookie_parser(headers.get("cookie", ""))
        choice = cookies.get(f"__Host-{COOKIE}") or cookies.get(COOKIE)
        if choice not in LANGUAGES:
            choice = negotiate(headers.get("accept-language", ""), LANGUAGES) or LANGUAGES[0]
        with use_language(choice):
            await self._app(scope, receive, send)
