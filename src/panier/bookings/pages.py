"""Pages: the products of a seller, what of them may be sent back, services and their slots."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from panier import catalog, markets, orders, people, stock, web
from panier.bookings import slot_pages
from panier.bookings.access import access_service, list_own, require_own
from panier.bookings.actions import change_terms, make_service, open_slots
from panier.bookings.forms import (
    Filled,
    blame_catalog,
    blank_service,
    blank_slots,
    fill_service,
    read_slots,
    read_terms,
    texts_of,
)
from panier.bookings.rules import EVERY, PICTURE_BYTES_MAX, PLACES_MAX
from panier.catalog import EXEMPTIONS, OF_GOODS, OF_SERVICES, Product
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import BadInput, NotFound, PanierError, TooLarge
from panier.kit.i18n import N_, _
from panier.kit.ics import Entry, write_calendar
from panier.people import Reader
from panier.runtime import Runtime

CHANGES = "60/minute"
"""How often one client may change services."""
SAID = {
    "made": N_("The service is made. Now give it dates: it can be bought as soon as it has one."),
    "changed": N_("The service is changed for all dates to come."),
    "picture": N_("The picture is changed."),
    "slots": N_("The dates can be booked."),
    "withdrawal": N_("Changed, for orders from now on."),
}

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)
router.include_router(slot_pages.router)
change = [Depends(web.limit("service_change", CHANGES))]


@router.get("/seller/products")
async def list_products(request: Request, reader: people.ReaderHere, said: str = "") -> Response:
    """List the products of the reader's sellers."""
    own = list_own(reader)
    async with reader.cell.read() as tx:
        if own is None:
            products = await catalog.list_products(tx, reader.market.code, reader.language)
        else:
            products = await catalog.list_products_of(tx, own, reader.language)
    return web.render(
        request,
        "bookings/products.html",
        products=sorted(products, key=lambda product: product.title.casefold()),
        exemptions=EXEMPTIONS,
        said=SAID.get(said),
    )


@router.get("/seller/products/{product}/withdrawal")
async def show_withdrawal(request: Request, reader: people.ReaderHere, product: UUID) -> Response:
    """Show whether a product may be sent back, and the reasons why it might not."""
    return _withdrawal(request, await _access_product(reader, product))


