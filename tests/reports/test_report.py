"""The report of a show, read from the rows it left behind."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from panier.events import OrderPaid, ShowEnded
from panier.kit.cells import Cell
from panier.kit.db import Tx, run
from panier.kit.money import Money
from panier.reports import actions
from panier.reports.actions import mark_stale, write_due
from panier.reports.aired import Aired
from panier.reports.figures import Finding, Pin, Question, Room, Sale, Sales, SoldOut
from panier.reports.handlers import ask_for_show_report, count_late_payment
from panier.reports.queries import Report, find_report, list_reports
from panier.reports.sales import read_sales
from tests.reports.rows import air, buy, lay_product, log, pin, sample, say, visit
from tests.shop import Shop, lay_shop


async def lay_evening(tx: Tx) -> tuple[Shop, UUID, UUID]:
    """Ten minutes: candle pinned 1–4, bowl 5–6; candle 3 orders, bowl 1; it sells out at 8."""
    shop = await lay_shop(tx)
    await air(tx, shop, 600)
    bowl, bowl_variant = await lay_product(tx, shop, {"en": "Stoneware bowl", "fr": "Bol"})
    await pin(tx, shop, shop.product, 60, 240)
    await pin(tx, shop, bowl, 300, 360)
    for second in range(0, 600, 10):
        await sample(tx, shop, second, 12 if 200 <= second < 210 else 8, hearts=second % 20 // 10)
    for seconds in (30, 300, 540):
        await visit(tx, shop, seconds)
    ana = UUID(int=7)
    await buy(tx, shop, shop.product, shop.variant, 100, quantity=2, minor=2490, buyer=ana)
    await buy(tx, shop, shop.product, shop.variant, 245, minor=2490, buyer=ana)
    await buy(tx, shop, bowl, bowl_variant, 420)
    await buy(tx, shop, shop.product, shop.variant, 650, minor=2490)
    await say(tx, shop, 5, "Bonsoir")
    await say(tx, shop, 70, "elle sent quoi ?")
    await say(tx, shop, 80, "la figue", staff=True)
    await say(tx, shop, 500, "le bol passe au four ?")
    rude = await say(tx, shop, 510, "le bol est nul ?")
    await log(tx, shop, 512, "chat_hidden", seq=rude)
    await log(tx, shop, 480, "sold_out", variant=str(bowl_variant))
    await say(tx, shop, 520, "plus de bol ?")
    await say(tx, shop, 590, "vous êtes où en France ?", staff=True)
    return shop, bowl, bowl_variant


async def write(cell: Cell, shop: Shop) -> None:
    async with cell.tx() as tx:
        await ask_for_show_report(tx, ShowEnded(market="FR", show=shop.show))
    assert await write_due(cell) == 1


async def read(cell: Cell, shop: Shop) -> Report:
    async with cell.read() as tx:
        cursor = await tx.execute("select slug from show where id = %s", (shop.show,))
        row = await cursor.fetchone()
        assert row is not None
        report = await find_report(tx, "FR", row[0])
    assert report is not None
    return report


async def read_written(cell: Cell, shop: Shop) -> tuple[Room, Sales, list[Finding]]:
    report = await read(cell, shop)
    assert report.room is not None
    assert report.sales is not None
    return report.room, report.sales, report.findings


async def test_the_report_counts_what_happened(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop, bowl, bowl_variant = await lay_evening(tx)
    await write(cell, shop)
    room, sales, findings = await read_written(cell, shop)

    assert (room.seconds, room.step, len(room.points)) == (600, 10, 60)
    assert (room.visitors, room.median_seconds) == (3, 300)
    assert (room.peak, room.peak_at) == (12, 200)
    assert room.average == 81  # (59 * 8 + 12) / 60 = 8.07 viewers
    assert (room.hearts, room.messages) == (30, 6)
    assert room.pins == [Pin(shop.product, 60, 240), Pin(bowl, 300, 360)]
    assert room.sold_out == [SoldOut(480, bowl, bowl_variant, None)]
    assert room.questions == [
        Question(70, "elle sent quoi ?", shop.product, "pinned", True),
        Question(500, "le bol passe au four ?", bowl, "named", True),
        Question(520, "plus de bol ?", bowl, "named", True),
    ]

    assert (sales.currency, sales.orders, sales.units, sales.buyers) == ("EUR", 4, 5, 3)
    assert (sales.minor, sales.shipping_minor, sales.orders_after) == (10960, 1960, 1)
    candle, bowls = sales.products
    assert (candle.product, candle.units, candle.orders, candle.minor) == (
        shop.product,
        4,
        3,
        9960,
    )
    assert candle.units_pinned == 3  # pressed at 90 and at 235 s; the last at 640 s
    assert (bowls.units, bowls.units_pinned, bowls.title["fr"]) == (1, 0, "Bol")
    assert sales.points == [Sale(100, 2, 4980), Sale(240, 1, 2490), Sale(420, 1, 1000)]

    assert findings[0] == Finding("bring_more_stock", 480, bowl, {"questions": 2, "left": 120})


async def test_a_payment_after_the_end_is_counted_in(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop, bowl, bowl_variant = await lay_evening(tx)
    await write(cell, shop)
    async with cell.tx() as tx:
        order = await buy(tx, shop, bowl, bowl_variant, 700, quantity=3)
    paid = OrderPaid(
        market="FR",
        order=order,
        checkout=UUID(int=1),
        seller=shop.seller,
        show=shop.show,
        total=Money(3490, "EUR"),
        name_on_air=None,
        products=[(bowl, 3)],
    )
    for _ in range(3):  # as after many sales: it is written once
        async with cell.tx() as tx:
            await count_late_payment(tx, paid)
    assert await write_due(cell) == 1
    assert await write_due(cell) == 0
    room, sales, _ = await read_written(cell, shop)
    assert (sales.orders, sales.orders_after, sales.minor) == (5, 2, 13960)
    assert room.visitors == 3


@pytest.mark.parametrize("first", [True, False])
async def test_a_sale_while_the_report_is_written_is_in_the_next_one(
    cell: Cell, monkeypatch: pytest.MonkeyPatch, *, first: bool
) -> None:
    _, sales = await sell_while_written(cell, monkeypatch, mark_stale, first=first)
    assert sales.orders == 5, "four before, one meanwhile"
    assert await write_due(cell) == 0


@pytest.mark.parametrize("first", [True, False])
async def test_without_waiting_for_who_writes_the_sale_would_be_lost(
    cell: Cell, monkeypatch: pytest.MonkeyPatch, *, first: bool
) -> None:
    async def mark_if_free(tx: Tx, show: UUID) -> None:
        await run(
            tx,
            "update show_report set stale = true where show_id in"
            " (select show_id from show_report where show_id = %s for update skip locked)",
            (show,),
        )

    _, sales = await sell_while_written(cell, monkeypatch, mark_if_free, first=first)
    assert sales.orders == 4


async def sell_while_written(
    cell: Cell,
    monkeypatch: pytest.MonkeyPatch,
    mark: Callable[[Tx, UUID], Awaitable[None]],
    *,
    first: bool,
) -> tuple[Shop, Sales]:
    """Sell once the sales were read for a report, the show's first one or a later one."""
    async with cell.tx() as tx:
        shop, bowl, bowl_variant = await lay_evening(tx)
    if not first:
        await write(cell, shop)
    async with cell.tx() as tx:
        await ask_for_show_report(tx, ShowEnded(market="FR", show=shop.show))
    read, marking = asyncio.Event(), asyncio.Event()

    async def read_slowly(tx: Tx, show: Aired) -> Sales:
        sales = await read_sales(tx, show)
        read.set()
        await marking.wait()
        return sales

    async def sell() -> None:
        await read.wait()
        async with cell.tx() as tx:
            await buy(tx, shop, bowl, bowl_variant, 700, quantity=3)
        async with cell.tx() as tx:
            if mark is mark_stale:
                marking.set()  # it waits until the report is written
            await mark(tx, shop.show)
            marking.set()

    with monkeypatch.context() as patch:
        patch.setattr(actions, "read_sales", read_slowly)
        async with asyncio.timeout(30):
            await asyncio.gather(write_due(cell), sell())
    await write_due(cell)
    _, sales, _ = await read_written(cell, shop)
    return shop, sales


