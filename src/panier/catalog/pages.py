"""Pages: the market team's commission rules, and what each seller is to us."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from panier import markets, people, web
from panier.catalog import price_pages, shipping_pages
from panier.catalog.queries import LIST_MAX, Seller, list_sellers_of
from panier.catalog.rules import NAME_MAX, TIERS, tier_on
from panier.catalog.tiers import set_tier
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput
from panier.kit.i18n import N_, _
from panier.kit.percent import read_percent, write_percent
from panier.markets import FeeRule, Standing, Tier
from panier.people import Reader

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)
router.include_router(price_pages.router)
router.include_router(shipping_pages.router)

TEAM = ("market", "finance", "admin")
"""Who agrees with sellers on commissions."""
TIER_NAMES = {
    Tier.KEY_ACCOUNT: N_("Key accounts"),
    Tier.STANDARD: N_("Standard sellers"),
    Tier.FIRST_90_DAYS: N_("Sellers in their first 90 days"),
}
SELLER_IS = {
    Tier.KEY_ACCOUNT: N_("Key account"),
    Tier.STANDARD: N_("Standard"),
    Tier.FIRST_90_DAYS: N_("First 90 days"),
}
STANDINGS = {
    Standing.HOLDS: N_("In force"),
    Standing.COVERED: N_("Behind a later rule"),
    Standing.COMING: N_("To come"),
    Standing.OVER: N_("Ended"),
}
BADGES = {
    Standing.HOLDS: "badge-good",
    Standing.COVERED: "badge",
    Standing.COMING: "badge-warn",
    Standing.OVER: "badge",
}
SAID = {
    "added": N_("The rule is agreed."),
    "ended": N_("The rule will end as you said."),
    "tier": N_("The seller’s tier is changed for what it sells from now on."),
}
HEAD = (
    "id", "tier", "category", "basis_points", "valid_from", "last_day", "standing", "made_by",
    "made_at", "ended_by", "ended_at",
)  # fmt: skip

Word = Annotated[str, Field(max_length=40)]


class NewRule(BaseModel):
    """The fields of the form for a new rule."""

    tier: Word = ""
    category: Word = ""
    percent: Word = ""
    valid_from: Word = ""


@dataclass(frozen=True)
class Listed:
    """A rule as the page shows it; days are the market's noons."""

    rule: FeeRule
    standing: Standing
    begins: datetime
    last_day: datetime | None
    never: bool
    """It was ended before it began."""
    made_by: str
    ended_by: str


@router.get("/fees")
async def show_fees(
    request: Request,
    reader: people.ReaderHere,
    said: Literal["added", "ended", "tier", ""] = "",
    seller: Annotated[str, Query(max_length=NAME_MAX)] = "",
) -> Response:
    """Show which commission holds for whom, and let the market team agree on another."""
    people.require(reader, *TEAM)
    tomorrow = reader.market.day(now()) + timedelta(days=1)
    form = web.Filled(NewRule(valid_from=tomorrow.isoformat()))
    return await _page(request, reader, form, said=said, called=seller)


@router.post("/fees")
async def add_rule(
    request: Request, reader: people.ReaderHere, given: Annotated[NewRule, Form()]
) -> Response:
    """Agree on a commission from a day to come."""
    person = people.require(reader, *TEAM)
    form = web.Filled(given)

    async def act(tx: Tx) -> None:
        await markets.add_fee_rule(
            tx,
            market=reader.market.code,
            tier=given.tier or None,
            category=given.category or None,
            basis_points=read_percent(given.percent),
            valid_from=_day(given.valid_from, "valid_from"),
            by=person.id,
        )

    try:
        await reader.cell.run(act)
    except (BadInput, markets.FeeTooEarly) as error:
        name, text = web.field_error(error, "valid_from")
        form.errors[name] = text
        return await _page(request, reader, form, status=error.status)
    return RedirectResponse(f"{reader.market.path}fees?said=added", 303)


@router.post("/fees/end")
async def end_rule(
    reader: people.ReaderHere,
    rule: Annotated[UUID, Form()],
    last_day: Annotated[str, Form(max_length=40)],
) -> Response:
    """Let a rule end with a day."""
    person = people.require(reader, *TEAM)
    day = _day(last_day, "last_day")
    await reader.cell.run(
        lambda tx: markets.end_fee_rule(tx, reader.market.code, rule, day, person.id)
    )
    return RedirectResponse(f"{reader.market.path}fees?said=ended", 303)


