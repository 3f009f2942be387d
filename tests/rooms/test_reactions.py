import asyncio
from typing import Any
from uuid import UUID

import msgspec

from panier import events, rooms, shows
from panier.kit.cells import Cell
from panier.kit.delivery import Courier
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.kit.outbox import record
from panier.wiring import REACTIONS
from tests.rooms.conftest import Venue
from tests.shop import lay_shop
from tests.shows.laid import lay, lay_show

OURS = {
    event: [reaction for reaction in reactions if "rooms" in reaction.__module__]
    for event, reactions in REACTIONS.items()
}


async def deliver(cell: Cell) -> None:
    """Hand all written events to the rooms' reactions."""
    await Courier(cell, OURS).deliver_all()


async def log_of(cell: Cell, show: UUID) -> list[tuple[str, Any]]:
    """Return kind and body of a room's facts."""
    async with cell.read() as tx:
        return [(fact.kind, fact.body) for fact in await rooms.list_facts(tx, show, 0)]


async def test_a_show_from_the_calendar_to_its_end_is_in_its_log(cell: Cell) -> None:
    laid = await lay(cell)
    show = (await lay_show(cell, laid)).id
    product = laid.products[0]
    steps: list[Any] = [
        shows.rehearse,
        shows.stop_rehearsing,
        shows.go_live,
        lambda tx, show: shows.pin(tx, show, product),
        shows.unpin,
        shows.end,
    ]
    for step in steps:
        async with cell.tx() as tx:
            await step(tx, show)
    await deliver(cell)
    assert await log_of(cell, show) == [
        ("rehearsing", {}),
        ("scheduled", {}),
        ("live", {}),
        ("pin", {"product": str(product)}),
        ("unpin", {"product": str(product)}),
        ("ended", {}),
    ]


async def test_an_event_that_two_workers_deliver_is_one_fact(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await record(tx, events.ShowWentLive(market="FR", show=shop.show))
    await asyncio.gather(deliver(cell), deliver(cell))
    await deliver(cell)
    assert await log_of(cell, shop.show) == [("live", {})]


async def test_sold_out_is_told_in_every_room_that_sells_it(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop, other = await lay_shop(tx), await lay_shop(tx)
        await record(tx, events.SoldOut(market="FR", variant=shop.variant))
        await record(tx, events.BackInStock(market="FR", variant=shop.variant))
    await deliver(cell)
    body = {"variant": str(shop.variant)}
    assert await log_of(cell, shop.show) == [("sold_out", body), ("back_in_stock", body)]
    assert await log_of(cell, other.show) == []


async def test_a_show_with_units_of_its_own_is_told_of_those_only(cell: Cell) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        sold_out = events.SoldOut(market="FR", variant=shop.variant)
        await record(tx, msgspec.structs.replace(sold_out, apart=[shop.show]))
        await record(tx, msgspec.structs.replace(sold_out, show=new_id()))
    await deliver(cell)
    assert await log_of(cell, shop.show) == []
    async with cell.tx() as tx:
        await record(tx, msgspec.structs.replace(sold_out, show=shop.show))
    await deliver(cell)
    assert await log_of(cell, shop.show) == [("sold_out", {"variant": str(shop.variant)})]


async def test_a_purchase_is_celebrated_with_the_name_the_buyer_allowed(cell: Cell) -> None:
    show, candle, mug = new_id(), new_id(), new_id()
    paid = events.OrderPaid(
        market="FR",
        order=new_id(),
        checkout=new_id(),
        seller=new_id(),
        show=show,
        total=Money(4980, "EUR"),
        name_on_air="Ada",
        products=[(candle, 1), (mug, 2)],
    )
    async with cell.tx() as tx:
        await record(tx, paid)
    await deliver(cell)
    assert await log_of(cell, show) == [
        ("purchase", {"name": "Ada", "product": str(candle), "quantity": 1}),
        ("purchase", {"name": "Ada", "product": str(mug), "quantity": 2}),
    ]


async def test_a_picture_that_is_lost_is_told(cell: Cell) -> None:
    show = new_id()
    async with cell.tx() as tx:
        await record(tx, events.StreamLost(market="FR", show=show))
        await record(tx, events.StreamStarted(market="FR", show=show))
    await deliver(cell)
    assert await log_of(cell, show) == [
        ("picture", {"state": "lost"}),
        ("picture", {"state": "on"}),
    ]


async def test_a_reaction_reaches_the_viewers(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway())
    async with venue.cell.tx() as tx:
        await record(tx, events.ShowWentLive(market="FR", show=venue.show))
    await deliver(venue.cell)
    assert [fact[1] for fact in await viewer.facts_to(1)] == ["live"]
