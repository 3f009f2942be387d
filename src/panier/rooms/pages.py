"""The watch page and the studio: a frame, and the data their islands start from."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from panier import catalog, shows, video, web
from panier.kit.clock import ms, now
from panier.kit.db import Tx
from panier.kit.i18n import messages
from panier.kit.money import Money
from panier.people import Reader, ReaderHere
from panier.rooms.calls import Limits, StockOf
from panier.rooms.routes import is_crew, list_chapters
from panier.runtime import Runtime
from panier.settings import Settings
from panier.shows import Show, State

BEFORE_AND_ON_AIR = frozenset({State.SCHEDULED, State.REHEARSING, State.LIVE})

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/live/{slug}")
async def show_watch_page(request: Request, reader: ReaderHere, slug: str) -> Response:
    """Show a live: before, on or after the air."""
    runtime: Runtime = request.app.state.runtime
    settings = runtime.settings
    async with reader.cell.read() as tx:
        show = await shows.get_show_by_slug(tx, reader.market.code, slug)
        crew = await is_crew(tx, reader, show)
        state = show.state
        if state == State.REHEARSING and not crew:
            state = State.SCHEDULED
        boot = await _boot(tx, request, reader, show)
        boot["show"]["state"] = state
        if state not in {State.LIVE, State.REHEARSING}:
            boot["video"]["live"] = None
        if boot["video"]["replay"]:
            boot["chapters"] = [
                chapter.model_dump() for chapter in await list_chapters(tx, show, reader.language)
            ]
    picture = boot["show"]["poster"]
    boot["payment"] = msgspec.to_builtins(request.app.state.card_form(reader.market.path))
    web.allow_paying(request)
    return web.render(
        request,
        "rooms/watch.html",
        show=show,
        boot=boot,
        entry="src/watch/main.tsx",
        share_url=boot["show"]["share_url"],
        picture_url=_absolute(settings, picture) if picture else None,
        replay_url=boot["video"]["replay"],
    )


@router.get("/studio/{slug}")
async def show_studio(request: Request, reader: ReaderHere, slug: str) -> Response:
    """Show the studio, to the show's crew."""
    runtime: Runtime = request.app.state.runtime
    async with reader.cell.read() as tx:
        show = await shows.access_show(tx, reader, slug)
        boot = await _boot(tx, request, reader, show)
        playback = await video.get_playback(tx, show.id)
    boot["video"]["status"] = runtime.settings.public_video_url + playback.status_path
    if show.state not in BEFORE_AND_ON_AIR:
        boot["video"]["live"] = None
    api = f"{reader.market.path}api/shows/{show.id}"
    boot |= {
        "ingest_url": f"{api}/ingest",
        "figures_url": f"{api}/figures",
        "report_url": f"{reader.market.path}reports/{show.slug}",
        "actions": {
            "rehearse": f"{api}/rehearse",
            "stop_rehearsing": f"{api}/stop-rehearsing",
            "go_live": f"{api}/go-live",
            "end": f"{api}/end",
            "pin": f"{api}/pin",
            "unpin": f"{api}/unpin",
            "stock_rule": f"{api}/stock-rule",
            "deal": f"{api}/deals",
            "end_deal": f"{api}/deals/end",
            "agreed": f"{api}/deals/agreed",
            "ask": f"{api}/deals/ask",
        },
    }
    return web.render(
        request, "rooms/studio.html", show=show, boot=boot, entry="src/studio/main.tsx"
    )


