"""A dispute by mail, and what becomes of orders whose money a bank has left with the buyer."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI

from panier import ledger, orders, parcels
from panier.incentives import Kind
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.parcels import Wanted
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying
from tests.door import give_role, sign_up
from tests.incentives.laid import enter, lay_voucher, who
from tests.parcels import sold as laid
from tests.parcels.disputed import NOTHING, books, decide, goodwill, hear, sell_disputed, tell
from tests.parcels.sold import Sold
from tests.post_office import PostOffice, html_of, lay_reader, open_post_office, text_of
from tests.shop import lay_shop, lay_variant


@pytest_asyncio.fixture(loop_scope="session")
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as opened:
        yield opened


async def employ(cell: Cell, sold: Sold) -> None:
    """Let Zoé work for the seller and Fay for finance; both read English."""
    async with cell.tx() as tx:
        await lay_reader(tx, "zoe", "seller", sold.shop.seller)
        await lay_reader(tx, "fay", "finance")


async def stock_of(cell: Cell, variant: UUID) -> tuple[int, int]:
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select available, sold from stock where variant_id = %s", (variant,)
        )
        ((available, sold),) = await cursor.fetchall()
    return available, sold


async def test_seller_and_finance_read_what_is_disputed_and_until_when(
    cell: Cell, settings: Settings, app: FastAPI, office: PostOffice
) -> None:
    sold = await sell_disputed(cell, settings)
    await employ(cell, sold)
    await hear(cell, settings, app)
    for _ in range(2):
        await Courier(cell, REACTIONS).deliver_all()
    mails = {mail["To"]: mail for mail in await office.collect(cell)}
    async with cell.read() as tx:
        number = await value(tx, "select number from orders")
        until = await value(tx, "select evidence_until from dispute")
        dispute = await value(tx, "select id from dispute")
    assert timedelta(days=6) < until - now() < timedelta(days=8)
    assert set(mails) == {"anna@example.org", "fay@example.org", "zoe@example.org"}
    pages = {
        "fay@example.org": f"/fr/disputes/{dispute}",
        "zoe@example.org": f"/fr/seller/orders/{sold.order}",
    }
    for reader, page in pages.items():
        mail = mails[reader]
        assert mail["Subject"] == f"A payment is disputed: {number}"
        for text in (text_of(mail), html_of(mail)):
            assert "€84.67" in text
            assert "The buyer says that nothing arrived." in text
            assert str(until.astimezone(ZoneInfo("Europe/Paris")).day) in text
            assert page in text
    assert "Please send nothing of this order" in text_of(mails["zoe@example.org"])


async def test_seller_and_finance_read_how_it_ended(
    cell: Cell, settings: Settings, app: FastAPI, office: PostOffice
) -> None:
    sold = await sell_disputed(cell, settings)
    await employ(cell, sold)
    await hear(cell, settings, app)
    await office.collect(cell)
    await decide(cell, settings, app, won=True)
    mails = await office.collect(cell)
    assert [mail["To"] for mail in mails] == ["fay@example.org", "zoe@example.org"]
    assert all(mail["Subject"].startswith("The dispute is won: FR-") for mail in mails)
    assert "can be sent now" in text_of(mails[1])
    assert await laid.state(cell, sold.order) == "paid"


async def test_what_was_not_sent_is_cancelled_and_can_be_sold_again(
    cell: Cell, settings: Settings, app: FastAPI, office: PostOffice
) -> None:
    sold = await sell_disputed(cell, settings)
    assert await stock_of(cell, sold.shop.variant) == (8, 2)
    await hear(cell, settings, app)
    assert await laid.state(cell, sold.order) == "paid"  # nobody knows yet
    await office.collect(cell)
    await decide(cell, settings, app, won=False)
    await laid.work(cell, settings)
    assert await laid.state(cell, sold.order) == "refunded"
    assert await stock_of(cell, sold.shop.variant) == (10, 0)
    assert await stock_of(cell, sold.small) == (10, 0)
    assert await laid.refunds(cell, sold.order) == [
        ("dispute", "done", 8467),
        ("cancelled", "done", 0),
    ]
    assert await books(cell, sold) == NOTHING
    assert await buying.all_adds_up(cell)
    (mail,) = await office.collect(cell)  # the buyer: their bank gave the money, not we
    assert mail["Subject"].startswith("Your order is cancelled")
    assert "Your bank gave you the money back, so this will not be sent:" in text_of(mail)
    assert "goes back to your card" not in text_of(mail)


async def test_what_is_on_its_way_stays_sold_and_only_the_rest_is_cancelled(
    cell: Cell, settings: Settings, app: FastAPI
) -> None:
    sold = await sell_disputed(cell, settings)
    dear, _ = await laid.numbers(cell, sold)
    await laid.ship(cell, sold, {dear: 1})
    await hear(cell, settings, app)
    await decide(cell, settings, app, won=False)
    await laid.work(cell, settings)
    assert await stock_of(cell, sold.shop.variant) == (9, 1)
    assert await stock_of(cell, sold.small) == (10, 0)
    assert await laid.state(cell, sold.order) == "shipped"
    assert await books(cell, sold) == NOTHING
    assert await buying.all_adds_up(cell)


async def test_a_part_that_is_lost_leaves_the_rest_to_the_seller(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    async with cell.tx() as tx:
        await tell(tx, sold, 4000, "lost")
    await laid.work(cell, settings)
    assert await laid.state(cell, sold.order) == "paid"
    assert await stock_of(cell, sold.shop.variant) == (8, 2)
    await goodwill_is_refused(cell, sold)
    parcel = await laid.ship(cell, sold)
    assert await cell.run(lambda tx: parcels.deliver(tx, parcel))


async def goodwill_is_refused(cell: Cell, sold: Sold) -> None:
    dear, _ = await laid.numbers(cell, sold)
    try:
        await goodwill(cell, sold, Wanted({dear: 2}, {}))
    except parcels.NotNow:
        return
    raise AssertionError


async def sell_free(cell: Cell, settings: Settings) -> Sold:
    """Sell a candle at 24.90 and a wick at 9.99, which a voucher of the platform makes free."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        small = await lay_variant(tx, shop.product, 10, 999)
        other = await lay_shop(tx)
        await tx.execute("update variant set position = 2 where id = %s", (small,))
        # The wick is another product, so that the voucher is for it alone.
        await tx.execute("update variant set product_id = %s where id = %s", (other.product, small))
        await tx.execute(
            "update product set seller_id = %s where id = %s", (shop.seller, other.product)
        )
    buyer = new_id()
    await lay_voucher(cell, kind=Kind.PERCENT, basis_points=10_000, products=[other.product])
    await enter(cell, who(buyer.int))
    await buying.fill_basket(cell, shop, buyer)
    await buying.fill_basket(cell, shop, buyer, 1, small)
    wanted = buying.placement(shop, buyer, await buying.card(cell))
    placed, settled = await orders.check_out(cell, settings, wanted)
    assert settled.state == "paid"
    async with cell.read() as tx:
        (order,) = await orders.list_orders_of(tx, placed.id)
    assert order.total.minor == 2980
    assert order.subsidy.minor == 999
    return Sold(shop, small, order.id, wanted)


