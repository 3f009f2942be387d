"""JSON: the deals of a show, for its crew."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from panier import people, shows, web
from panier.catalog import Product
from panier.incentives.asking import Request, ask, list_requests_of_show
from panier.incentives.consent import Allowed, list_allowed
from panier.incentives.deals import NewDeal, announce, end_deal
from panier.kit.clock import ms
from panier.kit.db import Tx
from panier.people import ReaderHere

router = APIRouter(prefix="/{m}/api/shows", tags=["deals"])

ASKS = "20/minute"
"""Requests of one client."""
VARIANTS_MAX = 50
"""Prices in one deal."""
Minor = Annotated[int, Field(ge=1, le=100_000_000, strict=True)]


class DealAsked(BaseModel):
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
async def start_deal(reader: ReaderHere, show: UUID, given: DealAsked) -> DealBody:
    """Announce a deal; it opens after the countdown, for everybody at once."""

    async def act(tx: Tx) -> DealBody:
        found = await shows.access_show(tx, reader, show)
        deal = await announce(
            tx, found.id, NewDeal(**given.model_dump()), people.require(reader).id
        )
        return DealBody(deal=deal.id, opens_at=ms(deal.opens_at), closes_at=ms(deal.closes_at))

    return await reader.cell.run(act)


class AgreedBody(BaseModel):
    """What may be done with a product's prices without asking its seller."""

    product: UUID
    seller: str
    own: bool
    """The reader works for the seller: whatever they like."""
    lowest: dict[UUID, int]
    """Minor units by variant; empty: nothing is agreed."""
    units: int
    """Units that are left of what was agreed."""
    until: int | None
    """Milliseconds since the epoch; none: until further notice, or nothing is agreed."""


class RequestBody(BaseModel):
    """What a seller was asked for, and what they say."""

    request: UUID
    product: UUID
    prices: dict[UUID, int]
    units: int
    state: str
    """asked, agreed, refused or expired."""
    expires_at: int


class ConsentBody(BaseModel):
    """How far a show's crew may go with prices."""

    agreed: list[AgreedBody]
    requests: list[RequestBody]


class Question(BaseModel):
    """A deal that a seller is asked for; prices in minor units by variant."""

    model_config = ConfigDict(extra="forbid")

    product: UUID
    prices: Annotated[dict[UUID, Minor], Field(min_length=1, max_length=VARIANTS_MAX)]
    units: int


@router.get("/{show}/deals/agreed")
async def show_agreed(reader: ReaderHere, show: UUID) -> ConsentBody:
    """Return how far the reader may go with the prices of a show, and what sellers answered."""
    async with reader.cell.read() as tx:
        found = await shows.access_show(tx, reader, show)
        sheet = await shows.list_run_sheet(tx, found.id, reader.language)
        allowed = await list_allowed(tx, sheet, people.require(reader).id)
        requests = await list_requests_of_show(tx, found.id)
    agreed = [_agreed(one, product) for one, product in zip(allowed, sheet, strict=True)]
    return ConsentBody(agreed=agreed, requests=[_request(request) for request in requests])


@router.post("/{show}/deals/ask", status_code=201, dependencies=[Depends(web.limit("ask", ASKS))])
async def ask_seller(reader: ReaderHere, show: UUID, given: Question) -> RequestBody:
    """Ask a seller for a deal beyond what they agreed to."""

    async def act(tx: Tx) -> Request:
        found = await shows.access_show(tx, reader, show)
        by = people.require(reader).id
        return await ask(tx, found.id, given.product, given.prices, units=given.units, by=by)

    return _request(await reader.cell.run(act))


def _agreed(one: Allowed, product: Product) -> AgreedBody:
    agreement = one.agreement
    until = agreement.valid_until if agreement else None
    return AgreedBody(
        product=one.product,
        seller=one.seller,
        own=one.own,
        lowest={v.id: agreement.lowest(v.price.minor) for v in product.variants}
        if agreement
        else {},
        units=agreement.left if agreement else 0,
        until=ms(until) if until else None,
    )


def _request(request: Request) -> RequestBody:
    return RequestBody(
        request=request.id,
        product=request.product_id,
        prices={UUID(variant): minor for variant, minor in request.prices.items()},
        units=request.units,
        state=request.state,
        expires_at=ms(request.expires_at),
    )


@router.post("/{show}/deals/end", status_code=204)
async def stop_deal(reader: ReaderHere, show: UUID) -> Response:
    """End the deal that is announced or open."""

    async def act(tx: Tx) -> None:
        await end_deal(tx, (await shows.access_show(tx, reader, show)).id)

    await reader.cell.run(act)
    return Response(status_code=204)
