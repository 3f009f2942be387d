"""What a seller does with orders: many at once, by file, one by one; and nobody else does."""

from uuid import UUID

import httpx2
import pytest_asyncio
from fastapi import FastAPI

from panier import orders, parcels
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from panier.settings import Settings
from tests.parcels import sold as laid
from tests.parcels.sold import Sold
from tests.parcels.test_seller_pages import employ, sign_in


@pytest_asyncio.fixture(loop_scope="session")
async def sold(app: FastAPI, cell: Cell, settings: Settings, client: httpx2.AsyncClient) -> Sold:
    """Sell an order of the seller for whom the browser's reader works."""
    made = await laid.sell(cell, settings)
    await sign_in(client)
    await employ(cell, made.shop.seller)
    return made


async def number(cell: Cell, order: UUID) -> str:
    async with cell.read() as tx:
        found = await orders.find_order(tx, order)
    assert found is not None
    return found.number


async def test_several_orders_are_packed_and_sent_at_once(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, sold: Sold
) -> None:
    other = await laid.sell(cell, settings)
    await employ(cell, other.shop.seller)
    both = [str(sold.order), str(other.order)]
    packed = await client.post("/fr/seller/orders", data={"act": "pack", "order": both})
    assert packed.headers["location"] == "/fr/seller/orders?state=&done=pack&count=2"
    assert "2 orders are packed." in (await client.get(packed.headers["location"])).text
    await cell.run(lambda tx: parcels.pack(tx, sold.order, None))
    form = {
        "act": "ship", "order": both, "carrier": "dhl", "key": str(new_id()),
        f"tracking-{sold.order}": "JD1", f"tracking-{other.order}": "<script>",
    }  # fmt: skip
    sent = await client.post("/fr/seller/orders", data=form)
    assert sent.status_code == 409
    assert "1 order was left as it is:" in sent.text
    assert "a tracking number has at most 40 letters" in sent.text
    assert await laid.state(cell, sold.order) == "shipped"
    assert await laid.state(cell, other.order) == "packed"
    # The same form once more sends what was mended and nothing twice.
    again = await client.post("/fr/seller/orders", data=form | {f"tracking-{other.order}": "JD2"})
    assert again.headers["location"] == "/fr/seller/orders?state=&done=ship&count=1"
    assert await laid.state(cell, other.order) == "shipped"


async def test_bulk_forms_that_cannot_be_right_are_refused(
    client: httpx2.AsyncClient, sold: Sold
) -> None:
    for form in (
        {"act": "pack"},
        {"act": "burn", "order": str(sold.order)},
        {"act": "ship", "order": str(sold.order)},
        {"act": "pack", "order": "x"},
        {"act": "pack", "order": [str(new_id()) for _ in range(201)]},
    ):
        assert (await client.post("/fr/seller/orders", data=form)).status_code == 422
    strange = {"act": "pack", "order": str(new_id())}
    assert (await client.post("/fr/seller/orders", data=strange)).status_code == 404


async def test_another_sellers_orders_are_out_of_reach(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, sold: Sold
) -> None:
    other = await laid.sell(cell, settings)
    here = f"/fr/seller/orders/{other.order}"
    form = {"key": str(new_id()), "carrier": "ups"}
    for way in ("pack", "ship", "cancel", "refund"):
        assert (await client.post(f"{here}/{way}", data=form)).status_code == 403
    assert (await client.get(f"/fr/seller/slips?order={other.order}")).status_code == 403
    bulk = {"act": "pack", "order": str(other.order)}
    assert (await client.post("/fr/seller/orders", data=bulk)).status_code == 403
    sheet = f"number,carrier,tracking\n{await number(cell, other.order)},ups,1Z\n"
    answer = await client.post("/fr/seller/sent", files={"sheet": ("a.csv", sheet.encode())})
    assert answer.status_code == 422
    assert await laid.state(cell, other.order) == "paid"


async def test_nobody_who_is_not_signed_in_does_anything(
    app: FastAPI, client: httpx2.AsyncClient, sold: Sold
) -> None:
    client.cookies.clear()
    for path in (f"/fr/seller/orders/{sold.order}/pack", "/fr/seller/orders", "/fr/seller/sent"):
        assert (await client.post(path, data={"act": "pack"})).status_code == 401
    for path in ("/fr/seller/slips", "/fr/seller/to-send.csv", "/fr/seller/sent"):
        assert (await client.get(path)).status_code == 303


