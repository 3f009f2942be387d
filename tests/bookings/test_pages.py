"""What sellers do with services in their browser, what buyers see of it, and who may."""

import csv
import io
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pytest_asyncio
from fastapi import FastAPI
from icalendar import Calendar

from panier import catalog, parcels
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.kit.signing import Signer
from panier.runtime import Runtime
from panier.settings import Settings
from tests.bookings import laid as lay
from tests.bookings.laid import Laid
from tests.parcels import sold
from tests.parcels.test_seller_pages import employ, sign_in

NEW = {
    "title-fr": "Atelier bougies", "description-fr": "Deux heures.", "title-en": "Candle class",
    "vat_category": "standard", "price": "45,00", "closes_minutes": "120", "cancel_hours": "48",
    "arrival": "12 rue de la Paix", "withdrawal": "dated_leisure_service",
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def made(app: FastAPI, cell: Cell, client: httpx2.AsyncClient) -> Laid:
    """Lay a service of the seller for whom the browser's reader works."""
    found = await lay.lay(cell)
    await sign_in(client)
    await employ(cell, found.shop.seller)
    return found


def dates(**changes: str) -> dict[str, str]:
    day = (now() + timedelta(days=10)).date().isoformat()
    return {"date": day, "time": "18:00", "minutes": "45", "places": "4", "place": "Paris",
            "every": "7", "times": "3", **changes}  # fmt: skip


async def test_a_seller_makes_a_service_and_gives_it_dates(
    cell: Cell, client: httpx2.AsyncClient, made: Laid
) -> None:
    wrong = await client.post("/fr/seller/services/new", data={**NEW, "price": "free"})
    assert wrong.status_code == 422
    assert "Write an amount such as 24.90." in wrong.text
    assert "Atelier bougies" in wrong.text  # nothing that was typed is lost
    form = {**NEW, "seller": str(made.shop.seller)}
    answer = await client.post("/fr/seller/services/new", data=form)
    assert answer.status_code == 303, answer.text
    page = await client.get(answer.headers["location"])
    assert "No dates yet" in page.text
    here = answer.headers["location"].partition("?")[0]
    added = await client.post(f"{here}/slots", data=dates())
    assert added.headers["location"] == f"{here}?said=slots"
    taken = await client.post(f"{here}/slots", data=dates(every="0"))
    assert taken.status_code == 422
    assert "There is a slot of this service at this time already" in taken.text
    async with cell.read() as tx:
        service = await catalog.get_service(tx, UUID(here.rpartition("/")[2]))
        slots = await catalog.list_slots(tx, service.product, now())
    assert (service.slug, service.withdrawal, service.minor) == (
        "atelier-bougies", "dated_leisure_service", 4500,
    )  # fmt: skip
    assert len(slots) == 3
    assert {slot.place for slot in slots} == {"Paris"}
    changed = await client.post(here, data={**NEW, "price": "50", "cancel_hours": "x"})
    assert changed.status_code == 422
    assert "Please write a number." in changed.text
    assert (await client.post(here, data={**NEW, "price": "50"})).status_code == 303


async def test_a_seller_sees_who_comes_on_paper_and_as_a_file(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, made: Laid
) -> None:
    here = f"/fr/seller/slots/{made.slot}"
    assert "Nobody has booked yet" in (await client.get(here)).text
    await lay.book(cell, settings, made, 2)
    page = await client.get(here)
    assert "Anna Martin" in page.text
    assert "anna@example.org" in page.text
    answer = await client.get(f"{here}/bookings.csv")
    assert answer.headers["content-disposition"].endswith('Z.csv"')
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["name"], row["places"], row["cancelled"]) == ("Anna Martin", "2", "0")
    few = await client.post(f"{here}/places", data={"places": "1"})
    assert few.status_code == 409
    assert "More places than that are booked or in baskets." in few.text
    assert (await client.post(f"{here}/places", data={"places": "-1"})).status_code == 422
    assert (await client.post(f"{here}/places", data={"places": "9"})).status_code == 303
    off = await client.post(f"{here}/call-off", data={"note": "Ill"})
    assert off.headers["location"] == f"{here}?said=called"
    assert "Called off" in (await client.get(here)).text
    closed = await client.post(f"{here}/places", data={"places": "9"})
    assert closed.status_code == 409


async def test_who_comes_is_listed_before_who_cancelled_and_cut_off_by_nobody(
    cell: Cell, settings: Settings, made: Laid
) -> None:
    gone = await lay.book(cell, settings, made)
    coming = await lay.book(cell, settings, made)
    async with cell.read() as tx:
        n = await value(tx, "select n from booking where order_id = %s", (gone,))
    assert await cell.run(lambda tx: parcels.give_up(tx, gone, n, uuid4()))
    async with cell.read() as tx:
        first = await parcels.list_booked(tx, made.slot, 1)
        everybody = await parcels.list_booked(tx, made.slot)
    assert [one.order for one in first] == [coming]
    assert [(one.order, one.places) for one in everybody] == [(coming, 1), (gone, 0)]


