"""Cookies: always HttpOnly and SameSite=Lax, and Secure wherever the page came over TLS.

They are kept aside while a request is answered and sent with whatever answer it gets, so that a
dependency may set one for a page, a redirect and an error alike.
"""

from http.cookies import SimpleCookie
from typing import Any

from starlette.requests import Request

PENDING = "cookies"
MAX_AGE_DAYS = 400
"""Browsers keep no cookie longer (RFC 6265bis, section 5.5)."""
DAY = 86_400


def is_secure(request: Request) -> bool:
    """Tell whether the browser reached us over TLS."""
    url: str = request.app.state.runtime.settings.public_web_url
    return request.scope["scheme"] == "https" or url.startswith("https:")


def read_cookie(request: Request, name: str) -> str | None:
    """Return the value of our cookie `name`, or None."""
    return request.cookies.get(_name(request, name))


def set_cookie(request: Request, name: str, value: str, days: int = MAX_AGE_DAYS) -> None:
    """Have the browser keep `value` for `days`, out of reach of scripts."""
    _keep(request, name, value, days * DAY)


def drop_cookie(request: Request, name: str) -> None:
    """Have the browser forget our cookie `name`."""
    _keep(request, name, "", 0)


def _keep(request: Request, name: str, value: str, seconds: int) -> None:
    full = _name(request, name)
    jar: SimpleCookie = SimpleCookie()
    jar[full] = value
    morsel: dict[str, Any] = jar[full]
    morsel.update({"path": "/", "httponly": True, "samesite": "Lax"})
    morsel["max-age"] = str(seconds)
    if is_secure(request):
        morsel["secure"] = True
    pending: dict[str, str] = request.scope.setdefault("state", {}).setdefault(PENDING, {})
    pending[full] = jar.output(header="").strip()


def _name(request: Request, name: str) -> str:
    # __Host- binds the cookie to this host: no sub-domain can plant one (RFC 6265bis, 4.1.3.2).
    return f"__Host-{name}" if is_secure(request) else name
