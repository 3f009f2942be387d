"""JSON: the deals of a show, for its crew."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from panier import shows
from panier.incentives.deals import announce, end_deal
from panier.kit.clock import ms
from panier.kit.db import Tx
from panier.people import ReaderHere

router = APIRouter(prefix="/{m}/api/shows", tags=["deals"])

VARIANTS_MAX = 50
"""Prices in one deal."""
Minor = Annotated[int, Field(ge=1, le=100_000_000, strict=True)]


class NewDeal(BaseModel):
    """A deal to be announced; prices in minor units by variant, times in seconds."""

    model_config = ConfigDict(extra="forbid")

    product: UUID
    prices: Annotated[dict[UUID, Minor], Field(min_length=1, max_length=VARIANTS_MAX)]
    countdown: int
    seconds: int
    units: int
    buyer_max: int


class DealBody(BaseModel):
    """A deal and when it opens and closes, in milliseconds since the epoch."""

    deal: UUID
    opens_at: int
    closes_at: int


@router.post("/{show}/deals", status_code=201)
async def start_deal(reader: ReaderHere, show: UUID, given: NewDeal) -> DealBody:
    """Announce a deal; it opens after the countdown, for everybody at once."""

    async def act(tx: Tx) -> DealBody:
        found = await shows.access_show(tx, reader, show)
        deal = await announce(
            tx,
            found.id,
            given.product,
            given.prices,
            countdown=given.countdown,
            seconds=given.seconds,
            units=given.units,
            buyer_max=given.buyer_max,
        )
        return DealBody(deal=deal.id, opens_at=ms(deal.opens_at), closes_at=ms(deal.closes_at))

    return await reader.cell.run(act)


@router.post("/{show}/deals/end", status_code=204)
async def stop_deal(reader: ReaderHere, show: UUID) -> Response:
    """End the deal that is announced or open."""

    async def act(tx: Tx) -> None:
        await end_deal(tx, (await shows.access_show(tx, reader, show)).id)

    await reader.cell.run(act)
    return Response(status_code=204)