@router.post("/seller/products/{product}/withdrawal", dependencies=change)
async def change_withdrawal(
    request: Request,
    reader: people.ReaderHere,
    product: UUID,
    withdrawal: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Say whether a product may be sent back, from the next order on."""
    found = await _access_product(reader, product)
    try:
        await reader.cell.run(lambda tx: catalog.set_withdrawal(tx, product, withdrawal))
    except BadInput as error:
        return _withdrawal(request, found, error.message(), error.status)
    return RedirectResponse(f"{reader.market.path}seller/products?said=withdrawal", 303)


def _withdrawal(request: Request, product: Product, error: str = "", status: int = 200) -> Response:
    return web.render(
        request,
        "bookings/withdrawal.html",
        status,
        product=product,
        choices=OF_SERVICES if product.kind == "service" else OF_GOODS,
        exemptions=EXEMPTIONS,
        error=error,
    )


async def _access_product(reader: Reader, product: UUID) -> Product:
    list_own(reader)
    async with reader.cell.read() as tx:
        found = await catalog.get_product(tx, product, reader.language)
    if found.market != reader.market.code:
        raise NotFound
    require_own(reader, found.seller.id)
    return found


@router.get("/seller/services/new")
async def ask_for_service(request: Request, reader: people.ReaderHere) -> Response:
    """Show the form of a new service."""
    return await _new(request, reader, Filled(blank_service(reader.market)))


@router.post("/seller/services/new", dependencies=change)
async def add_service(request: Request, reader: people.ReaderHere) -> Response:
    """Make a service."""
    list_own(reader)
    async with request.form() as form:
        filled = Filled({**blank_service(reader.market), **texts_of(form)})
    market = reader.market
    terms = read_terms(filled, market)
    seller = filled.read("seller", lambda: _seller(filled.given["seller"]))
    if terms is None or seller is None:
        return await _new(request, reader, filled, BadInput.status)
    require_own(reader, seller)

    async def act(tx: Tx) -> UUID:
        if (await catalog.get_seller(tx, seller)).market != market.code:
            raise NotFound
        return await make_service(tx, seller, terms, market.languages[0])

    try:
        product = await reader.cell.run(act)
    except BadInput as error:
        blame_catalog(filled, error, market)
        return await _new(request, reader, filled, error.status)
    return RedirectResponse(f"{market.path}seller/services/{product}?said=made", 303)


def _seller(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput(field="seller", reason=_("please choose one of the list")) from None


async def _new(request: Request, reader: Reader, filled: Filled, status: int = 200) -> Response:
    own = list_own(reader)
    async with reader.cell.read() as tx:
        if own is None:
            sellers = await catalog.list_sellers_of(tx, reader.market.code)
        else:
            sellers = await catalog.list_sellers(tx, own)
    return web.render(
        request,
        "bookings/new.html",
        status,
        sellers=[seller for seller in sellers if seller.market == reader.market.code],
        terms=filled,
        **_choices(),
    )


def _choices() -> dict[str, object]:
    return {
        "categories": markets.CATEGORY_NAMES,
        "withdrawals": OF_SERVICES,
        "exemptions": EXEMPTIONS,
        "every": EVERY,
        "places_max": PLACES_MAX,
    }


@router.get("/seller/services/{product}")
async def show_service(
    request: Request, reader: people.ReaderHere, product: UUID, said: str = ""
) -> Response:
    """Show a service with its dates, those to come and those gone by."""
    return await _service(request, reader, product, said=said)


@router.post("/seller/services/{product}", dependencies=change)
async def change_service(request: Request, reader: people.ReaderHere, product: UUID) -> Response:
    """Change a service for all dates to come."""
    async with request.form() as form:
        filled = Filled({**blank_service(reader.market), **texts_of(form)})
    terms = read_terms(filled, reader.market)

    async def act(tx: Tx) -> None:
        await access_service(tx, reader, product)
        if terms is not None:
            await change_terms(tx, product, terms)

    try:
        await reader.cell.run(act)
    except BadInput as error:
        blame_catalog(filled, error, reader.market)
    if filled.errors:
        return await _service(request, reader, product, terms=filled)
    return _back(reader, product, "changed")


@router.post("/seller/services/{product}/picture", dependencies=change)
async def change_picture(request: Request, reader: people.ReaderHere, product: UUID) -> Response:
    """Give a service another picture, with what is on it in words."""
    runtime: Runtime = request.app.state.runtime
    async with reader.cell.read() as tx:
        await access_service(tx, reader, product)
    async with request.form() as form:
        given, file = texts_of(form), form.get("picture")
        data = b"" if isinstance(file, str) or file is None else await file.read()
    alt = {of: given[f"alt-{of}"] for of in reader.market.languages if given.get(f"alt-{of}")}
    filled = Filled({**given, "picture": "", f"alt-{reader.market.languages[0]}": ""})
    try:
        if not data:
            raise BadInput(field="picture", reason=_("please choose a file"))
        if len(data) > PICTURE_BYTES_MAX:
            raise TooLarge(limit=PICTURE_BYTES_MAX)
        image = await catalog.keep_image(runtime.store, data)
        await reader.cell.run(lambda tx: catalog.set_image(tx, product, image, alt))
    except PanierError as error:
        if error.status not in (413, 422):
            raise
        if isinstance(error, BadInput):
            blame_catalog(filled, error, reader.market)
        else:
            filled.errors["picture"] = error.message()
        return await _service(request, reader, product, picture=filled)
    return _back(reader, product, "picture")


@router.post("/seller/services/{product}/slots", dependencies=change)
async def add_slots(request: Request, reader: people.ReaderHere, product: UUID) -> Response:
    """Give a service dates: one, or several at the same hour."""
    async with request.form() as form:
        filled = Filled({**blank_slots(now().date()), **texts_of(form)})
    times, places = read_slots(filled, reader.market)

    async def act(tx: Tx) -> None:
        await access_service(tx, reader, product)
        who = people.require(reader).id
        if times:
            place = filled.given["place"]
            await open_slots(tx, product, times, place=place, places=places, who=who)

    try:
        await reader.cell.run(act)
    except BadInput as error:
        blame_catalog(filled, error, reader.market)
    except (catalog.SlotTaken, catalog.TooManySlots) as error:
        filled.errors["date"] = error.message()
    if filled.errors:
        return await _service(request, reader, product, dates=filled)
    return _back(reader, product, "slots")


async def _service(
    request: Request,
    reader: Reader,
    product: UUID,
    *,
    said: str = "",
    terms: Filled | None = None,
    picture: Filled | None = None,
    dates: Filled | None = None,
) -> Response:
    moment = now()
    async with reader.cell.read() as tx:
        service = await access_service(tx, reader, product)
        coming = await catalog.list_slots(tx, product, moment)
        past = await catalog.list_past_slots(tx, product, moment)
        counts = await stock.list_counts(tx, [slot.variant for slot in (*coming, *past)])
        shown = await catalog.get_product(tx, product, reader.language)
    tomorrow = reader.market.day(moment) + timedelta(days=1)
    return web.render(
        request,
        "bookings/service.html",
        200 if not any((terms, picture, dates)) else BadInput.status,
        service=service,
        shown=shown,
        coming=coming,
        past=past,
        counts=counts,
        moment=moment,
        terms=terms or Filled(fill_service(service)),
        picture=picture or Filled({f"alt-{of}": text for of, text in service.image_alt.items()}),
        dates=dates or Filled(blank_slots(tomorrow)),
        said=SAID.get(said),
        **_choices(),
    )


def _back(reader: Reader, product: UUID, said: str) -> Response:
    return RedirectResponse(f"{reader.market.path}seller/services/{product}?said={said}", 303)


@router.get("/order/{token}/calendar/{order}.ics")
async def send_calendar(
    request: Request, reader: people.ReaderHere, token: str, order: UUID
) -> Response:
    """Give what is booked to a calendar, to whoever has the order's link."""
    runtime: Runtime = request.app.state.runtime
    checkout = UUID(runtime.signer.open(orders.ORDER_PAGE, token, None)["checkout"])
    async with reader.cell.read() as tx:
        found = await orders.find_order(tx, order)
        lines = (await orders.list_lines(tx, [order]))[order]
        arrivals = await catalog.list_arrivals(tx, [line.product for line in lines])
    if found is None or found.checkout != checkout or found.market != reader.market.code:
        raise NotFound
    url = f"{runtime.settings.public_web_url}{reader.market.path}order/{token}"
    entries = [
        Entry(
            key=f"{order}-{line.n}",
            starts_at=line.starts_at,
            ends_at=line.ends_at,
            title=line.title,
            text=" ".join(
                text
                for text in (arrivals.get(line.product, ""), _("Your order: %(url)s", url=url))
                if text
            ),
            url=url,
            place=line.place or _("Online"),
            cancelled=found.state in (orders.State.CANCELLED, orders.State.REFUNDED),
        )
        for line in lines
        if line.starts_at and line.ends_at
    ]
    if not entries or found.paid_at is None:
        raise NotFound
    headers = {"content-disposition": f'attachment; filename="{found.number}.ics"'}
    return Response(
        write_calendar(entries, now()), media_type="text/calendar; charset=utf-8", headers=headers
    )
