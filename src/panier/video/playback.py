"""What players fetch: playlists that wait for their next part, parts, segments, status, poster."""

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from panier.kit.errors import PanierError
from panier.kit.store import get
from panier.video.faults import NoPicture
from panier.video.live import Live
from panier.video.origin import Origin
from panier.video.playlist import MEDIA_TYPE
from panier.video.queries import Channel
from panier.video.rules import SEGMENT_SECONDS, store_key

BLOCK_SECONDS_MAX = 3.0 * SEGMENT_SECONDS
"""A blocking reload is answered after three target durations at the latest (RFC 8216bis)."""
FIRST_SECONDS_MAX = 10.0
"""How long the very first playlist waits for the first complete segment."""
AHEAD_MAX = 2
"""Asking for a segment further ahead is a mistake."""
FILE = re.compile(
    r"(?:init(?P<init>\d{1,9})\.mp4"
    r"|s(?P<session>\d{1,9})\.(?P<number>\d{1,9})\.m4s"
    r"|p(?P<of>\d{1,9})\.(?P<msn>\d{1,9})\.(?P<part>\d{1,3})\.m4s)"
)
NUMBER = re.compile(r"\d{1,9}")
# Anybody may read, nobody is recognised: the token is in the path, cookies are never sent.
OPEN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
IMMUTABLE = {**OPEN, "Cache-Control": "public, max-age=31536000, immutable"}
FRESH = {**OPEN, "Cache-Control": "no-store"}


def _age(seconds: int) -> dict[str, str]:
    return {**OPEN, "Cache-Control": f"public, max-age={seconds}"}


def _playlist(text: str, headers: Mapping[str, str]) -> Response:
    return Response(text, media_type=MEDIA_TYPE, headers=headers)


def _nothing() -> Response:
    return Response(status_code=404, headers=_age(1))


async def media(request: Request) -> Response:
    """Answer one file of one channel."""
    origin: Origin = request.app.state.origin
    found = await origin.find(request.path_params["show"], request.path_params["token"])
    file: str = request.path_params["file"]
    if found is None:
        return _nothing()
    if file == "index.m3u8" and isinstance(found, Live):
        return await _live_playlist(found, request.query_params)
    if file in ("index.m3u8", "replay.m3u8"):
        return await _replay(origin, found)
    if file == "status.json":
        status = found.status() if isinstance(found, Live) else {"state": found.state}
        return JSONResponse(status, headers=_age(1))
    if file == "poster.jpg":
        return await _poster(origin, found)
    match = FILE.fullmatch(file)
    return await _piece(origin, found, file, match) if match else _nothing()


async def _live_playlist(live: Live, query: Mapping[str, str]) -> Response:
    if not await live.wait(live.has_begun, _patience(live)) and not live.has_begun():
        return JSONResponse(NoPicture().body(), NoPicture.status, headers=FRESH)
    wanted, part = query.get("_HLS_msn"), query.get("_HLS_part")
    if wanted is None:
        return _playlist(live.playlist(), _age(1))
    if not NUMBER.fullmatch(wanted) or not NUMBER.fullmatch(part or "0"):
        return Response(status_code=400, headers=FRESH)
    number = int(wanted)
    newest = live.packager.newest
    if newest is not None and number > newest.number + AHEAD_MAX:
        return Response(status_code=400, headers=FRESH)

    def is_there() -> bool:
        return live.has(number, int(part) if part is not None else None)

    if await live.wait(is_there, BLOCK_SECONDS_MAX) or live.ended:
        return _playlist(live.playlist(), _age(6 * SEGMENT_SECONDS))
    # While the encoder is away an unchanged playlist keeps players asking; an error stops some.
    return _playlist(live.playlist(), FRESH)


def _patience(live: Live) -> float:
    """Seconds that a first playlist may wait: only where a picture is to be expected."""
    return FIRST_SECONDS_MAX if live.publisher is not None or live.was_on_air else 0.0


async def _replay(origin: Origin, found: Live | Channel) -> Response:
    if isinstance(found, Live) and not found.ended:
        return _nothing()
    text = await origin.replay_of(found)
    return _playlist(text, _age(60)) if text is not None else _nothing()


async def _poster(origin: Origin, found: Live | Channel) -> Response:
    poster = found.poster if isinstance(found, Live) else None
    if poster is None:
        show = found.show if isinstance(found, Live) else found.show_id
        poster = await get(origin.store, store_key(show, "poster.jpg"))
    if poster is None:
        return _nothing()
    return Response(poster, media_type="image/jpeg", headers=_age(10))


async def _piece(
    origin: Origin, found: Live | Channel, file: str, match: re.Match[str]
) -> Response:
    data = None
    if isinstance(found, Live):
        data = await _from_memory(found, match)
    if data is None and match["of"] is None:
        show = found.show if isinstance(found, Live) else found.show_id
        data = await get(origin.store, store_key(show, file))
    if not data:
        return _nothing()
    return Response(data, media_type="video/mp4", headers=IMMUTABLE)


async def _from_memory(live: Live, match: re.Match[str]) -> bytes | None:
    if match["init"] is not None:
        return live.packager.inits.get(int(match["init"]))
    if match["session"] is not None:
        segment = live.find_segment(int(match["session"]), int(match["number"]))
        return segment.data if segment is not None else None
    session, number, part = int(match["of"]), int(match["msn"]), int(match["part"])
    newest = live.packager.newest
    if newest is None or not newest.number <= number <= newest.number + 1:
        return _part(live, session, number, part)
    # The hinted part is asked for before it exists.
    await live.wait(lambda: live.has(number, part), BLOCK_SECONDS_MAX)
    return _part(live, session, number, part)


def _part(live: Live, session: int, number: int, part: int) -> bytes | None:
    segment = live.find_segment(session, number)
    if segment is None or part >= len(segment.parts):
        return None
    return segment.parts[part].data


async def health(_request: Request) -> Response:
    """Say that this process answers."""
    return Response("ok", media_type="text/plain", headers=FRESH)


async def refuse(_request: Request, error: Exception) -> Response:
    """Answer a named error in the one JSON shape."""
    known = error if isinstance(error, PanierError) else PanierError()
    return JSONResponse(known.body(), known.status, headers=FRESH)


ROUTES = [
    Route("/live/{show:uuid}/{token}/{file}", media),
    Route("/healthz", health),
]
