"""The web application: every domain's routes and pages behind one guarded door."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.middleware import Middleware

import panier.baskets.routes
import panier.bookings.pages
import panier.catalog.pages
import panier.catalog.routes
import panier.creators.pages
import panier.disputes.pages
import panier.incentives.pages
import panier.incentives.routes
import panier.invoices.pages
import panier.markets.pages
import panier.orders.pages
import panier.orders.routes
import panier.parcels.pages
import panier.payments.pages
import panier.payments.routes
import panier.payouts.pages
import panier.people.pages
import panier.reports.pages
import panier.reports.routes
import panier.rooms.pages
import panier.rooms.routes
import panier.shows.pages
import panier.shows.routes
import panier.stock.pages
import panier.stock.routes
import panier.taxes.pages
from panier import (
    bookings,
    disputes,
    engines,
    orders,
    parcels,
    payments,
    people,
    reports,
    stock,
    taxes,
    web,
    wiring,
)
from panier.kit.db import Tx
from panier.kit.errors import SignInNeeded
from panier.kit.i18n import N_
from panier.kit.memory import calm_collector
from panier.runtime import Runtime
from panier.settings import Settings

GRACE_SECONDS = 5
"""What requests in flight have when the server is told to stop."""
LARGE_FORMS = {**parcels.LARGE_FORMS, **bookings.LARGE_FORMS, **disputes.LARGE_FORMS}

ROUTERS = [
    panier.markets.pages.router,
    panier.people.pages.router,
    panier.catalog.routes.router,
    panier.catalog.pages.router,
    panier.taxes.pages.router,
    panier.creators.pages.router,
    panier.shows.pages.router,
    # Before the shows' own: /{show}/ticket and /{show}/deals are names, /{show}/{step} takes any.
    panier.rooms.routes.router,
    panier.rooms.pages.router,
    panier.incentives.pages.router,
    panier.incentives.routes.router,
    panier.shows.routes.router,
    panier.stock.pages.router,
    panier.stock.routes.router,
    panier.baskets.routes.router,
    panier.bookings.pages.router,
    panier.parcels.pages.router,
    panier.invoices.pages.router,
    panier.orders.pages.router,
    panier.orders.routes.router,
    panier.payments.pages.router,
    panier.payments.routes.router,
    panier.disputes.pages.router,
    panier.payouts.pages.router,
    panier.reports.routes.router,
    panier.reports.pages.router,
]
"""In this order a path is looked up."""

EXPRESS = {
    ("POST", "api/basket"): panier.baskets.routes.add_to_basket,
    ("POST", "api/checkout"): panier.orders.routes.begin,
}
"""What a whole room presses at once is found before the routers are asked."""


async def _card_lines(tx: Tx, person: UUID) -> list[str]:
    card = await payments.find_card(tx, person)
    return [f"{card.brand.capitalize()} •••• {card.last4}".rstrip(" •")] if card else []


async def _company_lines(tx: Tx, person: UUID) -> list[str]:
    company = await taxes.find_company(tx, person)
    return [line for line in (company.name, company.vat_id) if line] if company else []


KEEPSAKES = [
    people.ADDRESS,
    people.Keepsake(
        name="company",
        title=N_("Company for your next basket"),
        nothing=N_("Nothing is saved. It is kept with the address, if you ask us to."),
        forget_label=N_("Forget this company"),
        show=_company_lines,
        forget=taxes.forget_company,
    ),
    people.Keepsake(
        name="card",
        title=N_("Card for your next basket"),
        nothing=N_(
            "Nothing is saved. When you pay, you can ask us to keep the card for the next time."
        ),
        forget_label=N_("Forget this card"),
        show=_card_lines,
        forget=payments.forget_card,
    ),
]
"""What the account page shows and forgets."""


def create_app(runtime: Runtime) -> FastAPI:
    """Build the application over an open `runtime`."""
    settings = runtime.settings
    provider = payments.provider_of(settings)
    app = FastAPI(
        title="panier",
        description="Live shopping: shows, rooms, baskets, orders. `m` is a market, as in /fr/.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        # Its spans would hold whole paths, tokens of order pages among them; Access tells enough.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[
            Middleware(web.SecurityHeaders, settings=settings, paying=provider.outside()),
            Middleware(web.LanguageOf),
            Middleware(web.Access),
            Middleware(web.SameOrigin, settings=settings),
            Middleware(web.BodyLimit, larger=LARGE_FORMS),
            Middleware(web.Express, routes=EXPRESS),
        ],
    )
    app.state.runtime = runtime
    app.state.rates = web.Rates()
    app.state.stock_of = wiring.stock_of
    app.state.limits = stock.list_limits
    app.state.open_parcels = orders.find_open_parcels
    app.state.card_form = provider.card_form
    app.state.keepsakes = KEEPSAKES
    app.state.brought = panier.creators.pages.Told(
        by_host=reports.list_hosts_who_sold, by_show=reports.list_shows_that_sold
    )
    web.handle_errors(app)
    app.add_exception_handler(SignInNeeded, _ask_to_sign_in)
    app.mount("/static", web.Static())
    app.add_api_route("/health", _tell_health, include_in_schema=False)
    for router in ROUTERS:
        app.include_router(router)
    return app


async def serve(settings: Settings) -> None:
    """Serve until cancelled; requests in flight have 5 s to end."""
    calm_collector()
    async with Runtime.open(settings) as runtime:
        config = uvicorn.Config(
            create_app(runtime),
            host=settings.host,
            port=settings.web_port,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


class _Server(uvicorn.Server):
    """Leaves the signals to the command line, and says when it is ready."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            engines.tell_ready()


async def _tell_health(request: Request) -> Response:
    """Answer when every cell's database does."""
    runtime: Runtime = request.app.state.runtime
    for cell in runtime.cells:
        async with asyncio.timeout(2), cell.read() as tx:
            await tx.execute("select 1")
    return PlainTextResponse("well")


async def _ask_to_sign_in(request: Request, error: Exception) -> Response:
    """Lead a person to the sign-in and back; a program gets the error."""
    market = request.path_params.get("m")
    if market and request.method == "GET" and web.wants_html(request):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/{market}/sign-in?{urlencode({'next': here})}", 303)
    return web.answer(request, cast("SignInNeeded", error))
