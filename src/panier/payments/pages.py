"""Pages of the sandbox: its test cards and levers, the bank's question during a payment."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from panier import people, web
from panier.kit.errors import NotFound
from panier.kit.i18n import N_
from panier.payments import sandbox
from panier.payments.rules import TEST_CARDS, AccountState, Behaviour
from panier.payments.sandbox.routes import ADMIN, decide_in
from panier.runtime import Runtime

ANSWERS = "30/minute"
"""Answers of one client to the bank's question."""
CARD_TEXTS = {
    Behaviour.SUCCEEDS: N_("Pays at once."),
    Behaviour.DECLINED: N_("The bank declines."),
    Behaviour.INSUFFICIENT: N_("The bank declines: not enough money."),
    Behaviour.CHALLENGE: N_("Asks for a confirmation (3-D Secure)."),
    Behaviour.LATE: N_("Pays about five seconds later, told by a webhook."),
    Behaviour.DO_NOT_HONOUR: N_("The bank declines without saying why."),
    Behaviour.LOST: N_("The bank declines: the card was reported lost. The buyer is not told so."),
    Behaviour.STOLEN: N_(
        "The bank declines: the card was reported stolen. The buyer is not told so."
    ),
    Behaviour.EXPIRED: N_("The bank declines: the card has expired."),
    Behaviour.WRONG_CVC: N_("The bank declines: the security code is wrong."),
    Behaviour.ERROR: N_("The bank cannot be asked."),
    Behaviour.DISPUTED: N_("Pays at once; about five seconds later the buyer’s bank disputes it."),
    Behaviour.REFUND_LATE: N_("Pays at once; a refund takes about five seconds."),
    Behaviour.REFUND_FAILS: N_(
        "Pays at once; a refund is called done and comes back about five seconds later."
    ),
}
FAULT_TEXTS = {
    "lost": N_("Requests that time out and never arrive"),
    "unheard": N_("Requests that are done, and whose answer times out"),
    "broken": N_("Requests answered with an error of the provider"),
    "duplicate": N_("Messages told twice"),
    "shuffled": N_("Messages told late, so that others overtake them"),
}
"""What the fault switch can do, each with its share in per cent."""

Whole = Annotated[int, Field(ge=0, le=100)]


class Turned(BaseModel):
    """The fault switch as a form sends it."""

    model_config = ConfigDict(extra="forbid")

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    lost: Whole = 0
    unheard: Whole = 0
    broken: Whole = 0
    duplicate: Whole = 0
    shuffled: Whole = 0


router = APIRouter(prefix="/{m}", include_in_schema=False)


def check_in_use(request: Request) -> None:
    """Refuse to speak of test cards in a shop that takes real ones. Raises NotFound."""
    runtime: Runtime = request.app.state.runtime
    if runtime.settings.payments != sandbox.NAME:
        raise NotFound


@router.get("/sandbox/", response_class=HTMLResponse)
async def show_cards(request: Request, reader: people.ReaderHere) -> Response:
    """List the test cards and what each does; administrators see the levers too."""
    check_in_use(request)
    cards = [
        (" ".join(number[i : i + 4] for i in range(0, 16, 4)), CARD_TEXTS[behaviour])
        for number, behaviour in TEST_CARDS.items()
    ]
    levers = None
    if ADMIN in reader.roles:
        async with reader.cell.read() as tx:
            levers = {
                "disputes": await sandbox.list_open(tx, reader.market.code),
                "faults": await sandbox.find_faults(tx),
            }
    return web.render(
        request, "payments/sandbox.html", cards=cards, levers=levers, fault_texts=FAULT_TEXTS
    )


@router.post("/sandbox/disputes/{name}")
async def decide(
    reader: people.ReaderHere, name: str, decision: Annotated[Literal["won", "lost"], Form()]
) -> Response:
    """Decide a dispute as the buyer's bank."""
    people.require(reader, ADMIN)
    async with reader.cell.tx() as tx:
        await decide_in(tx, reader, name, won=decision == "won")
    return RedirectResponse(f"{reader.market.path}sandbox/", 303)


@router.post("/sandbox/faults")
async def turn_faults(reader: people.ReaderHere, given: Annotated[Turned, Form()]) -> Response:
    """Turn the fault switch for the whole cell."""
    people.require(reader, ADMIN)
    async with reader.cell.tx() as tx:
        await sandbox.turn_switch(tx, sandbox.Faults(**given.model_dump()))
    return RedirectResponse(f"{reader.market.path}sandbox/", 303)


@router.get("/sandbox/accounts/{name}", response_class=HTMLResponse)
async def show_account(
    request: Request, reader: people.ReaderHere, name: str, back: str = ""
) -> Response:
    """Ask somebody who is to be paid for their details, as a provider does on its own page."""
    people.require(reader)
    async with reader.cell.read() as tx:
        account = await sandbox.access_account(tx, name, reader.market.code)
    back = web.safe_path(back, reader.market.path)
    return web.render(request, "payments/account.html", account=account, back=back)


@router.post("/sandbox/accounts/{name}")
async def take_details(
    reader: people.ReaderHere,
    name: str,
    given: Annotated[Literal["all", "some"], Form()],
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Find the details enough, or not, and lead back."""
    people.require(reader)
    async with reader.cell.tx() as tx:
        account = await sandbox.access_account(tx, name, reader.market.code)
        if account.state != AccountState.RESTRICTED:  # that is not for details to mend
            state = AccountState.ACTIVE if given == "all" else AccountState.PENDING
            await sandbox.set_state(tx, name, state)
    return RedirectResponse(web.safe_path(back, reader.market.path), 303)


@router.get("/sandbox/challenge/{intent}", response_class=HTMLResponse)
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
    "/sandbox/challenge/{intent}",
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
