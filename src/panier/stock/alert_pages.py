"""The choice of a seller's staff whether they are written to when something runs low."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from panier import people
from panier.kit.errors import Forbidden
from panier.stock.alerts import set_wish

router = APIRouter(include_in_schema=False)


@router.post("/seller/stock/mails")
async def choose_mails(
    reader: people.ReaderHere,
    seller: Annotated[UUID, Form()],
    told: Annotated[Literal["yes", "no"], Form()],
) -> Response:
    """Be written to from now on when a seller's stock runs low, or not: for their staff."""
    person = people.require(reader, "seller")
    if seller not in reader.sellers:
        raise Forbidden
    await reader.cell.run(lambda tx: set_wish(tx, person.id, seller, told=told == "yes"))
    return RedirectResponse(f"{reader.market.path}seller/stock?said=mails#mails", 303)
