"""Mails leave once each, over one connection, through refusals and losses."""

import email
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path
from urllib.parse import quote

import pytest
import time_machine
from structlog.testing import capture_logs

from panier import engines
from panier.kit.cells import Cell
from panier.kit.mail import queue_mail
from tests.post_office import (
    CERTIFICATE,
    PostOffice,
    errors,
    make_due,
    queue,
    send,
    standing,
    text_of,
)

ANNA, BEN, CLEO = "anna@example.org", "ben@example.org", "cleo@example.org"
EVENING = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


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
            (BEN, False, 1, 14400.0),
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


@pytest.mark.parametrize("said", [b"452 insufficient storage", b"421 come later", b"hangs up"])
async def test_a_server_that_takes_no_mail_for_hours_makes_none_fail(
    cell: Cell, office: PostOffice, said: bytes
) -> None:
    office.full, office.ends_at = (b"", (b"MAIL", 0)) if said == b"hangs up" else (said, (b"", 0))
    with time_machine.travel(EVENING, tick=False) as clock:
        await queue(cell, ANNA, BEN)
        for _ in range(12):
            with capture_logs() as lines:
                assert await send(cell, office.url) == 0
            assert [(line["event"], line["mails"]) for line in lines] == [("no mail can leave", 2)]
            clock.shift(timedelta(minutes=15))
        assert [failures for _, _, failures, _ in await standing(cell)] == [0, 0]
        assert office.connections == 12
        office.full, office.ends_at = b"", (b"", 0)
        assert await send(cell, office.url) == 2


async def test_a_server_that_has_had_enough_of_a_connection_is_asked_over_another(
    cell: Cell, office: PostOffice
) -> None:
    office.ends_at = (b"MAIL", 1)
    with time_machine.travel(EVENING, tick=False):
        await queue(cell, ANNA, BEN, CLEO)
        for sent, wait in ((1, 0), (0, 15)):  # the second time it takes none at all
            assert await send(cell, office.url) == sent
            assert (await standing(cell))[1:] == [(BEN, False, 0, wait), (CLEO, False, 0, wait)]


async def test_a_sender_refused_for_good_fails_each_mail(cell: Cell, office: PostOffice) -> None:
    await queue(cell, ANNA)
    office.full = b"550 not from you"
    assert await send(cell, office.url) == 0
    assert [failures for _, _, failures, _ in await standing(cell)] == [1]


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


@pytest.mark.parametrize(("word", "failures"), [(b"EHLO", 0), (b"MAIL", 0), (b"RCPT", 1)])
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


FOUR_DAYS = [15, 30, 60, 120, 240, 480, 960, 1920, 3840, 7680, *[14400] * 23]
"""Waits of 346,545 seconds; four days have 345,600."""


@pytest.mark.parametrize(
    ("code", "waits"), [(b"450", FOUR_DAYS), (b"550", [14400, 14400])], ids=["not now", "never"]
)
async def test_a_mail_is_given_up_after_four_days_or_three_refusals_and_keeps_its_error(
    cell: Cell, office: PostOffice, code: bytes, waits: list[float]
) -> None:
    office.refused[BEN], office.refusal = b"RCPT", code + b" not for them"
    with time_machine.travel(EVENING, tick=False) as clock:
        await queue(cell, BEN)
        for failures, wait in enumerate(waits, 1):
            assert await send(cell, office.url) == 0
            assert await standing(cell) == [(BEN, False, failures, wait)]
            clock.shift(timedelta(seconds=wait))
        assert await send(cell, office.url) == 0
        assert await standing(cell) == [(BEN, False, len(waits) + 1, float("inf"))]
    assert "not for them" in str(await errors(cell))
