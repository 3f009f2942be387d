"""Bodies: nobody fills our memory."""

import re
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panier.kit.errors import TooLarge
from panier.web.errors import BODY_BYTES_MAX, BODY_LIMIT, answer


class BodyLimit:
    """Refuses a body above the limit: at once when it is announced, else when it is reached."""

    def __init__(
        self,
        app: ASGIApp,
        bytes_max: int = BODY_BYTES_MAX,
        larger: Mapping[re.Pattern[str], int] | None = None,
    ) -> None:
        """Allow `bytes_max` bytes; more where a path matches one of `larger`."""
        self._app = app
        self._max = bytes_max
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, counting what is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = next(
            (most for path, most in self._larger.items() if path.fullmatch(scope["path"])),
            self._max,
        )
        scope[BODY_LIMIT] = most
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > most:
            refusal = answer(Request(scope, receive), TooLarge(limit=most))
            await refusal(scope, receive, send)
            return
        seen = 0

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                # FastAPI lets only this kind through while it reads a body.
                raise HTTPException(413)
            return message

        await self._app(scope, receive_counted, send)
