"""The last place of a slot: many press at once, one has it; and what happens without the guard."""

import asyncio
from uuid import UUID

import pytest

from panier import bookings, stock
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from tests.bookings import laid as lay
from tests.bookings.laid import Laid

BUYERS = 40


async def press(cell: Cell, made: Laid) -> str:
    try:
        await lay.hold(cell, made, new_id())
    except PanierError as error:
        return error.code
    return "held"


async def test_forty_buyers_of_the_last_place_make_one_booking(cell: Cell) -> None:
    made = await lay.lay(cell, places=1)
    answers = await asyncio.gather(*(press(cell, made) for _ in range(BUYERS)))
    assert sorted(set(answers)) == ["held", "sold_out"]
    assert answers.count("held") == 1
    assert await lay.counts(cell, made) == (0, 1, 0)


async def test_nobody_holds_a_place_of_a_slot_that_is_called_off_at_the_same_moment(
    cell: Cell,
) -> None:
    made = await lay.lay(cell, places=1000)

    async def call_off() -> str:
        await cell.run(lambda tx: bookings.call_off(tx, made.slot, "", None))
        return "off"

    tasks = [call_off() if n == BUYERS // 2 else press(cell, made) for n in range(BUYERS)]
    answers = await asyncio.gather(*tasks)
    assert set(answers) <= {"held", "closed", "sold_out", "off"}
    async with cell.read() as tx:
        late = await (
            await tx.execute(
                "select count(*) from hold where variant_id = %s and state = 'held'"
                " and expires_at > %s",
                (made.slot, now()),
            )
        ).fetchall()
    assert late == [(0,)]


async def test_without_the_stocks_own_moment_a_place_is_held_after_the_slot_has_closed(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await lay.lay(cell)

    async def tell_nobody(_tx: Tx, _closings: dict[UUID, object]) -> None:
        """Leave the stock's row as it is: the negative control."""

    monkeypatch.setattr(stock, "close_at", tell_nobody)
    await cell.run(lambda tx: bookings.call_off(tx, made.slot, "", None))
    async with cell.tx() as tx:
        await stock.set_stock(tx, made.slot, 1, "FR")
    assert await press(cell, made) == "held"
