"""Ids, tokens, errors, mail: the small tools."""

import email
from email import policy
from pathlib import Path
from urllib.parse import quote

import pytest
import time_machine

from panier.kit.cells import Cell
from panier.kit.db import value
from panier.kit.errors import BadInput, NotFound
from panier.kit.ids import new_id
from panier.kit.mail import queue_mail, send_due_mail
from panier.kit.signing import BadToken, Signer

SECRET = "a secret of tests, long enough to sign"


def test_ids_rise_within_a_process_and_are_version_seven() -> None:
    ids = [new_id() for _ in range(5000)]
    assert ids == sorted(set(ids))
    assert {i.version for i in ids} == {7}


def test_a_ticket_opens_what_it_was_made_for() -> None:
    ticket = Signer(SECRET).sign("room", {"show": "s1"})
    assert Signer(SECRET).open("room", ticket, 60) == {"show": "s1"}


@pytest.mark.parametrize("purpose", ["order", "room "])
def test_a_ticket_opens_nothing_else(purpose: str) -> None:
    ticket = Signer(SECRET).sign("room", {"show": "s1"})
    with pytest.raises(BadToken):
        Signer(SECRET).open(purpose, ticket, 60)


def test_an_old_or_foreign_ticket_is_refused() -> None:
    with time_machine.travel("2026-11-21T20:00:00Z", tick=False):
        ticket = Signer(SECRET).sign("room", {})
    with time_machine.travel("2026-11-21T20:01:01Z", tick=False), pytest.raises(BadToken):
        Signer(SECRET).open("room", ticket, 60)
    with pytest.raises(BadToken):
        Signer("another secret of tests, long enough").open("room", ticket, None)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        Signer("short")


def test_an_error_says_what_happened_in_one_shape() -> None:
    assert BadInput(reason="no price", field="price").body("en") == {
        "error": {
            "code": "bad_input",
            "message": "This cannot be read: no price.",
            "details": {"reason": "no price", "field": "price"},
        }
    }
    assert str(NotFound()) == "not_found"


async def test_a_queued_mail_lands_in_the_folder_once(cell: Cell, tmp_path: Path) -> None:
    folder = tmp_path / "mail of today"
    async with cell.tx() as tx:
        await queue_mail(tx, "anna@example.org", "Ihre\nBestellung", "Danke", "<p>Danke</p>")
    for sent in (1, 0):
        found = await send_due_mail(cell, f"file://{quote(str(folder))}", "shop@example.org")
        assert found == sent
    [path] = folder.iterdir()
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["Subject"] == "Ihre Bestellung"
    assert message["To"] == "anna@example.org"
    assert message.get_body(("plain",)).get_content() == "Danke\n"  # type: ignore[union-attr]


async def test_a_mail_that_cannot_be_sent_waits_for_its_next_try(cell: Cell) -> None:
    async with cell.tx() as tx:
        await queue_mail(tx, "anna@example.org", "Order", "Thanks", "<p>Thanks</p>")
    assert await send_due_mail(cell, "smtp://127.0.0.1:1", "shop@example.org") == 1
    async with cell.read() as tx:
        assert await value(tx, "select attempts from mail where sent_at is null") == 1
    assert await send_due_mail(cell, "smtp://127.0.0.1:1", "shop@example.org") == 0
