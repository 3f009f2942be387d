"""Workers share the mails, and what one leaves when it is stopped or dies is another's."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from structlog.testing import capture_logs

from panier.kit.cells import Cell
from panier.runtime import Runtime
from panier.settings import Settings
from tests.post_office import (
    GREETING,
    PostOffice,
    queue,
    send,
    standing,
)

ANNA, BEN, CLEO = "anna@example.org", "ben@example.org", "cleo@example.org"
EVENING = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


async def test_three_workers_share_the_work(
    cell: Cell, office: PostOffice, settings: Settings
) -> None:
    people = [f"buyer-{n:03}@example.org" for n in range(140)]
    await queue(cell, *people)
    async with Runtime.open(settings) as second, Runtime.open(settings) as third:
        cells = [cell, next(iter(second.cells)), next(iter(third.cells))]
        sent = await asyncio.gather(*(send(each, office.url) for each in cells))
    assert sum(sent) + await send(cell, office.url) + await send(cell, office.url) == 140
    assert sorted(office.recipients) == people


async def two_at_once(cell: Cell, office: PostOffice, settings: Settings) -> list[int]:
    """Let a second worker look for mail while the first has not sent what it claimed."""
    office.holds_at = b"MAIL"
    async with Runtime.open(settings) as other, asyncio.timeout(60):
        first = asyncio.create_task(send(cell, office.url))
        await office.holds.wait()
        second = await send(next(iter(other.cells)), office.url)
        office.go_on.set()
        return [await first, second]


async def test_two_workers_at_once_send_each_mail_once(
    cell: Cell, office: PostOffice, settings: Settings
) -> None:
    await queue(cell, ANNA, BEN)
    assert await two_at_once(cell, office, settings) == [2, 0]
    assert office.recipients == [ANNA, BEN]


async def test_without_the_lease_two_workers_send_each_mail_twice(
    cell: Cell, office: PostOffice, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("panier.kit.mail.LEASE_SECONDS", 0)
    await queue(cell, ANNA, BEN)
    assert await two_at_once(cell, office, settings) == [2, 2]
    assert sorted(office.recipients) == [ANNA, ANNA, BEN, BEN]


async def test_who_was_too_slow_for_the_lease_does_not_touch_the_next_ones_mail(
    cell: Cell, office: PostOffice, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("panier.kit.mail.LEASE_SECONDS", 0)
    await queue(cell, ANNA)
    office.holds_at, office.ends_at = b"MAIL", (b"MAIL", 1)
    assert await two_at_once(cell, office, settings) == [0, 1]
    assert await standing(cell) == [(ANNA, True, 0, 0.0)]


async def test_the_mails_of_a_worker_that_died_are_due_after_the_lease(
    cell: Cell, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise RuntimeError("killed")

    with time_machine.travel(EVENING, tick=False) as clock:
        await queue(cell, ANNA, BEN)
        with monkeypatch.context() as patch:
            patch.setattr("panier.kit.mail._Batch.send", die)
            with pytest.raises(RuntimeError, match="killed"):
                await send(cell, office.url)
        clock.move_to(EVENING + timedelta(minutes=4, seconds=59))
        assert await send(cell, office.url) == 0
        clock.move_to(EVENING + timedelta(minutes=5))
        assert await send(cell, office.url) == 2
    assert office.recipients == [ANNA, BEN]


@pytest.mark.parametrize(
    ("word", "order"),
    [(b"DATA", [BEN, CLEO, ANNA]), (GREETING, [ANNA, BEN, CLEO])],
    ids=["sending", "connecting"],
)
async def test_who_is_stopped_gives_back_what_has_not_begun_and_marks_what_is_on_its_way(
    cell: Cell, office: PostOffice, word: bytes, order: list[str]
) -> None:
    await queue(cell, ANNA, BEN, CLEO)
    office.holds_at = word
    worker = asyncio.create_task(send(cell, office.url))
    async with asyncio.timeout(60):
        await office.holds.wait()
        worker.cancel()
        while not office.recipients:  # the others are not kept waiting for what is held
            await send(cell, office.url)
        office.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await worker
    assert office.recipients == order
    assert [sent for _, sent, _, _ in await standing(cell)] == [True] * 3


async def test_who_is_stopped_while_the_database_is_away_still_ends(
    cell: Cell, office: PostOffice, settings: Settings
) -> None:
    await queue(cell, ANNA, BEN)
    office.holds_at = b"DATA"
    async with Runtime.open(settings) as other, asyncio.timeout(60):
        lost = next(iter(other.cells))
        worker = asyncio.create_task(send(lost, office.url))
        await office.holds.wait()
        await lost.close()
        worker.cancel()
        office.go_on.set()
        with capture_logs() as lines, pytest.raises(asyncio.CancelledError):
            await worker
    told = [line["event"] for line in lines if line["log_level"] == "warning"]
    assert told == ["mail not marked at the stop"] * 2
    assert [sent for _, sent, _, _ in await standing(cell)] == [False, False]
