"""Running a show over JSON: the studio's buttons, each for the show's host and crew only."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from panier import people, video
from panier.kit.clock import ms
from panier.kit.db import Tx
from panier.people import ReaderHere
from panier.runtime import Runtime
from panier.shows import actions
from panier.shows.queries import CREW, HOST, Show, access_show, get_show
from panier.shows.rules import RUN_SHEET_MAX, TITLE_MAX, StockRule

router = APIRouter(prefix="/{m}/api/shows", tags=["shows"])

Products = Annotated[list[UUID], Field(max_length=RUN_SHEET_MAX)]
Step = Literal["rehearse", "stop-rehearsing", "go-live", "end", "cancel"]

STEPS: dict[Step, Callable[[Tx, UUID], Awaitable[None]]] = {
    "rehearse": actions.rehearse,
    "stop-rehearsing": actions.stop_rehearsing,
    "go-live": actions.go_live,
    "end": actions.end,
    "cancel": actions.cancel,
}


class NewShow(BaseModel):
    """A show to be put on the calendar."""

    title: str = Field(max_length=TITLE_MAX)
    starts_at: AwareDatetime
    language: str = Field(max_length=8)
    products: Products = []
    stock_rule: StockRule = StockRule.HOLD


class NewRule(BaseModel):
    """What a press on the basket shall do to the stock."""

    model_config = ConfigDict(extra="forbid")

    stock_rule: StockRule


class RunSheet(BaseModel):
    """Products in the order in which they are presented."""

    products: Products


class Pinned(BaseModel):
    """The product to put on the picture."""

    product: UUID


class ShowBody(BaseModel):
    """A show; times are milliseconds since the epoch."""

    id: UUID
    slug: str
    title: str
    language: str
    state: str
    path: str
    starts_at: int
    live_at: int | None
    ended_at: int | None
    stock_rule: str


def _body(show: Show) -> ShowBody:
    return ShowBody(
        id=show.id,
        slug=show.slug,
        title=show.title,
        language=show.language,
        state=show.state,
        path=show.path,
        starts_at=ms(show.starts_at),
        live_at=_ms(show.live_at),
        ended_at=_ms(show.ended_at),
        stock_rule=show.stock_rule,
    )


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else ms(moment)


@router.post("", status_code=201)
async def schedule_show(reader: ReaderHere, given: NewShow) -> ShowBody:
    """Put a show on the calendar; whoever asks is its host."""
    host = people.require(reader, HOST, *CREW)

    async def act(tx: Tx) -> Show:
        return await actions.schedule(
            tx,
            market=reader.market.code,
            host=host.id,
            title=given.title,
            starts_at=given.starts_at,
            language=given.language,
            products=given.products,
            stock_rule=given.stock_rule,
        )

    return _body(await reader.cell.run(act))


@router.post("/{show}/pin", status_code=204)
async def pin_product(reader: ReaderHere, show: UUID, given: Pinned) -> Response:
    """Put a product on the picture."""

    async def act(tx: Tx) -> None:
        await access_show(tx, reader, show)
        await actions.pin(tx, show, given.product)

    await reader.cell.run(act)
    return Response(status_code=204)


@router.post("/{show}/unpin", status_code=204)
async def unpin_product(reader: ReaderHere, show: UUID) -> Response:
    """Take off what is on the picture."""

    async def act(tx: Tx) -> None:
        await access_show(tx, reader, show)
        await actions.unpin(tx, show)

    await reader.cell.run(act)
    return Response(status_code=204)


@router.put("/{show}/run-sheet", status_code=204)
async def set_run_sheet(reader: ReaderHere, show: UUID, given: RunSheet) -> Response:
    """Let the show present these products in this order."""

    async def act(tx: Tx) -> None:
        await access_show(tx, reader, show)
        await actions.set_run_sheet(tx, show, given.products)

    await reader.cell.run(act)
    return Response(status_code=204)


@router.put("/{show}/stock-rule")
async def set_stock_rule(reader: ReaderHere, show: UUID, given: NewRule) -> ShowBody:
    """Choose what the basket does, before the show is on air."""

    async def act(tx: Tx) -> Show:
        await access_show(tx, reader, show)
        await actions.set_stock_rule(tx, show, given.stock_rule)
        return await get_show(tx, show)

    return _body(await reader.cell.run(act))


@router.get("/{show}/ingest")
async def get_ingest(request: Request, reader: ReaderHere, show: UUID) -> Response:
    """Tell what to enter in the encoder; the key is a secret of the show's crew."""
    runtime: Runtime = request.app.state.runtime
    async with reader.cell.read() as tx:
        await access_show(tx, reader, show)
        ingest = await video.get_ingest(tx, show, runtime.settings)
    return JSONResponse(msgspec.to_builtins(ingest), headers={"cache-control": "no-store"})


@router.post("/{show}/{step}")
async def take_step(reader: ReaderHere, show: UUID, step: Step) -> ShowBody:
    """Rehearse, go on air, end or cancel; being there already is no error."""

    async def act(tx: Tx) -> Show:
        await access_show(tx, reader, show)
        await STEPS[step](tx, show)
        return await get_show(tx, show)

    return _body(await reader.cell.run(act))
