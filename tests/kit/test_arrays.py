"""What goes to PostgreSQL as a packed column arrives as it was."""

from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from panier.kit.arrays import Bigs, Bools, Ints, Jsons, Moments, Smalls, Texts, Uuids
from panier.kit.cells import Cell
from panier.kit.db import value

EARLY = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
LATE = datetime(2026, 11, 21, 12, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        ("select %b::uuid[]", Uuids([])),
        ("select %b::uuid[]", Uuids([UUID(int=2**128 - 1), None, UUID(int=0)])),
        ("select %b::text[]", Texts(["", None, "pão 🧺", "a,b}\\"])),
        ("select %b::smallint[]", Smalls([-32768, None, 32767])),
        ("select %b::int[]", Ints([-(2**31), None, 2**31 - 1])),
        ("select %b::bigint[]", Bigs([-(2**63), None, 2**63 - 1])),
        ("select %b::bool[]", Bools([True, None, False])),
        ("select %b::timestamptz[]", Moments([EARLY, None, LATE])),
    ],
)
async def test_a_column_packed_in_one_go_arrives_whole(
    cell: Cell, statement: LiteralString, given: list[Any]
) -> None:
    async with cell.read() as tx:
        assert await value(tx, statement, (given,)) == list(given)


async def test_a_column_of_json_arrives_as_documents(cell: Cell) -> None:
    async with cell.read() as tx:
        given = Jsons([b'{"street":"Rue d\\u00e9"}', None])
        assert await value(tx, "select %b::jsonb[]", (given,)) == [{"street": "Rue dé"}, None]


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        ("select %b::int[]", Ints([2**31])),
        ("select %b::smallint[]", Smalls([40_000])),
        ("select %b::text[]", Texts(["a\0b"])),
    ],
)
async def test_what_a_column_cannot_hold_is_an_error_of_the_data(
    cell: Cell, statement: LiteralString, given: list[Any]
) -> None:
    async with cell.read() as tx:
        with pytest.raises(psycopg.DataError):
            await value(tx, statement, (given,))
