"""Mails to buyers: once a checkout, in their language, harmless whatever they are called."""

import asyncio
from uuid import UUID

import httpx2

from panier import orders
from panier.kit.cells import Cell
from panier.kit.delivery import Courier
from panier.orders.place import place_batch
from panier.orders.settle import settle_batch
from panier.payments import Answer, State
from panier.runtime import Runtime
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying
from tests.shop import lay_shop

ANNA = UUID(int=1)
NAME = "Zoé <b>O'Hara</b> & Co"


async def letters(cell: Cell) -> list[tuple[str, str, str, str]]:
    async with asyncio.timeout(30):
        await Courier(cell, REACTIONS).deliver_all()
    async with cell.read() as tx:
        cursor = await tx.execute("select recipient, subject, body_text, body_html from mail")
        return await cursor.fetchall()


async def test_one_confirmation_for_two_orders(cell: Cell, settings: Settings) -> None:
    async with cell.tx() as tx:
        shop, other = await lay_shop(tx), await lay_shop(tx, 5, 1000)
    await buying.fill_basket(cell, shop, ANNA, 2)
    await buying.fill_basket(cell, other, ANNA)
    wanted = buying.placement(shop, ANNA, await buying.card(cell), name=NAME)
    await orders.check_out(cell, settings, wanted)
    ((recipient, subject, text, html),) = await letters(cell)
    assert (recipient, subject) == ("anna@example.org", "Your order: €69.60 paid")
    assert NAME in text
    assert "2 × Candle (Large)  €49.80" in text
    assert wanted.page_url in text
    assert "<b>O" not in html
    assert "Zoé &lt;b&gt;O&#39;Hara" in html
    assert html.count("From Maison Lumen") == 2
    assert "Open your order and choose what you send back" in text
    assert "The seller (Maison Lumen) refunds it" in html


async def test_a_french_buyer_reads_french_amounts_and_titles(
    cell: Cell, settings: Settings
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    await buying.fill_basket(cell, shop, ANNA)
    wanted = buying.placement(shop, ANNA, await buying.card(cell), language="fr")
    await orders.check_out(cell, settings, wanted)
    ((_, _, text, _),) = await letters(cell)
    assert "1 × Bougie (Grande)  24,90\xa0€" in text


async def test_who_paid_too_late_is_told_by_mail_and_on_the_page(
    cell: Cell, settings: Settings, runtime: Runtime, client: httpx2.AsyncClient
) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx, 1)
    await buying.fill_basket(cell, shop, ANNA)
    wanted = buying.placement(shop, ANNA, await buying.card(cell))
    placed = await cell.desk(place_batch).ask(wanted)
    async with cell.tx() as tx:
        await tx.execute("update hold set state = 'expired'")
        await tx.execute("update stock set available = 0, held = 0, sold = 1")
    paid = Answer(payment=placed.payment.id, state=State.PAID, reference="pi_x")
    assert (await cell.desk(settle_batch).ask(paid)).state == "refused"
    ((_, subject, text, _),) = await letters(cell)
    assert subject == "Your money is on its way back"
    assert "€29.80" in text
    token = runtime.signer.sign(orders.ORDER_PAGE, {"checkout": str(placed.id)})
    page = await client.get(f"/fr/order/{token}", headers={"accept-language": "en"})
    assert "The stock was gone when your payment came" in page.text
    assert "29.80" in page.text