@router.post("/fees/tier")
async def change_tier(
    reader: people.ReaderHere,
    seller: Annotated[UUID, Form()],
    tier: Annotated[str, Form(max_length=40)],
) -> Response:
    """Agree with a seller on its tier."""
    person = people.require(reader, *TEAM)
    await reader.cell.run(lambda tx: set_tier(tx, reader.market.code, seller, tier, person.id))
    return RedirectResponse(f"{reader.market.path}fees?said=tier#sellers", 303)


@router.get("/fees.csv")
async def send_fees(reader: people.ReaderHere) -> Response:
    """Send all rules, past ones too, as a file."""
    people.require(reader, *TEAM)
    async with reader.cell.read() as tx:
        listed = await _list(tx, reader)
    name = f"fees-{reader.market.code}-{now():%Y-%m-%d}.csv"
    return web.send_sheet(name, HEAD, [_row(shown) for shown in listed])


async def _page(
    request: Request,
    reader: Reader,
    form: web.Filled[NewRule],
    *,
    said: str = "",
    called: str = "",
    status: int = 200,
) -> Response:
    today = reader.market.day(now())
    async with reader.cell.read() as tx:
        listed = await _list(tx, reader)
        sellers = await list_sellers_of(tx, reader.market.code, called.strip())
        agreed = {seller.tier_by for seller in sellers if seller.tier_by}
        names = await people.get_people(tx, agreed)
    return web.render(
        request,
        "catalog/fees.html",
        status,
        form=form.given,
        errors=form.errors,
        said=SAID.get(said),
        living=[shown for shown in listed if shown.standing != Standing.OVER],
        over=[shown for shown in listed if shown.standing == Standing.OVER],
        sellers=[(seller, tier_on(seller.tier, seller.since, today)) for seller in sellers],
        since={seller.id: _noon(reader, seller.since) for seller in sellers},
        agreed_by={seller.id: _name(names, seller) for seller in sellers},
        called=called,
        most=LIST_MAX,
        today=today.isoformat(),
        tomorrow=(today + timedelta(days=1)).isoformat(),
        default=markets.COMMISSION_DEFAULT,
        percent=write_percent,
        tiers=TIER_NAMES,
        seller_is=SELLER_IS,
        agreeable=TIERS,
        categories=markets.CATEGORY_NAMES,
        standings=STANDINGS,
        badges=BADGES,
    )


async def _list(tx: Tx, reader: Reader) -> list[Listed]:
    rules = await markets.list_fee_rules(tx, reader.market.code)
    wanted = {person for rule in rules for person in (rule.made_by, rule.ended_by) if person}
    names = {key: found.name for key, found in (await people.get_people(tx, wanted)).items()}
    today, unknown = reader.market.day(now()), _("Unknown")
    return [
        Listed(
            rule=rule,
            standing=markets.fee_standing(rule, rules, today),
            begins=_noon(reader, rule.valid_from),
            last_day=_noon(reader, rule.valid_until - timedelta(days=1))
            if rule.valid_until
            else None,
            never=rule.valid_until == rule.valid_from,
            made_by=names.get(rule.made_by, unknown) if rule.made_by else unknown,
            ended_by=names.get(rule.ended_by, unknown) if rule.ended_by else "",
        )
        for rule in rules
    ]


def _row(shown: Listed) -> list[str | int | None]:
    rule = shown.rule
    return [
        str(rule.id),
        rule.tier,
        rule.category,
        rule.basis_points,
        rule.valid_from.isoformat(),
        f"{shown.last_day:%Y-%m-%d}" if shown.last_day and not shown.never else None,
        "withdrawn" if shown.never else shown.standing.value,
        shown.made_by,
        f"{rule.at:%Y-%m-%dT%H:%M:%SZ}",
        shown.ended_by,
        f"{rule.ended_at:%Y-%m-%dT%H:%M:%SZ}" if rule.ended_at else None,
    ]


def _name(names: dict[UUID, people.Person], seller: Seller) -> str:
    return names[seller.tier_by].name if seller.tier_by in names else ""


def _noon(reader: Reader, day: date) -> datetime:
    return datetime.combine(day, time(12), ZoneInfo(reader.market.time_zone))


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(field=name, reason=_("please choose a day")) from None
