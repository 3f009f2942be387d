"""Signed tokens: readable by anyone, made only by us, each for one purpose, with an age."""

from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from panier.kit.errors import PanierError


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

    def sign(self, purpose: str, payload: dict[str, Any]) -> str:
        """Return a URL-safe token over JSON-safe `payload`."""
        return str(self._of(purpose).dumps(payload))

    def open(self, purpose: str, token: str, max_age_seconds: int | None) -> dict[str, Any]:
        """Return the payload; raises BadToken when forged, meant for something else, or old."""
        try:
            payload: dict[str, Any] = self._of(purpose).loads(token, max_age=max_age_seconds)
        except BadData:
            raise BadToken from None
        return payload

    def _of(self, purpose: str) -> URLSafeTimedSerializer:
        # To make one costs as much as to sign with it.
        if purpose not in self._serializers:
            self._serializers[purpose] = URLSafeTimedSerializer(self.secret, salt=purpose)
        return self._serializers[purpose]
