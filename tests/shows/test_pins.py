"""Pins and run sheets: one product on the picture, in one order, whoever presses."""

import asyncio
from uuid import UUID

import pytest

from panier import catalog, shows
from panier.kit.cells import Cell
from panier.kit.db import value
from panier.kit.errors import BadInput
from tests.shows.laid import NOBODY, Laid, lay, lay_product, lay_seller, lay_show, list_told


async def lay_live(cell: Cell) -> tuple[Laid, shows.Show]:
    """Put a show with three products on air."""
    laid = await lay(cell)
    show = await lay_show(cell, laid)
    async with cell.tx() as tx:
        await shows.go_live(tx, show.id)
    return laid, show


async def pin(cell: Cell, show: shows.Show, product: UUID) -> None:
    """Pin in a transaction of its own."""
    await cell.run(lambda tx: shows.pin(tx, show.id, product))


async def list_pin_facts(cell: Cell) -> list[tuple[str, str]]:
    """List what was recorded of pins: kind and product."""
    return [
        (fact.kind, fact.body["product"])
        for fact in await list_told(cell)
        if fact.kind.startswith("Product")
    ]


async def test_a_pin_takes_the_place_of_the_one_before(cell: Cell) -> None:
    laid, show = await lay_live(cell)
    candle, mug, _ = laid.products
    await pin(cell, show, candle)
    await pin(cell, show, candle)
    await pin(cell, show, mug)
    async with cell.read() as tx:
        present = await shows.find_pin(tx, show.id)
        pins = await shows.list_pins(tx, show.id)
    assert present is not None
    assert present.product == mug
    assert [p.product for p in pins] == [candle, mug]
    assert pins[0].unpinned_at is not None
    assert await list_pin_facts(cell) == [
        ("ProductPinned", str(candle)),
        ("ProductUnpinned", str(candle)),
        ("ProductPinned", str(mug)),
    ]


async def test_many_concurrent_pins_leave_one_pin_and_a_straight_record(cell: Cell) -> None:
    laid, show = await lay_live(cell)
    await asyncio.gather(*(pin(cell, show, laid.products[i % 3]) for i in range(24)))
    async with cell.read() as tx:
        count = await value(tx, "select count(*) from pin where unpinned_at is null")
        present = await shows.find_pin(tx, show.id)
    assert count == 1
    assert present is not None
    shown = ""
    for kind, product in await list_pin_facts(cell):
        if kind == "ProductPinned":
            assert shown == ""
            shown = product
        else:
            assert shown == product
            shown = ""
    assert shown == str(present.product)


async def test_unpinning_twice_is_told_once(cell: Cell) -> None:
    laid, show = await lay_live(cell)
    await pin(cell, show, laid.products[0])
    for _ in range(2):
        async with cell.tx() as tx:
            await shows.unpin(tx, show.id)
    assert [kind for kind, _ in await list_pin_facts(cell)] == ["ProductPinned", "ProductUnpinned"]


async def test_only_what_is_on_the_run_sheet_can_be_pinned_and_only_on_air(cell: Cell) -> None:
    laid = await lay(cell)
    show = await lay_show(cell, laid)
    with pytest.raises(shows.NotOnAir):
        await pin(cell, show, laid.products[0])
    async with cell.tx() as tx:
        await shows.rehearse(tx, show.id)
    await pin(cell, show, laid.products[0])
    with pytest.raises(shows.NotOnRunSheet):
        await pin(cell, show, NOBODY)
    async with cell.tx() as tx:
        await shows.go_live(tx, show.id)
        await shows.end(tx, show.id)
    with pytest.raises(shows.NotOnAir):
        await pin(cell, show, laid.products[0])


async def test_a_rehearsal_leaves_nothing_for_the_air_and_the_air_nothing_behind(
    cell: Cell,
) -> None:
    laid = await lay(cell)
    show = await lay_show(cell, laid)
    candle, mug, _ = laid.products
    async with cell.tx() as tx:
        await shows.rehearse(tx, show.id)
    await pin(cell, show, candle)
    async with cell.tx() as tx:
        assert [p.product for p in await shows.list_pins(tx, show.id)] == [candle]
        await shows.go_live(tx, show.id)
        assert await shows.find_pin(tx, show.id) is None
        assert await shows.list_pins(tx, show.id) == []
    await pin(cell, show, mug)
    async with cell.tx() as tx:
        await shows.end(tx, show.id)
        assert await shows.find_pin(tx, show.id) is None
        assert [p.product for p in await shows.list_pins(tx, show.id)] == [mug]
    kinds = [fact.kind for fact in await list_told(cell)]
    assert kinds[-3:] == ["ProductPinned", "ProductUnpinned", "ShowEnded"]


async def test_the_run_sheet_keeps_its_order_and_drops_the_pin_of_what_is_left_out(
    cell: Cell,
) -> None:
    laid, show = await lay_live(cell)
    candle, mug, scarf = laid.products
    await pin(cell, show, mug)
    async with cell.tx() as tx:
        await shows.set_run_sheet(tx, show.id, [scarf, mug, candle])
        assert await shows.list_run_sheet_ids(tx, show.id) == [scarf, mug, candle]
        assert await shows.find_pin(tx, show.id) is not None
        await shows.set_run_sheet(tx, show.id, [scarf, candle])
        assert await shows.find_pin(tx, show.id) is None


async def test_a_run_sheet_refuses_strangers_repetition_and_excess(cell: Cell) -> None:
    laid = await lay(cell)
    show = await lay_show(cell, laid)
    async with cell.tx() as tx:
        british = await lay_product(tx, await lay_seller(tx, "GB", "GBP"), "kettle")
    for products in ([british], [NOBODY], [laid.products[0]] * 2, [NOBODY] * 101):
        with pytest.raises(BadInput) as refused:
            async with cell.tx() as tx:
                await shows.set_run_sheet(tx, show.id, products)
        assert refused.value.details["field"] == "products"
    async with cell.tx() as tx:
        await shows.cancel(tx, show.id)
        with pytest.raises(shows.RunSheetClosed):
            await shows.set_run_sheet(tx, show.id, laid.products)


async def test_a_variants_shows_are_those_on_air_or_in_rehearsal(cell: Cell) -> None:
    laid, live = await lay_live(cell)
    rehearsing = await lay_show(cell, laid)
    await lay_show(cell, laid)
    async with cell.tx() as tx:
        await shows.rehearse(tx, rehearsing.id)
        [variant] = await catalog.list_variants(tx, laid.products[1])
        found = await shows.find_live_shows_with_variant(tx, variant)
        assert await shows.find_live_shows_with_variant(tx, NOBODY) == []
    assert set(found) == {live.id, rehearsing.id}
