"""A storm of faults loses nothing.

For two minutes roles and database are killed at random while people buy, and the provider times
out, answers late, twice and out of order. Then everything adds up.

The seed of a run is printed; `PANIER_STORM_SEED=… pytest tests/journeys/test_storm.py -s` has the
same victims at the same seconds, the same cards and the same faults.
"""

import asyncio
import os
import random
import secrets
import signal
import sys
from typing import NamedTuple

import pytest

from tests.journeys.conftest import Show
from tests.journeys.load import VICTIMS, Load, check_that_nothing_was_lost, stock_up
from tests.journeys.platform import Platform

SECONDS = 120
GAP_SECONDS = (6, 14)
"""Between two kills: a victim is back after some of them, the next may hit it while it recovers."""
TURN = """
with turned as (
  insert into sandbox_fault (seed, lost, unheard, broken, duplicate, shuffled)
  values ({seed}, {share}, {share}, {share}, {messages}, {messages})
  on conflict (one) do update set seed = excluded.seed, lost = excluded.lost,
    unheard = excluded.unheard, broken = excluded.broken, duplicate = excluded.duplicate,
    shuffled = excluded.shuffled returning 1)
select count(*) from turned
"""


class Kill(NamedTuple):
    """Who is killed how many seconds after the one before."""

    after: float
    victim: str


def plan(seed: int) -> list[Kill]:
    """Return the kills of a storm."""
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    kills: list[Kill] = []
    while sum(kill.after for kill in kills) < SECONDS:
        kills.append(Kill(dice.uniform(*GAP_SECONDS), dice.choice(sorted(VICTIMS))))
    return kills


def test_a_seed_is_a_storm() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)


@pytest.mark.timeout(420)
async def test_a_storm_loses_nothing(platform: Platform, on_air: Show) -> None:
    seed = int(os.environ.get("PANIER_STORM_SEED") or secrets.randbelow(2**31))
    sys.stdout.write(f"storm seed {seed}\n")
    await stock_up(platform, on_air)
    assert await platform.count(TURN.format(seed=seed, share=5, messages=30)) == 1
    load = Load(platform, on_air, seed=seed, late=0.3)
    try:
        async with load.running():
            for kill in plan(seed):
                await asyncio.sleep(kill.after)  # the storm's own time, not a wait for anything
                try:
                    os.kill(platform.find_process(*VICTIMS[kill.victim]), signal.SIGKILL)
                except AssertionError:
                    sys.stdout.write(f"{kill.victim} was down already\n")
    finally:
        await platform.until_well()
        await platform.count(TURN.format(seed=0, share=0, messages=0))
    told = f"{len(load.paid)} paid, {len(load.said)} said, {load.troubles} troubles"
    sys.stdout.write(told + "\n")
    assert len(load.paid) >= 10, told
    await check_that_nothing_was_lost(platform, load)
