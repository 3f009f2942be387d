"""The states of an order, its units, deadlines and carriers."""

from datetime import UTC, date, datetime

import pytest

from panier.kit.errors import BadInput
from panier.orders import TRANSITIONS, State
from panier.orders.rules import check_move
from panier.parcels.rules import (
    BadLabel,
    CarrierUnknown,
    NothingChosen,
    Standing,
    TooManyUnits,
    Units,
    check_carrier,
    check_tracking,
    choose,
    in_time,
    label_kind,
    last_day,
    next_state,
    tracking_link,
)

ALLOWED = {
    ("placed", "paid"), ("placed", "declined"), ("placed", "refused"),
    ("paid", "packed"), ("paid", "delivered"), ("paid", "cancelled"),
    ("packed", "shipped"), ("packed", "delivered"), ("packed", "cancelled"),
    ("shipped", "delivered"), ("shipped", "refunded"),
    ("delivered", "returned"), ("delivered", "refunded"),
    ("cancelled", "refunded"), ("returned", "refunded"),
}  # fmt: skip


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_an_order_moves_as_the_table_says_and_not_otherwise(before: State, after: State) -> None:
    if (before.value, after.value) in ALLOWED:
        check_move(before, after)
    else:
        with pytest.raises(ValueError):
            check_move(before, after)


def test_no_state_is_entered_twice() -> None:
    for state in State:
        seen, todo = set(), list(TRANSITIONS[state])
        while todo:
            following = todo.pop()
            seen.add(following)
            todo += TRANSITIONS[following] - seen
        assert state not in seen


@pytest.mark.parametrize(
    ("state", "lines", "parcels", "refunded", "following"),
    [
        # Something is left to send.
        ("paid", [Units(1, 2)], [], False, "paid"),
        ("packed", [Units(1, 2, shipped=1)], ["shipped"], False, "packed"),
        ("packed", [Units(1, 2, shipped=1)], ["delivered"], False, "packed"),
        # All was sent, in part cancelled, or nothing will be.
        ("packed", [Units(1, 2, shipped=2)], ["shipped"], False, "shipped"),
        ("packed", [Units(1, 1, cancelled=1), Units(2, 1, shipped=1)], ["shipped"], False,
         "shipped"),
        ("paid", [Units(1, 2, cancelled=2)], [], False, "cancelled"),
        ("packed", [Units(1, 2, cancelled=2)], [], False, "cancelled"),
        # On its way, arrived, lost.
        ("shipped", [Units(1, 2, shipped=2)], ["delivered", "shipped"], False, "shipped"),
        ("shipped", [Units(1, 2, shipped=2)], ["delivered", "delivered"], False, "delivered"),
        ("shipped", [Units(1, 2, shipped=2, lost=1)], ["delivered", "lost"], False, "delivered"),
        ("shipped", [Units(1, 2, shipped=2, lost=2)], ["lost"], False, "shipped"),
        ("shipped", [Units(1, 2, shipped=2, lost=2)], ["lost"], True, "refunded"),
        # Money alone moves nothing that is still under way.
        ("shipped", [Units(1, 2, shipped=2)], ["shipped"], True, "shipped"),
        ("paid", [Units(1, 2)], [], True, "paid"),
        # Sent back.
        ("delivered", [Units(1, 2, shipped=2, returned=1)], ["delivered"], False, "delivered"),
        ("delivered", [Units(1, 2, shipped=2, returned=2)], ["delivered"], False, "returned"),
        ("delivered", [Units(1, 2, shipped=2, lost=1, returned=1)], ["delivered", "lost"], False,
         "returned"),
        ("delivered", [Units(1, 2, shipped=2)], ["delivered"], True, "refunded"),
        ("returned", [Units(1, 2, shipped=2, returned=2)], ["delivered"], True, "refunded"),
        ("cancelled", [Units(1, 2, cancelled=2)], [], True, "refunded"),
        ("refunded", [Units(1, 2, cancelled=2)], [], True, "refunded"),
        # A place in a slot is waited for, and nothing is sent for it.
        ("paid", [Units(1, 2, booked=True)], [], False, "paid"),
        ("paid", [Units(1, 2, performed=2, booked=True)], [], False, "delivered"),
        ("paid", [Units(1, 2, cancelled=1, performed=1, booked=True)], [], False, "delivered"),
        ("paid", [Units(1, 2, cancelled=2, booked=True)], [], False, "cancelled"),
        # With goods: delivered when both are.
        ("paid", [Units(1, 1), Units(2, 1, performed=1, booked=True)], [], False, "paid"),
        ("packed", [Units(1, 1, shipped=1), Units(2, 1, booked=True)], ["delivered"], False,
         "shipped"),
        ("packed", [Units(1, 1, cancelled=1), Units(2, 1, booked=True)], [], False, "packed"),
        ("packed", [Units(1, 1, cancelled=1), Units(2, 1, performed=1, booked=True)], [], False,
         "delivered"),
        ("shipped", [Units(1, 1, shipped=1), Units(2, 1, booked=True)], ["delivered"], False,
         "shipped"),
        ("shipped", [Units(1, 1, shipped=1), Units(2, 1, performed=1, booked=True)], ["shipped"],
         False, "shipped"),
        ("shipped", [Units(1, 1, shipped=1), Units(2, 1, performed=1, booked=True)],
         ["delivered"], False, "delivered"),
        ("shipped", [Units(1, 1, shipped=1), Units(2, 1, cancelled=1, booked=True)],
         ["delivered"], False, "delivered"),
        ("shipped", [Units(1, 1, shipped=1, lost=1), Units(2, 1, performed=1, booked=True)],
         ["lost"], False, "delivered"),
        # What took place stays bought, whatever comes back.
        ("delivered", [Units(1, 1, shipped=1, returned=1), Units(2, 1, performed=1, booked=True)],
         ["delivered"], False, "delivered"),
    ],
)  # fmt: skip
def test_the_state_follows_from_units_parcels_and_money(
    state: str,
    lines: list[Units],
    parcels: list[str],
    refunded: bool,  # noqa: FBT001 - a column of the table
    following: str,
) -> None:
    assert next_state(State(state), Standing(lines, parcels, refunded)) == following


