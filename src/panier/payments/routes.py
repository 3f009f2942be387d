"""JSON: a typed card becomes a token, the providers' webhooks come in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from panier import people, web
from panier.kit.clock import now
from panier.kit.errors import NotFound
from panier.payments import sandbox
from panier.payments.adapters import PROVIDERS, provider_of
from panier.payments.news import hear
from panier.payments.pages import check_in_use
from panier.payments.provider import BadSignature
from panier.payments.rules import read_card
from panier.payments.sandbox import routes as sandbox_routes
from panier.runtime import Runtime

TOKENS = "20/minute"
"""Cards that one client may type: more looks like somebody trying numbers."""
WEBHOOK_BYTES_MAX = 65_536
"""Bytes of one webhook."""

router = APIRouter(prefix="/{m}")
router.include_router(sandbox_routes.router)


class TypedCard(BaseModel):
    """What a buyer typed; it goes no further than this request."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    number: Annotated[str, Field(max_length=40, repr=False)]
    expiry: Annotated[str, Field(max_length=12, repr=False)]
    cvc: Annotated[str, Field(max_length=6, repr=False)]


@router.post("/sandbox/tokens", dependencies=[Depends(web.limit("sandbox_tokens", TOKENS))])
async def make_token(
    request: Request, reader: people.ReaderHere, typed: TypedCard
) -> dict[str, str]:
    """Turn a test card into a token that pays once within 30 minutes."""
    check_in_use(request)
    card = read_card(typed.number, typed.expiry, typed.cvc, now().date())
    async with reader.cell.tx() as tx:
        token = await sandbox.make_token(tx, card)
    return {"token": token.token, "brand": token.brand, "last4": token.last4}


@router.post("/webhooks/{provider}", status_code=204)
async def hear_provider(request: Request, m: str, provider: str) -> Response:
    """Take a provider's word, signed; answered once it is kept, whether new or heard before."""
    runtime: Runtime = request.app.state.runtime
    if provider not in PROVIDERS:
        raise NotFound
    body = await request.body()
    if len(body) > WEBHOOK_BYTES_MAX:
        raise BadSignature
    heard = provider_of(runtime.settings, provider).read_webhook(request.headers, body)
    # Where a message names no market, whichever cell knows the payment takes it.
    cells = [runtime.cells.of(heard.market)] if heard.market else list(runtime.cells)
    strangers = 0
    for cell in cells:
        try:
            async with cell.tx() as tx:
                await hear(tx, provider, heard.market or m.upper(), heard)
        except NotFound:
            strangers += 1
    if strangers == len(cells):
        raise NotFound
    return Response(status_code=204)
