"""Cards, states and refusals."""

from datetime import date

import pytest

from panier import payments
from panier.kit.errors import BadInput
from panier.payments import State
from panier.payments.rules import (
    REFUSALS,
    TEST_CARDS,
    Behaviour,
    Card,
    CardExpired,
    CardNumberWrong,
    NotATestCard,
    passes_luhn,
    read_card,
)

TODAY = date(2026, 3, 15)


def test_a_typed_test_card_is_read_and_its_number_forgotten() -> None:
    card = read_card("4242 4242 4242 4242", "04 / 27", "123", TODAY)
    assert card == Card(Behaviour.SUCCEEDS, "visa", "4242")
    assert "4242424242424242" not in repr(card)


@pytest.mark.parametrize("number", sorted(TEST_CARDS))
def test_every_test_card_has_its_check_digit(number: str) -> None:
    assert passes_luhn(number)
    assert not passes_luhn(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize(
    "number", ["4242424242424243", "", "4242", "4242 4242 4242 424x", "0" * 25]
)
def test_a_number_with_a_slip_is_refused(number: str) -> None:
    with pytest.raises(CardNumberWrong):
        read_card(number, "04/27", "123", TODAY)


@pytest.mark.parametrize("number", ["5555555555554444", "4111111111111111", "371449635398431"])
def test_cards_that_are_not_of_the_sandbox_are_refused(number: str) -> None:
    with pytest.raises(NotATestCard) as refused:
        read_card(number, "04/27", "123", TODAY)
    assert number not in str(refused.value.body())


def test_a_card_is_good_until_the_end_of_its_month() -> None:
    assert read_card("4242424242424242", "03/26", "123", TODAY)
    assert read_card("4242424242424242", "3/2026", "123", TODAY)
    with pytest.raises(CardExpired):
        read_card("4242424242424242", "02/26", "123", TODAY)


@pytest.mark.parametrize(("expiry", "cvc"), [("13/27", "123"), ("04-27", "123"), ("04/27", "12")])
def test_expiry_and_code_must_look_right(expiry: str, cvc: str) -> None:
    with pytest.raises(BadInput):
        read_card("4242424242424242", expiry, cvc, TODAY)


def test_what_is_declined_or_refunded_never_moves_again() -> None:
    assert payments.TRANSITIONS[State.DECLINED] == frozenset()
    assert payments.TRANSITIONS[State.REFUNDED] == frozenset()
    assert payments.TRANSITIONS[State.PAID] == {State.REFUNDING}


def test_a_refusal_says_why_and_an_unknown_reason_is_a_plain_decline() -> None:
    poor = payments.refusal("insufficient_funds")
    assert poor.body()["error"] == {
        "code": "card_declined",
        "message": "There is not enough money on this card; nothing was charged and your basket"
        " is kept.",
        "details": {"reason": "insufficient_funds"},
    }
    assert type(payments.refusal("lost_card")) is payments.CardDeclined
    assert payments.refusal(None).status == 402


def test_every_refusal_names_its_code_so_that_its_words_are_gathered_for_translation() -> None:
    assert [kind for kind in REFUSALS.values() if "code" not in vars(kind)] == []
    assert {kind.code for kind in REFUSALS.values()} == {"card_declined"}
