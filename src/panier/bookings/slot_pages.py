"""Pages of one slot: who comes, as a list to print and a file; its places; calling it off."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import parcels, people, stock, web
from panier.bookings.access import access_slot
from panier.bookings.actions import call_off, set_capacity
from panier.bookings.rules import PLACES_MAX
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput
from panier.kit.i18n import N_, _
from panier.people import Reader

CHANGES = "60/minute"
NOTE_MAX = 500
"""Characters of a word to those who had booked."""
HEAD = ("number", "name", "email", "language", "places", "cancelled", "paid_at")
SAID = {
    "places": N_("The places are changed."),
    "called": N_("Called off. Whoever had booked gets the money back and a mail."),
}

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
change = [Depends(web.limit("service_change", CHANGES))]


@router.get("/seller/slots/{variant}")
async def show_slot(
    request: Request, reader: people.ReaderHere, variant: UUID, said: str = ""
) -> Response:
    """Show who comes to a slot."""
    return await _page(request, reader, variant, said=said)


@router.get("/seller/slots/{variant}/bookings.csv")
async def send_bookings(reader: people.ReaderHere, variant: UUID) -> Response:
    """Send who comes to a slot as a file."""
    async with reader.cell.read() as tx:
        service, slot = await access_slot(tx, reader, variant)
        booked = await parcels.list_booked(tx, variant)
    table = [
        (
            one.number, one.name, one.email, one.language, one.places, one.cancelled,
            f"{one.paid_at:%Y-%m-%dT%H:%M:%SZ}",
        )
        for one in booked
    ]  # fmt: skip
    name = f"bookings-{service.slug}-{slot.starts_at:%Y-%m-%dT%H%MZ}.csv"
    return web.send_sheet(name, HEAD, table)


@router.post("/seller/slots/{variant}/places", dependencies=change)
async def change_places(
    request: Request,
    reader: people.ReaderHere,
    variant: UUID,
    places: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Let a slot have more places, or fewer that nobody has taken."""

    async def act(tx: Tx) -> None:
        await access_slot(tx, reader, variant)
        await set_capacity(tx, variant, _number(places), people.require(reader).id)

    try:
        await reader.cell.run(act)
    except BadInput as error:
        reason = str(error.details["reason"])
        return await _page(request, reader, variant, wrong=f"{reason[:1].upper()}{reason[1:]}.",
                           status=error.status)  # fmt: skip
    except stock.NotEnough as error:
        wrong = _("More places than that are booked or in baskets.")
        return await _page(request, reader, variant, wrong=wrong, status=error.status)
    except stock.Closed as error:
        return await _page(request, reader, variant, wrong=error.message(), status=error.status)
    return _back(reader, variant, "places")


@router.post("/seller/slots/{variant}/call-off", dependencies=change)
async def call_slot_off(
    reader: people.ReaderHere,
    variant: UUID,
    note: Annotated[str, Form(max_length=NOTE_MAX)] = "",
) -> Response:
    """Call a slot off: everybody who booked gets the money back."""

    async def act(tx: Tx) -> UUID:
        service, _slot = await access_slot(tx, reader, variant)
        said = " ".join(note.split())
        await call_off(tx, variant, said, people.require(reader).id)
        return service.product

    await reader.cell.run(act)
    return _back(reader, variant, "called")


async def _page(
    request: Request,
    reader: Reader,
    variant: UUID,
    *,
    said: str = "",
    wrong: str = "",
    status: int = 200,
) -> Response:
    async with reader.cell.read() as tx:
        service, slot = await access_slot(tx, reader, variant)
        booked = await parcels.list_booked(tx, variant)
        counts = await stock.list_counts(tx, [variant])
    coming = [one for one in booked if one.places]
    return web.render(
        request,
        "bookings/slot.html",
        status,
        service=service,
        title=service.title.get(reader.language) or next(iter(service.title.values())),
        slot=slot,
        coming=coming,
        gone=[one for one in booked if not one.places],
        taken=sum(one.places for one in coming),
        counts=counts[variant],
        open=slot.cancelled_at is None and slot.starts_at > now(),
        places_max=PLACES_MAX,
        said=SAID.get(said),
        wrong=wrong,
    )


def _number(text: str) -> int:
    if not text.strip().isdecimal():
        raise BadInput(field="places", reason=_("please write a number"))
    return int(text)


def _back(reader: Reader, variant: UUID, said: str) -> Response:
    return RedirectResponse(f"{reader.market.path}seller/slots/{variant}?said={said}", 303)
