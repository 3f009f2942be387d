"""What becomes of an amount that stands on an order's account, worked out by hand."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from panier.kit.money import Money
from panier.payouts.rules import TRANSITIONS, Move, State, agree, share_out


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def moved(standing: int, released: int = 0, kept: int = 0, *, keep: bool = True) -> tuple[int, int]:
    move = share_out(euros(standing), euros(released), euros(kept), 500, keep=keep)
    return move.due.minor, move.reserve.minor


def test_five_percent_are_kept_back_and_the_rest_is_due() -> None:
    assert moved(2458) == (2335, 123)


def test_a_refund_takes_from_the_reserve_first() -> None:
    assert moved(-100, released=2458, kept=123) == (0, -100)
    assert moved(-2458, released=2458, kept=123) == (-2335, -123)


def test_a_refund_without_a_reserve_takes_from_what_is_due() -> None:
    assert moved(-2458, released=2458, keep=False) == (-2458, 0)


def test_the_reserve_becomes_due_when_its_time_is_over() -> None:
    assert moved(0, released=2458, kept=123, keep=False) == (123, -123)


def test_nothing_standing_moves_nothing() -> None:
    assert share_out(euros(0), euros(0), euros(0), 500, keep=True) == Move(euros(0), euros(0))


def test_the_terms_count_days_from_the_delivery() -> None:
    arrived = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert agree(arrived, 7, 30, 500) == (
        datetime(2026, 3, 9, 9, tzinfo=UTC),
        datetime(2026, 4, 1, 9, tzinfo=UTC),
        500,
    )
    assert agree(arrived, 40, 30, 500).reserve_until == datetime(2026, 4, 11, 9, tzinfo=UTC)


def test_what_was_paid_leaves_that_state_only_when_the_bank_sends_it_back() -> None:
    assert TRANSITIONS[State.PAID] == {State.RETURNED}
    assert TRANSITIONS[State.RETURNED] == frozenset()


@given(
    st.lists(st.tuples(st.integers(-10_000, 10_000), st.booleans()), max_size=20),
    st.integers(0, 10_000),
)
def test_all_that_stood_is_moved_and_the_reserve_is_never_below_zero(
    steps: list[tuple[int, bool]], basis_points: int
) -> None:
    released = due = reserve = 0
    for standing, keep in steps:
        move = share_out(euros(standing), euros(released), euros(reserve), basis_points, keep=keep)
        released += standing
        due += move.due.minor
        reserve += move.reserve.minor
        assert due + reserve == released
        assert reserve >= 0