async def test_nobody_else_keeps_a_service_or_sees_who_comes(
    cell: Cell, client: httpx2.AsyncClient, made: Laid
) -> None:
    other = await lay.lay(cell)
    for path in (
        f"services/{other.service}",
        f"slots/{other.slot}",
        f"slots/{other.slot}/bookings.csv",
        f"products/{other.service}/withdrawal",
    ):
        assert (await client.get(f"/fr/seller/{path}")).status_code == 403
    for path in (
        f"services/{other.service}",
        f"services/{other.service}/slots",
        f"services/{other.service}/picture",
        f"slots/{other.slot}/places",
        f"slots/{other.slot}/call-off",
        f"products/{other.service}/withdrawal",
    ):
        answer = await client.post(f"/fr/seller/{path}", data={**NEW, **dates(), "places": "3"})
        assert answer.status_code == 403, path
    stolen = await client.post(
        "/fr/seller/services/new", data={**NEW, "seller": str(other.shop.seller)}
    )
    assert stolen.status_code == 403
    assert (await client.get(f"/fr/seller/slots/{uuid4()}")).status_code == 404
    assert (await client.get(f"/gb/seller/services/{made.service}")).status_code != 200
    client.cookies.clear()
    assert (await client.get("/fr/seller/products")).status_code == 303
    assert (await client.post(f"/fr/seller/slots/{made.slot}/call-off")).status_code == 401
    assert await lay.counts(cell, other) == (2, 0, 0)


async def test_what_may_be_sent_back_is_the_sellers_to_say(
    cell: Cell, client: httpx2.AsyncClient, made: Laid
) -> None:
    here = f"/fr/seller/products/{made.shop.product}/withdrawal"
    assert "Made to order" in (await client.get(here)).text
    for wrong in ("dated_leisure_service", "because", ""):
        assert (await client.post(here, data={"withdrawal": wrong})).status_code == 422
    assert (await client.post(here, data={"withdrawal": "perishable"})).status_code == 303
    assert "Spoils quickly" in (await client.get("/fr/seller/products")).text
    async with cell.read() as tx:
        (offer,) = await catalog.find_offers(tx, "FR", [made.shop.variant], "en")
    assert offer.exemption == "It spoils quickly: it cannot be sent back."


async def test_a_buyer_reads_when_and_where_takes_it_to_a_calendar_and_cancels(
    cell: Cell, settings: Settings, runtime: Runtime, client: httpx2.AsyncClient, made: Laid
) -> None:
    order = await lay.book(cell, settings, made)
    await sold.work(cell, settings)
    async with cell.read() as tx:
        checkout = await value(tx, "select checkout_id from orders where id = %s", (order,))
        mail = await value(tx, "select body_text from mail order by at desc limit 1")
        number = await value(tx, "select number from orders where id = %s", (order,))
    assert "and your place is booked" in mail
    assert "https://meet.example/huile" in mail
    assert f"/calendar/{order}.ics" in mail
    signer: Signer = runtime.signer
    here = f"/fr/order/{signer.sign('order page', {'checkout': str(checkout)})}"
    page = await client.get(here)
    assert "https://meet.example/huile" in page.text
    assert "Cancel this booking" in page.text
    assert "Delivery" not in page.text
    answer = await client.get(f"{here}/calendar/{order}.ics")
    assert answer.headers["content-disposition"] == f'attachment; filename="{number}.ics"'
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["summary"] == "Tasting"
    assert event["location"] == "Online"
    assert event.decoded("dtstart") == made.starts_at
    assert (await client.get(f"{here}/calendar/{uuid4()}.ics")).status_code == 404
    form = {"order": str(order), "line": "1", "key": str(uuid4())}
    assert (await client.post(f"{here}/give-up", data=form)).status_code == 303
    again = await client.post(f"{here}/give-up", data={**form, "key": str(uuid4())})
    assert again.status_code == 409
    await sold.work(cell, settings)
    assert await sold.state(cell, order) == "refunded"
    gone = await client.get(f"{here}/calendar/{order}.ics")
    assert "STATUS:CANCELLED" in gone.text


async def test_the_seller_finds_bookings_apart_from_parcels_and_cancels_one(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, made: Laid
) -> None:
    order = await lay.book(cell, settings, made)
    page = await client.get("/fr/seller/orders")
    assert f'href="/fr/seller/slots/{made.slot}"' in page.text
    assert f'name="order" value="{order}"' not in page.text  # nothing to pack or send
    here = f"/fr/seller/orders/{order}"
    detail = await client.get(here)
    assert "1 place booked" in detail.text
    assert "Mark as packed" not in detail.text
    assert (await client.post(f"{here}/pack")).status_code == 409
    ship = {"key": str(uuid4()), "carrier": "dhl"}
    assert (await client.post(f"{here}/ship", data=ship)).status_code == 422
    form = {"key": str(uuid4()), "line": "1", "note": "The room is flooded."}
    assert (await client.post(f"{here}/give-up", data=form)).status_code == 303
    await sold.work(cell, settings)
    assert await sold.refunds(cell, order) == [("cancelled", "done", 3000)]
    async with cell.read() as tx:
        assert await parcels.check_parcels(tx) == []
