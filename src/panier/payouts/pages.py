"""Pages of sellers and creators: their balance, their account, their statements."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import payments, people, web
from panier.kit.clock import now
from panier.kit.db import run, value
from panier.kit.errors import BadInput, Forbidden, NotFound
from panier.kit.i18n import current_language, use_language
from panier.kit.money import BASIS_POINTS, Money
from panier.kit.percent import read_percent, write_percent
from panier.payouts import finance, paper, wording
from panier.payouts.parties import FINANCE, Holder, access_holder, list_mine
from panier.payouts.queries import Coming, find_balance, list_coming, list_payouts_of
from panier.payouts.rules import Period, list_months, read_month
from panier.payouts.statements import Statement, find_first_entry, write_statement
from panier.people import Reader
from panier.runtime import Runtime
from panier.settings import Settings

LINES_SHOWN = 500
"""Lines on a page; the files have all."""
CONNECTS = "10/hour"
"""Accounts that one client opens."""

balance = APIRouter(prefix="/{m}/balance", include_in_schema=False)


@balance.get("", response_class=HTMLResponse)
async def show_mine(request: Request, reader: people.ReaderHere) -> Response:
    """Lead to the reader's balance; to a choice, where there are several."""
    async with reader.cell.read() as tx:
        mine = await list_mine(tx, reader)
    if len(mine) == 1:
        return RedirectResponse(f"{reader.market.path}{mine[0].path}", 303)
    return web.render(request, "payouts/mine.html", mine=mine, kinds=wording.KINDS)


@balance.get("/{kind}/{party}", response_class=HTMLResponse)
async def show_balance(
    request: Request, reader: people.ReaderHere, kind: str, party: UUID
) -> Response:
    """Show what somebody has: not yet available, available, kept back, on its way."""
    settings = _runtime(request).settings
    async with reader.cell.read() as tx:
        holder = await access_holder(tx, reader, kind, party)
        stands = await find_balance(tx, reader.market.code, reader.market.currency, kind, party)
        coming = await list_coming(tx, reader.market.code, _zone(reader).key, holder.owner)
        payouts = await list_payouts_of(tx, kind, party)
        account = await payments.find_account(tx, party, settings.payments)
        first = await find_first_entry(tx, holder.owner)
        agreed = await value(
            tx, "select basis_points from reserve_term where seller_id = %s", (party,)
        )
    under_way = sum(p.minor for p in payouts if p.state in ("approved", "sent", "failed"))
    return web.render(
        request,
        "payouts/balance.html",
        holder=holder,
        balance=stands,
        coming=coming,
        dated=lambda day: format_date(day, "long", current_language()),
        undelivered=_undelivered(stands.pending if stands else None, coming),
        under_way=Money(under_way, holder.currency),
        payouts=payouts,
        account=account,
        sandbox=settings.payments == payments.NAME,
        account_state=wording.ACCOUNT_STATES[account.state] if account else "",
        months=[(m, _month_name(m)) for m in list_months(first, now(), _zone(reader))]
        if first
        else [],
        finance=people.may(reader.roles, FINANCE),
        days=settings.settlement_days,
        reserve_days=settings.reserve_days,
        reserve=write_percent(settings.reserve_basis_points if agreed is None else agreed),
        agreed=agreed is not None,
        email=reader.person.email if reader.person else "",
        kinds=wording.KINDS,
        states=wording.STATES,
        badges=wording.BADGES,
        reasons=wording.REASONS,
    )


@balance.post("/{kind}/{party}/account", dependencies=[Depends(web.limit("accounts", CONNECTS))])
async def connect(
    request: Request,
    reader: people.ReaderHere,
    kind: str,
    party: UUID,
    email: Annotated[str, Form(max_length=254)],
) -> Response:
    """Open the account to which somebody is paid; only they themselves can."""
    async with reader.cell.read() as tx:
        holder = await access_holder(tx, reader, kind, party)
    if not holder.mine:
        raise Forbidden
    wanted = payments.NewAccount(
        owner=party,
        kind="seller" if kind == "seller" else "creator",
        market=reader.market.code,
        country=holder.country,
        email=people.normal_email(email),
        name=holder.name,
    )
    await payments.open_account(reader.cell, _runtime(request).settings, wanted)
    return RedirectResponse(f"{reader.market.path}{holder.path}#account", 303)


@balance.get(
    "/{kind}/{party}/account/details", dependencies=[Depends(web.limit("accounts", CONNECTS))]
)
async def give_details(
    request: Request, reader: people.ReaderHere, kind: str, party: UUID
) -> Response:
    """Lead the account's owner to the provider's own page, which asks for what it needs.

    A link and not a form: the policy lets forms lead nowhere but here.
    """
    settings = _runtime(request).settings
    holder, account = await _access_account(reader, settings, kind, party)
    back = f"{settings.public_web_url}{reader.market.path}{holder.path}/account/back"
    return RedirectResponse(await payments.get_onboarding_url(settings, account, back), 303)


