"""Killing each role and engine while people buy: nothing acknowledged is lost, nothing paid twice.

What buyers were told is paid must be a paid order afterwards; what the provider took must be known
to the books, once.
"""

import os
import signal

import pytest

from tests.journeys.conftest import Show
from tests.journeys.load import VICTIMS, Load, check_that_nothing_was_lost, stock_up
from tests.journeys.platform import Platform

ROUNDS_BEFORE, ROUNDS_AFTER = 3, 3


@pytest.mark.timeout(240)
@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_kill_in_the_middle_of_buying_loses_nothing(
    platform: Platform, on_air: Show, victim: str
) -> None:
    await stock_up(platform, on_air)
    load = Load(platform, on_air)
    async with load.running():
        await load.until_more(ROUNDS_BEFORE)
        killed = platform.find_process(*VICTIMS[victim])
        os.kill(killed, signal.SIGKILL)
        await load.until_more(ROUNDS_AFTER)
    await check_that_nothing_was_lost(platform, load)
    assert platform.find_process(*VICTIMS[victim]) != killed
