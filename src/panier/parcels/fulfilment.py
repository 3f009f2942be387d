"""The seller's orders: found, packed and sent many at once, slips to print, files in and out."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel, Field
from starlette.datastructures import FormData

from panier import orders, people, shows, web
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Forbidden, NotFound, PanierError
from panier.kit.i18n import N_, _
from panier.kit.ids import new_id
from panier.kit.sheet import write_sheet
from panier.orders import PAGE, Checkout, Filter, Order, State
from panier.parcels.actions import NewParcel, pack, ship
from panier.parcels.queries import Story, list_stories, list_waiting
from panier.parcels.rules import BULK_MAX, CARRIERS, NothingChosen
from panier.parcels.sheets import SHEET_BYTES_MAX, SentRow, read_sheet
from panier.people import Reader
from panier.shows import Show

STAFF = ("market", "finance", "admin")
"""Who sees the orders of all sellers of a market."""
STATES = {
    State.PAID: N_("To pack"),
    State.PACKED: N_("To send"),
    State.SHIPPED: N_("On its way"),
    State.DELIVERED: N_("Delivered"),
    State.CANCELLED: N_("Cancelled"),
    State.RETURNED: N_("Sent back"),
    State.REFUNDED: N_("Money back"),
    State.PLACED: N_("Not paid yet"),
    State.DECLINED: N_("Declined"),
    State.REFUSED: N_("Not fulfilled"),
}
BADGES = {
    State.PAID: "badge-warn",
    State.PACKED: "badge-warn",
    State.SHIPPED: "badge",
    State.DELIVERED: "badge-good",
    State.PLACED: "badge-warn",
    State.DECLINED: "badge",
    State.REFUSED: "badge-bad",
    State.CANCELLED: "badge-bad",
    State.RETURNED: "badge",
    State.REFUNDED: "badge",
}
CHANGES = "120/minute"
"""How often one client may change orders."""
OPEN = (State.PAID, State.PACKED)
"""Where something is left to send."""

Word = Annotated[str, Field(max_length=40)]


class Asked(BaseModel):
    """The filters of a list, as they stand in its address; empty ones do not filter."""

    state: Word = ""
    show: Word = ""
    number: Word = ""


class Mishap(NamedTuple):
    """An order, or a line of a file, with which something was not done, and why."""

    what: str
    why: str


router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
change = [Depends(web.limit("seller_change", CHANGES))]


@router.get("/seller/orders")
async def list_seller_orders(
    request: Request,
    reader: people.ReaderHere,
    asked: Annotated[Asked, Query()],
    before: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List the orders of the reader's sellers, with what they come to."""
    return await _show_list(request, reader, asked, before, [])


async def _show_list(
    request: Request,
    reader: Reader,
    asked: Asked,
    before: UUID | None,
    mishaps: Sequence[Mishap],
) -> Response:
    filtered = _filter(reader, asked)
    async with reader.cell.read() as tx:
        found = await orders.list_orders(tx, filtered, before, PAGE + 1)
        stories = await list_stories(tx, found[:PAGE], reader.market.time_zone)
        totals = await orders.sum_orders(tx, filtered, reader.market.currency)
        sold = await orders.list_shows_sold(tx, filtered.market, filtered.sellers)
        choices = await _shows(tx, sold)
        waiting = await list_waiting(tx, filtered.market, filtered.sellers)
    return web.render(
        request,
        "parcels/seller_orders.html",
        200 if not mishaps else 409,
        stories=stories,
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        before=before,
        totals=totals,
        shows=choices,
        asked=asked,
        query={name: text for name, text in asked.model_dump().items() if text},
        states=STATES,
        badges=BADGES,
        carriers=CARRIERS,
        waiting=waiting,
        mishaps=mishaps,
        key=new_id(),
        done=request.query_params.get("done", ""),
        count=_count(request),
    )


