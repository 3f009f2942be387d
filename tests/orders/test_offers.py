"""An offer to somebody who waited comes by mail, if we know them; strangers get none."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest_asyncio

from panier import orders, stock
from panier.kit.cells import Cell
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.kit.mail import queue_mail, send_due_mail
from panier.runtime import Runtime
from panier.settings import Settings
from panier.wiring import REACTIONS
from tests import buying
from tests.post_office import PostOffice, html_of, open_post_office, text_of
from tests.shop import Shop, lay_shop

ANNA, BEN = UUID(int=1), UUID(int=2)


@pytest_asyncio.fixture(loop_scope="session")
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as opened:
        yield opened


async def lay(cell: Cell, units: int = 1) -> Shop:
    async with cell.tx() as tx:
        return await lay_shop(tx, units)


async def press(cell: Cell, shop: Shop, buyer: UUID) -> None:
    await stock.hold(cell, stock.Wanted(new_id(), buyer, shop.variant, 1, "FR", shop.show, 480, 20))


async def wait(cell: Cell, shop: Shop, buyer: UUID, person: UUID | None) -> None:
    wish = stock.Wish(buyer, shop.variant, 1, "FR", shop.show, 120, 20, person)
    await cell.run(lambda tx: stock.wait(tx, wish))


async def give_up(cell: Cell, shop: Shop, buyer: UUID) -> None:
    await cell.run(lambda tx: stock.release(tx, buyer, shop.variant, 1, "FR"))


async def deliver(cell: Cell) -> None:
    await Courier(cell, REACTIONS).deliver_all()


async def test_whoever_is_signed_in_reads_what_is_theirs_where_and_until_when(
    cell: Cell, office: PostOffice, runtime: Runtime
) -> None:
    shop = await lay(cell)
    await press(cell, shop, ANNA)
    await wait(cell, shop, BEN, shop.host)  # Camille, who reads French
    await give_up(cell, shop, ANNA)
    async with cell.tx() as tx:
        await tx.execute("update hold set expires_at = '2099-07-01 18:05+00' where state = 'held'")
    for _ in range(2):
        await deliver(cell)
    (mail,) = await office.collect(cell)
    assert mail["To"] == f"host-{shop.host.hex[-6:]}@example.org"
    page = f"{runtime.settings.public_web_url}/fr/live/lights-{shop.show.hex[-6:]}"
    for text in (text_of(mail), html_of(mail)):
        assert "Bougie · Grande" in text
        assert "20:05" in text  # Paris
        assert page in text


async def test_an_offer_leaves_before_the_mails_that_wait(cell: Cell, office: PostOffice) -> None:
    shop = await lay(cell)
    await press(cell, shop, ANNA)
    await wait(cell, shop, BEN, shop.host)
    async with cell.tx() as tx:
        for n in range(60):
            await queue_mail(tx, f"buyer-{n}@example.org", "Order", "Thanks", "<p>Thanks</p>")
    await give_up(cell, shop, ANNA)
    await deliver(cell)
    assert await send_due_mail(cell, office.url, "shop@example.org") == 50
    assert f"host-{shop.host.hex[-6:]}@example.org" in office.recipients


async def test_a_stranger_gets_no_mail(cell: Cell, office: PostOffice) -> None:
    shop = await lay(cell)
    await press(cell, shop, ANNA)
    await wait(cell, shop, BEN, None)
    await give_up(cell, shop, ANNA)
    await deliver(cell)
    assert await office.collect(cell) == []


async def test_a_browser_that_has_bought_is_known_by_that_purchase(
    cell: Cell, settings: Settings, office: PostOffice
) -> None:
    shop = await lay(cell, 2)
    await buying.fill_basket(cell, shop, BEN)
    wanted = buying.placement(shop, BEN, await buying.card(cell), email="ben@example.org")
    await orders.check_out(cell, settings, wanted)
    await press(cell, shop, ANNA)
    await wait(cell, shop, BEN, None)
    await deliver(cell)
    await office.collect(cell)  # the confirmation
    await give_up(cell, shop, ANNA)
    await deliver(cell)
    (mail,) = await office.collect(cell)
    assert mail["To"] == "ben@example.org"
    assert mail["Subject"].startswith("Candle · Large is held for you until ")
    assert "Hello Anna Martin," in text_of(mail)


async def test_an_offer_that_is_over_before_the_mail_is_written_is_not_told(
    cell: Cell, office: PostOffice
) -> None:
    shop = await lay(cell)
    await press(cell, shop, ANNA)
    await wait(cell, shop, BEN, shop.host)
    await give_up(cell, shop, ANNA)
    async with cell.tx() as tx:
        await tx.execute("update hold set expires_at = now() where state = 'held'")
    await deliver(cell)
    assert await office.collect(cell) == []
