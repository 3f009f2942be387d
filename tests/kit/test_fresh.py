"""Answers read a moment ago: one read for all who ask at once."""

import asyncio

import pytest

from panier.kit.errors import NotFound
from panier.kit.fresh import Fresh


class Source:
    """Answers with how often it was asked; fails while told to."""

    def __init__(self) -> None:
        """Start unasked."""
        self.asked = 0
        self.fails = False

    async def read(self, key: str) -> str:
        """Answer after a moment."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.fails:
            raise NotFound
        return f"{key} {self.asked}"


async def test_five_hundred_who_ask_at_once_ask_the_source_once() -> None:
    source = Source()
    fresh = Fresh(source.read, 60)
    assert set(await asyncio.gather(*(fresh.get("candle") for _ in range(500)))) == {"candle 1"}


async def test_an_old_answer_is_read_anew() -> None:
    fresh = Fresh(Source().read, 0)
    assert await fresh.get("candle") == "candle 1"
    assert await fresh.get("candle") == "candle 2"


async def test_a_failure_is_not_remembered() -> None:
    source = Source()
    source.fails = True
    fresh = Fresh(source.read, 60)
    with pytest.raises(NotFound):
        await fresh.get("candle")
    source.fails = False
    assert await fresh.get("candle") == "candle 2"


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    fresh = Fresh(Source().read, 60)
    impatient = asyncio.create_task(fresh.get("candle"))
    patient = asyncio.create_task(fresh.get("candle"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == "candle 1"


async def test_the_memory_has_a_limit() -> None:
    fresh = Fresh(Source().read, 60, size=2)
    assert [await fresh.get(key) for key in ("a", "b", "c", "a")] == ["a 1", "b 2", "c 3", "a 4"]
