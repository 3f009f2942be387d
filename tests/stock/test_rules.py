"""Who gets what, tried with every order of arrival."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from panier.stock.rules import (
    BuyerLimitReached,
    HoldLimitReached,
    NotEnough,
    Request,
    Share,
    SoldOut,
    grant,
    serve,
)

ANNA, BEN, CLEO, DORA = 1, 2, 3, 4
CANDLE, MUG = 11, 12
MORNING, EVENING = 21, 22


def test_a_small_request_is_served_behind_a_large_refused_one() -> None:
    """The last two units go to whoever still fits."""
    answers = grant(
        [Request(ANNA, CANDLE, 3), Request(BEN, CANDLE, 1), Request(CLEO, CANDLE, 1)],
        {CANDLE: 2}, {}, 20,
    )  # fmt: skip
    assert isinstance(answers[0], NotEnough)
    assert answers[1:] == [0, 0]


def test_the_first_to_come_gets_the_last_unit() -> None:
    """Nobody behind can have it."""
    answers = grant([Request(ANNA, CANDLE, 1), Request(BEN, CANDLE, 1)], {CANDLE: 1}, {}, 20)
    assert answers[0] == 0
    assert isinstance(answers[1], SoldOut)


def test_what_a_buyer_holds_counts_towards_the_limit() -> None:
    """Nineteen held and two more are one too many."""
    [answer] = grant([Request(ANNA, CANDLE, 2)], {CANDLE: 100}, {(ANNA, CANDLE): 19}, 20)
    assert isinstance(answer, HoldLimitReached)


def test_a_show_sells_its_own_units_first_then_free_ones_if_it_may() -> None:
    """Two of its own and one free unit are three; another show has only the free one."""
    asked = [Request(ANNA, CANDLE, 3, EVENING), Request(BEN, CANDLE, 1, MORNING)]
    shares = {(EVENING, CANDLE): Share(2, beyond=True)}
    answers = grant(asked, {CANDLE: 1}, {}, 20, shares)
    assert answers[0] == 2
    assert isinstance(answers[1], SoldOut)


def test_a_show_that_may_not_go_beyond_stops_at_its_own_units() -> None:
    """The refusal names what is left there, not what is free elsewhere."""
    asked = [Request(ANNA, CANDLE, 3, EVENING), Request(BEN, CANDLE, 2, EVENING)]
    answers = grant(asked, {CANDLE: 10}, {}, 20, {(EVENING, CANDLE): Share(2, beyond=False)})
    assert isinstance(answers[0], NotEnough)
    assert answers[0].details["available"] == 2
    assert answers[1] == 2


def test_what_sets_nothing_aside_must_be_there_and_leaves_it_there() -> None:
    """Two may want the last unit, once each; who sets it aside leaves nothing to want."""

    def want(who: int) -> Request:
        return Request(who, CANDLE, 1, 0, aside=False)

    asked = [want(ANNA), want(BEN), want(BEN), Request(CLEO, CANDLE, 1), want(DORA)]
    anna, ben, again, cleo, late = grant(asked, {CANDLE: 1}, {}, 20)
    assert (anna, ben, cleo) == (0, 0, 0)
    assert isinstance(again, NotEnough)
    assert isinstance(late, SoldOut)
    [more] = grant([want(ANNA)], {CANDLE: 3}, {}, 20, unheld={(ANNA, CANDLE): 3})
    assert isinstance(more, NotEnough)


requests = st.lists(
    st.builds(
        Request,
        st.sampled_from([ANNA, BEN, CLEO]),
        st.sampled_from([CANDLE, MUG]),
        st.integers(1, 9),
        st.sampled_from([0, MORNING, EVENING]),
        st.booleans(),
    ),
    max_size=40,
)
shares = st.dictionaries(
    st.tuples(st.sampled_from([MORNING, EVENING]), st.sampled_from([CANDLE, MUG])),
    st.builds(Share, st.integers(0, 12), st.booleans()),
)


limits = st.dictionaries(st.sampled_from([CANDLE, MUG]), st.integers(1, 12))
had_before = st.dictionaries(
    st.tuples(st.sampled_from([ANNA, BEN, CLEO]), st.sampled_from([CANDLE, MUG])),
    st.integers(0, 14),
)


@given(requests, limits, had_before)
def test_nobody_has_more_than_each_may_and_a_no_is_never_needless(
    asked: list[Request], each: dict[int, int], had: dict[tuple[int, int], int]
) -> None:
    """With plenty of stock, only the limit refuses: exactly what would go beyond it."""
    mine = Counter(had)
    answers = grant(asked, {CANDLE: 999, MUG: 999}, {}, 999, each=each, had=had)
    for request, answer in zip(asked, answers, strict=True):
        pair = (request.buyer, request.variant)
        fits = mine[pair] + request.quantity <= each.get(request.variant, 999)
        assert isinstance(answer, int) == fits
        if fits:
            mine[pair] += request.quantity
        else:
            assert isinstance(answer, BuyerLimitReached)
            assert answer.details == {"limit": each[request.variant], "mine": mine[pair]}


@given(requests, st.integers(0, 30), st.integers(0, 30), shares)
def test_never_more_than_there_is_and_never_a_needless_no(
    asked: list[Request], candles: int, mugs: int, given_shares: dict[tuple[int, int], Share]
) -> None:
    """Granted units fit the pools they came from; a refused request would not have fitted."""
    free = {CANDLE: candles, MUG: mugs}
    own = {pair: share.available for pair, share in given_shares.items()}
    baskets: Counter[tuple[int, int]] = Counter()
    unheld: Counter[tuple[int, int]] = Counter()
    answers = grant(asked, dict(free), {}, 20, given_shares)
    for request, answer in zip(asked, answers, strict=True):
        pair = (request.show, request.variant)
        whose = (request.buyer, request.variant)
        may_go_beyond = pair not in given_shares or given_shares[pair].beyond
        most = own.get(pair, 0) + (free[request.variant] if may_go_beyond else 0)
        allowed = baskets[whose] + request.quantity <= 20
        asked_for = request.quantity + (0 if request.aside else unheld[whose])
        assert isinstance(answer, int) == (asked_for <= most and allowed)
        if isinstance(answer, int):
            assert answer == (min(request.quantity, own.get(pair, 0)) if request.aside else 0)
            if request.aside:
                if pair in own:
                    own[pair] -= answer
                free[request.variant] -= request.quantity - answer
            else:
                unheld[whose] = asked_for
            baskets[whose] += request.quantity
    assert min(*free.values(), 0, *own.values()) == 0


def test_a_line_is_served_in_its_order_with_what_there_is() -> None:
    """Five units: three, then the two that remain of four, then nothing."""
    assert serve([(None, 3), (None, 4), (None, 1)], 5, {}) == [(3, 0), (2, 0), (0, 0)]


lines = st.lists(
    st.tuples(st.sampled_from([None, UUID(int=MORNING), UUID(int=EVENING)]), st.integers(1, 5)),
    max_size=30,
)
own_units = st.dictionaries(
    st.sampled_from([UUID(int=MORNING), UUID(int=EVENING)]),
    st.builds(Share, st.integers(0, 9), st.booleans()),
)


@given(lines, st.integers(0, 20), own_units)
def test_nobody_waits_for_what_they_could_have(
    line: list[tuple[UUID | None, int]], free: int, given_shares: dict[UUID, Share]
) -> None:
    """Whoever got less than they want found nothing more when it was their turn, nor later."""
    own = {show: share.available for show, share in given_shares.items()}
    for (show, quantity), (units, drawn) in zip(line, serve(line, free, given_shares), strict=True):
        share = given_shares.get(show) if show else None
        most = own.get(show, 0) if show else 0
        most += free if share is None or share.beyond else 0
        assert units == min(quantity, most)
        if show in own:
            own[show] -= drawn
        free -= units - drawn
    assert min(free, 0, *own.values()) == 0
