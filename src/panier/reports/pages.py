"""Pages: the list of reports, one report, its tables as CSV, the metric dictionary."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from panier import people, shows, video, web
from panier.kit.errors import NotFound
from panier.kit.i18n import _
from panier.kit.money import Money
from panier.reports import chart, tables, wording
from panier.reports.aired import Aired
from panier.reports.definitions import list_definitions
from panier.reports.figures import Finding, Question, Room, Sales
from panier.reports.queries import Report, find_report, list_reports
from panier.shows.queries import CREW, HOST

QUESTIONS_SHOWN = 5
"""Questions a product shows at once; the others unfold."""
QUESTIONS_LISTED = 100
"""Questions a product shows at all."""

router = APIRouter(prefix="/{m}/reports", include_in_schema=False)


class Group(msgspec.Struct):
    """The questions about one product, or about none."""

    title: str
    questions: list[Question]


@router.get("/", response_class=HTMLResponse)
async def show_list(request: Request, reader: people.ReaderHere) -> Response:
    """List the reader's shows; the market team sees all."""
    person = people.require(reader, HOST, *CREW)
    crew = any(role in reader.roles for role in CREW)
    async with reader.cell.read() as tx:
        found = await list_reports(tx, reader.market.code, None if crew else person.id)
    return web.render(request, "reports/list.html", reports=found, number=wording.number)


@router.get("/definitions", response_class=HTMLResponse, dependencies=[Depends(people.read_reader)])
async def show_definitions(request: Request) -> Response:
    """Say what each figure counts; for everybody."""
    return web.render(request, "reports/definitions.html", definitions=list_definitions())


@router.get("/{slug}", response_class=HTMLResponse)
async def show_report(request: Request, reader: people.ReaderHere, slug: str) -> Response:
    """Show one report, or that it is being written."""
    report = await _access_report(reader, slug)
    room, sales = report.room, report.sales
    if room is None or sales is None:
        writing = report.show.state == "ended" and report.show.live_at is not None
        return web.render(request, "reports/waiting.html", show=report.show, writing=writing)
    titles = wording.Titles(sales, report.show.language)
    replay = await _find_in_replay(reader, report.show, room, report.findings)
    return web.render(
        request,
        "reports/report.html",
        show=report.show,
        host=report.host,
        room=room,
        sales=sales,
        titles=titles,
        written_at=report.written_at,
        sentences=wording.sentences(room, sales, titles),
        suggestions=[wording.say(finding, titles) for finding in report.findings],
        asked=_group(room.questions, titles),
        questions_shown=QUESTIONS_SHOWN,
        questions_listed=QUESTIONS_LISTED,
        pinned=_pinned(room),
        replay=replay,
        conversion=wording.share(sales.buyers, room.visitors),
        price=lambda minor: Money(minor, sales.currency),
        number=wording.number,
        tenths=wording.tenths,
        clock=wording.clock,
        lasting=wording.lasting,
        chart=chart.draw(room, sales),
        width=chart.WIDTH,
        top=chart.TOP,
        gap=chart.GAP,
        viewers_height=chart.VIEWERS_HEIGHT,
        sales_height=chart.SALES_HEIGHT,
    )


@router.get("/{slug}/products.csv")
async def send_products(reader: people.ReaderHere, slug: str) -> Response:
    """Send what sold as a table."""
    report, room, sales = await _access_written(reader, slug)
    titles = wording.Titles(sales, report.show.language)
    table = tables.products(sales, titles, _pinned(room))
    return web.send_sheet(f"{slug}-products.csv", tables.PRODUCT_HEAD, table)


@router.get("/{slug}/curve.csv")
async def send_curve(reader: people.ReaderHere, slug: str) -> Response:
    """Send the curve as a table."""
    _report, room, sales = await _access_written(reader, slug)
    return web.send_sheet(f"{slug}-curve.csv", tables.CURVE_HEAD, tables.curve(room, sales))


async def _access_report(reader: people.Reader, slug: str) -> Report:
    async with reader.cell.read() as tx:
        await shows.access_show(tx, reader, slug)
        report = await find_report(tx, reader.market.code, slug)
    if report is None:
        raise NotFound
    return report


async def _access_written(reader: people.Reader, slug: str) -> tuple[Report, Room, Sales]:
    report = await _access_report(reader, slug)
    if report.room is None or report.sales is None:
        raise NotFound
    return report, report.room, report.sales


async def _find_in_replay(
    reader: people.Reader, show: Aired, room: Room, findings: Sequence[Finding]
) -> dict[int, int]:
    """Return where in the replay each moment of the report is; what it lacks is left out.

    The replay has no gaps, so after a lost picture its seconds are not those of the show.
    """
    moments = {one.at for one in room.questions} | {pin.start for pin in room.pins}
    moments |= {one.at for one in room.sold_out}
    moments |= {one.at for one in findings if one.at is not None}
    ordered = sorted(moments)
    async with reader.cell.read() as tx:
        offsets = await video.get_media_offsets(
            tx, show.id, [show.start + timedelta(seconds=at) for at in ordered]
        )
    pairs = zip(ordered, offsets, strict=True)
    return {at: int(offset) for at, offset in pairs if offset is not None}


def _pinned(room: Room) -> dict[UUID, int]:
    seconds: dict[UUID, int] = defaultdict(int)
    for pin in room.pins:
        seconds[pin.product] += pin.seconds
    return dict(seconds)


def _group(questions: Sequence[Question], titles: wording.Titles) -> list[Group]:
    """Group questions by product, the most asked first, those about none at the end."""
    groups: dict[UUID | None, list[Question]] = defaultdict(list)
    for question in questions:
        groups[question.product].append(question)
    ordered = sorted(groups, key=lambda one: (one is None, -len(groups[one]), str(one)))
    return [
        Group(titles.of(product) if product else _("About the show"), groups[product])
        for product in ordered
    ]
