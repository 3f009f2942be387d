"""Mails leave once each: shared by workers, over one connection, through refusals and losses."""

import asyncio
import email
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
import time_machine
from structlog.testing import capture_logs

from panier import engines
from panier.kit.cells import Cell
from panier.kit.db import run, value
from panier.kit.mail import queue_mail, send_due_mail
from panier.runtime import Runtime
from panier.settings import Settings
from tests.post_office import CERTIFICATE, PostOffice, open_post_office, text_of

ANNA, BEN, CLEO = "anna@example.org", "ben@example.org", "cleo@example.org"
EVENING = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


@pytest_asyncio.fixture(loop_scope="session")
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as opened:
        yield opened


async def queue(cell: Cell, *recipients: str) -> None:
    async with cell.tx() as tx:
        for recipient in recipients:
            await queue_mail(tx, recipient, "Order", "Thanks", "<p>Thanks</p>")


async def send(cell: Cell, target: str) -> int:
    async with asyncio.timeout(60):
        return await send_due_mail(cell, target, "shop@example.org")


async def standing(cell: Cell) -> list[tuple[str, bool, int, float]]:
    """Read all mails by age: to whom, sent or not, failures, seconds until the next try."""
    sql = (
        "select recipient, sent_at is not null, attempts,"
        " case when sent_at is null then extract(epoch from next_try_at - %s)::float else 0 end"
        " from mail order by id"
    )
    async with cell.read() as tx:
        return await (await tx.execute(sql, (datetime.now(UTC),))).fetchall()


async def errors(cell: Cell) -> list[str | None]:
    async with cell.read() as tx:
        cursor = await tx.execute("select error from mail order by id")
        return [row[0] for row in await cursor.fetchall()]


async def make_due(cell: Cell) -> None:
    """Let all back-off be over."""
    async with cell.tx() as tx:
        await run(tx, "update mail set next_try_at = '2026-01-01'")


async def test_a_queued_mail_lands_in_the_folder_once(cell: Cell, tmp_path: Path) -> None:
    folder = tmp_path / "mail of today"
    async with cell.tx() as tx:
        await queue_mail(tx, ANNA, "Ihre\nBestellung", "Danke", "<p>Danke</p>")
    for sent in (1, 0):
        assert await send(cell, f"file://{quote(str(folder))}") == sent
    [path] = folder.iterdir()
    assert path.suffix == ".eml"
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["Subject"] == "Ihre Bestellung"
    assert message["To"] == ANNA
    assert text_of(message) == "Danke\n"


async def test_a_mail_that_is_half_written_is_no_mail_yet(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue(cell, ANNA)
    folder = tmp_path / "mail"

    def fill_up(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[:100])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fill_up)
        assert await send(cell, f"file://{folder}") == 0
    assert list(folder.glob("*.eml")) == []
    await make_due(cell)
    assert await send(cell, f"file://{folder}") == 1
    (path,) = folder.iterdir()
    assert path.read_bytes().endswith(b"--\n")


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine trust the test's mail server."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


@pytest.mark.usefixtures("trusted")
async def test_fifty_mails_take_one_connection_and_one_login(
    cell: Cell, office: PostOffice
) -> None:
    numbered = [f"buyer-{n}@example.org" for n in range(60)]
    await queue(cell, *numbered)
    url = office.url.replace("//", "//panier:s%40fe@")
    assert await send(cell, url) == 50
    assert (office.connections, office.logins) == (1, [b"\0panier\0s@fe"])
    assert office.recipients == numbered[:50]
    assert [await send(cell, url), await send(cell, url)] == [10, 0]
    assert office.connections == 2
    assert office.recipients == numbered


@pytest.mark.parametrize("ahead", [True, False])
async def test_a_mail_that_is_soon_too_late_does_not_wait_for_all_the_others(
    cell: Cell, office: PostOffice, *, ahead: bool
) -> None:
    await queue(cell, *(f"buyer-{n}@example.org" for n in range(60)))
    async with cell.tx() as tx:
        await queue_mail(tx, ANNA, "Held for you", "Hello", "<p>Hello</p>", ahead=ahead)
    assert await send(cell, office.url) == 50
    assert (ANNA in office.recipients) is ahead
    assert await send(cell, office.url) == 11
    assert len(set(office.recipients)) == 61


