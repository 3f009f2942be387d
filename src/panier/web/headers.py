"""Security headers: what a browser may do with our answers, refused unless it is needed."""

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panier.settings import Settings
from panier.web.cookies import PENDING

HSTS_SECONDS = 63_072_000
"""Two years."""
FRAMED = "framed"
REFUSED = (
    "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation",
    "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip


def allow_framing(request: Request) -> None:
    """Let our own pages show this answer in a frame (the bank's question during a payment)."""
    request.scope.setdefault("state", {})[FRAMED] = True


def policy(settings: Settings, *, framed: bool) -> str:
    """Build the Content-Security-Policy (W3C CSP level 3): no inline script, no inline style."""
    video, rooms = _origin(settings.public_video_url), _origin(settings.public_rooms_url)
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "img-src": f"'self' blob: {video}",
        "media-src": f"'self' blob: {video}",
        "connect-src": f"'self' {rooms} {video}",
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "frame-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'" if framed else "'none'",
    }
    text = "; ".join(f"{name} {value}" for name, value in rules.items())
    https = settings.public_web_url.startswith("https:")
    return f"{text}; upgrade-insecure-requests" if https else text


class SecurityHeaders:
    """Adds the headers to every answer, and the cookies that were set on the way."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Build both policies once; they follow from the settings alone."""
        self._app = app
        self._policies = {framed: policy(settings, framed=framed) for framed in (False, True)}
        self._fixed = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{name}=()" for name in REFUSED),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if settings.public_web_url.startswith("https:"):
            # This host only: what runs on its owner's sub-domains is not ours to decide.
            self._fixed["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers set where the answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # One dictionary from here on: what a route keeps in it is seen here.
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                framed = bool(state.get(FRAMED))
                headers["Content-Security-Policy"] = self._policies[framed]
                headers["X-Frame-Options"] = "SAMEORIGIN" if framed else "DENY"
                for name, value in self._fixed.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                for cookie in state.get(PENDING, {}).values():
                    headers.append("Set-Cookie", cookie)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
