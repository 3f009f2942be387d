"""Low stock by mail: bundled, a variant once a day, not to who wants none, not what is back."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx2
import pytest_asyncio

from panier import people, stock
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.runtime import Runtime
from panier.wiring import REACTIONS
from tests.door import browser, open_door, sign_up
from tests.post_office import PostOffice, html_of, open_post_office, text_of
from tests.shop import Shop, lay_shop, lay_variant

ANNA = UUID(int=1)


@pytest_asyncio.fixture(loop_scope="session")
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as opened:
        yield opened


async def lay(cell: Cell) -> tuple[Shop, UUID]:
    """Lay two variants of seven units; Camille, who reads French, works for the seller."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx, 7)
        other = await lay_variant(tx, shop.product, 7, 990)
        await people.grant_role(tx, shop.host, "seller", "FR", shop.seller)
    return shop, other


async def sell_down(cell: Cell, shop: Shop, variant: UUID, units: int = 3) -> None:
    wanted = stock.Wanted(new_id(), new_id(), variant, units, "FR", shop.show, 480, 20)
    await stock.hold(cell, wanted)


async def work(cell: Cell, minutes: int = 0) -> None:
    """Deliver what happened, let time pass, and tell."""
    await Courier(cell, REACTIONS).deliver_all()
    async with cell.tx() as tx:
        await tx.execute(
            "update low_stock set since = since - make_interval(mins => %(m)s),"
            " told_at = told_at - make_interval(mins => %(m)s)",
            {"m": minutes},
        )
    while await stock.tell_low(cell):
        pass


async def test_all_that_ran_low_together_is_one_mail_in_the_readers_language(
    cell: Cell, office: PostOffice, runtime: Runtime
) -> None:
    shop, other = await lay(cell)
    await sell_down(cell, shop, shop.variant)
    await work(cell)
    assert await office.collect(cell) == []  # it waits for what else runs low
    await sell_down(cell, shop, other, 5)
    await work(cell, minutes=5)
    await work(cell, minutes=5)
    (mail,) = await office.collect(cell)
    assert mail["To"] == f"host-{shop.host.hex[-6:]}@example.org"
    for text in (text_of(mail), html_of(mail)):
        assert text.count("Bougie · Grande") == 2
        assert "Maison Lumen" in text
        assert f"{runtime.settings.public_web_url}/fr/seller/stock?low=1" in text


async def test_a_variant_is_told_of_once_a_day(cell: Cell, office: PostOffice) -> None:
    shop, _ = await lay(cell)
    await sell_down(cell, shop, shop.variant)
    await work(cell, minutes=5)
    assert len(await office.collect(cell)) == 1
    async with cell.tx() as tx:
        await stock.restock(tx, shop.variant, 10, "FR")
    await sell_down(cell, shop, shop.variant, 9)  # low again, the same day
    await work(cell, minutes=60)
    assert await office.collect(cell) == []
    await work(cell, minutes=23 * 60)
    assert len(await office.collect(cell)) == 1


async def test_what_is_back_by_then_is_not_told(cell: Cell, office: PostOffice) -> None:
    shop, _ = await lay(cell)
    await sell_down(cell, shop, shop.variant)
    async with cell.tx() as tx:
        await stock.restock(tx, shop.variant, 10, "FR")
    await work(cell, minutes=5)
    await work(cell, minutes=24 * 60)
    assert await office.collect(cell) == []


async def test_an_event_that_is_told_twice_is_one_mail(cell: Cell, office: PostOffice) -> None:
    shop, _ = await lay(cell)
    await sell_down(cell, shop, shop.variant)
    await work(cell, minutes=5)
    async with cell.tx() as tx:
        await tx.execute("update event set delivered_at = null")
    await work(cell, minutes=5)
    assert len(await office.collect(cell)) == 1


async def anna(tx: Tx) -> UUID:
    found = await people.find_person_by_email(tx, "anna@example.com")
    assert found
    return found.id


async def test_whoever_wants_no_such_mails_says_so_on_the_page_of_stock(
    cell: Cell, office: PostOffice, runtime: Runtime
) -> None:
    async with browser(await open_door(runtime)) as client:
        shop, _ = await lay(cell)
        address, choice = "/fr/seller/stock/mails", {"seller": str(shop.seller), "told": "no"}
        assert (await client.post(address, data=choice)).status_code == 401
        await sign_up(client)
        assert (await client.post(address, data=choice)).status_code == 403
        async with cell.tx() as tx:
            await people.grant_role(tx, await anna(tx), "seller", "FR", shop.seller)
        await language(client)
        assert "you are written to" in (await client.get("/fr/seller/stock")).text
        other = {**choice, "seller": str(new_id())}
        assert (await client.post(address, data=other)).status_code == 403
        assert (await client.post(address, data={**choice, "told": "x"})).status_code == 422
        assert (await client.post(address, data=choice)).status_code == 303
        assert "you are not written to" in (await client.get("/fr/seller/stock")).text
        await sell_down(cell, shop, shop.variant)
        await work(cell, minutes=5)
        (mail,) = await office.collect(cell)
        assert mail["To"].startswith("host-")  # Camille still is
        await client.post(address, data={**choice, "told": "yes"})
        assert "you are written to" in (await client.get("/fr/seller/stock")).text


async def language(client: httpx2.AsyncClient) -> None:
    await client.post("/fr/language", data={"language": "en", "back": "/fr/"})