@pytest.mark.parametrize("word", [b"RCPT", b"DATA"])
async def test_one_who_is_refused_does_not_hold_up_the_others(
    cell: Cell, office: PostOffice, word: bytes
) -> None:
    await queue(cell, ANNA, BEN, CLEO)
    office.refused[BEN] = word
    with time_machine.travel(EVENING, tick=False):
        await make_due(cell)
        assert await send(cell, office.url) == 2
        assert office.recipients == [ANNA, CLEO]
        assert office.connections == 1
        assert await standing(cell) == [
            (ANNA, True, 0, 0.0),
            (BEN, False, 1, 15.0),
            (CLEO, True, 0, 0.0),
        ]
    assert "not for them" in str((await errors(cell))[1])


async def test_a_mail_that_cannot_be_put_together_holds_up_no_other(
    cell: Cell, office: PostOffice
) -> None:
    await queue(cell, "anna@example.org\r\nBcc: eve@example.org", BEN)
    assert await send(cell, office.url) == 1
    assert office.recipients == [BEN]


async def test_a_subject_cannot_bear_another_header(cell: Cell, office: PostOffice) -> None:
    async with cell.tx() as tx:
        await queue_mail(tx, ANNA, "Order\r\nBcc: eve@example.org\r\n\r\nText", "Hi", "<p>Hi</p>")
    assert await send(cell, office.url) == 1
    (message,) = office.messages
    assert message["Subject"] == "Order Bcc: eve@example.org Text"
    assert message["Bcc"] is None
    assert text_of(message).strip() == "Hi"


async def test_a_lost_connection_loses_nothing_and_doubles_nothing(
    cell: Cell, office: PostOffice
) -> None:
    people = [f"buyer-{n}@example.org" for n in range(5)]
    await queue(cell, *people)
    office.ends_at = (b"DATA", 2)
    with time_machine.travel(EVENING, tick=False) as clock:
        await make_due(cell)
        assert await send(cell, office.url) == 2
        assert await standing(cell) == [
            ("buyer-0@example.org", True, 0, 0.0),
            ("buyer-1@example.org", True, 0, 0.0),
            ("buyer-2@example.org", False, 1, 15.0),  # the one on its way
            ("buyer-3@example.org", False, 0, 0.0),
            ("buyer-4@example.org", False, 0, 0.0),
        ]
        office.ends_at = (b"", 0)
        assert await send(cell, office.url) == 2
        clock.shift(timedelta(seconds=15))
        assert await send(cell, office.url) == 1
    assert office.connections == 3
    assert office.recipients == [people[n] for n in (0, 1, 3, 4, 2)]


async def test_where_nobody_takes_mail_it_waits_and_none_has_failed(cell: Cell) -> None:
    port = engines.free_port(0, "127.0.0.1")
    with time_machine.travel(EVENING, tick=False) as clock:
        await queue(cell, ANNA, BEN)
        waits = []
        for later in (0, 15, 15, 30, 60, 3600):
            clock.shift(timedelta(seconds=later))
            with capture_logs() as lines:
                assert await send(cell, f"smtp://127.0.0.1:{port}") == 0
            assert [(line["event"], line["mails"]) for line in lines] == [("no mail can leave", 2)]
            (_, _, failures, wait), ben = await standing(cell)
            assert (failures, ben) == (0, (BEN, False, 0, wait))
            waits.append(wait)
        assert waits == [15, 15, 30, 60, 120, 600]
    assert "ConnectionRefusedError" in str((await errors(cell))[0])


async def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(
    cell: Cell, office: PostOffice
) -> None:
    await queue(cell, ANNA)
    with capture_logs() as lines:
        assert await send(cell, office.url.replace("//", "//panier:s%40fe@")) == 0
    assert "CERTIFICATE_VERIFY_FAILED" in lines[0]["error"]
    assert (office.logins, office.recipients) == ([], [])


