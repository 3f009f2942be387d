"""Pages: a seller's plans for those who present; a host's shares."""

from collections.abc import Awaitable, Callable, Collection
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from panier import catalog, people, web
from panier.creators.actions import HOST, answer, create_plan, end_plan
from panier.creators.queries import (
    Shown,
    list_invitations,
    list_open_plans,
    list_plans,
    lock_plan,
)
from panier.creators.rules import (
    Brought,
    NoSuchHost,
    OwnStaff,
    PlanTooEarly,
    ShareTooLarge,
    Standing,
    State,
    TooManyPlans,
)
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Forbidden
from panier.kit.i18n import LANGUAGES, N_, _
from panier.kit.percent import read_percent, write_percent
from panier.people import Reader

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)

STAFF = ("market", "finance", "admin")
"""Who sees the plans of all sellers of a market; only the seller, who pays, makes and ends them."""
STANDINGS = {
    Standing.HOLDS: N_("In force"),
    Standing.COMING: N_("To come"),
    Standing.WAITING: N_("Not answered yet"),
    Standing.DECLINED: N_("Declined"),
    Standing.OVER: N_("Ended"),
}
BADGES = {
    Standing.HOLDS: "badge-good",
    Standing.COMING: "badge-warn",
    Standing.WAITING: "badge-warn",
    Standing.DECLINED: "badge-bad",
    Standing.OVER: "badge",
}
PAST = (Standing.DECLINED, Standing.OVER)
SAID = {
    "made": N_("The plan is made."),
    "invited": N_("The host finds your invitation under “Shares”."),
    "ended": N_("The plan has ended. What was sold keeps its share."),
    "accepted": N_("Accepted: from now on the share is yours."),
    "declined": N_("Declined."),
}
WRONG_FIELD = {
    ShareTooLarge: "percent",
    PlanTooEarly: "valid_from",
    NoSuchHost: "email",
    OwnStaff: "email",
    people.BadEmail: "email",
    TooManyPlans: "",
}
"""Beside which field of the form a refusal stands; "" is the whole form."""
HEAD = (
    "id", "seller", "product", "host", "basis_points", "standing", "valid_from", "valid_until",
    "made_by", "made_at", "answered_at",
)  # fmt: skip

Word = Annotated[str, Field(max_length=254)]


class Told(NamedTuple):
    """What those above, who know orders and shows, tell of what presenting brought."""

    by_host: Callable[[Tx, str, Collection[UUID]], Awaitable[list[Brought]]]
    """In a market, for these sellers."""
    by_show: Callable[[Tx, str, UUID], Awaitable[list[Brought]]]
    """In a market, for this host."""


class NewPlan(BaseModel):
    """The fields of the form for a new plan; without an address it is open to every host."""

    seller: Word = ""
    product: Word = ""
    email: Word = ""
    percent: Word = ""
    valid_from: Word = ""
    last_day: Word = ""


@router.get("/seller/creators")
async def show_plans(
    request: Request, reader: people.ReaderHere, said: Literal["made", "invited", "ended", ""] = ""
) -> Response:
    """Show a seller's plans and a form for another."""
    people.require(reader, "seller", *STAFF)
    form = web.Filled(NewPlan(valid_from=reader.market.day(now()).isoformat()))
    return await _plans_page(request, reader, form, said=said)


@router.post("/seller/creators")
async def make_plan(
    request: Request, reader: people.ReaderHere, given: Annotated[NewPlan, Form()]
) -> Response:
    """Promise a share."""
    person = people.require(reader, "seller")
    form = web.Filled(given)

    async def act(tx: Tx) -> None:
        await create_plan(
            tx,
            market=reader.market.code,
            seller=_own_seller(reader, given.seller),
            product=_id(given.product, "product") if given.product else None,
            email=given.email.strip() or None,
            basis_points=read_percent(given.percent),
            valid_from=_begin(reader, given.valid_from),
            valid_until=_midnight(reader, given.last_day, "last_day", 1)
            if given.last_day
            else None,
            by=person.id,
        )

    try:
        await reader.cell.run(act)
    except (BadInput, *WRONG_FIELD) as error:
        name, text = web.field_error(error, WRONG_FIELD.get(type(error), ""))
        form.errors[name] = text
        return await _plans_page(request, reader, form, status=error.status)
    said = "invited" if given.email.strip() else "made"
    return RedirectResponse(f"{reader.market.path}seller/creators?said={said}", 303)


@router.post("/seller/creators/end")
async def stop_plan(reader: people.ReaderHere, plan: Annotated[UUID, Form()]) -> Response:
    """End a plan."""
    person = people.require(reader, "seller")

    async def act(tx: Tx) -> None:
        found = await lock_plan(tx, reader.market.code, plan)
        if found.seller not in reader.sellers:
            raise Forbidden
        await end_plan(tx, reader.market.code, plan, person.id)

    await reader.cell.run(act)
    return RedirectResponse(f"{reader.market.path}seller/creators?said=ended", 303)


@router.get("/seller/creators.csv")
async def send_plans(reader: people.ReaderHere) -> Response:
    """Send the same plans as a file."""
    people.require(reader, "seller", *STAFF)
    async with reader.cell.read() as tx:
        plans = await list_plans(tx, reader.market.code, _seen(reader))
    moment = now()
    name = f"creators-{reader.market.code}-{moment:%Y-%m-%d}.csv"
    return web.send_sheet(name, HEAD, [_row(plan, reader.language, moment) for plan in plans])


