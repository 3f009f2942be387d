"""The lowest price of 30 days, reductions that are refused, and the seller's pages of both."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from panier import catalog, people
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.runtime import Runtime
from tests.door import browser, open_door, sign_up
from tests.shop import Shop, lay_shop


async def lay(cell: Cell) -> Shop:
    """Lay a shop whose only variant has cost 24.90 for long."""
    async with cell.tx() as tx:
        return await lay_shop(tx)


async def price_days_ago(cell: Cell, shop: Shop, days: float, minor: int) -> None:
    """Let the variant have cost something else from so many days ago."""
    async with cell.tx() as tx:
        moment = now() - timedelta(days=days)
        await catalog.set_price(tx, shop.variant, "FR", Money(minor, "EUR"), moment)


async def lowest(cell: Cell, shop: Shop) -> int | None:
    """Return the lowest price of the last 30 days, in cents."""
    async with cell.read() as tx:
        found = await catalog.lowest_prior_prices(tx, "FR", [shop.variant], now())
    return found[shop.variant].minor if shop.variant in found else None


async def test_the_prior_price_is_the_lowest_of_thirty_days(cell: Cell) -> None:
    shop = await lay(cell)
    assert await lowest(cell, shop) == 2490
    await price_days_ago(cell, shop, 45, 1500)
    await price_days_ago(cell, shop, 31, 1990)  # still held when the 30 days began
    await price_days_ago(cell, shop, 10, 2990)
    assert await lowest(cell, shop) == 1990
    await price_days_ago(cell, shop, 5, 1800)
    await price_days_ago(cell, shop, 4, 2990)
    assert await lowest(cell, shop) == 1800


async def test_the_price_of_a_deal_counts_even_after_it(cell: Cell) -> None:
    shop = await lay(cell)
    deal, moment = new_id(), now()
    async with cell.tx() as tx:
        begins, ends = moment - timedelta(days=29), moment - timedelta(days=28)
        prices = {shop.variant: Money(1290, "EUR")}
        await catalog.note_spell(tx, deal, "FR", prices, (begins, ends))
    assert await lowest(cell, shop) == 1290
    async with cell.tx() as tx:
        await catalog.end_spell(tx, deal, begins)
    assert await lowest(cell, shop) == 2490


async def test_a_false_was_price_is_refused_and_a_true_one_kept(cell: Cell) -> None:
    shop = await lay(cell)
    await price_days_ago(cell, shop, 20, 1990)
    await price_days_ago(cell, shop, 3, 2490)

    async def announce(minor: int, was: int) -> None:
        async with cell.tx() as tx:
            await catalog.set_price(
                tx, shop.variant, "FR", Money(minor, "EUR"), was=Money(was, "EUR")
            )

    for minor, was in ((1790, 2490), (1790, 1800), (1990, 1990), (2190, 1990)):
        with pytest.raises(catalog.FalseReduction) as refused:
            await announce(minor, was)
        assert refused.value.message("en") == (
            "A reduction is shown from the lowest price of the last 30 days, and that is €19.90."
        )
    await announce(1790, 1990)
    async with cell.read() as tx:
        history = await catalog.list_history(tx, "FR", shop.variant)
    assert [(spell.minor, spell.was_minor) for spell in history] == [
        (1790, 1990),
        (2490, None),
        (1990, None),
        (2490, None),
    ]


async def test_what_was_not_for_sale_has_nothing_to_be_reduced_from(cell: Cell) -> None:
    shop = await lay(cell)
    async with cell.tx() as tx:
        await tx.execute("delete from price")
        with pytest.raises(catalog.NothingToReduce):
            await catalog.set_price(
                tx, shop.variant, "FR", Money(990, "EUR"), was=Money(1990, "EUR")
            )


@pytest_asyncio.fixture(loop_scope="session")
async def client(runtime: Runtime) -> AsyncIterator[httpx2.AsyncClient]:
    """Open a browser signed in as Anna."""
    async with browser(await open_door(runtime)) as opened:
        await sign_up(opened)
        await opened.post("/fr/language", data={"language": "en", "back": "/fr/"})
        yield opened


async def employ(cell: Cell, seller: UUID) -> None:
    """Let Anna work for a seller."""
    async with cell.tx() as tx:
        anna = await people.find_person_by_email(tx, "anna@example.com")
        assert anna is not None
        await people.grant_role(tx, anna.id, "seller", "FR", seller)


async def test_a_seller_sets_prices_of_their_own_products_only(
    cell: Cell, client: httpx2.AsyncClient
) -> None:
    mine, other = await lay(cell), await lay(cell)
    address = f"/fr/seller/prices/{mine.variant}"
    assert (await client.get("/fr/seller/prices")).status_code == 403
    await employ(cell, mine.seller)
    page = await client.get("/fr/seller/prices")
    assert "€24.90" in page.text
    assert str(mine.variant) in page.text
    assert str(other.variant) not in page.text
    for method in ("GET", "POST"):
        answer = await client.request(
            method, f"/fr/seller/prices/{other.variant}", data={"price": "1"}
        )
        assert answer.status_code == 404

    refused = await client.post(address, data={"price": "19,90", "was": "30"})
    assert refused.status_code == 422
    assert "that is €24.90" in refused.text
    assert (await client.post(address, data={"price": "1.999"})).status_code == 422
    done = await client.post(address, data={"price": "19,90", "was": "€24.90"})
    assert done.status_code == 303
    shown = await client.get(address)
    assert "€19.90" in shown.text
    assert "Lowest of 30 days" in shown.text
    assert '<svg class="price-plot" role="img"' in shown.text
    assert shown.text.count('<g class="price">') == 1
    sheet = await client.get(f"{address}/history.csv")
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert [(row["price_minor"], row["was_minor"], row["kind"]) for row in rows] == [
        ("1990", "2490", "price"),
        ("2490", "", "price"),
    ]
