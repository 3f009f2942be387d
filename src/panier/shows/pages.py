"""Pages: what is on air and coming up, a show in one's calendar, the host's shows."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from panier import catalog, people, video, web
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import _
from panier.people import Reader, ReaderHere
from panier.runtime import Runtime
from panier.shows import actions
from panier.shows.ics import write_show
from panier.shows.queries import (
    CREW,
    HOST,
    Show,
    access_show,
    get_show_by_slug,
    list_on_air,
    list_replays,
    list_shows,
    list_shows_of_host,
    list_upcoming,
)
from panier.shows.rules import (
    OPEN,
    State,
    StockRule,
    check_start,
    check_title,
    local_start,
    order_products,
)

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)

CARDS_MAX = 12
"""Shows in one row of the start page."""
USUAL_HOUR = time(20)
"""What the form proposes: tomorrow at eight in the evening."""
PLACE = "place-"
"""Before a product's id: the field that says at which place it is presented."""


@dataclass(frozen=True)
class Card:
    """A show on the start page."""

    show: Show
    picture: str | None
    """Address of its picture: what is on air now, else its cover."""


@dataclass
class Filled:
    """The schedule form as it was filled in, and what is wrong with which field."""

    title: str
    date: str
    time: str
    language: str
    stock_rule: str = StockRule.HOLD
    places: dict[str, str] = field(default_factory=dict)
    """What was entered for each product, by its id."""
    errors: dict[str, str] = field(default_factory=dict)
    """Message by field."""


@router.get("/")
async def show_start(request: Request, reader: ReaderHere) -> Response:
    """Show what is on air, what comes and what can be watched again."""
    runtime: Runtime = request.app.state.runtime
    videos = runtime.settings.public_video_url
    market = reader.market.code
    async with reader.cell.read() as tx:
        on_air = [await _card(tx, s, videos) for s in await list_on_air(tx, market, CARDS_MAX)]
        upcoming = [Card(s, s.cover_url) for s in await list_upcoming(tx, market, CARDS_MAX)]
        replays = [
            Card(s, s.cover_url)
            for s in await list_replays(tx, market, CARDS_MAX)
            if (await video.get_playback(tx, s.id)).replay_path
        ]
    return web.render(
        request,
        "shows/start.html",
        on_air=on_air,
        upcoming=upcoming,
        replays=replays,
        hosts=bool(reader.roles & {HOST, *CREW}),
    )


async def _card(tx: Tx, show: Show, videos: str) -> Card:
    poster = (await video.get_playback(tx, show.id)).poster_path
    return Card(show, videos + poster if poster else show.cover_url)


@router.get("/shows/{slug}.ics")
async def show_calendar(request: Request, reader: ReaderHere, slug: str) -> Response:
    """Give a show to somebody's calendar."""
    runtime: Runtime = request.app.state.runtime
    async with reader.cell.read() as tx:
        show = await get_show_by_slug(tx, reader.market.code, slug)
    if show.state == State.ENDED:
        raise NotFound
    text = write_show(show, runtime.settings.public_web_url + show.path, now())
    headers = {"content-disposition": f'attachment; filename="{show.slug}.ics"'}
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/studio/")
async def show_studio(request: Request, reader: ReaderHere, scheduled: str = "") -> Response:
    """Show a host's shows and a form for the next one; `scheduled` is the one just made."""
    people.require(reader, HOST, *CREW)
    tomorrow = now().astimezone(ZoneInfo(reader.market.time_zone)) + timedelta(days=1)
    form = Filled(
        "", tomorrow.date().isoformat(), f"{USUAL_HOUR:%H:%M}", reader.market.languages[0]
    )
    return await _studio(request, reader, form, scheduled=scheduled)


@router.post("/studio/")
async def schedule_show(request: Request, reader: ReaderHere) -> Response:
    """Put the show of the form on the calendar."""
    host = people.require(reader, HOST, *CREW)
    async with request.form() as given:
        form = _read(given)
    title, moment, products = _check(form, reader.market.time_zone)

    async def act(tx: Tx) -> Show:
        return await actions.schedule(
            tx,
            market=reader.market.code,
            host=host.id,
            title=title,
            starts_at=moment,
            language=form.language,
            products=products,
            stock_rule=StockRule(form.stock_rule),
        )

    if not form.errors:
        try:
            show = await reader.cell.run(act)
        except BadInput as error:
            form.errors[error.details["field"]] = _sentence(error)
        else:
            return RedirectResponse(f"{reader.market.path}studio/?scheduled={show.slug}", 303)
    return await _studio(request, reader, form, status=BadInput.status)


@router.post("/studio/{slug}/cancel")
async def cancel_show(reader: ReaderHere, slug: str) -> Response:
    """Call a show off."""

    async def act(tx: Tx) -> None:
        await actions.cancel(tx, (await access_show(tx, reader, slug)).id)

    await reader.cell.run(act)
    return RedirectResponse(f"{reader.market.path}studio/", 303)


async def _studio(
    request: Request, reader: Reader, form: Filled, *, scheduled: str = "", status: int = 200
) -> Response:
    person = people.require(reader, HOST, *CREW)
    market = reader.market.code
    async with reader.cell.read() as tx:
        if reader.roles & set(CREW):
            found = await list_shows(tx, market)
        else:
            found = await list_shows_of_host(tx, market, person.id)
        products = await catalog.list_products(tx, market, reader.language)
    running = [show for show in found if show.state in (State.LIVE, State.REHEARSING)]
    coming = [show for show in reversed(found) if show.state == State.SCHEDULED]
    return web.render(
        request,
        "shows/studio.html",
        status,
        running=running,
        coming=coming,
        past=[show for show in found if show.state not in OPEN],
        made=next((show for show in found if show.slug == scheduled), None),
        products=sorted(products, key=lambda product: product.title.casefold()),
        form=form,
        place=PLACE,
        me=person.id,
    )


def _read(given: FormData) -> Filled:
    texts = {name: value.strip() for name, value in given.items() if isinstance(value, str)}
    return Filled(
        texts.get("title", ""),
        texts.get("date", ""),
        texts.get("time", ""),
        texts.get("language", ""),
        texts.get("stock_rule", StockRule.HOLD),
        {name.removeprefix(PLACE): text for name, text in texts.items() if name.startswith(PLACE)},
    )


def _check(form: Filled, time_zone: str) -> tuple[str, datetime, list[UUID]]:
    """Read the fields; what is wrong stands in `form.errors`, and then nothing may be used."""

    def attempt(name: str, read: Any, *given: Any) -> Any:
        try:
            return read(*given)
        except BadInput as error:
            form.errors[name] = _sentence(error)
        except ValueError:
            form.errors[name] = _("Please choose a date and a time.")
        return None

    attempt("title", check_title, form.title)
    moment = attempt(
        "starts_at",
        lambda: local_start(
            date.fromisoformat(form.date), time.fromisoformat(form.time), time_zone
        ),
    )
    if moment is not None:
        attempt("starts_at", check_start, moment, now())
    products = attempt("products", order_products, form.places)
    if form.stock_rule not in set(StockRule):
        form.errors["stock_rule"] = _("Please choose what the basket does.")
    return form.title, moment, products


def _sentence(error: BadInput) -> str:
    reason = str(error.details["reason"])
    return f"{reason[:1].upper()}{reason[1:]}."
