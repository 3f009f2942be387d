"""One order at its seller's: what to send where, what comes back, who gets which money."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from uuid import UUID

from babel.numbers import format_percent
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from panier import ledger, orders, payments, people, shows, web
from panier.kit.db import Tx
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import N_, _, current_language
from panier.kit.ids import new_id
from panier.kit.money import BASIS_POINTS, Money
from panier.kit.store import get
from panier.orders import Order
from panier.parcels.actions import Cancelling, NewParcel, cancel, deliver, lose, pack, ship
from panier.parcels.bookings import give_up
from panier.parcels.forms import read_amount, read_amounts, read_units
from panier.parcels.fulfilment import BADGES, STATES, access_order, change
from panier.parcels.queries import Story, find_parcel, list_stories
from panier.parcels.refunds import Ask, ask_again, give_money
from panier.parcels.returns import Directions, close_return, direct, find_return, receive
from panier.parcels.reversal import Wanted
from panier.parcels.rules import CARRIERS, LABEL_BYTES_MAX, REASON_MAX, Reason
from panier.people import Reader
from panier.runtime import Runtime

ACCOUNTS = {
    ledger.CLEARING: N_("Payment provider"),
    ledger.VAT: N_("VAT owed"),
    ledger.COMMISSION: N_("Commission earned"),
    ledger.SELLER: N_("Owed to the seller"),
    ledger.RETURN: N_("Owed back to the buyer"),
    ledger.CREATOR: N_("Owed to who presented"),
    ledger.SUBSIDY: N_("Paid by the platform"),
    ledger.SELLER_DUE: N_("Available to the seller"),
    ledger.RESERVE: N_("Reserve"),
    ledger.CREATOR_DUE: N_("Available to who presented"),
    ledger.DISPUTE: N_("Held by the buyer’s bank"),
    ledger.LOSS: N_("Lost by the platform"),
}
POSTINGS = {
    "sale": N_("Sale"),
    "refund": N_("Refund"),
    "unfulfillable": N_("Paid too late"),
    "refund_unfulfillable": N_("Refund"),
    ledger.RELEASE: N_("Became due"),
    ledger.DISPUTE_LOST: N_("Taken back by the buyer’s bank"),
}

REASONS = {
    "cancelled": N_("Not sent"),
    "withdrawal": N_("Sent back"),
    "lost": N_("Lost on its way"),
    "goodwill": N_("From the seller"),
    "dispute": N_("Taken back by the buyer’s bank"),
}
"""Why money goes back, as buyer and seller read it."""

TOLD = {
    "packed": N_("Packed."),
    "shipped": N_("On its way; the buyer is told by mail."),
    "cancelled": N_("Cancelled; the money goes back to the buyer."),
    "refunded": N_("The money goes back to the buyer."),
    "delivered": N_("Delivered."),
    "lost": N_("Noted; the money goes back to the buyer."),
    "directed": N_("The buyer is told where to send it."),
    "received": N_("Received; the money goes back to the buyer."),
    "closed": N_("This return has ended."),
}
"""What was done a moment ago."""

Act = Callable[[Tx], Awaitable[object]]

router = APIRouter(
    prefix="/seller/orders/{order}",
    include_in_schema=False,
    default_response_class=HTMLResponse,
)


async def _names(tx: Tx, order: Order, entries: Sequence[ledger.Booked]) -> dict[str, str]:
    """Return what to call the owners of accounts who are somebody."""
    names = {str(order.seller): order.seller_name}
    for owner in {e.owner for e in entries if e.kind in (ledger.CREATOR, ledger.CREATOR_DUE)}:
        person = await people.find_person(tx, UUID(owner))
        if person:
            names[owner] = person.name
    return names


@router.get("")
async def show_seller_order(request: Request, reader: people.ReaderHere, order: UUID) -> Response:
    """Show one order: what to send where, what came back, who gets which part of the money."""
    found = await access_order(reader, order)
    async with reader.cell.read() as tx:
        checkout = await orders.find_checkout(tx, found.checkout)
        (story,) = await list_stories(tx, [found], reader.market.time_zone)
        entries = await ledger.list_entries(tx, order)
        names = await _names(tx, found, entries)
        disputes = await payments.list_disputes(tx, checkout.payment) if checkout else []
        show = (await shows.list_shows_by_id(tx, [found.show]) if found.show else [None])[:1]
    if checkout is None:
        raise NotFound
    return web.render(
        request,
        "parcels/seller_order.html",
        order=found,
        story=story,
        checkout=checkout,
        address=checkout.sent_to,
        lines=story.lines,
        entries=entries,
        names=names,
        debit=Money(sum(e.minor for e in entries if e.minor > 0), found.currency),
        credit=Money(-sum(e.minor for e in entries if e.minor < 0), found.currency),
        percent=_percent,
        minor=lambda minor: Money(minor, found.currency),
        shipping={
            "subsidy": sum(line.shipping_subsidy_minor for line in story.lines),
            "vat": sum(line.shipping_vat_minor for line in story.lines),
        },
        show=show[0] if show else None,
        states=STATES,
        badges=BADGES,
        accounts=ACCOUNTS,
        postings=POSTINGS,
        reasons=REASONS,
        told=TOLD,
        carriers=CARRIERS,
        left=_left(story),
        disputes={dispute.state for dispute in disputes},
        new_key=new_id,
        done=request.query_params.get("done", ""),
    )


def _left(story: Story) -> Money:
    """Return what a refund can still give the buyer."""
    return story.order.total - story.refunded - story.under_way


@router.post("/pack", dependencies=change)
async def pack_order(reader: people.ReaderHere, order: UUID) -> Response:
    """Note that it is packed."""
    found, person = await access_order(reader, order), people.require(reader).id
    return await _do(reader, found, "packed", lambda tx: pack(tx, order, person))


@router.post("/ship", dependencies=change)
async def ship_order(request: Request, reader: people.ReaderHere, order: UUID) -> Response:
    """Send a parcel with all or a part of it."""
    found, person = await access_order(reader, order), people.require(reader).id
    form = await request.form()
    parcel = NewParcel(
        web.read_key(form), str(form.get("carrier", "")), str(form.get("tracking", "")), _some(form)
    )
    return await _do(reader, found, "shipped", lambda tx: ship(tx, order, parcel, person))


@router.post("/cancel", dependencies=change)
async def cancel_order(request: Request, reader: people.ReaderHere, order: UUID) -> Response:
    """Cancel what cannot be sent."""
    found, person = await access_order(reader, order), people.require(reader).id
    form = await request.form()
    asked = Cancelling(
        web.read_key(form),
        by_buyer=False,
        units=_some(form),
        sellable="sellable" in form,
        note=web.read_text(form, "note", REASON_MAX),
    )
    return await _do(reader, found, "cancelled", lambda tx: cancel(tx, order, asked, person))


@router.post("/give-up", dependencies=change)
async def cancel_places(request: Request, reader: people.ReaderHere, order: UUID) -> Response:
    """Cancel what a buyer booked; the money goes back."""
    found, person = await access_order(reader, order), people.require(reader).id
    form = await request.form()
    key, note, line = (
        web.read_key(form),
        web.read_text(form, "note", REASON_MAX),
        str(form.get("line", "")),
    )
    if not line.isdecimal() or len(line) > 4:
        raise BadInput(field="line", reason=_("please reload the page"))
    return await _do(
        reader,
        found,
        "cancelled",
        lambda tx: give_up(tx, order, int(line), key, seller=person, note=note),
    )


@router.post("/refund", dependencies=change)
async def refund_order(request: Request, reader: people.ReaderHere, order: UUID) -> Response:
    """Give money back for goods that the buyer keeps."""
    found, person = await access_order(reader, order), people.require(reader).id
    form = await request.form()
    shipping = str(form.get("shipping", "")).strip() or "0"
    ask = Ask(
        web.read_key(form),
        Reason.GOODWILL,
        Wanted(
            {},
            read_amounts(form, "amount", found.currency),
            read_amount(shipping, "shipping", found.currency),
        ),
        web.read_text(form, "note", REASON_MAX),
    )
    return await _do(reader, found, "refunded", lambda tx: give_money(tx, order, ask, person))


@router.post("/refund/{refund}/again", dependencies=change)
async def ask_refund_again(reader: people.ReaderHere, order: UUID, refund: UUID) -> Response:
    """Ask the provider once more for a refund that failed."""
    found, person = await access_order(reader, order), people.require(reader).id
    async with reader.cell.read() as tx:
        (story,) = await list_stories(tx, [found], reader.market.time_zone)
    if refund not in {r.id for r in story.refunds}:
        raise NotFound
    return await _do(reader, found, "refunded", lambda tx: ask_again(tx, refund, person))


@router.post("/parcel/{parcel}/{what}", dependencies=change)
async def end_parcel(reader: people.ReaderHere, order: UUID, parcel: UUID, what: str) -> Response:
    """Note that a parcel arrived, or was lost."""
    found, person = await access_order(reader, order), people.require(reader).id
    async with reader.cell.read() as tx:
        known = await find_parcel(tx, parcel)
    if known is None or known.order != order or what not in ("delivered", "lost"):
        raise NotFound
    if what == "lost":
        return await _do(reader, found, "lost", lambda tx: lose(tx, parcel, person))
    return await _do(reader, found, "delivered", lambda tx: deliver(tx, parcel, person))


@router.post("/return/{giving}/directions", dependencies=change)
async def direct_return(
    request: Request, reader: people.ReaderHere, order: UUID, giving: UUID
) -> Response:
    """Tell the buyer where to send it, with a label or without."""
    found = await access_order(reader, order)
    await _access_return(reader, found, giving)
    runtime: Runtime = request.app.state.runtime
    async with request.form() as form:
        label = await web.read_file(form, "label", LABEL_BYTES_MAX)
        given = Directions(web.read_text(form, "send_to", REASON_MAX), label)
    await direct(reader.cell, runtime.store, giving, given)
    return _back(reader, found, "directed")


@router.get("/return/{giving}/label")
async def show_label(
    request: Request, reader: people.ReaderHere, order: UUID, giving: UUID
) -> Response:
    """Show the seller the label that they gave."""
    found = await access_order(reader, order)
    runtime: Runtime = request.app.state.runtime
    return await answer_label(runtime, (await _access_return(reader, found, giving)))


@router.post("/return/{giving}/received", dependencies=change)
async def take_return(
    request: Request, reader: people.ReaderHere, order: UUID, giving: UUID
) -> Response:
    """Take in what came back; its money goes back."""
    found, person = await access_order(reader, order), people.require(reader).id
    await _access_return(reader, found, giving)
    form = await request.form()
    units, sellable = _some(form), "sellable" in form
    return await _do(
        reader, found, "received", lambda tx: receive(tx, giving, units, person, sellable=sellable)
    )


@router.post("/return/{giving}/close", dependencies=change)
async def end_return(reader: people.ReaderHere, order: UUID, giving: UUID) -> Response:
    """End a return of which nothing came."""
    found, person = await access_order(reader, order), people.require(reader).id
    await _access_return(reader, found, giving)
    return await _do(reader, found, "closed", lambda tx: close_return(tx, giving, person))


async def answer_label(runtime: Runtime, label: str | None) -> Response:
    """Answer with a label out of the object store, to be saved and not shown as a page."""
    data = await get(runtime.store, label) if label else None
    if label is None or data is None:
        raise NotFound
    kind = label.rpartition(".")[2]
    media_type = {"pdf": "application/pdf", "png": "image/png"}[kind]
    return web.send_file(f"label.{kind}", media_type, data)


async def _access_return(reader: Reader, order: Order, giving: UUID) -> str | None:
    """Refuse a return of another order; returns its label."""
    async with reader.cell.read() as tx:
        known = await find_return(tx, giving)
    if known is None or known.order != order.id:
        raise NotFound
    return known.label


async def _do(reader: Reader, order: Order, done: str, act: Act) -> Response:
    await reader.cell.run(act)
    return _back(reader, order, done)


def _back(reader: Reader, order: Order, done: str) -> Response:
    return RedirectResponse(f"{reader.market.path}seller/orders/{order.id}?done={done}", 303)


def _some(form: FormData) -> dict[int, int] | None:
    """Return the units by line, None (all there is) when the form asks for none."""
    named = any(field.startswith("units-") for field in form)
    return read_units(form, "units") if named else None


def _percent(basis_points: int) -> str:
    """Write a rate as its reader expects it: 5.5 %, 5,5 %."""
    return str(
        format_percent(Decimal(basis_points) / BASIS_POINTS, "#,##0.##%", current_language())
    )