async def test_a_file_of_parcels_tells_each_line_that_is_wrong(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, sold: Sold
) -> None:
    mine = await number(cell, sold.order)
    sheet = (
        "number;carrier;tracking\n"
        f"{mine};Colissimo;6A1\n"
        f"FR-2020-000001;Colissimo;6A2\n"
        f"{mine};pigeon;6A3\n"
        f"{mine};;\n"
    )
    answer = await client.post("/fr/seller/sent", files={"sheet": ("a.csv", sheet.encode())})
    assert answer.status_code == 422
    assert "1 parcel is on its way" in answer.text
    assert "2 lines were left out" in answer.text
    assert "Line 3: FR-2020-000001" in answer.text
    assert "This carrier is not in our list" in answer.text
    assert await laid.state(cell, sold.order) == "shipped"
    right = f"number,carrier,tracking\n{mine},Colissimo,6A1\n"
    again = await client.post("/fr/seller/sent", files={"sheet": ("a.csv", right.encode())})
    assert again.status_code == 200
    assert "0 parcels are on their way" in again.text
    for wrong in (b"", b"a,b\n1,2\n", b"\xff\xfe", b"number,carrier,tracking\n"):
        refused = await client.post("/fr/seller/sent", files={"sheet": ("a.csv", wrong)})
        assert refused.status_code == 422


async def test_slips_and_addresses_name_what_is_left_to_send(
    cell: Cell, client: httpx2.AsyncClient, sold: Sold
) -> None:
    dear, _ = await laid.numbers(cell, sold)
    await laid.ship(cell, sold, {dear: 2})
    slips = await client.get(f"/fr/seller/slips?order={sold.order}")
    assert slips.status_code == 200
    assert "12 rue de la Paix" in slips.text
    assert "<strong>3</strong>" in slips.text
    assert "<strong>2</strong>" not in slips.text
    addresses = await client.get("/fr/seller/to-send.csv")
    head, row = addresses.text.splitlines()
    assert head.startswith("number,carrier,tracking,name,line1,line2,postcode,city,country,units")
    assert row.startswith(
        f"{await number(cell, sold.order)},,,Anna Martin,12 rue de la Paix,,75002"
    )
    assert ",3," in row


async def test_an_order_is_sent_refunded_and_taken_back_by_its_page(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, sold: Sold
) -> None:
    here = f"/fr/seller/orders/{sold.order}"
    dear, cheap = await laid.numbers(cell, sold)
    form = {"key": str(new_id()), "carrier": "ups", "tracking": "1Z",
            f"units-{dear}": "2", f"units-{cheap}": "3"}  # fmt: skip
    for _ in range(2):
        assert (await client.post(f"{here}/ship", data=form)).status_code == 303
    async with cell.read() as tx:
        cursor = await tx.execute("select id from parcel")
        ((parcel,),) = await cursor.fetchall()
    assert (await client.post(f"{here}/parcel/{parcel}/burnt")).status_code == 404
    assert (await client.post(f"{here}/parcel/{parcel}/delivered")).status_code == 303
    refund = {"key": str(new_id()), f"amount-{dear}": "10,5", "shipping": "1", "note": "Sorry"}
    assert (await client.post(f"{here}/refund", data=refund)).status_code == 303
    assert await laid.refunds(cell, sold.order) == [("goodwill", "asked", 1150)]
    for wrong in ("1.234", "-1", "x", "1e3"):
        bad = refund | {"key": str(new_id()), f"amount-{dear}": wrong}
        assert (await client.post(f"{here}/refund", data=bad)).status_code == 422
    most = refund | {"key": str(new_id()), f"amount-{dear}": "39.31"}
    assert (await client.post(f"{here}/refund", data=most)).status_code == 409

    giving = new_id()
    await cell.run(lambda tx: parcels.ask_return(tx, sold.order, giving, {cheap: 2}, "too <small>"))
    page = await client.get(here)
    assert "too &lt;small&gt;" in page.text
    assert "A buyer sends something back" in (await client.get("/fr/seller/orders")).text
    label = {"label": ("label.pdf", b"%PDF-" + b"x" * 2 * 1024 * 1024)}
    where = f"{here}/return/{giving}/directions"
    assert (await client.post(where, data={"send_to": "Lyon"}, files=label)).status_code == 303
    got = await client.get(f"{here}/return/{giving}/label")
    assert len(got.content) == 5 + 2 * 1024 * 1024
    huge = {"label": ("label.pdf", b"%PDF-" + b"x" * 6 * 1024 * 1024)}
    assert (await client.post(where, data={"send_to": "Lyon"}, files=huge)).status_code == 413
    came = {f"units-{cheap}": "1", "sellable": "1"}
    assert (await client.post(f"{here}/return/{giving}/received", data=came)).status_code == 303
    await laid.work(cell, settings)
    assert (await laid.refunds(cell, sold.order))[1] == ("withdrawal", "done", 999)
    assert "With the buyer" in (await client.get(here)).text


async def test_a_refund_or_parcel_of_another_order_is_not_found(
    cell: Cell, settings: Settings, client: httpx2.AsyncClient, sold: Sold
) -> None:
    other = await laid.sell(cell, settings)
    parcel = await laid.ship(cell, other)
    here = f"/fr/seller/orders/{sold.order}"
    assert (await client.post(f"{here}/parcel/{parcel}/lost")).status_code == 404
    assert (await client.post(f"{here}/refund/{new_id()}/again")).status_code == 404
    assert (await client.post(f"{here}/return/{new_id()}/received")).status_code == 404
    assert await laid.state(cell, other.order) == "shipped"
