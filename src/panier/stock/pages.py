"""Pages: what a seller has of everything, what changed it, and what is set aside for shows."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from panier import people, shows, web
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, Forbidden, NotFound, PanierError
from panier.kit.i18n import N_, _
from panier.kit.ids import new_id
from panier.people import Person, Reader
from panier.shows import Show
from panier.stock import alert_pages
from panier.stock.alerts import list_wishes
from panier.stock.allocations import allocate, free_allocations, list_allocations
from panier.stock.imports import NOTE_MAX, ImportRefused, import_stock
from panier.stock.limits import set_limit
from panier.stock.lists import (
    LIST_MAX,
    MOVEMENT_HEAD,
    PAGE,
    SHELF_HEAD,
    Filter,
    ShelfRow,
    find_shelf,
    list_movements,
    list_shelves,
    movement_table,
    shelf_table,
)
from panier.stock.movements import Movement, change_stock, set_alert, set_stock
from panier.stock.rules import PER_BUYER_MAX, UNITS_MAX, Reason

STAFF = ("market", "finance", "admin")
"""Who sees the stock of all sellers of a market."""
KEEPERS = ("market", "admin")
"""Who may change it, besides the seller's own staff."""
REASONS = {
    Reason.RESTOCK: N_("New goods"),
    Reason.CORRECTION: N_("Counted anew"),
    Reason.DAMAGE: N_("Broken or lost"),
    Reason.IMPORT: N_("From a file"),
    Reason.RETURN: N_("Came back"),
    Reason.ALLOCATION: N_("Set aside for a show"),
    Reason.ALLOCATION_END: N_("Back from a show"),
}
SAID = {
    "changed": N_("The stock is changed."),
    "alert": N_("The warning is set."),
    "limit": N_("The limit per buyer is kept."),
    "aside": N_("The units are set aside for the show."),
    "freed": N_("The units are free again."),
}

Word = Annotated[str, Field(max_length=80)]

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)
router.include_router(alert_pages.router)


class Asked(BaseModel):
    """The filters of the list, as they stand in its address; empty ones do not filter."""

    text: Word = ""
    low: Literal["", "1"] = ""


class Changed(BaseModel):
    """The form that changes the stock of one variant."""

    reason: Literal["restock", "correction", "damage"]
    quantity: Word = ""
    note: Annotated[str, Field(max_length=NOTE_MAX)] = ""
    key: UUID


class SetAside(BaseModel):
    """The form that sets units aside for a show."""

    show: UUID
    units: Word = ""
    beyond: bool = False


