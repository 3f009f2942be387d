"""Devices: browsers that have signed in to an account before.

Tries are limited for each account, so that no password is guessed from a thousand addresses. Then
anybody could keep the owner out by trying; so a browser that was let in before has a count of its
own (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

from hashlib import sha256
from secrets import token_urlsafe

from starlette.requests import Request

from panier import web
from panier.kit.signing import BadToken
from panier.runtime import Runtime

COOKIE = "panier_device"
SECONDS_MAX = 400 * 86_400


def tried_account(request: Request, email: str) -> str:
    """Return under what a try is counted: the account, or this known browser's way to it."""
    account, kept = _account(email), web.read_cookie(request, COOKIE)
    if kept is not None:
        runtime: Runtime = request.app.state.runtime
        try:
            device = runtime.signer.open(COOKIE, kept, SECONDS_MAX)
        except BadToken:
            return account
        if device["account"] == account:
            return f"{account} {device['id']}"
    return account


def keep_device(request: Request, email: str) -> None:
    """Let this browser be known as one that was let in."""
    runtime: Runtime = request.app.state.runtime
    device = {"account": _account(email), "id": token_urlsafe(12)}
    web.set_cookie(request, COOKIE, runtime.signer.sign(COOKIE, device))


def _account(email: str) -> str:
    return sha256(email.strip().lower().encode()).hexdigest()
