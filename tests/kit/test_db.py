"""What goes to PostgreSQL arrives as it was."""

from uuid import UUID

import pytest

from panier.kit.cells import Cell
from panier.kit.db import Uuids, value


@pytest.mark.parametrize("given", [[], [UUID(int=7)], [UUID(int=2**128 - 1), None, UUID(int=0)]])
async def test_an_array_packed_in_one_go_arrives_whole(
    cell: Cell, given: list[UUID | None]
) -> None:
    async with cell.read() as tx:
        assert await value(tx, "select %b::uuid[]", (Uuids(given),)) == given
