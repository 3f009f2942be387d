"""Group commit: many requests, few transactions, one poisonous request harms only itself."""

import asyncio

import psycopg
import pytest
import pytest_asyncio

from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.errors import Conflict, PanierError, Unavailable


@pytest_asyncio.fixture
async def numbers(cell: Cell) -> Cell:
    """Give the cell a table that takes each number once."""
    async with cell.tx() as tx:
        await tx.execute("create table number (n int primary key, even bool)")
    return cell


batches: list[int] = []


async def write(tx: Tx, batch: list[int]) -> list[int | PanierError]:
    """Write numbers; 13 breaks the statement, odd ones above 100 are refused one by one."""
    batches.append(len(batch))
    fine = [n for n in batch if not (n > 100 and n % 2)]
    await tx.execute(
        "insert into number select n, 1 / (n - 13) is null from unnest(%s::int[]) n", (fine,)
    )
    return [n if n in fine else Conflict() for n in batch]


async def stored(cell: Cell) -> list[int]:
    """Read what was committed."""
    async with cell.read() as tx:
        cursor = await tx.execute("select n from number order by n")
        return [row[0] for row in await cursor.fetchall()]


async def test_requests_of_one_moment_share_a_commit(numbers: Cell) -> None:
    batches.clear()
    answers = await asyncio.gather(*(numbers.desk(write).ask(n) for n in range(20, 60)))
    assert answers == list(range(20, 60))
    assert batches == [40]
    assert await stored(numbers) == list(range(20, 60))


async def test_a_poisonous_request_harms_only_itself(numbers: Cell) -> None:
    asked = [11, 12, 13, 14]
    answers = await asyncio.gather(
        *(numbers.desk(write).ask(n) for n in asked), return_exceptions=True
    )
    assert answers[:2] == [11, 12]
    assert isinstance(answers[2], Unavailable)
    assert answers[3] == 14
    assert await stored(numbers) == [11, 12, 14]


async def test_a_refusal_does_not_undo_the_others(numbers: Cell) -> None:
    answers = await asyncio.gather(
        numbers.desk(write).ask(101), numbers.desk(write).ask(102), return_exceptions=True
    )
    assert isinstance(answers[0], Conflict)
    assert answers[1] == 102
    assert await stored(numbers) == [102]


async def test_a_buyer_who_leaves_does_not_stop_the_queue(numbers: Cell) -> None:
    desk = numbers.desk(write)
    impatient = asyncio.create_task(desk.ask(1))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await desk.ask(2) == 2
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_a_lost_connection_is_tried_again(numbers: Cell) -> None:
    async with numbers.read() as tx:
        await tx.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    assert await numbers.desk(write).ask(4) == 4


async def test_nothing_is_told_of_a_transaction_that_failed(numbers: Cell) -> None:
    told: list[str] = []

    async def tell_and_fail(tx: Tx) -> None:
        tx.after_commit(lambda: told.append("news"))
        await tx.execute("insert into number values (1), (1)")

    with pytest.raises(psycopg.errors.UniqueViolation):
        await numbers.run(tell_and_fail)
    assert told == []