def _count(request: Request) -> int:
    text = request.query_params.get("count", "")
    return int(text) if text.isdecimal() and len(text) < 5 else 0


@router.post("/seller/orders", dependencies=change)
async def change_orders(
    request: Request, reader: people.ReaderHere, asked: Annotated[Asked, Query()]
) -> Response:
    """Pack or send the chosen orders, each in its own transaction; says which could not be."""
    _filter(reader, asked)
    form = await request.form()
    act = form.get("act")
    chosen = _read_orders([str(text) for text in form.getlist("order")])
    if act not in ("pack", "ship"):
        raise BadInput(field="act", reason=str(act)[:40])
    if act == "ship" and not form.get("carrier"):
        raise BadInput(field="carrier", reason=_("please choose a carrier"))
    done, mishaps = 0, []
    for key in chosen:
        found = await access_order(reader, key)
        try:
            done += await _change(reader, form, found)
        except PanierError as error:
            mishaps.append(Mishap(found.number, error.message()))
    if mishaps:
        return await _show_list(request, reader, asked, None, mishaps)
    return RedirectResponse(
        f"{reader.market.path}seller/orders?state={asked.state}&done={act}&count={done}", 303
    )


async def _change(reader: Reader, form: FormData, order: Order) -> bool:
    person = people.require(reader).id
    if form.get("act") == "pack":
        return await reader.cell.run(lambda tx: pack(tx, order.id, person))
    given = _read_orders([str(form.get("key", ""))])[0]
    tracking = form.get(f"tracking-{order.id}", "")
    parcel = NewParcel(uuid5(given, order.id.hex), str(form.get("carrier")), str(tracking))
    return await reader.cell.run(lambda tx: ship(tx, order.id, parcel, person))


def _read_orders(texts: Sequence[str]) -> list[UUID]:
    if not texts:
        raise NothingChosen
    if len(texts) > BULK_MAX:
        raise BadInput(field="order", reason=_("at most %(count)s at once", count=BULK_MAX))
    try:
        return list(dict.fromkeys(UUID(text) for text in texts))
    except ValueError:
        raise BadInput(field="order", reason=_("a known order")) from None


@router.get("/seller/orders.csv")
async def send_seller_orders(
    reader: people.ReaderHere, asked: Annotated[Asked, Query()]
) -> Response:
    """Send the same orders as a file."""
    return _as_file(
        StreamingResponse(orders.write_csv(reader.cell, _filter(reader, asked))),
        f"orders-{reader.market.code}",
    )


@router.get("/seller/to-send.csv")
async def send_addresses(reader: people.ReaderHere) -> Response:
    """Send what is to be sent where as a file, for a carrier's own program."""
    stories = []
    async with reader.cell.read() as tx:
        for state in OPEN:
            filtered = _filter(reader, Asked(state=state.value))
            found = await orders.list_orders(tx, filtered, None, 1000)
            stories += await list_stories(tx, found, reader.market.time_zone)
        checkouts = await orders.list_checkouts(tx, [s.order.checkout for s in stories])
    head = ("number", "carrier", "tracking", "name", "line1", "line2", "postcode", "city",
            "country", "units", "goods", "together")  # fmt: skip
    table = [_address_row(story, checkouts[story.order.checkout]) for story in stories]
    return _as_file(Response(write_sheet(head, table)), f"to-send-{reader.market.code}")


def _address_row(story: Story, checkout: Checkout) -> list[str | int]:
    to, goods = checkout.sent_to, story.named(story.to_send())
    return [
        story.order.number, "", "", checkout.name, to.line1, to.line2, to.postcode, to.city,
        to.country, sum(units for _line, units in goods),
        "; ".join(f"{units} × {line.title} {line.variant_title} {line.sku}"
                  for line, units in goods),
        " ".join(one.number for one in story.pack_with),
    ]  # fmt: skip


def _as_file(response: Response, name: str) -> Response:
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{now():%Y-%m-%d}.csv"'
    return response


