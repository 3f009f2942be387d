"""Pictures over HTTP: named by their content, so kept by browsers for ever."""

from fastapi import APIRouter, Request, Response

from panier.catalog.rules import IMAGE_KEY
from panier.kit.errors import NotFound
from panier.kit.store import get
from panier.runtime import Runtime

router = APIRouter(include_in_schema=False)

FOR_EVER = "public, max-age=31536000, immutable"


@router.api_route("/media/{key:path}", methods=["GET", "HEAD"])
async def show_picture(request: Request, key: str) -> Response:
    """Serve a picture; only names that we make are looked up, everything else is not found."""
    if not IMAGE_KEY.fullmatch(key):
        raise NotFound
    headers = {"cache-control": FOR_EVER, "etag": f'"{key}"', "x-content-type-options": "nosniff"}
    known = request.headers.get("if-none-match", "")
    if known == "*" or headers["etag"] in known:
        return Response(status_code=304, headers=headers)
    runtime: Runtime = request.app.state.runtime
    data = await get(runtime.store, key)
    if data is None:
        raise NotFound
    return Response(data, media_type="image/webp", headers=headers)
