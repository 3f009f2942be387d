"""Mails of each step: once, in the buyer's language, harmless."""

from panier import parcels
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from panier.parcels import Ask, Cancelling, Directions, Reason, Wanted
from panier.runtime import Runtime
from panier.settings import Settings
from tests.parcels import sold as laid


async def subjects(cell: Cell) -> list[str]:
    async with cell.read() as tx:
        cursor = await tx.execute("select subject from mail order by id")
        return [row[0].partition(" · ")[0] for row in await cursor.fetchall()][1:]


async def last(cell: Cell) -> tuple[str, str]:
    async with cell.read() as tx:
        cursor = await tx.execute("select body_text, body_html from mail order by id desc limit 1")
        ((text, html),) = await cursor.fetchall()
    return text, html


async def test_a_parcel_is_told_with_its_number_its_goods_and_its_page(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings, name="Zoé <b>O'Hara</b>")
    dear, _ = await laid.numbers(cell, sold)
    await laid.ship(cell, sold, {dear: 1}, "6A123")
    await laid.work(cell, settings)
    await laid.work(cell, settings)
    assert await subjects(cell) == ["Your parcel is on its way"]
    text, html = await last(cell)
    assert "1 × Candle (Large)" in text
    assert "Colissimo brings it; its number is 6A123." in text
    assert "The rest of your order follows in another parcel." in text
    assert "https://www.laposte.fr/outils/suivre-vos-envois?code=6A123" in text
    assert sold.placed.page_url in text
    assert "<b>O" not in html


async def test_a_cancelled_order_is_told_and_so_is_its_money(
    cell: Cell, settings: Settings
) -> None:
    sold = await laid.sell(cell, settings)
    note = "The kiln broke & we are sorry"
    asked = Cancelling(new_id(), by_buyer=False, note=note)
    await cell.run(lambda tx: parcels.cancel(tx, sold.order, asked, None))
    await laid.work(cell, settings)
    assert await subjects(cell) == ["Your order is cancelled", "€84.67 is on its way back to you"]
    text, html = await last(cell)
    assert "We sent €84.67 to the card you paid with" in text
    assert note in text
    assert "broke &amp; we" in html


async def test_a_return_is_acknowledged_directed_received_and_paid_back(
    cell: Cell, settings: Settings, runtime: Runtime
) -> None:
    sold = await laid.sell(cell, settings)
    await laid.deliver(cell, sold)
    giving = new_id()
    await cell.run(lambda tx: parcels.ask_return(tx, sold.order, giving, None, ""))
    given = Directions("Lumen\n1 rue Basse\n69001 Lyon", b"%PDF-1.7")
    await parcels.direct(cell, runtime.store, giving, given)
    await laid.work(cell, settings)
    text, _ = await last(cell)
    assert "Send it to: Lumen, 1 rue Basse, 69001 Lyon" in text
    assert "The label for the parcel is on your order page." in text
    await cell.run(lambda tx: parcels.receive(tx, giving, None, None, sellable=True))
    await laid.work(cell, settings)
    assert await subjects(cell) == [
        "Your parcel is on its way",
        "We have noted your return",
        "How to send it back",
        "Your return has arrived",
        "€84.67 is on its way back to you",
    ]


async def test_a_french_buyer_reads_french_amounts(cell: Cell, settings: Settings) -> None:
    sold = await laid.sell(cell, settings, language="fr")
    await laid.deliver(cell, sold)
    dear, _ = await laid.numbers(cell, sold)
    ask = Ask(new_id(), Reason.GOODWILL, Wanted({}, {dear: 500}))
    await cell.run(lambda tx: parcels.give_money(tx, sold.order, ask, None))
    await laid.work(cell, settings)
    text, _ = await last(cell)
    assert "5,00\xa0€" in text
