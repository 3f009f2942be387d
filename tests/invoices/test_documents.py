"""What documents say: numbers, rows, sums, who paid; once an order and once a refund."""

from datetime import UTC, date, datetime
from uuid import UUID

import msgspec

from panier import invoices, orders, parcels
from panier.invoices import Document
from panier.invoices.rules import Rate
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.parcels import WHOLE, Ask, Cancelling, Reason, Wanted
from panier.payments import RefundAnswer
from panier.payments.refunds import settle_refund
from panier.payments.rules import Behaviour, RefundState
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying
from tests.parcels import sold as laid
from tests.payouts import laid as rows
from tests.shop import lay_shop

NEW_YEARS_EVE = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
"""Half past eleven in Paris."""


async def documents(cell: Cell, order: UUID) -> list[Document]:
    async with cell.read() as tx:
        return await invoices.list_documents_of(tx, order)


async def rename(tx: Tx, seller: UUID) -> None:
    await tx.execute("update seller set slug = 'lumen' where id = %s", (seller,))


async def sell_subsidised(cell: Cell) -> UUID:
    """Sell an order of which the platform bears 3.00, to seller `lumen`."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await rename(tx, shop.seller)
        return await rows.sell(tx, shop)


async def test_a_paid_order_has_one_invoice_however_often_it_is_told(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.work(cell, settings)
    async with cell.tx() as tx:
        await tx.execute("delete from receipt")
        await tx.execute("update event set delivered_at = null")
    await Courier(cell, REACTIONS).deliver_all()
    (invoice,) = await documents(cell, sold.order)
    assert invoice.kind == "invoice"
    assert invoice.number.endswith(f"-{invoice.day.year}-000001")
    said = invoice.said
    # The platform pays nothing here: 2 × 24.90 + 3 × 9.99 + 4.90, of which VAT is a sixth.
    assert (said.paid, said.subsidy, invoice.gross_minor) == (8467, 0, 8467)
    # 49.80 → 8.30, 29.97 → 5.00 (4.995), and the parcel's 4.90
    assert sorted((row.quantity, row.gross, row.net) for row in said.rows if row.goods) == [
        (2, 4980, 4150),
        (3, 2997, 2497),
    ]
    assert [row.gross for row in said.rows if not row.goods] == [490]
    assert said.buyer == "Anna Martin"
    assert said.address == buying.PARIS
    assert (said.seller, said.seller_country) == ("Maison Lumen", "FR")
    assert await buying.all_adds_up(cell)


async def test_what_the_platform_pays_is_in_the_sum_and_told_apart(cell: Cell) -> None:
    order = await sell_subsidised(cell)
    await cell.run(lambda tx: invoices.write_invoice(tx, order, NEW_YEARS_EVE))
    (invoice,) = await documents(cell, order)
    assert invoice.number == "LUMEN-FR-2026-000001"
    said = invoice.said
    assert [(r.regular, r.reduction, r.net, r.vat, r.gross) for r in said.rows] == [
        (3000, 0, 2500, 500, 3000),
        (490, 0, 408, 82, 490),
    ]
    assert said.rates == [Rate(2000, 582, 3490)]
    assert (said.paid, said.subsidy) == (3190, 300)


async def test_a_year_ends_on_the_markets_calendar_and_numbers_begin_anew(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await rename(tx, shop.seller)
        sold = [await rows.sell(tx, shop) for _ in range(3)]
    moments = [NEW_YEARS_EVE, NEW_YEARS_EVE.replace(minute=59), NEW_YEARS_EVE.replace(hour=23)]
    for order, moment in zip(sold, moments, strict=True):
        async with cell.tx() as tx:
            await invoices.write_invoice(tx, order, moment)
    written = [(await documents(cell, order))[0] for order in sold]
    assert [(invoice.number, invoice.day) for invoice in written] == [
        ("LUMEN-FR-2026-000001", date(2026, 12, 31)),
        ("LUMEN-FR-2026-000002", date(2026, 12, 31)),
        ("LUMEN-FR-2027-000001", date(2027, 1, 1)),
    ]


async def test_no_number_is_dated_before_the_one_ahead_of_it(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        first, second = [await rows.sell(tx, shop) for _ in range(2)]
        await invoices.write_invoice(tx, first, NEW_YEARS_EVE)
        await invoices.write_invoice(tx, second, NEW_YEARS_EVE.replace(day=30))
    assert [(await documents(cell, order))[0].day for order in (first, second)] == [
        date(2026, 12, 31),
        date(2026, 12, 31),
    ]


async def test_a_refund_has_a_credit_note_of_its_own_series(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    async with cell.tx() as tx:
        await rename(tx, sold.shop.seller)
    await laid.deliver(cell, sold)
    dear, cheap = await laid.numbers(cell, sold)
    for wanted in (Wanted({dear: 1}, {}), Wanted({}, {cheap: 97}, 190), Wanted({}, {cheap: 3})):
        ask = Ask(new_id(), Reason.GOODWILL, wanted)
        async with cell.tx() as tx:
            await parcels.give_money(tx, sold.order, ask, None)
        await laid.work(cell, settings)
    invoice, *notes = await documents(cell, sold.order)
    year = invoice.day.year
    assert [note.number for note in notes] == [
        f"LUMEN-FR-{year}-C000001",
        f"LUMEN-FR-{year}-C000002",
        f"LUMEN-FR-{year}-C000003",
    ]
    assert [note.gross_minor for note in notes] == [2490, 287, 3]
    assert [note.said.invoice for note in notes] == [invoice.number] * 3
    assert [note.invoice for note in notes] == [invoice.id] * 3
    assert [(r.goods, r.quantity, r.gross) for r in notes[1].said.rows] == [
        (True, 0, 97),
        (False, 0, 190),
    ]
    assert await buying.all_adds_up(cell)


async def test_credit_notes_of_all_of_an_order_come_to_its_invoice(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    dear, cheap = await laid.numbers(cell, sold)
    for wanted in (Wanted({dear: 1, cheap: 2}, {}, 33), Wanted({dear: 1, cheap: 1}, {}, WHOLE)):
        ask = Ask(new_id(), Reason.GOODWILL, wanted)
        async with cell.tx() as tx:
            await parcels.give_money(tx, sold.order, ask, None)
        await laid.work(cell, settings)
    invoice, *notes = await documents(cell, sold.order)
    assert (sum(n.gross_minor for n in notes), sum(n.vat_minor for n in notes)) == (
        invoice.gross_minor,
        invoice.vat_minor,
    )


async def test_a_refund_that_a_bank_sent_back_and_is_sent_again_is_credited_once(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    asked = Cancelling(new_id(), by_buyer=True)
    await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    await laid.work(cell, settings)
    async with cell.read() as tx:
        (refund,) = (await parcels.list_refunds(tx, [sold.order]))[sold.order]
    async with cell.tx() as tx:
        failed = RefundAnswer(refund.key, RefundState.FAILED, "re_1", "card_closed")
        assert await settle_refund(tx, failed)
    await Courier(cell, REACTIONS).deliver_all()
    async with cell.tx() as tx:
        assert await parcels.ask_again(tx, refund.id, None)
        (again,) = (await parcels.list_refunds(tx, [sold.order]))[sold.order]
        assert await settle_refund(tx, RefundAnswer(again.key, RefundState.DONE, "re_2"))
    await Courier(cell, REACTIONS).deliver_all()
    assert await buying.events_of(cell, "OrderRefunded") == 3  # there, back, there again
    assert [d.kind for d in await documents(cell, sold.order)] == ["invoice", "credit_note"]
    async with cell.read() as tx:
        assert await invoices.check_documents(tx) == []


async def test_a_document_stays_as_it_was_written(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings)
    await laid.work(cell, settings)
    before = await documents(cell, sold.order)
    async with cell.tx() as tx:
        await tx.execute("update seller set name = 'Lumen & Cie', country = 'BE', slug = 'cie'")
        await tx.execute('update product set title = \'{"en": "Lamp"}\'')
    await cell.run(lambda tx: invoices.write_invoice(tx, sold.order, NEW_YEARS_EVE))
    after = await documents(cell, sold.order)
    assert [msgspec.to_builtins(d) for d in after] == [msgspec.to_builtins(d) for d in before]


async def test_an_order_that_is_not_paid_has_no_invoice(cell: Cell, settings: Settings) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    buyer = new_id()
    await buying.fill_basket(cell, shop, buyer)
    token = await buying.card(cell, Behaviour.DECLINED)
    placed, _ = await orders.check_out(cell, settings, buying.placement(shop, buyer, token))
    await Courier(cell, REACTIONS).deliver_all()
    async with cell.read() as tx:
        (order,) = await orders.list_orders_of(tx, placed.id)
    assert await documents(cell, order.id) == []


async def test_gaps_and_wrong_sums_are_found(cell: Cell, settings: Settings) -> None:
    solds = [await laid.sell(cell, settings) for _ in range(2)]
    for sold in solds:
        asked = Cancelling(new_id(), by_buyer=True)
        async with cell.tx() as tx:
            await parcels.cancel(tx, sold.order, asked, None)
    await laid.work(cell, settings)
    async with cell.tx() as tx:
        assert await invoices.check_documents(tx) == []
        await tx.execute(
            "update document set gross_minor = gross_minor + 1 where order_id = %s",
            (solds[0].order,),
        )
        await tx.execute(
            "delete from document where order_id = %s and kind = 'credit_note'", (solds[1].order,)
        )
        found = await invoices.check_documents(tx)
    assert [finding.rule for finding in found] == [
        "a credit note and its refund differ",
        "a number of a document is missing",
        "an invoice and its order differ",
    ]