@balance.get("/{kind}/{party}/account/back")
async def come_back(
    request: Request, reader: people.ReaderHere, kind: str, party: UUID
) -> Response:
    """Ask how the account stands when its owner comes back; that they came says nothing."""
    settings = _runtime(request).settings
    holder, account = await _access_account(reader, settings, kind, party)
    await payments.refresh_account(reader.cell, settings, account)
    return RedirectResponse(f"{reader.market.path}{holder.path}#account", 303)


@balance.post("/seller/{party}/reserve")
async def set_reserve(
    reader: people.ReaderHere, party: UUID, percent: Annotated[str, Form(max_length=8)] = ""
) -> Response:
    """Agree on another reserve with a seller, for orders delivered from now on; empty: as all."""
    person = people.require(reader, *FINANCE)
    async with reader.cell.tx() as tx:
        holder = await access_holder(tx, reader, "seller", party)
        await run(tx, "delete from reserve_term where seller_id = %s", (party,))
        if percent.strip():
            await run(
                tx,
                "insert into reserve_term (seller_id, basis_points, set_by, at)"
                " values (%s, %s, %s, %s)",
                (party, _basis_points(percent), person.id, now()),
            )
    return RedirectResponse(f"{reader.market.path}{holder.path}#reserve", 303)


@balance.get("/{kind}/{party}/{period}.csv")
async def send_csv(reader: people.ReaderHere, kind: str, party: UUID, period: str) -> Response:
    """Send a statement as a table."""
    holder, statement = await _write(reader, kind, party, period)
    name = _file_name(holder, statement.period, "csv")
    return web.send_sheet(name, paper.HEAD, paper.table_of(statement))


@balance.get("/{kind}/{party}/{period}.pdf")
async def send_pdf(reader: people.ReaderHere, kind: str, party: UUID, period: str) -> Response:
    """Send a statement as a document, in its party's language."""
    holder, statement = await _write(reader, kind, party, period)
    with use_language(holder.language):
        made = await asyncio.to_thread(
            paper.print_pdf, statement, holder.name, reader.market.name, _zone(reader)
        )
    name = _file_name(holder, statement.period, "pdf")
    return web.send_file(name, "application/pdf", made)


@balance.get("/{kind}/{party}/{period}", response_class=HTMLResponse)
async def show_statement(
    request: Request, reader: people.ReaderHere, kind: str, party: UUID, period: str
) -> Response:
    """Show a month: how the opening balance became the closing one."""
    holder, statement = await _write(reader, kind, party, period)
    return web.render(
        request,
        "payouts/statement.html",
        holder=holder,
        s=statement,
        month=_month_name(period),
        open=statement.period.end > now(),
        summary=paper.summary(statement),
        parts=paper.parts(statement),
        shown=LINES_SHOWN,
        columns=paper.columns_of(kind),
        head=paper.line_head(kind),
        moves=wording.MOVES,
        correction=wording.CORRECTION,
        percent=write_percent,
    )


async def _access_account(
    reader: Reader, settings: Settings, kind: str, party: UUID
) -> tuple[Holder, payments.Account]:
    """Return an account of the reader's own. Raises SignInNeeded, Forbidden, NotFound."""
    async with reader.cell.read() as tx:
        holder = await access_holder(tx, reader, kind, party)
        account = await payments.find_account(tx, party, settings.payments)
    if not holder.mine:
        raise Forbidden
    if account is None:
        raise NotFound
    return holder, account


async def _write(reader: Reader, kind: str, party: UUID, period: str) -> tuple[Holder, Statement]:
    async with reader.cell.tx() as tx:
        await tx.execute("set transaction isolation level repeatable read read only")
        holder = await access_holder(tx, reader, kind, party)
        month = read_month(period, _zone(reader))
        return holder, await write_statement(tx, holder.owner, month)


def _file_name(holder: Holder, period: Period, ending: str) -> str:
    return f"statement-{holder.kind}-{str(holder.id)[-12:]}-{period.name}.{ending}"


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


def _zone(reader: Reader) -> ZoneInfo:
    return ZoneInfo(reader.market.time_zone)


def _month_name(name: str) -> str:
    first = datetime(int(name[:4]), int(name[5:]), 1)  # noqa: DTZ001 - a calendar's month
    return str(format_date(first, "LLLL y", current_language()))


def _undelivered(pending: Money | None, coming: list[Coming]) -> Money | None:
    """Return what is owed for orders that have not arrived yet."""
    if pending is None:
        return None
    return pending - Money(sum(day.minor for day in coming), pending.currency)


def _basis_points(percent: str) -> int:
    """Read a rate of at most 100 %; raises BadInput."""
    found = read_percent(percent)
    if found > BASIS_POINTS:
        raise BadInput(field="percent", reason=percent[:8])
    return found


router = APIRouter()
router.include_router(balance)
router.include_router(finance.router)
