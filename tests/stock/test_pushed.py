"""An offer reaches whoever waits for it over the room's socket, as it is made."""

from datetime import timedelta

import pytest

from panier import stock
from panier.kit.cells import Cell
from panier.kit.clock import ms, now
from tests.rooms.conftest import Venue
from tests.shop import Shop
from tests.stock.laid import ANNA, BEN, CLEO, lay, press


async def queue(cell: Cell, shop: Shop) -> None:
    wish = stock.Wish(BEN, shop.variant, 2, "FR", shop.show, 120, 20)
    async with cell.tx() as tx:
        await stock.wait(tx, wish)


async def give_up(cell: Cell, shop: Shop) -> None:
    async with cell.tx() as tx:
        await stock.release(tx, ANNA, shop.variant, 1, "FR")


async def test_an_offer_is_told_to_its_buyer_alone_at_any_gateway(cell: Cell, venue: Venue) -> None:
    shop = await lay(cell, 1)
    venue.show, venue.stock = shop.show, {shop.variant: 1}
    here, there = await venue.gateway(), await venue.gateway()
    ben = [await venue.join(gateway, visitor=str(BEN)) for gateway in (here, there)]
    others = [await venue.join(there, visitor=str(who)) for who in (ANNA, CLEO)]
    await stock.hold(cell, press(shop, ANNA))
    await queue(cell, shop)
    await give_up(cell, shop)
    for socket in ben:
        told = await socket.until(lambda frame: frame["t"] == "own")
        assert told["what"] == "offer"
        assert (told["body"]["variant"], told["body"]["quantity"]) == (str(shop.variant), 1)
        until = now() + timedelta(seconds=120)
        assert ms(until) - 10_000 < told["body"]["until"] <= ms(until)
    await venue.append()
    for socket in others:
        await socket.facts_to(1)
        assert not [frame for frame in socket.frames if frame["t"] == "own"]


async def test_an_offer_that_was_rolled_back_is_told_to_nobody(cell: Cell, venue: Venue) -> None:
    shop = await lay(cell, 1)
    venue.show, venue.stock = shop.show, {shop.variant: 1}
    ben = await venue.join(await venue.gateway(), visitor=str(BEN))
    await stock.hold(cell, press(shop, ANNA))
    await queue(cell, shop)

    async def give_up_and_fail() -> None:
        async with cell.tx() as tx:
            await stock.release(tx, ANNA, shop.variant, 1, "FR")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await give_up_and_fail()
    await venue.append()
    await ben.facts_to(1)
    assert not [frame for frame in ben.frames if frame["t"] == "own"]
    await give_up(cell, shop)
    await ben.until(lambda frame: frame["t"] == "own")
