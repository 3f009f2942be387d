"""The door of a room over JSON: tickets, and the chapters of a replay."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from panier import shows, video, web
from panier.kit.clock import ms, now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Forbidden, NotFound, SignInNeeded
from panier.kit.i18n import _
from panier.people import Reader, ReaderHere
from panier.rooms.gateway_socket import PURPOSE
from panier.rooms.rules import clean_name, guest_number, make_author
from panier.runtime import Runtime
from panier.shows import Show, State

PER_ADDRESS = "600/minute"
"""Tickets for one address: a school or an office has only one."""

router = APIRouter(prefix="/{m}/api/shows", tags=["rooms"])


class TicketBody(BaseModel):
    """A ticket for a room and where to use it, before `expires_at` (milliseconds)."""

    ticket: str
    url: str
    expires_at: int


class Chapter(BaseModel):
    """A product's time on the picture: seconds from the beginning of the replay."""

    product: UUID
    at: float
    title: str


class Chapters(BaseModel):
    """The chapters of a replay, in order."""

    chapters: list[Chapter]


@router.get("/{show}/ticket", dependencies=[Depends(web.limit("room_ticket", PER_ADDRESS))])
async def get_ticket(
    request: Request,
    response: Response,
    reader: ReaderHere,
    show: UUID,
    name: Annotated[str | None, Query(max_length=200)] = None,
) -> TicketBody:
    """Give a ticket for the show's room; a guest may choose the name that the chat shows."""
    runtime: Runtime = request.app.state.runtime
    async with reader.cell.read() as tx:
        found = await access_room(tx, reader, show)
        crew = await is_crew(tx, reader, found)
    payload = {
        "show": str(found.id),
        "market": found.market,
        "visitor": str(reader.visitor),
        "person": str(reader.person.id) if reader.person else None,
        "name": choose_name(runtime.signer.secret, reader, found, name),
        "staff": crew,
        "language": reader.language,
    }
    seconds = runtime.settings.ticket_seconds
    response.headers["cache-control"] = "no-store"
    return TicketBody(
        ticket=runtime.signer.sign(PURPOSE, payload),
        url=f"{runtime.settings.public_rooms_url}/",
        expires_at=ms(now() + timedelta(seconds=seconds)),
    )


@router.get("/{show}/chapters")
async def get_chapters(reader: ReaderHere, show: UUID) -> Chapters:
    """List what was shown when in the replay."""
    async with reader.cell.read() as tx:
        found = await access_room(tx, reader, show)
        return Chapters(chapters=await list_chapters(tx, found, reader.language))


async def access_room(tx: Tx, reader: Reader, show: UUID) -> Show:
    """Return a show of this market that takes place; raises NotFound."""
    found = await shows.get_show(tx, show)
    if found.market != reader.market.code or found.state == State.CANCELLED:
        raise NotFound
    return found


async def is_crew(tx: Tx, reader: Reader, show: Show) -> bool:
    """Tell whether the reader may run this show: its host, the market team, admins."""
    try:
        await shows.access_show(tx, reader, show.id)
    except (SignInNeeded, Forbidden):
        return False
    return True


def choose_name(secret: str, reader: Reader, show: Show, wish: str | None) -> str:
    """Return how the chat shows the reader: a first name, a guest's wish, or "Guest 1234".

    Raises BadInput for a wish that is no name, or the host's.
    """
    if reader.person is not None:
        try:
            return clean_name(reader.person.name.split()[0])
        except (BadInput, IndexError):
            wish = None  # an account whose name cannot be shown goes by a number
    if wish is not None:
        chosen = clean_name(wish)
        host = show.host_name.casefold()
        if chosen.casefold() in {host, *host.split()}:
            raise BadInput(reason=_("this is the host’s name"), field="name")
        return chosen
    author = make_author(secret, show.id, reader.visitor)
    return _("Guest %(number)s", number=guest_number(author))


async def list_chapters(tx: Tx, show: Show, language: str) -> list[Chapter]:
    """List when each product came on the picture, where the replay shows it."""
    pins = await shows.list_pins(tx, show.id)
    titles = {p.id: p.title for p in await shows.list_run_sheet(tx, show.id, language)}
    offsets = await video.get_media_offsets(tx, show.id, [pin.pinned_at for pin in pins])
    return [
        Chapter(product=pin.product, at=round(at, 2), title=titles[pin.product])
        for pin, at in zip(pins, offsets, strict=True)
        if at is not None and pin.product in titles
    ]
