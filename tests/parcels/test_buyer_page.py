"""The buyer's order page: what it tells, what its link may do, and what it may not."""

import re
from uuid import UUID

import httpx2
import pytest_asyncio
from fastapi import FastAPI

from panier import orders, parcels
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from panier.parcels import Directions
from panier.runtime import Runtime
from panier.settings import Settings
from tests.door import browser
from tests.parcels import sold as laid
from tests.parcels.sold import Sold

PDF = b"%PDF-1.7 a label"


@pytest_asyncio.fixture(loop_scope="session")
async def sold(app: FastAPI, cell: Cell, settings: Settings) -> Sold:
    """Sell an order in the shipped market."""
    return await laid.sell(cell, settings)


def link(runtime: Runtime, sold: Sold) -> str:
    token = runtime.signer.sign(orders.ORDER_PAGE, {"checkout": str(sold.placed.checkout)})
    return f"/fr/order/{token}"


def form(sold: Sold, **more: str) -> dict[str, str]:
    return {"order": str(sold.order), "key": str(new_id()), **more}


async def test_one_tap_cancels_what_is_not_packed(
    cell: Cell, settings: Settings, runtime: Runtime, client: httpx2.AsyncClient, sold: Sold
) -> None:
    page = await client.get(link(runtime, sold))
    assert "Cancel this order" in page.text
    key = re.search(r'name="key" value="([0-9a-f-]{36})"', page.text)
    assert key
    for _ in range(2):
        answer = await client.post(f"{link(runtime, sold)}/cancel", data=form(sold, key=key[1]))
        assert answer.status_code == 303
    told = await client.get(answer.headers["location"])
    assert "Cancel this order" not in told.text
    assert "On its way to your card" in told.text
    assert "€84.67" in told.text
    assert await laid.refunds(cell, sold.order) == [("cancelled", "asked", 8467)]
    await laid.work(cell, settings)
    assert "Sent to your card on" in (await client.get(link(runtime, sold))).text


async def test_a_parcel_is_shown_with_its_link_and_nothing_to_cancel(
    cell: Cell, runtime: Runtime, client: httpx2.AsyncClient, sold: Sold
) -> None:
    await laid.ship(cell, sold, tracking="6A123")
    page = await client.get(link(runtime, sold))
    assert "https://www.laposte.fr/outils/suivre-vos-envois?code=6A123" in page.text
    assert "Cancel this order" not in page.text
    refused = await client.post(f"{link(runtime, sold)}/cancel", data=form(sold))
    assert refused.status_code == 409


async def test_a_lost_parcel_leads_to_money_and_not_to_a_delivery(
    cell: Cell, runtime: Runtime, client: httpx2.AsyncClient, sold: Sold
) -> None:
    parcel = await laid.ship(cell, sold)
    await cell.run(lambda tx: parcels.lose(tx, parcel, None))
    page = await client.get(link(runtime, sold))
    assert "Lost on its way" in page.text
    assert '<li aria-current="step">Money back' in page.text
    assert ">Delivered" not in page.text


async def test_all_of_it_or_chosen_units_go_back(
    cell: Cell, runtime: Runtime, client: httpx2.AsyncClient, sold: Sold
) -> None:
    await laid.deliver(cell, sold)
    here = link(runtime, sold)
    dear, _ = await laid.numbers(cell, sold)
    page = await client.get(here)
    assert "Send all of it back" in page.text
    nothing = await client.post(f"{here}/return", data=form(sold, some="1"))
    assert nothing.status_code == 422
    part = form(sold, some="1", reason="too dear", **{f"units-{dear}": "1"})
    assert (await client.post(f"{here}/return", data=part)).status_code == 303
    assert "The seller tells you where to send it" in (await client.get(here)).text
    assert (await client.post(f"{here}/return", data=form(sold))).status_code == 303
    assert "Send all of it back" not in (await client.get(here)).text
    for wrong in ({"some": "1", f"units-{dear}": "x"}, {"reason": "x" * 501}, {"key": "x"}):
        answer = await client.post(f"{here}/return", data=form(sold) | wrong)
        assert answer.status_code == 422


async def test_after_the_last_day_nothing_goes_back(
    cell: Cell, runtime: Runtime, client: httpx2.AsyncClient, sold: Sold
) -> None:
    await laid.deliver(cell, sold)
    async with cell.tx() as tx:
        await laid.age(tx, sold.order, 17)
    page = await client.get(link(runtime, sold))
    assert "Send all of it back" not in page.text
    assert "The time to send something back without a reason ended on" in page.text
    late = await client.post(f"{link(runtime, sold)}/return", data=form(sold))
    assert late.status_code == 409


async def test_a_label_is_for_who_has_the_link_only(
    cell: Cell, runtime: Runtime, app: FastAPI, client: httpx2.AsyncClient, sold: Sold
) -> None:
    await laid.deliver(cell, sold)
    giving: UUID = new_id()
    await cell.run(lambda tx: parcels.ask_return(tx, sold.order, giving, None, ""))
    here = f"{link(runtime, sold)}/label/{giving}"
    assert (await client.get(here)).status_code == 404
    await parcels.direct(cell, runtime.store, giving, Directions("", PDF))
    label = await client.get(here)
    assert label.content == PDF
    assert label.headers["content-type"] == "application/pdf"
    assert label.headers["content-disposition"].startswith("attachment")
    other = await laid.sell(cell, runtime.settings)
    async with browser(app) as stranger:
        assert (await stranger.get(here)).status_code == 200  # the link is the key
        theirs = f"{link(runtime, other)}/label/{giving}"
        assert (await stranger.get(theirs)).status_code == 404
        assert (await stranger.get(here.replace("/order/", "/order/x"))).status_code == 401
        seller = f"/fr/seller/orders/{sold.order}/return/{giving}/label"
        assert (await stranger.get(seller)).status_code in (303, 401)


async def test_a_link_changes_the_orders_of_its_own_checkout_only(
    cell: Cell, settings: Settings, runtime: Runtime, client: httpx2.AsyncClient, sold: Sold
) -> None:
    other = await laid.sell(cell, settings)
    answer = await client.post(f"{link(runtime, sold)}/cancel", data=form(other))
    assert answer.status_code == 404
    assert await laid.state(cell, other.order) == "paid"
