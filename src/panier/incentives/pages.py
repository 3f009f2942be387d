"""Pages: vouchers of the market's team and of sellers, what they cost, and a new one."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from panier import catalog, people, shows, web
from panier.incentives import actions, deal_pages
from panier.incentives.actions import NewVoucher
from panier.incentives.queries import Cost, get_voucher, list_costs
from panier.incentives.refusals import CodeTaken
from panier.incentives.rules import Kind, Voucher
from panier.kit.amount import read_amount
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Forbidden, NotFound
from panier.kit.i18n import N_, _
from panier.kit.money import BASIS_POINTS
from panier.kit.percent import read_percent, write_percent
from panier.kit.sheet import write_sheet
from panier.people import Reader

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)
router.include_router(deal_pages.router)

TEAM = ("market", "admin")
"""Who makes the platform's vouchers."""
SEES = ("market", "finance", "admin")
"""Who sees every voucher of a market."""
KINDS = {
    Kind.PERCENT: N_("Percent off"),
    Kind.FIXED: N_("Amount off"),
    Kind.SHIPPING: N_("Free delivery"),
}
STANDINGS = {
    "waiting": N_("Waits for the seller"),
    "coming": N_("Not yet valid"),
    "valid": N_("Valid"),
    "used_up": N_("Used up"),
    "over": N_("Over"),
}
BADGES = {
    "waiting": "badge-warn",
    "coming": "badge-warn",
    "valid": "badge-good",
    "used_up": "badge",
    "over": "badge",
}
SAID = {
    "made": N_("The voucher is made."),
    "ended": N_("The voucher is ended. Orders placed before keep it."),
    "agreed": N_("Agreed: the voucher is valid from now on."),
}
HEAD = (
    "code", "state", "kind", "basis_points", "amount_minor", "minimum_minor", "currency",
    "platform_share_basis_points", "seller", "uses_max", "buyer_max", "valid_from", "valid_until",
    "paid_uses", "reserved_uses", "given_minor", "platform_minor",
)  # fmt: skip

Word = Annotated[str, Field(max_length=60)]


class Asked(BaseModel):
    """The form for a new voucher, as it was filled in."""

    code: Word = ""
    kind: Word = "percent"
    amount: Word = ""
    minimum: Word = ""
    funding: Word = "100"
    of: Word = ""
    """The seller whose it is, or who bears a part of it."""
    product: Word = ""
    show: Word = ""
    uses_max: Word = ""
    buyer_max: Word = "1"
    last_day: Word = ""
    stackable: Word = ""


@router.get("/vouchers")
async def show_vouchers(
    request: Request,
    reader: people.ReaderHere,
    said: Literal["made", "ended", "agreed", ""] = "",
) -> Response:
    """List the vouchers that the reader may see, with what they cost so far."""
    return await _page(request, reader, web.Filled(Asked()), said=said)


@router.post("/vouchers")
async def make_voucher(
    request: Request, reader: people.ReaderHere, given: Annotated[Asked, Form()]
) -> Response:
    """Make a voucher: of the platform by the market's team, of a seller by their staff."""
    person = people.require(reader, "seller", *TEAM)
    form = web.Filled(given)
    try:
        wanted, seller = _read(reader, given)
        await reader.cell.run(
            lambda tx: actions.create_voucher(
                tx, reader.market.code, wanted, seller=seller, by=person.id
            )
        )
    except (BadInput, CodeTaken) as error:
        name, text = web.field_error(error, "code")
        form.errors[name] = text
        return await _page(request, reader, form, status=error.status)
    return RedirectResponse(f"{reader.market.path}vouchers?said=made", 303)


@router.post("/vouchers/{voucher}/end")
async def end_voucher(reader: people.ReaderHere, voucher: UUID) -> Response:
    """Let nobody use it any more."""

    async def act(tx: Tx) -> None:
        found = await _access(tx, reader, voucher)
        if found.seller_id is None:
            people.require(reader, *TEAM)
        await actions.end_voucher(tx, voucher)

    await reader.cell.run(act)
    return RedirectResponse(f"{reader.market.path}vouchers?said=ended", 303)


@router.post("/vouchers/{voucher}/agree")
async def agree_voucher(reader: people.ReaderHere, voucher: UUID) -> Response:
    """Bear a part of a joint voucher: the seller's own staff only."""

    async def act(tx: Tx) -> None:
        found = await _access(tx, reader, voucher)
        if found.agreed_at is None and not set(found.sellers) <= reader.sellers:
            raise Forbidden
        await actions.agree(tx, voucher)

    await reader.cell.run(act)
    return RedirectResponse(f"{reader.market.path}vouchers?said=agreed", 303)


