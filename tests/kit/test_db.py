"""A transaction's last deeds: before its commit, once, and never without one."""

import pytest
from psycopg.errors import DeadlockDetected

from panier.kit.cells import Cell
from panier.kit.db import Tx, run, value


async def seen(cell: Cell) -> list[str]:
    async with cell.read() as tx:
        cursor = await tx.execute("select word from said order by n")
        return [row[0] for row in await cursor.fetchall()]


async def say(tx: Tx, word: str) -> None:
    await run(tx, "insert into said (word) values (%s)", (word,))


@pytest.fixture
async def said(cell: Cell) -> Cell:
    async with cell.tx() as tx:
        await tx.execute("create table said (n serial, word text)")
    return cell


async def test_what_comes_last_is_committed_with_the_rest(said: Cell) -> None:
    async with said.tx() as tx:
        tx.before_commit(lambda: say(tx, "last"))
        await say(tx, "first")
    assert await seen(said) == ["first", "last"]


async def test_where_the_last_fails_nothing_was_done(said: Cell) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def act(tx: Tx) -> None:
        await say(tx, "first")
        tx.before_commit(fail)

    with pytest.raises(ZeroDivisionError):
        await said.run(act)
    assert await seen(said) == []


async def test_a_transaction_that_is_tried_again_does_its_last_once(said: Cell) -> None:
    tries = []

    async def act(tx: Tx) -> None:
        tx.before_commit(lambda: say(tx, "last"))
        tries.append(await value(tx, "select 1"))
        if len(tries) < 3:
            raise DeadlockDetected

    await said.run(act)
    assert (len(tries), await seen(said)) == (3, ["last"])


async def test_outside_a_transaction_nothing_comes_last(said: Cell) -> None:
    async with said.read() as tx:
        with pytest.raises(RuntimeError):
            tx.before_commit(lambda: say(tx, "never"))
    assert await seen(said) == []