@pytest.mark.parametrize("sent", [False, True])
async def test_what_cost_the_buyer_nothing_is_undone_with_the_rest(
    cell: Cell, settings: Settings, *, sent: bool
) -> None:
    sold = await sell_free(cell, settings)
    if sent:
        await laid.deliver(cell, sold)
    async with cell.tx() as tx:
        await tell(tx, sold, 2980, "lost")
    await laid.work(cell, settings)
    assert await books(cell, sold) == NOTHING
    async with cell.read() as tx:
        assert await parcels.check_disputes(tx) == []
        assert await parcels.check_parcels(tx) == []
        assert await ledger.check_books(tx) == []
    assert await laid.state(cell, sold.order) == "refunded"
    assert await stock_of(cell, sold.small) == ((9, 1) if sent else (10, 0))


async def test_a_part_leaves_what_cost_nothing_as_it_is(cell: Cell, settings: Settings) -> None:
    sold = await sell_free(cell, settings)
    async with cell.tx() as tx:
        await tell(tx, sold, 1490, "lost")
    await laid.work(cell, settings)
    after = await books(cell, sold)
    assert after["subsidy"] == 999
    assert await laid.state(cell, sold.order) == "paid"


async def test_the_seller_sees_a_disputed_order_among_what_to_see_to(
    cell: Cell, settings: Settings, app: FastAPI, client: httpx2.AsyncClient
) -> None:
    sold = await sell_disputed(cell, settings)
    await sign_up(client)
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
    await give_role(cell, "market")
    assert "looks into the payment" not in (await client.get("/fr/seller/orders")).text
    await hear(cell, settings, app)
    assert "looks into the payment: send nothing yet" in (
        (await client.get("/fr/seller/orders")).text
    )
    page = await client.get(f"/fr/seller/orders/{sold.order}")
    assert "Please send nothing before it has decided." in page.text
