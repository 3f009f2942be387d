"""Signed tokens: readable by anyone, made only by us, each for one purpose, with an age."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from panier.kit.clock import now
from panier.kit.errors import PanierError

READ_MAX = 10_000
"""Tokens whose signatures need no second look."""


class BadToken(PanierError):
    """This link or ticket is not valid any more; please reload the page."""

    code, status = "bad_token", 401


class Signer:
    """Signs with one secret; `purpose` keeps a ticket for one thing from opening another."""

    def __init__(self, secret: str) -> None:
        """Take the installation's secret (at least 32 characters)."""
        if len(secret) < 32:
            raise ValueError("the secret needs at least 32 characters")
        self.secret = secret
        self._serializers: dict[str, URLSafeTimedSerializer] = {}
        # A browser shows the same cookie with every request: what was proved stays proved.
        self._read = lru_cache(maxsize=READ_MAX)(self._prove)

    def sign(self, purpose: str, payload: dict[str, Any]) -> str:
        """Return a URL-safe token over JSON-safe `payload`."""
        return str(self._of(purpose).dumps(payload))

    def open(self, purpose: str, token: str, max_age_seconds: int | None) -> dict[str, Any]:
        """Return the payload; raises BadToken when forged, meant for something else, or old."""
        try:
            payload, signed_at = self._read(purpose, token)
        except BadData:
            raise BadToken from None
        if max_age_seconds is not None and now() - signed_at > timedelta(seconds=max_age_seconds):
            raise BadToken
        return dict(payload)

    def _prove(self, purpose: str, token: str) -> tuple[dict[str, Any], datetime]:
        payload, signed_at = self._of(purpose).loads(token, return_timestamp=True)
        return payload, signed_at

    def _of(self, purpose: str) -> URLSafeTimedSerializer:
        # To make one costs as much as to sign with it.
        if purpose not in self._serializers:
            self._serializers[purpose] = URLSafeTimedSerializer(self.secret, salt=purpose)
        return self._serializers[purpose]
