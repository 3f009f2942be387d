"""The door: which market it shall be."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import web
from panier.kit.cells import Cells
from panier.markets.queries import list_open_markets
from panier.markets.remembered import remembered_market

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
async def choose_market(request: Request) -> Response:
    """Lead to the market of last time, else (or with ?choose) show which there are."""
    cells: Cells = request.app.state.runtime.cells
    markets = await list_open_markets(cells)
    remembered = remembered_market(request)
    if "choose" not in request.query_params:
        for market in markets:
            if market.code == remembered:
                return RedirectResponse(market.path, 303)
    return web.render(request, "markets/choose.html", markets=markets)