def test_units_are_chosen_out_of_what_is_free() -> None:
    lines = [Units(1, 3, shipped=1), Units(2, 1)]
    free = {1: 2, 2: 1}
    assert choose(lines, None, free) == {1: 2, 2: 1}
    assert choose(lines, {1: 1, 2: 0}, free) == {1: 1}
    for wrong in ({1: 3}, {3: 1}, {1: -1}):
        with pytest.raises(TooManyUnits):
            choose(lines, wrong, free)
    for nothing in ({}, {1: 0}):
        with pytest.raises(NothingChosen):
            choose(lines, nothing, free)


def test_fourteen_days_begin_the_day_after_and_end_on_a_working_day() -> None:
    # Monday 2 November 2026, at 23:30 in Paris.
    monday = datetime(2026, 11, 2, 22, 30, tzinfo=UTC)
    assert last_day(monday, "Europe/Paris") == date(2026, 11, 16)
    assert in_time(monday, "Europe/Paris", datetime(2026, 11, 16, 22, 59, tzinfo=UTC))
    assert not in_time(monday, "Europe/Paris", datetime(2026, 11, 16, 23, 0, tzinfo=UTC))
    # Delivered on a Saturday: the fourteenth day is a Saturday, Monday is the last.
    saturday = datetime(2026, 11, 7, 12, 0, tzinfo=UTC)
    assert last_day(saturday, "Europe/Paris") == date(2026, 11, 23)
    sunday = datetime(2026, 11, 8, 12, 0, tzinfo=UTC)
    assert last_day(sunday, "Europe/Paris") == date(2026, 11, 23)
    # The same moment is another day in London.
    assert last_day(datetime(2026, 11, 2, 23, 30, tzinfo=UTC), "Europe/Paris") == date(2026, 11, 17)
    assert last_day(datetime(2026, 11, 2, 23, 30, tzinfo=UTC), "Europe/London") == date(
        2026, 11, 16
    )


def test_before_delivery_a_buyer_is_always_in_time() -> None:
    assert in_time(None, "Europe/Paris", datetime(2036, 1, 1, tzinfo=UTC))


def test_a_carrier_is_known_by_key_or_name_and_links_to_its_page() -> None:
    assert check_carrier(" Royal Mail ") == "royal-mail"
    assert check_carrier("COLISSIMO") == "colissimo"
    with pytest.raises(CarrierUnknown):
        check_carrier("pigeon")
    assert tracking_link("ups", "1Z 9") == "https://www.ups.com/track?tracknum=1Z%209"
    assert tracking_link("ups", "") is None
    assert tracking_link("other", "X") is None


def test_a_tracking_number_has_letters_digits_and_hyphens() -> None:
    assert check_tracking(" 6a 123-4 ") == "6A123-4"
    for wrong in ("<b>", "x" * 41, "a&b"):
        with pytest.raises(BadInput):
            check_tracking(wrong)


def test_a_label_is_known_by_how_it_begins() -> None:
    assert label_kind(b"%PDF-1.7 ...") == "pdf"
    assert label_kind(b"\x89PNG\r\n\x1a\n...") == "png"
    with pytest.raises(BadLabel):
        label_kind(b"<html>")
