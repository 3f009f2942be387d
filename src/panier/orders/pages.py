"""HTML: where a payment provider leads buyers back who were sent away to confirm."""

from urllib.parse import urlencode, urlsplit
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import people, shows, web
from panier.orders.queries import find_checkout_of

router = APIRouter(prefix="/{m}", include_in_schema=False)


@router.get("/payment/{payment}/back", response_class=HTMLResponse)
async def come_back(request: Request, reader: people.ReaderHere, payment: UUID) -> Response:
    """Lead a buyer back to the show that they bought in, which then tells how it went.

    What the provider adds to the address is not believed. A bank's app may open another browser
    than the one that buys: that one is only told that it may close this.
    """
    async with reader.cell.read() as tx:
        found = await find_checkout_of(tx, payment)
        mine = found is not None and found.buyer == reader.visitor
        show = await shows.find_show(tx, found.show) if found and mine and found.show else None
    if found is None or not mine:
        return web.render(request, "orders/back.html")
    if show is None:
        return RedirectResponse(urlsplit(found.page_url).path, 303)
    return RedirectResponse(f"{show.path}?{urlencode({'checkout': str(found.id)})}", 303)
