"""Pages of finance: payout runs and who approves them, all balances of a market."""

from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import people, web
from panier.kit.amount import read_amount, write_amount
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, NotFound
from panier.kit.money import Money
from panier.payouts import wording
from panier.payouts.parties import FINANCE
from panier.payouts.queries import Run, find_run, list_balances, list_payouts, list_runs
from panier.payouts.rules import read_year
from panier.payouts.runs import Decider, approve_run, create_run, drop_run, list_ready
from panier.payouts.sending import give_back, retry
from panier.payouts.yearly import Year, list_years
from panier.people import Reader
from panier.runtime import Runtime

RUNS = "30/hour"
"""Runs that one client makes."""
MINIMUM_MAX = 100_000_000
"""The highest minimum of a run, in minor units."""

router = APIRouter(prefix="/{m}/payouts", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
async def show_runs(request: Request, reader: people.ReaderHere) -> Response:
    """List the runs of a market, and what the next one would pay."""
    people.require(reader, *FINANCE)
    settings = _runtime(request).settings
    currency = reader.market.currency
    async with reader.cell.read() as tx:
        runs = await list_runs(tx, reader.market.code)
        balances = await list_balances(tx, reader.market.code, currency)
        positive = [balance for balance in balances if balance.due_minor > 0]
        ready = await list_ready(tx, settings.payments, [balance.party for balance in positive])
    return web.render(
        request,
        "payouts/runs.html",
        runs=runs,
        due=Money(sum(b.due_minor for b in positive), currency),
        parties=len(positive),
        waiting=sum(balance.party not in ready for balance in positive),
        minimum=write_amount(Money(settings.payout_minimum_minor, currency)),
        states=wording.RUN_STATES,
        badges=wording.RUN_BADGES,
    )


@router.post("", dependencies=[Depends(web.limit("payout_runs", RUNS))])
async def make_run(
    request: Request, reader: people.ReaderHere, minimum: Annotated[str, Form(max_length=20)]
) -> Response:
    """Propose a run of everybody with at least `minimum`, an amount of the market's currency."""
    person = people.require(reader, *FINANCE)
    least = read_amount(minimum, reader.market.currency, "minimum")
    if not 1 <= least.minor <= MINIMUM_MAX:
        raise BadInput(field="minimum", reason=minimum)
    provider = _runtime(request).settings.payments

    async def act(tx: Tx) -> UUID:
        return await create_run(
            tx, reader.market.code, provider, least, maker=person.id, moment=now()
        )

    return _to_run(reader, await reader.cell.run(act))


@router.get("/balances", response_class=HTMLResponse)
async def show_balances(request: Request, reader: people.ReaderHere) -> Response:
    """List what every seller and creator of the market has."""
    people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        balances = await list_balances(tx, reader.market.code, reader.market.currency)
        ready = await list_ready(
            tx, _runtime(request).settings.payments, [balance.party for balance in balances]
        )
    currency = reader.market.currency
    return web.render(
        request,
        "payouts/balances.html",
        balances=balances,
        ready=ready,
        pending=Money(sum(b.pending_minor for b in balances), currency),
        reserve=Money(sum(b.reserve_minor for b in balances), currency),
        due=Money(sum(b.due_minor for b in balances), currency),
        kinds=wording.KINDS,
    )


@router.get("/balances.csv")
async def send_balances(reader: people.ReaderHere) -> Response:
    """Send the same as a table."""
    people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        balances = await list_balances(tx, reader.market.code, reader.market.currency)
    head = ("kind", "id", "name", "currency", "pending_minor", "reserve_minor", "available_minor")
    rows = [
        (b.kind, str(b.party), b.name, b.currency, b.pending_minor, b.reserve_minor, b.due_minor)
        for b in balances
    ]
    return web.send_sheet(f"balances-{reader.market.code}-{now():%Y-%m-%d}.csv", head, rows)


@router.get("/year")
async def lead_to_year(reader: people.ReaderHere) -> Response:
    """Lead to the totals of the present year."""
    people.require(reader, *FINANCE)
    this_year = now().astimezone(ZoneInfo(reader.market.time_zone)).year
    return RedirectResponse(f"{reader.market.path}payouts/year/{this_year}", 303)


@router.get("/year/{year}.csv")
async def send_year(reader: people.ReaderHere, year: int) -> Response:
    """Send the yearly totals as a table: a row a seller and quarter."""
    years = await _list_years(reader, year)
    head = (
        "seller", "name", "country", "below_threshold", "quarter", "sales", "currency",
        "consideration_minor", "fees_minor", "taxes_minor",
    )  # fmt: skip
    rows = [
        (
            str(q.seller), q.name, q.country, "yes" if one.small else "no", f"{year}-Q{q.quarter}",
            q.sales, q.currency, q.consideration, q.fees, q.taxes,
        )
        for one in years
        for q in one.quarters.values()
    ]  # fmt: skip
    return web.send_sheet(f"sellers-{reader.market.code}-{year}.csv", head, rows)


@router.get("/year/{year}", response_class=HTMLResponse)
async def show_year(request: Request, reader: people.ReaderHere, year: int) -> Response:
    """Show what sellers were credited in a year, as it is reported."""
    years = await _list_years(reader, year)
    this_year = now().astimezone(ZoneInfo(reader.market.time_zone)).year
    return web.render(request, "payouts/year.html", years=years, year=year, this_year=this_year)


@router.get("/{key}", response_class=HTMLResponse)
async def show_run(request: Request, reader: people.ReaderHere, key: UUID) -> Response:
    """Show a run: who gets how much, how far each is, and who decided."""
    person = people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        found = await _access_run(tx, reader, key)
        payouts = await list_payouts(tx, key)
    return web.render(
        request,
        "payouts/run.html",
        run=found,
        payouts=payouts,
        own=found.created_by == person.id,
        states=wording.STATES,
        badges=wording.BADGES,
        run_states=wording.RUN_STATES,
        run_badges=wording.RUN_BADGES,
        reasons=wording.REASONS,
        kinds=wording.KINDS,
    )


@router.get("/{key}/payouts.csv")
async def send_run(reader: people.ReaderHere, key: UUID) -> Response:
    """Send a run's payouts as a table."""
    people.require(reader, *FINANCE)
    async with reader.cell.read() as tx:
        await _access_run(tx, reader, key)
        payouts = await list_payouts(tx, key)
    head = ("id", "kind", "party", "name", "currency", "minor", "state", "reference", "reason")
    rows = [
        (
            str(p.id), p.kind, str(p.party), p.name, p.currency, p.minor, str(p.state),
            p.reference or "", p.reason or "",
        )
        for p in payouts
    ]  # fmt: skip
    return web.send_sheet(f"payouts-{str(key)[-12:]}.csv", head, rows)


@router.post("/{key}/approve")
async def approve(request: Request, reader: people.ReaderHere, key: UUID) -> Response:
    """Approve a run that somebody else made; it is sent at once."""
    person = people.require(reader, *FINANCE)
    provider = _runtime(request).settings.payments

    async def act(tx: Tx) -> None:
        await _access_run(tx, reader, key)
        await approve_run(tx, key, provider, Decider(person.id, reader.roles), now())

    await reader.cell.run(act)
    return _to_run(reader, key)


@router.post("/{key}/drop")
async def drop(reader: people.ReaderHere, key: UUID) -> Response:
    """Give a draft up."""
    person = people.require(reader, *FINANCE)

    async def act(tx: Tx) -> None:
        await _access_run(tx, reader, key)
        await drop_run(tx, key, person.id, now())

    await reader.cell.run(act)
    return _to_run(reader, key)


@router.post("/{key}/{payout}/retry")
async def send_again(reader: people.ReaderHere, key: UUID, payout: UUID) -> Response:
    """Have a payout that failed, or was never answered, sent again."""
    people.require(reader, *FINANCE)

    async def act(tx: Tx) -> None:
        await _access_run(tx, reader, key)
        await retry(tx, payout, key, now())

    await reader.cell.run(act)
    return _to_run(reader, key)


@router.post("/{key}/{payout}/return")
async def put_back(reader: people.ReaderHere, key: UUID, payout: UUID) -> Response:
    """Put a failed payout back into the balance."""
    people.require(reader, *FINANCE)

    async def act(tx: Tx) -> None:
        await _access_run(tx, reader, key)
        await give_back(tx, payout, key, now())

    await reader.cell.run(act)
    return _to_run(reader, key)


async def _list_years(reader: Reader, year: int) -> list[Year]:
    people.require(reader, *FINANCE)
    market = reader.market
    period = read_year(year, ZoneInfo(market.time_zone))
    async with reader.cell.read() as tx:
        return await list_years(tx, market.code, market.currency, market.time_zone, period)


async def _access_run(tx: Tx, reader: Reader, key: UUID) -> Run:
    found = await find_run(tx, key)
    if found is None or found.market != reader.market.code:
        raise NotFound
    return found


def _to_run(reader: Reader, key: UUID) -> Response:
    return RedirectResponse(f"{reader.market.path}payouts/{key}", 303)


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime
