"""JSON: waiting for what is sold out, and keeping the basket longer."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from panier import people, web
from panier.runtime import Runtime
from panier.stock.commands import Wait, keep_longer, leave_line, show_places, wait_in_line
from panier.stock.rules import UNITS_MAX

PRESSES = "60/minute"
"""Changes of one client's places over HTTP."""

router = APIRouter(prefix="/{m}/api", tags=["basket"])


class Waiting(BaseModel):
    """How many units a buyer waits for, and in which show."""

    model_config = ConfigDict(extra="forbid")

    quantity: Annotated[int, Field(ge=1, le=UNITS_MAX, strict=True)] = 1
    show: UUID | None = None


@router.get("/waiting")
async def list_waiting(reader: people.ReaderHere) -> list[dict[str, Any]]:
    """Return where this browser waits and what is offered to it."""
    return await show_places(reader.cell, reader.market.code, reader.visitor)


@router.put("/waiting/{variant}", dependencies=[Depends(web.limit("waiting", PRESSES))])
async def join_line(
    request: Request, reader: people.ReaderHere, variant: UUID, given: Waiting
) -> list[dict[str, Any]]:
    """Wait for units of a variant that is sold out."""
    runtime: Runtime = request.app.state.runtime
    return await wait_in_line(
        reader.cell,
        runtime.settings,
        market=reader.market.code,
        buyer=reader.visitor,
        wanted=Wait(variant=variant, quantity=given.quantity),
        show=given.show,
        person=reader.person.id if reader.person else None,
    )


@router.delete("/waiting/{variant}", dependencies=[Depends(web.limit("waiting", PRESSES))])
async def quit_line(reader: people.ReaderHere, variant: UUID) -> list[dict[str, Any]]:
    """Wait for a variant no longer."""
    return await leave_line(reader.cell, reader.market.code, reader.visitor, variant)


@router.post("/basket/extend", dependencies=[Depends(web.limit("waiting", PRESSES))])
async def extend_basket(request: Request, reader: people.ReaderHere) -> list[dict[str, Any]]:
    """Keep what is in the basket some minutes longer, once."""
    runtime: Runtime = request.app.state.runtime
    return await keep_longer(reader.cell, runtime.settings, reader.market.code, reader.visitor)
