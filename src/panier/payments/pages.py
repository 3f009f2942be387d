"""Pages of the sandbox: its test cards, and the bank's question during a payment."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import people, web
from panier.kit.errors import NotFound
from panier.kit.i18n import N_
from panier.payments import sandbox
from panier.payments.rules import TEST_CARDS, Behaviour

ANSWERS = "30/minute"
"""Answers of one client to the bank's question."""
CARD_TEXTS = {
    Behaviour.SUCCEEDS: N_("Pays at once."),
    Behaviour.DECLINED: N_("The bank declines."),
    Behaviour.INSUFFICIENT: N_("The bank declines: not enough money."),
    Behaviour.CHALLENGE: N_("Asks for a confirmation (3-D Secure)."),
    Behaviour.LATE: N_("Pays about five seconds later, told by a webhook."),
}

router = APIRouter(prefix="/{m}/sandbox", include_in_schema=False)


@router.get("/", response_class=HTMLResponse, dependencies=[Depends(people.read_reader)])
async def show_cards(request: Request) -> Response:
    """List the test cards and what each does."""
    cards = [
        (" ".join(number[i : i + 4] for i in range(0, 16, 4)), CARD_TEXTS[behaviour])
        for number, behaviour in TEST_CARDS.items()
    ]
    return web.render(request, "payments/sandbox.html", cards=cards)


@router.get("/challenge/{intent}", response_class=HTMLResponse)
async def show_challenge(request: Request, reader: people.ReaderHere, intent: str) -> Response:
    """Ask the buyer to confirm, or say how it went; shown in a frame of the checkout."""
    web.allow_framing(request)
    async with reader.cell.read() as tx:
        found = await sandbox.find_intent(tx, intent)
        if found is None or found.market != reader.market.code:
            raise NotFound
        last4 = await sandbox.find_last4(tx, found)
    return web.render(
        request, "payments/challenge.html", intent=found, amount=found.amount, last4=last4
    )


@router.post(
    "/challenge/{intent}",
    dependencies=[Depends(web.limit("sandbox_answers", ANSWERS))],
)
async def answer_challenge(
    request: Request,
    reader: people.ReaderHere,
    intent: str,
    answer: Annotated[Literal["approve", "refuse"], Form()],
) -> Response:
    """Take the buyer's answer and show it."""
    web.allow_framing(request)
    async with reader.cell.tx() as tx:
        await sandbox.answer_challenge(tx, intent, approved=answer == "approve")
    return RedirectResponse(request.url.path, 303)
