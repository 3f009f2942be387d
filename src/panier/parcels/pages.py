"""Pages: the buyer's order page by its signed link, with all that became of the order."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from panier import catalog, orders, payments, people, shows, web
from panier.kit.clock import now
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import N_, _
from panier.kit.ids import new_id
from panier.orders import Checkout, State
from panier.parcels import fulfilment, handling
from panier.parcels.actions import Cancelling, cancel
from panier.parcels.bookings import give_up
from panier.parcels.forms import read_units
from panier.parcels.queries import Story, list_stories
from panier.parcels.returns import ask_return
from panier.parcels.rules import REASON_MAX
from panier.people import Reader
from panier.runtime import Runtime

CHANGES = "30/minute"
"""How often one client may cancel or send back."""
WAYS: dict[str, list[tuple[str, str]]] = {
    State.PAID: [(State.PAID, N_("Paid")), (State.PACKED, N_("Packed")),
                 (State.SHIPPED, N_("On its way")),
                 (State.DELIVERED, N_("Delivered"))],
    State.CANCELLED: [(State.PAID, N_("Paid")), (State.CANCELLED, N_("Cancelled")),
                      (State.REFUNDED, N_("Money back"))],
    State.RETURNED: [(State.PAID, N_("Paid")), (State.DELIVERED, N_("Delivered")),
                     (State.RETURNED, N_("Sent back")), (State.REFUNDED, N_("Money back"))],
}  # fmt: skip
"""The steps that a buyer sees, by the way an order went."""
BOOKED: list[tuple[str, str]] = [(State.PAID, N_("Booked")), (State.DELIVERED, N_("Taken place"))]
"""The same where nothing is sent."""

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)


class Change(BaseModel):
    """What a buyer wants of one of their orders; `key` makes a repeated request the same one."""

    order: UUID
    key: UUID


class Place(Change):
    """Places in a slot that a buyer gives up: a line of the order."""

    line: int


class Withdrawal(Change):
    """Goods that a buyer sends back."""

    reason: Annotated[str, Field(max_length=REASON_MAX)] = ""


@router.get("/order/{token}")
async def show_order(request: Request, reader: people.ReaderHere, token: str) -> Response:
    """Show a checkout to whoever has its link: what, how it stands, what can be done."""
    runtime: Runtime = request.app.state.runtime
    found = await _access(request, reader, token)
    await orders.refresh(reader.cell, runtime.settings, found.id)
    async with reader.cell.read() as tx:
        checkout = await orders.find_checkout(tx, found.id)
        placed = await orders.list_orders_of(tx, found.id)
        stories = await list_stories(tx, placed, reader.market.time_zone)
        payment = await payments.find_payment(tx, found.payment)
        disputes = await payments.list_disputes(tx, found.payment)
        show = await shows.find_show(tx, found.show) if found.show else None
        arrivals = await catalog.list_arrivals(
            tx, [line.product for story in stories for line in story.lines if line.starts_at]
        )
    if checkout is None or payment is None:
        raise NotFound
    moment = now()
    return web.render(
        request,
        "parcels/order.html",
        moment=moment,
        arrivals=arrivals,
        exemption=catalog.tell_exemption,
        checkout=checkout,
        state=orders.settled(found.id, checkout.state, payment).state,
        action_url=payment.action_url,
        refusal=payments.refusal(payment.decline_reason),
        payment=payment,
        disputes={dispute.state for dispute in disputes},
        stories=stories,
        moved=any(story.steps for story in stories),
        ways={story.order.id: _way(story) for story in stories},
        returnable={story.order.id: story.returnable(moment) for story in stories},
        new_key=new_id,
        token=token,
        reasons=handling.REASONS,
        done=request.query_params.get("done", ""),
        address=checkout.sent_to,
        returns=orders.tell_returns(placed, [line for s in stories for line in s.lines]),
        show=show if show and show.market == reader.market.code else None,
    )


def _way(story: Story) -> list[tuple[str, str, bool]]:
    """Return the steps of an order's way: state, what it is called, whether it was reached."""
    reached = {State.PAID, *story.steps, story.order.state}
    if story.is_booked and State.CANCELLED not in reached:
        way = BOOKED if State.REFUNDED not in reached else [*BOOKED, WAYS[State.CANCELLED][-1]]
        return [(state, text, state in reached) for state, text in way]
    lost = story.parcels and not story.to_send() and all(p.state == "lost" for p in story.parcels)
    kind = next((way for way in (State.CANCELLED, State.RETURNED) if way in reached), State.PAID)
    way = WAYS[kind]
    if lost:
        way = [way[0], (State.SHIPPED, N_("Lost on its way")), WAYS[State.CANCELLED][-1]]
        return [(state, text, state in reached) for state, text in way]
    if kind == State.PAID and State.REFUNDED in reached:
        way = [*way, WAYS[State.CANCELLED][-1]]
    return [(state, text, state in reached) for state, text in way]


