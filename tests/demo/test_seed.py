"""The seed: everything once, whatever was there before, and always a show to put on air."""

from uuid import UUID

import pytest

from panier import catalog, people, shows, stock
from panier.demo.data import read_sample
from panier.demo.seed import PASSWORD, ensure_demo_show, fill
from panier.kit.cells import Cell
from panier.kit.db import Tx, run, value
from panier.kit.i18n import LANGUAGES
from panier.kit.money import Money
from panier.kit.store import get
from panier.runtime import Runtime

FILM = ["candle", "olive-oil", "mug", "tote", "scarf", "lamp", "hand-cream", "chocolate"]


def test_every_sample_text_is_there_in_every_language() -> None:
    sample = read_sample()
    assert [product.slug for product in sample.product] == FILM
    for product in sample.product:
        texts = [product.title, product.description, product.alt]
        texts += [variant.title for variant in product.variant]
        assert all(sorted(text) == sorted(LANGUAGES) for text in texts)
        assert all(set(variant.price) == {"FR", "GB"} for variant in product.variant)
    for service in sample.service:
        texts = [service.title, service.description, service.alt]
        assert all(sorted(text) == sorted(LANGUAGES) for text in texts)
        assert set(service.price) == {"FR", "GB"}


async def count(tx: Tx) -> dict[str, int]:
    """Count the rows that a seed makes."""
    return {
        "seller": await value(tx, "select count(*) from seller"),
        "product": await value(tx, "select count(*) from product where image is not null"),
        "person": await value(tx, "select count(*) from person"),
        "role": await value(tx, "select count(*) from role"),
        "stock": await value(tx, "select count(*) from stock"),
        "show": await value(tx, "select count(*) from show"),
        "plan": await value(tx, "select count(*) from creator_plan"),
    }


async def list_sheet(tx: Tx, show: UUID) -> list[str]:
    """List the slugs of a show's products."""
    return [product.slug for product in await shows.list_run_sheet(tx, show, "fr")]


@pytest.mark.timeout(240)
async def test_a_seed_fills_an_empty_installation_and_goes_on_where_it_stopped(
    runtime: Runtime, cell: Cell
) -> None:
    await fill(runtime)
    everything = {
        "seller": 4,
        "product": 18,
        "person": 10,
        "role": 10,
        "stock": 50,
        "show": 6,
        "plan": 4,
    }
    async with cell.tx() as tx:
        assert await count(tx) == everything
        show = await shows.get_show_by_slug(tx, "FR", "demo")
        assert (show.title, show.language, show.state) == ("Lumières du soir", "fr", "scheduled")
        assert await list_sheet(tx, show.id) == [*FILM, "light-advice"]
        products = {p.slug: p for p in await catalog.list_products(tx, "GB", "en")}
        assert products["chocolate"].vat_category == "standard"
        assert products["candle"].variants[0].price == Money(2200, "GBP")
        [cover] = [s.cover for s in await shows.list_upcoming(tx, "GB") if s.slug == "demo"]
        # As if the seed had been stopped half-way, and somebody had bought.
        await run(tx, "update product set image = null where slug = 'lamp'")
        await run(tx, "delete from role where role = 'host'")
        sold = products["mug"].variants[0].id
        await stock.set_stock(tx, sold, 3, "GB")
    assert await get(runtime.store, f"catalog/{cover}-960.webp") is not None
    await fill(runtime)
    async with cell.read() as tx:
        assert await count(tx) == everything
        assert await stock.get_availability(tx, [sold]) == {sold: 3}
    assert await people.sign_in(cell, "host.fr@panier.demo", PASSWORD) == show.host

    async with cell.tx() as tx:
        demo = await shows.get_show_by_slug(tx, "GB", "demo")
        await shows.go_live(tx, demo.id)
    assert await ensure_demo_show(runtime, "GB") == "demo"
    async with cell.tx() as tx:
        await shows.end(tx, demo.id)
    assert await ensure_demo_show(runtime, "GB") == "demo-2"
    assert await ensure_demo_show(runtime, "GB") == "demo-2"
    async with cell.read() as tx:
        again = await shows.get_show_by_slug(tx, "GB", "demo-2")
        assert await list_sheet(tx, again.id) == [*FILM, "light-advice"]
        assert await stock.get_availability(tx, [sold]) == {sold: 90}

    async with cell.tx() as tx:
        await run(
            tx, "update show set starts_at = starts_at - interval '9 days' where slug ~ '^the'"
        )
    await fill(runtime)
    async with cell.read() as tx:
        announced = [(s.slug, s.title) for s in await shows.list_upcoming(tx, "GB")]
        stale = await shows.get_show_by_slug(tx, "GB", "the-winter-table")
    assert ("the-winter-table-2", "The winter table") in announced
    assert stale.state == "cancelled"
