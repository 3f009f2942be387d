"""Ids, tokens, errors: the small tools."""

import pytest
import time_machine

from panier.kit.errors import BadInput, NotFound
from panier.kit.ids import new_id
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
