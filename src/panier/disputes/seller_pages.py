"""The page of a seller whose sale is disputed: what the bank says, and what they tell of it."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import orders, payments, people, web
from panier.disputes import wording
from panier.disputes.letters import tell_noted
from panier.disputes.notes import Telling, get_file, list_notes, tell
from panier.disputes.rules import (
    PROOF_BYTES_MAX,
    STATEMENT_MAX,
    NothingToTell,
    is_to_answer,
)
from panier.kit.db import Tx
from panier.kit.errors import NotFound
from panier.orders import Order
from panier.payments import Dispute
from panier.people import Reader

CHANGES = "60/hour"
"""How often one client may tell something, or look at a file."""

router = APIRouter(default_response_class=HTMLResponse)
limited = [Depends(web.limit("dispute_notes", CHANGES))]


@router.get("/seller/orders/{order}/dispute")
async def show(request: Request, reader: people.ReaderHere, order: UUID) -> Response:
    """Show a seller what is disputed of an order, and what they told."""
    people.require(reader)
    async with reader.cell.read() as tx:
        found, dispute = await _access(tx, reader, order)
        notes = await list_notes(tx, dispute.id)
        answer = await payments.find_answer(tx, dispute.id)
    return web.render(
        request,
        "disputes/seller.html",
        order=found,
        dispute=dispute,
        note=next((note for note in notes if note.seller == found.seller), None),
        to_answer=is_to_answer(dispute, answer),
        answered=answer is not None and not is_to_answer(dispute, answer),
        reasons=wording.REASONS,
        advice=wording.ADVICE,
        states=wording.STATES,
        badges=wording.BADGES,
        longest=STATEMENT_MAX,
        done="done" in request.query_params,
    )


@router.get("/seller/orders/{order}/dispute/file", dependencies=limited)
async def show_file(reader: people.ReaderHere, order: UUID) -> Response:
    """Send the file that the seller gave."""
    people.require(reader)
    async with reader.cell.read() as tx:
        found, dispute = await _access(tx, reader, order)
        file = await get_file(tx, dispute.id, found.seller)
    return web.send_file(file.name, file.media_type, file.body)


@router.post("/seller/orders/{order}/dispute", dependencies=limited)
async def take(request: Request, reader: people.ReaderHere, order: UUID) -> Response:
    """Keep what a seller tells, and tell finance of it."""
    person = people.require(reader)
    async with request.form() as form:
        words = web.read_text(form, "words", STATEMENT_MAX)
        file = await web.read_file(form, "proof", PROOF_BYTES_MAX)
    if not words and not file:
        raise NothingToTell(field="words")

    async def act(tx: Tx) -> None:
        found, dispute = await _access(tx, reader, order)
        told = Telling(found.seller, person.id, words, file)
        await tell(tx, dispute.id, reader.market.code, told)
        await tell_noted(tx, reader.market, found, dispute)

    await reader.cell.run(act)
    path = f"{reader.market.path}seller/orders/{order}/dispute"
    return RedirectResponse(f"{path}?done", 303)


async def _access(tx: Tx, reader: Reader, order: UUID) -> tuple[Order, Dispute]:
    """Return an order of the reader's sellers and its latest dispute; raises NotFound."""
    found = await orders.find_order(tx, order)
    if found is None or found.market != reader.market.code:
        raise NotFound
    people.require_seller(reader, found.seller)
    checkout = await orders.find_checkout(tx, found.checkout)
    disputes = await payments.list_disputes(tx, checkout.payment) if checkout else []
    if not disputes:
        raise NotFound
    return found, disputes[-1]
