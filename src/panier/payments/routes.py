"""JSON: a typed card becomes a token, the provider's webhooks come in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from panier import people, web
from panier.kit.clock import now
from panier.kit.errors import NotFound
from panier.payments import sandbox, webhooks
from panier.payments.actions import Answer, hear
from panier.payments.rules import State, read_card
from panier.runtime import Runtime

TOKENS = "20/minute"
"""Cards that one client may type: more looks like somebody trying numbers."""
WEBHOOK_BYTES_MAX = 16_384
"""Bytes of one webhook."""
SETTLED = frozenset({State.PAID, State.DECLINED})

router = APIRouter(prefix="/{m}")


class TypedCard(BaseModel):
    """What a buyer typed; it goes no further than this request."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    number: Annotated[str, Field(max_length=40, repr=False)]
    expiry: Annotated[str, Field(max_length=12, repr=False)]
    cvc: Annotated[str, Field(max_length=6, repr=False)]


@router.post("/sandbox/tokens", dependencies=[Depends(web.limit("sandbox_tokens", TOKENS))])
async def make_token(reader: people.ReaderHere, typed: TypedCard) -> dict[str, str]:
    """Turn a test card into a token that pays once within 30 minutes."""
    card = read_card(typed.number, typed.expiry, typed.cvc, now().date())
    async with reader.cell.tx() as tx:
        token = await sandbox.make_token(tx, card)
    return {"token": token.token, "brand": token.brand, "last4": token.last4}


@router.post("/webhooks/sandbox", status_code=204)
async def hear_sandbox(request: Request, m: str) -> Response:
    """Take the sandbox's word, signed; answered once it is kept, whether new or heard before."""
    runtime: Runtime = request.app.state.runtime
    body = await request.body()
    if len(body) > WEBHOOK_BYTES_MAX:
        raise webhooks.BadSignature
    message, outcome = webhooks.verify(runtime.settings, request.headers, body)
    if outcome.market.lower() != m:
        raise NotFound
    if outcome.state not in SETTLED:
        return Response(status_code=204)
    answer = Answer(
        payment=outcome.payment,
        state=outcome.state,
        reference=outcome.reference,
        reason=outcome.reason,
    )
    async with runtime.cells.of(outcome.market).tx() as tx:
        await hear(tx, sandbox.NAME, message, answer)
    return Response(status_code=204)