@pytest.mark.usefixtures("trusted")
async def test_a_refused_login_lets_all_wait_and_is_told_once(
    cell: Cell, office: PostOffice
) -> None:
    await queue(cell, ANNA, BEN)
    office.login_is_refused = True
    url = office.url.replace("//", "//panier:wrong@")
    with capture_logs() as lines:
        assert await send(cell, url) == 0
    assert [line["event"] for line in lines] == ["no mail can leave"]
    assert "535" in lines[0]["error"]
    assert [(sent, failures) for _, sent, failures, _ in await standing(cell)] == [(False, 0)] * 2
    office.login_is_refused = False
    await make_due(cell)
    assert await send(cell, url) == 2
    assert office.recipients == [ANNA, BEN]


@pytest.mark.parametrize(("word", "failures"), [(b"EHLO", 0), (b"DATA", 1)])
async def test_a_server_that_stands_still_is_left_alone(
    cell: Cell, office: PostOffice, monkeypatch: pytest.MonkeyPatch, word: bytes, failures: int
) -> None:
    await queue(cell, ANNA, BEN)
    office.silent_at = word
    with monkeypatch.context() as patch:
        patch.setattr("panier.kit.mail.ANSWER_SECONDS_MAX", 0.1)
        assert await send(cell, office.url) == 0
    assert [tries for _, _, tries, _ in await standing(cell)] == [failures, 0]
    office.silent_at = b""
    await make_due(cell)
    assert await send(cell, office.url) == 2
    assert office.recipients == [ANNA, BEN]


async def test_a_batch_whose_time_is_over_gives_back_what_was_not_begun(
    cell: Cell, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue(cell, ANNA, BEN)
    with monkeypatch.context() as patch:
        patch.setattr("panier.kit.mail.BATCH_SECONDS_MAX", 0)
        assert await send(cell, office.url) == 0
    assert [tries for _, _, tries, _ in await standing(cell)] == [0, 0]
    assert await send(cell, office.url) == 2


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
    def die(_target: str) -> None:
        raise RuntimeError("killed")

    with time_machine.travel(EVENING, tick=False) as clock:
        await queue(cell, ANNA, BEN)
        with monkeypatch.context() as patch:
            patch.setattr("panier.kit.mail._open", die)
            with pytest.raises(RuntimeError, match="killed"):
                await send(cell, office.url)
        clock.move_to(EVENING + timedelta(minutes=4, seconds=59))
        assert await send(cell, office.url) == 0
        clock.move_to(EVENING + timedelta(minutes=5))
        assert await send(cell, office.url) == 2
    assert office.recipients == [ANNA, BEN]


async def test_who_is_stopped_marks_the_mail_on_its_way_and_gives_back_the_others(
    cell: Cell, office: PostOffice
) -> None:
    await queue(cell, ANNA, BEN, CLEO)
    office.holds_at = b"DATA"
    async with asyncio.timeout(60):
        worker = asyncio.create_task(send(cell, office.url))
        await office.holds.wait()
        worker.cancel()
        office.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await worker
    assert office.recipients == [ANNA]
    assert await send(cell, office.url) == 2
    assert office.recipients == [ANNA, BEN, CLEO]


async def test_after_ten_failures_a_mail_is_given_up_and_keeps_its_error(
    cell: Cell, office: PostOffice
) -> None:
    office.refused[BEN] = b"RCPT"
    with time_machine.travel(EVENING, tick=False) as clock:
        await queue(cell, BEN)
        waits = []
        for _ in range(9):
            assert await send(cell, office.url) == 0
            ((_, _, _, wait),) = await standing(cell)
            waits.append(wait)
            clock.shift(timedelta(seconds=wait))
        assert waits == [15, 30, 60, 120, 240, 480, 960, 1920, 3600]
        assert await send(cell, office.url) == 0
        clock.shift(timedelta(days=30))
        assert await send(cell, office.url) == 0
    assert office.connections == 10
    sql = "select attempts from mail where sent_at is null and next_try_at = 'infinity'"
    async with cell.read() as tx:
        assert await value(tx, sql) == 10
    assert "not for them" in str(await errors(cell))