@router.get("/seller/stock")
async def show_stock(
    request: Request,
    reader: people.ReaderHere,
    asked: Annotated[Asked, Query()],
    after: Annotated[UUID | None, Query()] = None,
    imported: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """List what the reader's sellers have of everything."""
    return await _list(request, reader, asked, after=after, imported=imported)


@router.get("/seller/stock.csv")
async def send_stock(reader: people.ReaderHere, asked: Annotated[Asked, Query()]) -> Response:
    """Send the same list as a file."""
    async with reader.cell.read() as tx:
        shelves = await list_shelves(tx, _filter(reader, asked), limit=LIST_MAX)
    name = f"stock-{reader.market.code}-{now():%Y-%m-%d}.csv"
    return web.send_sheet(name, SHELF_HEAD, shelf_table(shelves))


@router.post("/seller/stock/import")
async def import_file(
    request: Request, reader: people.ReaderHere, file: UploadFile, key: Annotated[UUID, Form()]
) -> Response:
    """Change the stock as a file says: all of it, or nothing."""
    person = people.require(reader, "seller", *KEEPERS)
    sellers = None if _keeps_all(reader) else sorted(reader.sellers)
    content = await file.read()

    async def act(tx: Tx) -> int:
        return await import_stock(
            tx, content, market=reader.market.code, sellers=sellers, who=person.id, key=key
        )

    try:
        count = await reader.cell.run(act)
    except (BadInput, ImportRefused) as error:
        return await _list(request, reader, Asked(), refused=error)
    return RedirectResponse(f"{reader.market.path}seller/stock?imported={count}", 303)


@router.get("/seller/stock/{variant}")
async def show_variant(
    request: Request,
    reader: people.ReaderHere,
    variant: UUID,
    before: Annotated[UUID | None, Query()] = None,
    said: Word = "",
) -> Response:
    """Show what there is of one variant and how it came to that."""
    return await _variant(request, reader, variant, before=before, said=said)


@router.get("/seller/stock/{variant}/history.csv")
async def send_history(reader: people.ReaderHere, variant: UUID) -> Response:
    """Send how a variant's stock came to be."""
    async with reader.cell.read() as tx:
        shelf = await _access(tx, reader, variant)
        movements = await list_movements(tx, variant, limit=LIST_MAX)
    name = f"stock-{shelf.variant}-{now():%Y-%m-%d}.csv"
    return web.send_sheet(name, MOVEMENT_HEAD, movement_table(movements))


@router.post("/seller/stock/{variant}/change")
async def change_variant(
    request: Request,
    reader: people.ReaderHere,
    variant: UUID,
    given: Annotated[Changed, Form()],
) -> Response:
    """Bring in goods, take away broken ones, or count anew."""
    reason, market = Reason(given.reason), reader.market.code

    async def act(tx: Tx) -> None:
        who = (await _access_to_change(tx, reader, variant)).id
        units = _units(given.quantity, 0 if reason == Reason.CORRECTION else 1)
        if reason == Reason.CORRECTION:
            await set_stock(tx, variant, units, market, text=given.note, who=who, key=given.key)
            return
        delta = -units if reason == Reason.DAMAGE else units
        await change_stock(
            tx, market, [Movement(variant, delta, reason, given.note)], who, given.key
        )

    return await _do(request, reader, variant, act, form="change", said="changed",
                     filled=given.model_dump())  # fmt: skip


@router.post("/seller/stock/{variant}/alert")
async def change_alert(
    request: Request,
    reader: people.ReaderHere,
    variant: UUID,
    low_at: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Set how few are left when the seller wants to know."""

    async def act(tx: Tx) -> None:
        await _access_to_change(tx, reader, variant)
        await set_alert(tx, variant, _units(low_at, 0))

    return await _do(request, reader, variant, act, form="alert", said="alert",
                     filled={"low_at": low_at})  # fmt: skip


@router.post("/seller/stock/{variant}/limit")
async def change_limit(
    request: Request,
    reader: people.ReaderHere,
    variant: UUID,
    per_buyer: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Set how many one buyer may have; empty takes the limit away."""

    async def act(tx: Tx) -> None:
        await _access_to_change(tx, reader, variant)
        given = per_buyer.strip()
        await set_limit(tx, variant, _units(given, 1, PER_BUYER_MAX) if given else None)

    return await _do(request, reader, variant, act, form="limit", said="limit",
                     filled={"per_buyer": per_buyer})  # fmt: skip


@router.post("/seller/stock/{variant}/allocate")
async def set_aside(
    request: Request,
    reader: people.ReaderHere,
    variant: UUID,
    given: Annotated[SetAside, Form()],
) -> Response:
    """Let a show have units of its own."""

    async def act(tx: Tx) -> None:
        who = (await _access_to_change(tx, reader, variant)).id
        units = _units(given.units, 1)
        await allocate(tx, given.show, variant, units, beyond=given.beyond,
                       market=reader.market.code, who=who)  # fmt: skip

    return await _do(request, reader, variant, act, form="allocate", said="aside",
                     filled=given.model_dump())  # fmt: skip


@router.post("/seller/stock/{variant}/free")
async def set_free(
    request: Request, reader: people.ReaderHere, variant: UUID, show: Annotated[UUID, Form()]
) -> Response:
    """Free what was set aside for a show."""

    async def act(tx: Tx) -> None:
        who = (await _access_to_change(tx, reader, variant)).id
        await free_allocations(tx, show, reader.market.code, variant=variant, who=who)

    return await _do(request, reader, variant, act, form="allocate", said="freed", filled={})


async def _do(
    request: Request,
    reader: Reader,
    variant: UUID,
    act: Callable[[Tx], Awaitable[None]],
    *,
    form: str,
    said: str,
    filled: dict[str, object],
) -> Response:
    """Act and show the variant again; what is wrong with a form stands in it."""
    try:
        await reader.cell.run(act)
    except PanierError as error:
        if error.status not in (409, 422):
            raise
        return await _variant(request, reader, variant, wrong=(form, error), filled=filled)
    return RedirectResponse(f"{reader.market.path}seller/stock/{variant}?said={said}", 303)


async def _list(
    request: Request,
    reader: Reader,
    asked: Asked,
    *,
    after: UUID | None = None,
    imported: int | None = None,
    refused: PanierError | None = None,
) -> Response:
    filtered = _filter(reader, asked)
    async with reader.cell.read() as tx:
        shelves = await list_shelves(tx, filtered, after, PAGE + 1)
        who = people.require(reader).id
        wishes = await list_wishes(tx, who, sorted(reader.sellers))
    return web.render(
        request,
        "stock/stock.html",
        refused.status if refused else 200,
        shelves=shelves[:PAGE],
        more=shelves[PAGE - 1].variant if len(shelves) > PAGE else None,
        after=after,
        asked=asked,
        query={name: text for name, text in asked.model_dump().items() if text},
        imported=imported,
        wishes=wishes,
        said=request.query_params.get("said", ""),
        refused=refused,
        lines=refused.details.get("lines", []) if refused else [],
        keeps=_keeps_all(reader) or bool(reader.sellers),
        key=new_id(),
    )


async def _variant(
    request: Request,
    reader: Reader,
    variant: UUID,
    *,
    before: UUID | None = None,
    said: str = "",
    wrong: tuple[str, PanierError] | None = None,
    filled: dict[str, object] | None = None,
) -> Response:
    async with reader.cell.read() as tx:
        shelf = await _access(tx, reader, variant)
        movements = await list_movements(tx, variant, before, PAGE + 1)
        allocations = await list_allocations(tx, variant)
        named = await shows.list_shows_by_id(tx, [a.show for a in allocations])
        open_shows = await _list_open(tx, reader.market.code)
    return web.render(
        request,
        "stock/variant.html",
        wrong[1].status if wrong else 200,
        shelf=shelf,
        movements=movements[:PAGE],
        older=movements[PAGE - 1].id if len(movements) > PAGE else None,
        before=before,
        allocations=allocations,
        shows={show.id: show for show in named},
        open_shows=open_shows,
        reasons=REASONS,
        said=SAID.get(said),
        errors={wrong[0]: _sentence(wrong[1])} if wrong else {},
        filled=filled or {},
        keeps=_keeps(reader, shelf),
        most=UNITS_MAX,
        most_each=PER_BUYER_MAX,
        key=new_id(),
    )


async def _list_open(tx: Tx, market: str) -> list[Show]:
    return [*await shows.list_on_air(tx, market), *await shows.list_upcoming(tx, market)]


def _filter(reader: Reader, asked: Asked) -> Filter:
    """Read the filters; raises SignInNeeded or Forbidden."""
    people.require(reader, "seller", *STAFF)
    everybody = not reader.roles.isdisjoint(STAFF)
    if not everybody and not reader.sellers:
        raise Forbidden
    return Filter(
        market=reader.market.code,
        sellers=None if everybody else sorted(reader.sellers),
        language=reader.language,
        text=asked.text.strip(),
        low=bool(asked.low),
    )


async def _access(tx: Tx, reader: Reader, variant: UUID) -> ShelfRow:
    """Return a variant to whoever may see it; raises SignInNeeded, NotFound, Forbidden."""
    people.require(reader, "seller", *STAFF)
    shelf = await find_shelf(tx, reader.market.code, variant, reader.language)
    if shelf is None:
        raise NotFound
    people.require_seller(reader, shelf.seller)
    return shelf


async def _access_to_change(tx: Tx, reader: Reader, variant: UUID) -> Person:
    """Return who may change a variant's stock; raises SignInNeeded, NotFound, Forbidden."""
    shelf = await _access(tx, reader, variant)
    if not _keeps(reader, shelf):
        raise Forbidden
    return people.require(reader)


def _keeps(reader: Reader, shelf: ShelfRow) -> bool:
    return shelf.seller in reader.sellers or _keeps_all(reader)


def _keeps_all(reader: Reader) -> bool:
    return not reader.roles.isdisjoint(KEEPERS)


def _units(text: str, least: int, most: int = UNITS_MAX) -> int:
    try:
        units = int(text)
    except ValueError:
        units = -1
    if not least <= units <= most:
        reason = _("a number of units from %(least)s to %(most)s", least=least, most=most)
        raise BadInput(field="quantity", reason=reason)
    return units


def _sentence(error: PanierError) -> str:
    if not isinstance(error, BadInput):
        return error.message()
    reason = str(error.details["reason"])
    return f"{reason[:1].upper()}{reason[1:]}."
