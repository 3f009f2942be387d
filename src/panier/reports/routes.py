"""JSON: a show's figures while it runs, for the studio."""

from uuid import UUID

import msgspec
from fastapi import APIRouter, Response

from panier import people, shows
from panier.kit.errors import NotFound
from panier.reports.aired import find_aired
from panier.reports.live import read_figures

router = APIRouter(prefix="/{m}/api/shows", tags=["reports"])


@router.get("/{show}/figures")
async def send_figures(reader: people.ReaderHere, show: UUID) -> Response:
    """Send viewers, orders, revenue and the last ten minutes; for whoever may run the show."""
    async with reader.cell.read() as tx:
        await shows.access_show(tx, reader, show)
        aired = await find_aired(tx, show)
        if aired is None:
            raise NotFound
        figures = await read_figures(tx, aired)
    return Response(msgspec.json.encode(figures), media_type="application/json")