async def test_a_payment_during_the_show_writes_no_report(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        order = await buy(tx, shop, shop.product, shop.variant, 10)
        paid = OrderPaid(
            market="FR",
            order=order,
            checkout=UUID(int=1),
            seller=shop.seller,
            show=shop.show,
            total=Money(1490, "EUR"),
            name_on_air=None,
            products=[(shop.product, 1)],
        )
        await count_late_payment(tx, paid)
    assert (await read(cell, shop)).room is None


async def test_an_ended_show_is_listed_before_its_report_is_written(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop, _, _ = await lay_evening(tx)
    async with cell.read() as tx:
        before = await list_reports(tx, "FR", shop.host)
    await write(cell, shop)
    async with cell.read() as tx:
        after = await list_reports(tx, "FR", None)
        others = await list_reports(tx, "FR", UUID(int=99))
    assert [(one.title, one.orders) for one in before] == [("Evening lights", None)]
    assert [(one.orders, one.minor, one.visitors) for one in after] == [(4, 10960, 3)]
    assert others == []


async def test_a_show_that_nobody_saw_has_an_honest_report(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await air(tx, shop, 40)
    await write(cell, shop)
    room, sales, findings = await read_written(cell, shop)
    assert (room.visitors, room.peak, room.average, sales.orders) == (0, 0, 0, 0)
    assert [one.code for one in findings] == ["not_enough_data"]


async def test_a_count_holds_until_the_next_one(cell: Cell) -> None:
    """A gateway counts by its own clock, so a step may have no count of its own."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await air(tx, shop, 95)
        for second in (1, 11, 29):
            await sample(tx, shop, second, 5, hearts=2)
        for second in (0, 10, 20, 30, 40, 50, 60, 70, 80, 90):
            await sample(tx, shop, second, 1, gateway="two")
    await write(cell, shop)
    room, _, _ = await read_written(cell, shop)
    # The first gateway dies at 29 s: its last count holds for three steps.
    assert [point.viewers for point in room.points] == [6, 6, 6, 6, 6, 1, 1, 1, 1, 1]
    assert (room.peak, room.hearts, room.average) == (6, 6, 35)
