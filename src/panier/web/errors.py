"""Errors: whatever went wrong is one shape for programs and one page for people."""

from typing import cast

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from panier.kit.errors import BadInput, Forbidden, NotFound, PanierError, TooLarge, TooMany
from panier.web.assets import FrontEndMissing
from panier.web.render import render

BODY_BYTES_MAX = 1024 * 1024
"""Bytes of one request's body."""
BODY_LIMIT = "body_limit"
"""Where a request keeps how large its body may be."""
FIELDS_MAX = 20
"""Mistakes named in one answer."""

log = structlog.get_logger()


class WrongMethod(PanierError):
    """This address does not understand that kind of request."""

    code, status = "wrong_method", 405


class Unreadable(PanierError):
    """This request could not be read; nothing was changed."""

    code, status = "unreadable", 400


def wants_html(request: Request) -> bool:
    """Tell whether a person looks at the answer (their browser asks for a page)."""
    return "text/html" in request.headers.get("accept", "")


def answer(request: Request, error: PanierError) -> Response:
    """Answer with `error`: a page for a person, else JSON {"error": {code, message, details}}."""
    headers = {}
    if isinstance(error, TooMany) and "retry_after" in error.details:
        headers["Retry-After"] = str(error.details["retry_after"])
    if not wants_html(request):
        return JSONResponse(error.body(), error.status, headers)
    try:
        response: Response = render(request, "web/error.html", error.status, error=error)
    except FrontEndMissing as missing:
        said = error if isinstance(error, FrontEndMissing) else missing
        response = PlainTextResponse(said.message(), said.status)
    response.headers.update(headers)
    return response


def field_error(error: PanierError, field: str) -> tuple[str, str]:
    """Return which field of a form is wrong (else `field`), and the sentence to put beside it."""
    if not isinstance(error, BadInput):
        return field, error.message()
    reason = str(error.details["reason"])
    return str(error.details["field"]), f"{reason[:1].upper()}{reason[1:]}."


def handle_errors(app: FastAPI) -> None:
    """Let `app` answer errors in the one shape."""
    app.add_exception_handler(PanierError, _panier_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, http_error)


async def _panier_error(request: Request, error: Exception) -> Response:
    return answer(request, cast("PanierError", error))


async def _bad_request(request: Request, error: Exception) -> Response:
    mistakes = cast("RequestValidationError", error).errors()[:FIELDS_MAX]
    # Only where and why: what was sent may be a password or a card.
    fields = [
        {"field": ".".join(str(part) for part in mistake["loc"]), "reason": mistake["msg"]}
        for mistake in mistakes
    ]
    first = fields[0] if fields else {"field": "", "reason": ""}
    return answer(request, BadInput(**first, fields=fields))


async def http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework or a limit on the way raised, in the one shape."""
    status = cast("HTTPException", error).status_code
    known: dict[int, PanierError] = {
        403: Forbidden(),
        404: NotFound(),
        405: WrongMethod(),
    }
    if status == TooLarge.status:
        return answer(request, TooLarge(limit=request.scope.get(BODY_LIMIT, BODY_BYTES_MAX)))
    response = answer(request, known.get(status, Unreadable()))
    for name, value in (cast("HTTPException", error).headers or {}).items():
        response.headers[name] = value
    return response