@router.get("/shares")
async def show_shares(
    request: Request, reader: people.ReaderHere, said: Literal["accepted", "declined", ""] = ""
) -> Response:
    """Show a host what they are invited to, what they have, and what is open to everybody."""
    person = people.require(reader, HOST)
    moment, market = now(), reader.market.code
    async with reader.cell.read() as tx:
        asked = await list_invitations(tx, market, person.id)
        free = await list_open_plans(tx, market, person.id, moment)
        brought = await _told(request).by_show(tx, market, person.id)
    return web.render(
        request,
        "creators/shares.html",
        said=SAID.get(said),
        waiting=[plan for plan in asked if plan.standing(moment) == Standing.WAITING],
        mine=[p for p in asked if p.standing(moment) in (Standing.HOLDS, Standing.COMING)],
        free=free,
        brought=brought,
        past=[plan for plan in asked if plan.standing(moment) in PAST],
        **_shown(reader, moment),
    )


@router.post("/shares/{plan}/{to}")
async def answer_invitation(
    reader: people.ReaderHere, plan: UUID, to: Literal["accepted", "declined"]
) -> Response:
    """Accept or decline an invitation."""
    person = people.require(reader, HOST)
    await reader.cell.run(lambda tx: answer(tx, reader.market.code, plan, person.id, State(to)))
    return RedirectResponse(f"{reader.market.path}shares?said={to}", 303)


async def _plans_page(
    request: Request,
    reader: Reader,
    form: web.Filled[NewPlan],
    *,
    said: str = "",
    status: int = 200,
) -> Response:
    moment = now()
    async with reader.cell.read() as tx:
        plans = await list_plans(tx, reader.market.code, _seen(reader))
        sellers = await catalog.list_sellers(tx, reader.sellers)
        products = await catalog.list_products_of(tx, reader.sellers, reader.language)
        brought = await _told(request).by_host(tx, reader.market.code, reader.sellers)
    return web.render(
        request,
        "creators/plans.html",
        status,
        form=form.given,
        errors=form.errors,
        said=SAID.get(said),
        living=[plan for plan in plans if plan.standing(moment) not in PAST],
        past=[plan for plan in plans if plan.standing(moment) in PAST],
        sellers=sellers,
        brought=brought,
        products=sorted(products, key=lambda product: product.title.casefold()),
        mine=reader.sellers,
        today=reader.market.day(moment).isoformat(),
        **_shown(reader, moment),
    )


def _shown(reader: Reader, moment: datetime) -> dict[str, Any]:
    """Return what both pages need to show a plan."""

    def product(plan: Shown) -> str:
        return _title(plan, reader.language) or _("All products")

    def last_day(plan: Shown) -> datetime | None:
        return plan.valid_until and plan.valid_until - timedelta(seconds=1)

    return {
        "percent": write_percent,
        "product_of": product,
        "last_day_of": last_day,
        "moment": moment,
        "standings": STANDINGS,
        "badges": BADGES,
    }


def _told(request: Request) -> Told:
    told: Told = request.app.state.brought
    return told


def _title(plan: Shown, language: str) -> str:
    texts = plan.product_title or {}
    return next((texts[code] for code in (language, *LANGUAGES) if code in texts), "")


def _row(plan: Shown, language: str, moment: datetime) -> list[str | int | None]:
    return [
        str(plan.id),
        plan.seller_name,
        _title(plan, language),
        plan.creator_name,
        plan.basis_points,
        plan.standing(moment).value,
        f"{plan.valid_from:%Y-%m-%dT%H:%M:%SZ}",
        f"{plan.valid_until:%Y-%m-%dT%H:%M:%SZ}" if plan.valid_until else None,
        plan.maker_name,
        f"{plan.at:%Y-%m-%dT%H:%M:%SZ}",
        f"{plan.answered_at:%Y-%m-%dT%H:%M:%SZ}" if plan.answered_at else None,
    ]


def _seen(reader: Reader) -> list[UUID] | None:
    """Return whose plans the reader sees; None is everybody's."""
    if reader.roles & set(STAFF):
        return None
    return sorted(reader.sellers)


def _own_seller(reader: Reader, text: str) -> UUID:
    """Return the seller of the form, else the only one the reader works for."""
    if not text and len(reader.sellers) == 1:
        return next(iter(reader.sellers))
    seller = _id(text, "seller")
    if seller not in reader.sellers:
        raise Forbidden
    return seller


def _id(text: str, name: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput(field=name, reason=_("please choose one from the list")) from None


def _begin(reader: Reader, text: str) -> datetime | None:
    """Return when a plan begins: None is at once, which is what today means."""
    if text == reader.market.day(now()).isoformat():
        return None
    return _midnight(reader, text, "valid_from")


def _midnight(reader: Reader, text: str, name: str, days: int = 0) -> datetime:
    """Return the first moment of a day, or of one `days` later, on the market's clocks."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise BadInput(field=name, reason=_("please choose a day")) from None
    return datetime.combine(day, time(), ZoneInfo(reader.market.time_zone))