async def _boot(tx: Tx, request: Request, reader: Reader, show: Show) -> dict[str, Any]:
    """Build what both islands start from."""
    state = request.app.state
    settings: Settings = state.runtime.settings
    stock_of: StockOf = state.stock_of
    limits: Limits = state.limits
    market = reader.market
    sheet = await shows.list_run_sheet(tx, show.id, reader.language)
    variants = [variant.id for product in sheet for variant in product.variants]
    left = await stock_of(reader.cell, show.id, variants) if variants else {}
    most = await limits(tx, variants) if variants else {}
    sellers = {product.seller.id for product in sheet}
    playback = await video.get_playback(tx, show.id)
    return {
        "market": {
            "code": market.code,
            "currency": market.currency,
            "language": market.languages[0],
            "languages": market.languages,
            "name": market.name,
            "time_zone": market.time_zone,
            "countries": [market.country],
        },
        "language": reader.language,
        "now": ms(now()),
        "show": _show(settings, show, playback),
        "video": {
            "live": settings.public_video_url + playback.live_path,
            "replay": _video_url(settings, playback.replay_path),
            "status": None,
        },
        "run_sheet": [_product(product, left, most) for product in sheet],
        "chapters": [],
        "person": _person(reader),
        "urls": _urls(settings, reader, show),
        "shipping": {
            str(rate.seller): Money(rate.minor, market.currency)
            for rate in await catalog.list_shipping(tx, sellers)
            if rate.country == market.country
        },
        "hold_seconds": settings.hold_seconds,
        "hold_extension_seconds": settings.hold_extension_seconds,
        "messages": messages(reader.language),
    }


def _show(settings: Settings, show: Show, playback: video.Playback) -> dict[str, Any]:
    return {
        "id": show.id,
        "slug": show.slug,
        "title": show.title,
        "host": {"name": show.host_name},
        "state": show.state,
        "starts_at": ms(show.starts_at),
        "live_at": ms(show.live_at) if show.live_at else None,
        "ended_at": ms(show.ended_at) if show.ended_at else None,
        "poster": show.cover_url or _video_url(settings, playback.poster_path),
        "share_url": settings.public_web_url + show.path,
        "stock_rule": show.stock_rule,
    }


def _product(
    product: catalog.Product, left: Mapping[UUID, int], most: Mapping[UUID, int]
) -> dict[str, Any]:
    return {
        "product": product.id,
        "title": product.title,
        "description": product.description,
        "image": product.image,
        "image_alt": product.image_alt,
        "seller": {"id": product.seller.id, "name": product.seller.name},
        "kind": product.kind,
        "exemption": catalog.tell_exemption(product.withdrawal),
        "variants": [
            {
                "id": variant.id,
                "title": variant.title,
                "sku": variant.sku,
                "price": variant.price,
                "was": variant.was,
                "stock": left.get(variant.id, 0),
                "most": most.get(variant.id),
                "slot": _slot(variant.slot) if variant.slot else None,
            }
            for variant in product.variants
        ],
    }


def _slot(slot: catalog.Slot) -> dict[str, Any]:
    return {
        "starts_at": ms(slot.starts_at),
        "ends_at": ms(slot.ends_at),
        "closes_at": ms(slot.closes_at),
        "place": slot.place,
    }


def _person(reader: Reader) -> dict[str, Any] | None:
    """Return who is signed in; what they let us keep for buying is asked for at urls.saved."""
    if reader.person is None:
        return None
    return {
        "name": reader.person.name,
        "email": reader.person.email,
        "roles": sorted(reader.roles),
        "saved": {"address": None, "card": None},
    }


def _urls(settings: Settings, reader: Reader, show: Show) -> dict[str, str]:
    home = reader.market.path
    return {
        "ticket": f"{home}api/shows/{show.id}/ticket",
        "basket": f"{home}api/basket",
        "waiting": f"{home}api/waiting",
        "checkout": f"{home}api/checkout",
        "saved": f"{home}api/checkout/saved",
        "sign_in": f"{home}sign-in?{urlencode({'next': show.path})}",
        "rooms": f"{settings.public_rooms_url}/",
        "calendar": f"{home}shows/{show.slug}.ics",
    }


def _video_url(settings: Settings, path: str | None) -> str | None:
    return settings.public_video_url + path if path else None


def _absolute(settings: Settings, url: str) -> str:
    return settings.public_web_url + url if url.startswith("/") else url
