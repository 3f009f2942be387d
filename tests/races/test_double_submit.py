"""Pay pressed many times: one order, one charge. Without key and claim, every press is charged."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import pytest

from panier import orders, stock
from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.ids import new_id
from panier.orders.place import place_batch
from panier.settings import Settings
from tests import buying
from tests.shop import Shop, lay_shop

ANNA = UUID(int=1)
PRESSES = 12


async def lay(cell: Cell) -> tuple[Shop, orders.Placement]:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
    await buying.fill_basket(cell, shop, ANNA)
    return shop, buying.placement(shop, ANNA, await buying.card(cell))


async def test_twelve_presses_each_with_a_card_of_its_own_charge_once(
    cell: Cell, settings: Settings
) -> None:
    shop, wanted = await lay(cell)
    presses = [
        msgspec.structs.replace(wanted, checkout=new_id(), token=await buying.card(cell))
        for _ in range(PRESSES)
    ]
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(orders.check_out(cell, settings, p) for p in presses))
    assert {settled.state for _, settled in answers} == {"paid"}
    assert len({placed.id for placed, _ in answers}) == 1
    assert await buying.charges(cell) == [("succeeded", 2980)]
    assert await buying.counts(cell, shop) == (9, 0, 1)
    assert await buying.all_adds_up(cell)


async def test_without_key_and_claim_every_press_is_charged(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _shop, wanted = await lay(cell)
    async with cell.tx() as tx:
        await tx.execute("alter table checkout drop constraint checkout_buyer_key_key")
    barrier = asyncio.Barrier(2)

    async def look_then_claim(tx: Tx, claims: Sequence[stock.Claim], _until: datetime) -> set[UUID]:
        """Claim the way that races: look what is free, write later, ask nobody."""
        (claim,) = claims
        cursor = await tx.execute(
            "select id from hold where buyer = %s and checkout_id is null", (claim.buyer,)
        )
        free = [row[0] for row in await cursor.fetchall()]
        await barrier.wait()
        await tx.execute(
            "update hold set checkout_id = %s where id = any(%s)", (claim.checkout, free)
        )
        return {claim.checkout} if free else set()

    monkeypatch.setattr(stock, "claim", look_then_claim)
    presses = [
        msgspec.structs.replace(wanted, checkout=new_id(), token=await buying.card(cell))
        for _ in range(2)
    ]

    async def place(press: orders.Placement) -> None:
        (placed,) = await cell.run(lambda tx: place_batch(tx, [press]))
        assert not isinstance(placed, Exception)

    async with asyncio.timeout(30):
        await asyncio.gather(*map(place, presses))
        async with cell.tx() as tx:
            await buying.age_payments(tx, 60)
        await orders.resume_payments(cell, settings)
    assert await buying.charges(cell) == [("succeeded", 2980)] * 2  # one basket, charged twice
