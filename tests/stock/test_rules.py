"""Who gets what, tried with every order of arrival."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from panier.stock.rules import HoldLimitReached, NotEnough, Request, SoldOut, grant

ANNA, BEN, CLEO = 1, 2, 3
CANDLE, MUG = 11, 12


def test_a_small_request_is_served_behind_a_large_refused_one() -> None:
    """The last two units go to whoever still fits."""
    answers = grant(
        [Request(ANNA, CANDLE, 3), Request(BEN, CANDLE, 1), Request(CLEO, CANDLE, 1)],
        {CANDLE: 2}, {}, 20,
    )  # fmt: skip
    assert isinstance(answers[0], NotEnough)
    assert answers[1:] == [None, None]


def test_the_first_to_come_gets_the_last_unit() -> None:
    """Nobody behind can have it."""
    answers = grant([Request(ANNA, CANDLE, 1), Request(BEN, CANDLE, 1)], {CANDLE: 1}, {}, 20)
    assert answers[0] is None
    assert isinstance(answers[1], SoldOut)


def test_what_a_buyer_holds_counts_towards_the_limit() -> None:
    """Nineteen held and two more are one too many."""
    [answer] = grant([Request(ANNA, CANDLE, 2)], {CANDLE: 100}, {(ANNA, CANDLE): 19}, 20)
    assert isinstance(answer, HoldLimitReached)


requests = st.lists(
    st.builds(
        Request,
        st.sampled_from([ANNA, BEN, CLEO]),
        st.sampled_from([CANDLE, MUG]),
        st.integers(1, 9),
    ),
    max_size=40,
)


@given(requests, st.integers(0, 30), st.integers(0, 30))
def test_never_more_than_there_is_and_never_a_needless_no(
    asked: list[Request], candles: int, mugs: int
) -> None:
    """Granted units fit the stock; a refused request would not have fitted when it came."""
    stock = {CANDLE: candles, MUG: mugs}
    answers = grant(asked, stock, {}, 20)
    granted: Counter[int] = Counter()
    baskets: Counter[tuple[int, int]] = Counter()
    for request, answer in zip(asked, answers, strict=True):
        fits = granted[request.variant] + request.quantity <= stock[request.variant]
        allowed = baskets[request.buyer, request.variant] + request.quantity <= 20
        assert (answer is None) == (fits and allowed)
        if answer is None:
            granted[request.variant] += request.quantity
            baskets[request.buyer, request.variant] += request.quantity
    assert granted[CANDLE] <= candles
    assert granted[MUG] <= mugs
