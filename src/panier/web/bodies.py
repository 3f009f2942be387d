"""Bodies: nobody fills our memory."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panier.kit.errors import TooLarge
from panier.web.errors import BODY_BYTES_MAX, answer


class BodyLimit:
    """Refuses a body above the limit: at once when it is announced, else when it is reached."""

    def __init__(self, app: ASGIApp, bytes_max: int = BODY_BYTES_MAX) -> None:
        """Allow `bytes_max` bytes."""
        self._app = app
        self._max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, counting what is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > self._max:
            refusal = answer(Request(scope, receive), TooLarge(limit=self._max))
            await refusal(scope, receive, send)
            return
        seen = 0

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max:
                # FastAPI lets only this kind through while it reads a body.
                raise HTTPException(413)
            return message

        await self._app(scope, receive_counted, send)