@router.post("/order/{token}/cancel", dependencies=[Depends(web.limit("order_change", CHANGES))])
async def cancel_order(
    request: Request, reader: people.ReaderHere, token: str, wanted: Annotated[Change, Form()]
) -> Response:
    """Cancel an order that is not packed yet."""
    await _access_order(request, reader, token, wanted.order)
    asked = Cancelling(wanted.key, by_buyer=True)
    await reader.cell.run(lambda tx: cancel(tx, wanted.order, asked, None))
    return _back(reader, token, "cancelled")


@router.post("/order/{token}/give-up", dependencies=[Depends(web.limit("order_change", CHANGES))])
async def give_place_up(
    request: Request, reader: people.ReaderHere, token: str, wanted: Annotated[Place, Form()]
) -> Response:
    """Cancel places in a slot, in time."""
    await _access_order(request, reader, token, wanted.order)
    await reader.cell.run(lambda tx: give_up(tx, wanted.order, wanted.line, wanted.key))
    return _back(reader, token, "cancelled")


@router.post("/order/{token}/return", dependencies=[Depends(web.limit("order_change", CHANGES))])
async def send_back(
    request: Request, reader: people.ReaderHere, token: str, wanted: Annotated[Withdrawal, Form()]
) -> Response:
    """Withdraw from an order or a part of it."""
    await _access_order(request, reader, token, wanted.order)
    form = await request.form()
    # Without a choice all of it is meant: one tap.
    units, unopened = read_units(form, "units") if "some" in form else None, "unopened" in form
    reason = " ".join(wanted.reason.split())
    if not reason.isprintable():
        raise BadInput(field="reason", reason=_("some characters cannot be printed"))
    await reader.cell.run(
        lambda tx: ask_return(tx, wanted.order, wanted.key, units, reason, unopened=unopened)
    )
    return _back(reader, token, "returning")


@router.get("/order/{token}/label/{giving}")
async def send_label(
    request: Request, reader: people.ReaderHere, token: str, giving: UUID
) -> Response:
    """Send the label of a return, to nobody but who has the order's link."""
    runtime: Runtime = request.app.state.runtime
    checkout = await _access(request, reader, token)
    async with reader.cell.read() as tx:
        placed = await orders.list_orders_of(tx, checkout.id)
        stories = await list_stories(tx, placed, reader.market.time_zone)
    labels = {g.id: g.label for story in stories for g in story.returns}
    return await handling.answer_label(runtime, labels.get(giving))


async def _access(request: Request, reader: Reader, token: str) -> Checkout:
    """Return the checkout that a link names; raises BadToken or NotFound."""
    runtime: Runtime = request.app.state.runtime
    checkout = UUID(runtime.signer.open(orders.ORDER_PAGE, token, None)["checkout"])
    async with reader.cell.read() as tx:
        found = await orders.find_checkout(tx, checkout)
    if found is None or found.market != reader.market.code:
        raise NotFound
    return found


async def _access_order(request: Request, reader: Reader, token: str, order: UUID) -> None:
    """Refuse an order that is not of the link's checkout."""
    checkout = await _access(request, reader, token)
    async with reader.cell.read() as tx:
        found = await orders.find_order(tx, order)
    if found is None or found.checkout != checkout.id:
        raise NotFound


def _back(reader: Reader, token: str, done: str) -> Response:
    return RedirectResponse(f"{reader.market.path}order/{token}?done={done}", 303)


router.include_router(fulfilment.router)
router.include_router(handling.router)