@router.get("/vouchers.csv")
async def send_vouchers(reader: people.ReaderHere) -> Response:
    """Send the same list as a file."""
    moment = now()
    async with reader.cell.read() as tx:
        costs = await list_costs(tx, reader.market.code, _whose(reader), moment)
    name = f"vouchers-{reader.market.code}-{moment:%Y-%m-%d}.csv"
    return Response(
        write_sheet(HEAD, [_row(cost, moment) for cost in costs]),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _whose(reader: Reader) -> list[UUID] | None:
    """Return whose vouchers the reader sees; None: all. Raises SignInNeeded, Forbidden."""
    people.require(reader, "seller", *SEES)
    if not reader.roles.isdisjoint(SEES):
        return None
    if not reader.sellers:
        raise Forbidden
    return sorted(reader.sellers)


async def _access(tx: Tx, reader: Reader, voucher: UUID) -> Voucher:
    """Return a voucher that the reader may change; raises NotFound, also for another's."""
    people.require(reader, "seller", *TEAM)
    found = await get_voucher(tx, voucher)
    mine = reader.sellers & {found.seller_id, *found.sellers} if found else frozenset()
    if found is None or found.market != reader.market.code:
        raise NotFound
    if reader.roles.isdisjoint(TEAM) and not mine:
        raise NotFound
    return found


def _read(reader: Reader, given: Asked) -> tuple[NewVoucher, UUID | None]:
    """Read the form; returns the voucher and whose it is. Raises BadInput, Forbidden."""
    team = not reader.roles.isdisjoint(TEAM)
    named = _id(given.of, "of")
    if not team and named not in reader.sellers:
        raise BadInput(field="of", reason=_("choose one of your sellers"))
    if given.kind not in set(Kind):
        raise BadInput(field="kind", reason=_("choose what it takes off"))
    currency, kind = reader.market.currency, Kind(given.kind)
    funding = read_percent(given.funding, "funding") if team else 0
    product, show = _id(given.product, "product"), _id(given.show, "show")
    wanted = NewVoucher(
        code=given.code,
        kind=kind,
        basis_points=read_percent(given.amount, "amount") if kind == Kind.PERCENT else 0,
        minor=read_amount(given.amount, currency, "amount").minor if kind == Kind.FIXED else 0,
        minimum_minor=read_amount(given.minimum or "0", currency, "minimum").minor,
        funding_basis_points=funding,
        stackable=bool(given.stackable),
        uses_max=_count(given.uses_max, "uses_max"),
        buyer_max=_count(given.buyer_max, "buyer_max"),
        products=[product] if product else [],
        sellers=[named] if named else [],
        shows=[show] if show else [],
        valid_until=_midnight(reader, given.last_day),
    )
    return wanted, None if team else named


def _id(text: str, name: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise BadInput(field=name, reason=_("choose one of the list")) from None


def _count(text: str, name: str) -> int | None:
    if not text.strip():
        return None
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise BadInput(field=name, reason=_("a limit is a whole number above nothing"))
    return int(text)


def _midnight(reader: Reader, text: str) -> datetime | None:
    """Return the end of a day on the market's clock."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput(field="last_day", reason=_("please choose a day")) from None
    zone = ZoneInfo(reader.market.time_zone)
    return datetime.combine(day + timedelta(days=1), time(), zone)


async def _page(
    request: Request, reader: Reader, form: web.Filled[Asked], *, said: str = "", status: int = 200
) -> Response:
    moment, market, whose = now(), reader.market.code, _whose(reader)
    team = not reader.roles.isdisjoint(TEAM)
    async with reader.cell.read() as tx:
        costs = await list_costs(tx, market, whose, moment)
        if whose is None:
            sellers = await catalog.list_sellers_of(tx, market)
            products = await catalog.list_products(tx, market, reader.language)
        else:
            sellers = await catalog.list_sellers(tx, whose)
            products = await catalog.list_products_of(tx, whose, reader.language)
        coming = await shows.list_shows(tx, market)
    return web.render(
        request,
        "incentives/vouchers.html",
        status,
        form=form.given,
        errors=form.errors,
        said=SAID.get(said),
        costs=[(cost, standing(cost.voucher, moment)) for cost in costs],
        team=team,
        makes=team or bool(reader.sellers),
        mine=reader.sellers,
        sellers=sellers,
        products=products,
        shows=[show for show in coming if show.state in shows.OPEN],
        today=reader.market.day(moment).isoformat(),
        percent=write_percent,
        whole=BASIS_POINTS,
        kinds=KINDS,
        standings=STANDINGS,
        badges=BADGES,
    )


def standing(voucher: Voucher, at: datetime) -> str:
    """Tell how a voucher stands: waiting, coming, valid, used_up or over."""
    if voucher.ended_at is not None or (voucher.valid_until and at >= voucher.valid_until):
        return "over"
    if voucher.agreed_at is None:
        return "waiting"
    if at < voucher.valid_from:
        return "coming"
    used_up = voucher.uses_max is not None and voucher.used >= voucher.uses_max
    return "used_up" if used_up else "valid"


def _row(cost: Cost, at: datetime) -> list[str | int | None]:
    one = cost.voucher
    return [
        one.code,
        standing(one, at),
        one.kind,
        one.basis_points if one.kind == Kind.PERCENT else None,
        one.minor if one.kind == Kind.FIXED else None,
        one.minimum_minor,
        one.currency,
        one.funding_basis_points,
        cost.seller_name,
        one.uses_max,
        one.buyer_max,
        f"{one.valid_from:%Y-%m-%dT%H:%M:%SZ}",
        f"{one.valid_until:%Y-%m-%dT%H:%M:%SZ}" if one.valid_until else None,
        cost.confirmed,
        cost.reserved,
        cost.given.minor,
        cost.platform.minor,
    ]
