"""Pages: the buyer's order page by signed link; the seller's orders and what each comes to."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from babel.numbers import format_percent
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from panier import ledger, payments, people, shows, web
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Forbidden, NotFound
from panier.kit.i18n import N_, current_language
from panier.kit.money import BASIS_POINTS, Money
from panier.orders.checkout import refresh
from panier.orders.lists import PAGE, Filter, list_orders, list_shows_sold, sum_orders, write_csv
from panier.orders.queries import find_checkout, find_order, list_lines, list_orders_of
from panier.orders.returns import tell_returns
from panier.orders.rules import ORDER_PAGE, State
from panier.orders.settle import settled
from panier.people import Reader
from panier.runtime import Runtime
from panier.shows import Show

STAFF = ("market", "finance", "admin")
"""Who sees the orders of all sellers of a market."""
STATES = {
    State.PAID: N_("Paid"),
    State.PLACED: N_("Not paid yet"),
    State.DECLINED: N_("Declined"),
    State.REFUSED: N_("Not fulfilled"),
}
BADGES = {
    State.PAID: "badge-good",
    State.PLACED: "badge-warn",
    State.DECLINED: "badge",
    State.REFUSED: "badge-bad",
}
ACCOUNTS = {
    ledger.CLEARING: N_("Payment provider"),
    ledger.VAT: N_("VAT owed"),
    ledger.COMMISSION: N_("Commission earned"),
    ledger.SELLER: N_("Owed to the seller"),
    ledger.RETURN: N_("Owed back to the buyer"),
}
POSTINGS = {
    "sale": N_("Sale"),
    "unfulfillable": N_("Paid too late"),
    "refund_unfulfillable": N_("Refund"),
}

Word = Annotated[str, Field(max_length=40)]


class Asked(BaseModel):
    """The filters of a list, as they stand in its address; empty ones do not filter."""

    state: Word = ""
    show: Word = ""
    number: Word = ""


router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/order/{token}")
async def show_order(request: Request, reader: people.ReaderHere, token: str) -> Response:
    """Show a checkout to whoever has its link: what, how it stands, what happens next."""
    runtime: Runtime = request.app.state.runtime
    checkout = UUID(runtime.signer.open(ORDER_PAGE, token, None)["checkout"])
    async with reader.cell.read() as tx:
        found = await find_checkout(tx, checkout)
    if found is None or found.market != reader.market.code:
        raise NotFound
    await refresh(reader.cell, runtime.settings, checkout)
    async with reader.cell.read() as tx:
        found = await find_checkout(tx, checkout)
        orders = await list_orders_of(tx, checkout)
        lines = await list_lines(tx, [order.id for order in orders])
        payment = await payments.find_payment(tx, found.payment) if found else None
        show = await shows.find_show(tx, found.show) if found and found.show else None
    if found is None or payment is None:
        raise NotFound
    return web.render(
        request,
        "orders/order.html",
        checkout=found,
        state=settled(checkout, found.state, payment).state,
        action_url=payment.action_url,
        refusal=payments.refusal(payment.decline_reason),
        payment=payment,
        orders=orders,
        lines=lines,
        address=found.sent_to,
        returns=tell_returns(orders, found.email),
        show=show if show and show.market == reader.market.code else None,
    )


@router.get("/seller/orders")
async def list_seller_orders(
    request: Request,
    reader: people.ReaderHere,
    asked: Annotated[Asked, Query()],
    before: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List the orders of the reader's sellers, with what they come to."""
    filtered = _filter(reader, asked)
    async with reader.cell.read() as tx:
        orders = await list_orders(tx, filtered, before, PAGE + 1)
        totals = await sum_orders(tx, filtered, reader.market.currency)
        sold = await list_shows_sold(tx, filtered.market, filtered.sellers)
        choices = await _shows(tx, sold)
    return web.render(
        request,
        "orders/seller_orders.html",
        orders=orders[:PAGE],
        older=orders[PAGE - 1].id if len(orders) > PAGE else None,
        before=before,
        totals=totals,
        shows=choices,
        asked=asked,
        query={name: text for name, text in asked.model_dump().items() if text},
        states=STATES,
        badges=BADGES,
    )


@router.get("/seller/orders.csv")
async def send_seller_orders(
    reader: people.ReaderHere, asked: Annotated[Asked, Query()]
) -> Response:
    """Send the same orders as a file."""
    filtered = _filter(reader, asked)
    name = f"orders-{reader.market.code}-{now():%Y-%m-%d}.csv"
    return StreamingResponse(
        write_csv(reader.cell, filtered),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/seller/orders/{order}")
async def show_seller_order(request: Request, reader: people.ReaderHere, order: UUID) -> Response:
    """Show one order: what to send where, and who gets which part of the money."""
    people.require(reader, "seller", *STAFF)
    async with reader.cell.read() as tx:
        found = await find_order(tx, order)
        if found is None or found.market != reader.market.code:
            raise NotFound
        people.require_seller(reader, found.seller)
        checkout = await find_checkout(tx, found.checkout)
        lines = await list_lines(tx, [order])
        entries = await ledger.list_entries(tx, order)
        show = (await _shows(tx, [found.show] if found.show else [])).get(found.show)
    if checkout is None:
        raise NotFound
    return web.render(
        request,
        "orders/seller_order.html",
        order=found,
        checkout=checkout,
        address=checkout.sent_to,
        lines=lines[order],
        entries=entries,
        debit=Money(sum(e.minor for e in entries if e.minor > 0), found.currency),
        credit=Money(-sum(e.minor for e in entries if e.minor < 0), found.currency),
        percent=_percent,
        show=show,
        states=STATES,
        badges=BADGES,
        accounts=ACCOUNTS,
        postings=POSTINGS,
    )


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


def _percent(basis_points: int) -> str:
    """Write a rate as its reader expects it: 5.5 %, 5,5 %."""
    return str(
        format_percent(Decimal(basis_points) / BASIS_POINTS, "#,##0.##%", current_language())
    )


async def _shows(tx: Tx, keys: list[UUID]) -> dict[UUID | None, Show]:
    return {show.id: show for show in await shows.list_shows_by_id(tx, keys)}
