"""Asking the EU's register: what its answers are worth, and what its silence is."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from panier import taxes
from panier.kit.cells import Cell
from panier.kit.db import value
from panier.settings import Settings
from panier.taxes import Check, VatId, actions
from tests.taxes.register import INVALID, VALID, Register, away

BERLIN = VatId("DE123456788", "DE")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def look(cell: Cell, settings: Settings, vat_id: VatId = BERLIN) -> tuple[str, str]:
    found = await taxes.check(cell, settings, vat_id)
    assert found is not None
    return found.state, found.name


async def rows(cell: Cell) -> list[tuple[str, str, int, bool]]:
    async with cell.read() as tx:
        cursor = await tx.execute(
            "select state, trouble, tries, look_at is not null from vat_check order by id"
        )
        return await cursor.fetchall()


async def test_a_valid_id_is_kept_with_its_evidence(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    found = await taxes.check(cell, asking, BERLIN)
    assert found is not None
    assert (found.state, found.name, found.address, found.consultation) == (
        "valid", "Weber Licht GmbH", "Hauptstr. 5, 10115 BERLIN", "WAPIAAAAZdK5xYz1",
    )  # fmt: skip
    assert vies.asked == [
        (
            "POST /rest-api/check-vat-number HTTP/1.1",
            {
                "countryCode": "DE",
                "vatNumber": "123456788",
                "requesterMemberStateCode": "FR",
                "requesterNumber": "11123456782",
            },
        )
    ]
    async with cell.read() as tx:
        kept = await value(tx, "select evidence from vat_check")
    assert kept["requestDate"] == "2026-11-21T09:30:00.000Z"
    assert kept["vatNumber"] == "123456788"


async def test_an_id_that_is_not_known_is_invalid(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    for answer in (INVALID, away("INVALID_INPUT"), INVALID | {"userError": "INVALID"}):
        vies.answer = answer
        async with cell.tx() as tx:
            await tx.execute("delete from vat_check")
        assert await look(cell, asking) == ("invalid", "")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ((away("MS_UNAVAILABLE"), 200), "MS_UNAVAILABLE"),
        ((away("MS_MAX_CONCURRENT_REQ"), 400), "MS_MAX_CONCURRENT_REQ"),
        ((VALID | {"userError": "MS_UNAVAILABLE"}, 200), "MS_UNAVAILABLE"),
        ((INVALID | {"userError": "TIMEOUT"}, 200), "TIMEOUT"),
        (({"actionSucceed": False}, 200), "no action"),
        ((b"<html>We will be back soon</html>", 500), "not an answer"),
        ((b"<html>We will be back soon</html>", 200), "not an answer"),
        ((b'{"valid": "yes"}', 200), "not an answer"),
        ((b"[true]", 200), "not an answer"),
        ((b"", 200), "not an answer"),
        ((b"{}", 200), "not an answer to this"),
        ((VALID | {"vatNumber": "999999999"}, 200), "not an answer to this"),
        ((VALID | {"countryCode": "AT"}, 200), "not an answer to this"),
        ((b'{"valid": true}', 200), "not an answer to this"),
        ((b" " * 40_000, 200), "DecodingError"),
    ],
)
async def test_whatever_is_no_answer_leaves_the_question_open(
    cell: Cell,
    asking: Settings,
    vies: Register,
    given: tuple[dict[str, Any] | bytes, int],
    why: str,
) -> None:
    vies.answer, vies.status = given
    assert await look(cell, asking) == ("pending", "")
    assert await rows(cell) == [("pending", why, 1, True)]


async def test_a_yes_with_a_servers_error_is_none(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    vies.status = 503
    assert await look(cell, asking) == ("pending", "")


async def test_nobody_is_led_elsewhere(cell: Cell, asking: Settings, vies: Register) -> None:
    vies.status, vies.headers = 307, f"Location: {vies.url}/check-vat-number\r\n"
    assert await look(cell, asking) == ("pending", "")
    assert len(vies.asked) == 1


async def test_a_register_that_is_slow_or_not_there_leaves_it_open(
    cell: Cell, asking: Settings, vies: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = asking.model_copy(update={"vies_url": "http://127.0.0.1:1"})
    assert await look(cell, nobody, VatId("FR11123456782", "FR")) == ("pending", "")
    monkeypatch.setattr(actions, "BUYER_SECONDS", 0.2)
    vies.gate = asyncio.Event()
    assert await look(cell, asking) == ("pending", "")
    assert [trouble for _, trouble, _, _ in await rows(cell)] == ["ConnectError", "TimeoutError"]


async def test_switched_off_nobody_is_asked_and_all_stays_open(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    off = asking.model_copy(update={"vies_url": ""})
    assert await look(cell, off) == ("pending", "")
    assert await taxes.recheck(cell, off) == 0
    assert vies.asked == []


async def test_the_same_id_is_asked_once_a_day(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(3):
            await look(cell, asking)
        assert len(vies.asked) == 1
        clock.shift(timedelta(days=1, minutes=1))
        await look(cell, asking)
        assert len(vies.asked) == 2


async def test_while_the_register_is_away_a_days_old_yes_stands_but_not_for_ever(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        await look(cell, asking)
        vies.answer = away("MS_UNAVAILABLE")
        clock.shift(timedelta(days=6))
        assert await look(cell, asking) == ("valid", "Weber Licht GmbH")
        clock.shift(timedelta(days=1, seconds=1))
        assert await look(cell, asking) == ("pending", "")


async def test_a_no_takes_the_place_of_an_older_yes(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        await look(cell, asking)
        vies.answer = INVALID
        clock.shift(timedelta(days=2))
        assert await look(cell, asking) == ("invalid", "")
        vies.answer = VALID
        clock.shift(timedelta(hours=2))
        assert await look(cell, asking) == ("valid", "Weber Licht GmbH")


async def test_a_worker_asks_again_less_and_less_often_until_it_is_answered(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    vies.answer = away("MS_UNAVAILABLE")
    with time_machine.travel(NOON, tick=False) as clock:
        await look(cell, asking)
        assert await look(cell, asking) == ("pending", "")  # not asked again at once
        assert await taxes.recheck(cell, asking) == 0
        clock.shift(timedelta(seconds=20))
        assert await taxes.recheck(cell, asking) == 1
        clock.shift(timedelta(seconds=39))
        assert await taxes.recheck(cell, asking) == 0
        clock.shift(timedelta(seconds=1))
        vies.answer = VALID
        assert await taxes.recheck(cell, asking) == 1
        assert await look(cell, asking) == ("valid", "Weber Licht GmbH")
        assert await taxes.recheck(cell, asking) == 0
    assert len(vies.asked) == 3
    assert await rows(cell) == [("valid", "", 2, False)]


async def test_a_question_is_given_up_at_last_and_begun_anew_by_who_types_it(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    vies.answer = away("MS_UNAVAILABLE")
    with time_machine.travel(NOON, tick=False) as clock:
        await look(cell, asking)
        for _ in range(13):
            clock.shift(timedelta(hours=1))
            assert await taxes.recheck(cell, asking) == 1
        clock.shift(timedelta(hours=1))
        assert await taxes.recheck(cell, asking) == 0
        assert await rows(cell) == [("pending", "MS_UNAVAILABLE", 14, False)]
        await look(cell, asking)
        assert await rows(cell) == [("pending", "MS_UNAVAILABLE", 1, True)]


async def test_two_workers_do_not_ask_the_same(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    vies.answer = away("MS_UNAVAILABLE")
    with time_machine.travel(NOON, tick=False) as clock:
        await look(cell, asking)
        clock.shift(timedelta(seconds=30))
        asked = await asyncio.gather(*(taxes.recheck(cell, asking) for _ in range(4)))
    assert sorted(asked) == [0, 0, 0, 1]


async def test_many_who_type_the_same_at_once_leave_one_open_question(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    vies.answer = away("MS_UNAVAILABLE")
    await asyncio.gather(*(taxes.check(cell, asking, BERLIN) for _ in range(6)))
    async with cell.read() as tx:
        assert await value(tx, "select count(*) from vat_check") == 1
    vies.answer = VALID
    async with cell.tx() as tx:
        await tx.execute("update vat_check set look_at = now()")
    found = await asyncio.gather(*(taxes.check(cell, asking, BERLIN) for _ in range(6)))
    assert {one.state for one in found if one} == {"valid"}


async def test_ids_of_the_united_kingdom_are_not_asked_for(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    assert await taxes.check(cell, asking, VatId("GB123456782", "GB")) is None
    assert vies.asked == []


async def test_only_a_no_and_what_was_given_up_are_forgotten(
    cell: Cell, asking: Settings, vies: Register
) -> None:
    other = VatId("FR11123456782", "FR")
    with time_machine.travel(NOON, tick=False) as clock:
        await look(cell, asking)
        vies.answer = INVALID
        await look(cell, asking, other)
        clock.shift(timedelta(days=29))
        assert await taxes.forget_old(cell) == 0
        clock.shift(timedelta(days=2))
        assert await taxes.forget_old(cell) == 1
    async with cell.read() as tx:
        left: Check | None = await taxes.find_check(tx, "DE123456788", NOON, 7)
    assert left is not None