@router.get("/seller/slips")
async def show_slips(
    request: Request,
    reader: people.ReaderHere,
    order: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Show packing slips to print, one a page."""
    _filter(reader, Asked())
    found = [await access_order(reader, key) for key in _read_orders(order)]
    async with reader.cell.read() as tx:
        stories = await list_stories(tx, found, reader.market.time_zone)
        by_id = await orders.list_checkouts(tx, [order.checkout for order in found])
        checkouts = {order.id: by_id[order.checkout] for order in found}
    return web.render(
        request, "parcels/slips.html", stories=stories, checkouts=checkouts, today=now()
    )


@router.get("/seller/sent")
async def ask_for_sheet(request: Request, reader: people.ReaderHere) -> Response:
    """Show where a file of parcels is handed in."""
    _filter(reader, Asked())
    return _show_sheet(request, None, [])


@router.post("/seller/sent", dependencies=change)
async def take_sheet(request: Request, reader: people.ReaderHere) -> Response:
    """Send the parcels of a file: number, carrier, tracking; each wrong line is told."""
    _filter(reader, Asked())
    async with request.form() as form:
        data = await web.read_file(form, "sheet", SHEET_BYTES_MAX)
    if data is None:
        raise BadInput(field="sheet", reason=_("please choose a file"))
    done, mishaps = 0, []
    for row in read_sheet(data):
        try:
            done += await _send_row(reader, row)
        except PanierError as error:
            where = _("Line %(line)s: %(number)s", line=row.line, number=row.number)
            mishaps.append(Mishap(where, error.message()))
    return _show_sheet(request, done, mishaps)


async def _send_row(reader: Reader, row: SentRow) -> bool:
    filtered = _filter(reader, Asked(number=row.number[:40]))
    async with reader.cell.read() as tx:
        found = await orders.list_orders(tx, filtered, None, 1) if filtered.number else []
    if not found:
        raise NotFound
    # The same number again is the same parcel, however often its file is handed in.
    key = uuid5(found[0].id, f"{row.carrier}\n{row.tracking}")
    person = people.require(reader).id
    parcel = NewParcel(key, row.carrier, row.tracking)
    return await reader.cell.run(lambda tx: ship(tx, found[0].id, parcel, person))


def _show_sheet(request: Request, done: int | None, mishaps: Sequence[Mishap]) -> Response:
    return web.render(
        request,
        "parcels/sent.html",
        200 if not mishaps else 422,
        done=done,
        mishaps=mishaps,
        carriers=CARRIERS,
    )


async def access_order(reader: Reader, order: UUID) -> Order:
    """Return an order that the reader may handle; raises NotFound, SignInNeeded, Forbidden."""
    people.require(reader, "seller", *STAFF)
    async with reader.cell.read() as tx:
        found = await orders.find_order(tx, order)
    if found is None or found.market != reader.market.code:
        raise NotFound
    people.require_seller(reader, found.seller)
    return found


def _filter(reader: Reader, asked: Asked) -> Filter:
    """Read the filters; raises SignInNeeded, Forbidden or BadInput."""
    people.require(reader, "seller", *STAFF)
    everybody = not reader.roles.isdisjoint(STAFF)
    if not everybody and not reader.sellers:
        raise Forbidden
    if asked.state and asked.state not in STATES:
        raise BadInput(field="state", reason=asked.state)
    try:
        show = UUID(asked.show) if asked.show else None
    except ValueError:
        raise BadInput(field="show", reason=asked.show) from None
    return Filter(
        market=reader.market.code,
        sellers=None if everybody else sorted(reader.sellers),
        state=asked.state or None,
        show=show,
        number=asked.number.strip().upper() or None,
    )


async def _shows(tx: Tx, keys: list[UUID]) -> dict[UUID | None, Show]:
    return {show.id: show for show in await shows.list_shows_by_id(tx, keys)}
