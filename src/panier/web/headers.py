"""Security headers: what a browser may do with our answers, refused unless it is needed."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panier.settings import Settings
from panier.web.cookies import PENDING

HSTS_SECONDS = 63_072_000
"""Two years."""
FRAMED = "framed"
DECIDED_HERE = frozenset({b"content-security-policy", b"x-frame-options"})
"""No route says these itself; of the others a route's own word stands."""
PAYING = "paying"
REFUSED = (
    "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation",
    "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip


class Outside(NamedTuple):
    """What a page may load that is not ours: origins, as a source list names them."""

    scripts: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    connects: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return any(self)


NOTHING = Outside()


def allow_framing(request: Request) -> None:
    """Let our own pages show this answer in a frame (the bank's question during a payment)."""
    request.scope.setdefault("state", {})[FRAMED] = True


def allow_paying(request: Request) -> None:
    """Let this answer load what a payment provider's card form is made of."""
    request.scope.setdefault("state", {})[PAYING] = True


def policy(settings: Settings, *, framed: bool, outside: Outside = NOTHING) -> str:
    """Build the Content-Security-Policy (W3C CSP level 3): no inline script, no inline style."""
    video, rooms = _origin(settings.public_video_url), _origin(settings.public_rooms_url)
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(("'self'", *outside.scripts)),
        "style-src": "'self'",
        "font-src": "'self'",
        "img-src": f"'self' blob: {video}",
        "media-src": f"'self' blob: {video}",
        "connect-src": " ".join(("'self'", rooms, video, *outside.connects)),
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "frame-src": " ".join(("'self'", *outside.frames)),
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'" if framed else "'none'",
    }
    text = "; ".join(f"{name} {value}" for name, value in rules.items())
    https = settings.public_web_url.startswith("https:")
    return f"{text}; upgrade-insecure-requests" if https else text


class SecurityHeaders:
    """Adds the headers to every answer, and the cookies that were set on the way."""

    def __init__(self, app: ASGIApp, settings: Settings, paying: Outside = NOTHING) -> None:
        """Build the policies once; they follow from the settings and from who takes payments."""
        self._app = app
        fixed = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{name}=()" for name in REFUSED),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        if settings.public_web_url.startswith("https:"):
            # This host only: what runs on its owner's sub-domains is not ours to decide.
            fixed["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"
        said = {framed: _framing(settings, framed=framed) for framed in (False, True)}
        self._usual = {framed: _raw({**fixed, **said[framed]}) for framed in said}
        self._paying = _raw({**fixed, **said[False], **_paying_headers(settings, paying)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers set where the answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # One dictionary from here on: what a route keeps in it is seen here.
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = self._paying if state.get(PAYING) else self._usual[bool(state.get(FRAMED))]
                told = [pair for pair in message["headers"] if pair[0] not in DECIDED_HERE]
                names = {name for name, _ in told}
                told += [pair for pair in ours if pair[0] not in names]
                cookies = state.get(PENDING, {}).values()
                told += [(b"set-cookie", cookie.encode("latin-1")) for cookie in cookies]
                message["headers"] = told
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _framing(settings: Settings, *, framed: bool) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy(settings, framed=framed),
        "X-Frame-Options": "SAMEORIGIN" if framed else "DENY",
    }


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Encode headers once, as ASGI wants them: names in small letters."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def _paying_headers(settings: Settings, outside: Outside) -> dict[str, str]:
    """Return what differs on a page with a provider's card form.

    A wallet asks through the browser's own payment sheet, and some ways to pay open a window that
    has to find back here.
    """
    askers = " ".join(f'"{origin}"' for origin in outside.frames if "*" not in origin)
    return {
        "Content-Security-Policy": policy(settings, framed=False, outside=outside),
        "Permissions-Policy": ", ".join(
            f"payment=(self {askers})" if name == "payment" else f"{name}=()" for name in REFUSED
        ),
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
