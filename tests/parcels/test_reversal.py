"""The reversal rule: never more than the line, and all of it in the end, to the last cent."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panier.parcels.reversal import (
    WHOLE,
    Back,
    Line,
    Nothing,
    Parts,
    RefundTooMuch,
    Wanted,
    plan,
    spread,
)

# Two candles at 24.90 each, 10 % off of which the platform bears half; 20 % VAT inside 47.31.
LINE = Line(1, 2, Parts(goods=4482, subsidy=249, vat=789, commission=237, creator=473,
                        shipping=490, shipping_vat=82))  # fmt: skip


def test_one_of_two_units_takes_half_of_each_part() -> None:
    (back,) = plan([LINE], {}, Wanted({1: 1}, {}))
    assert back == Line(1, 1, Parts(goods=2241, subsidy=125, vat=395, commission=119, creator=237))


def test_the_second_unit_takes_exactly_the_rest() -> None:
    (first,) = plan([LINE], {}, Wanted({1: 1}, {}))
    (second,) = plan([LINE], {1: first}, Wanted({1: 1}, {}, WHOLE))
    assert second == Line(
        1, 1, Parts(2241, 124, 394, 118, 236, shipping=490, shipping_subsidy=0, shipping_vat=82)
    )


def test_an_amount_takes_its_share_of_each_part() -> None:
    (back,) = plan([LINE], {}, Wanted({}, {1: 1000}))
    # 1000/4482 of 249, 789, 237 and 473: 55.56, 176.04, 52.88, 105.53
    assert back == Line(1, 0, Parts(goods=1000, subsidy=56, vat=176, commission=53, creator=106))


def test_units_after_goodwill_give_no_more_than_was_paid() -> None:
    (goodwill,) = plan([LINE], {}, Wanted({}, {1: 1000}))
    (both,) = plan([LINE], {1: goodwill}, Wanted({1: 2}, {}))
    assert both.parts.goods == 3482
    assert both.parts.plus(goodwill.parts)._replace(shipping=490, shipping_vat=82) == LINE.parts


def test_a_line_that_the_platform_paid_goes_back_by_units() -> None:
    gift = Line(1, 2, Parts(subsidy=2001, vat=333, commission=100, shipping_subsidy=490))
    (first,) = plan([gift], {}, Wanted({1: 1}, {}))
    assert first.parts == Parts(subsidy=1001, vat=167, commission=50)
    (second,) = plan([gift], {1: first}, Wanted({1: 1}, {}, WHOLE))
    assert first.parts.plus(second.parts) == gift.parts


def test_shipping_goes_back_line_by_line_up_to_what_is_left() -> None:
    lines = [LINE, Line(2, 1, Parts(goods=100, shipping=10, shipping_vat=2))]
    backs = plan(lines, {}, Wanted({}, {}, 495))
    moved = [(b.n, b.parts.shipping, b.parts.shipping_vat) for b in backs]
    assert moved == [(1, 490, 82), (2, 5, 1)]
    with pytest.raises(RefundTooMuch):
        plan(lines, {}, Wanted({}, {}, 501))


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted({1: 3}, {}),
        Wanted({1: -1}, {}),
        Wanted({}, {1: 4483}),
        Wanted({}, {1: -5}),
        Wanted({1: 2}, {1: 1}),
        Wanted({2: 1}, {}),
        Wanted({}, {}, -1),
    ],
)
def test_more_than_there_is_is_refused(wanted: Wanted) -> None:
    with pytest.raises(RefundTooMuch):
        plan([LINE], {}, wanted)


def test_nothing_is_refused_by_name() -> None:
    with pytest.raises(Nothing):
        plan([LINE], {}, Wanted({}, {}))
    with pytest.raises(Nothing):
        plan([LINE], {1: LINE}, Wanted({}, {}, WHOLE))


@st.composite
def lines(draw: st.DrawFn) -> list[Line]:
    def line(n: int) -> Line:
        goods, subsidy = draw(st.integers(0, 20_000)), draw(st.integers(0, 5_000))
        base = goods + subsidy
        shipping, free = draw(st.integers(0, 900)), draw(st.integers(0, 900))
        parts = Parts(
            goods, subsidy, draw(st.integers(0, base // 4)), draw(st.integers(0, base // 5)),
            draw(st.integers(0, base // 3)), shipping, free,
            draw(st.integers(0, (shipping + free) // 4)),
        )  # fmt: skip
        return Line(n, draw(st.integers(1, 7)), parts)

    return [line(n) for n in range(1, draw(st.integers(1, 3)) + 1)]


@st.composite
def wishes(draw: st.DrawFn) -> Wanted:
    numbers = st.integers(1, 3)
    units = draw(st.dictionaries(numbers, st.integers(0, 4), max_size=3))
    amounts = draw(st.dictionaries(numbers, st.integers(0, 9_000), max_size=2))
    return Wanted(units, amounts, draw(st.sampled_from([0, 0, 100, WHOLE])))


def add(taken: dict[int, Line], backs: list[Line]) -> dict[int, Line]:
    summed = dict(taken)
    for back in backs:
        before = summed.get(back.n, Line(back.n, 0, Parts()))
        parts = before.parts.plus(back.parts)
        summed[back.n] = Line(back.n, before.quantity + back.quantity, parts)
    return summed


@given(lines(), st.lists(wishes(), max_size=8))
def test_no_refunds_ever_take_more_than_the_line_and_a_full_one_takes_exactly_all(
    sold: list[Line], wanted: list[Wanted]
) -> None:
    taken: dict[int, Line] = {}
    for wish in wanted:
        try:
            backs = plan(sold, taken, wish)
        except (RefundTooMuch, Nothing):
            continue
        assert all(part >= 0 for back in backs for part in back.parts)
        taken = add(taken, backs)
        for line in sold:
            of = taken.get(line.n, Line(line.n, 0, Parts()))
            assert of.quantity <= line.quantity
            assert all(a <= b for a, b in zip(of.parts, line.parts, strict=True))
    rest = {line.n: line.quantity - taken[line.n].quantity if line.n in taken else line.quantity
            for line in sold}  # fmt: skip
    with suppress(Nothing):
        taken = add(taken, plan(sold, taken, Wanted(rest, {}, WHOLE)))
    assert {n: line.parts for n, line in taken.items() if any(line.parts)} == {
        line.n: line.parts for line in sold if any(line.parts)
    }


def test_an_amount_is_shared_out_in_proportion_to_what_is_left() -> None:
    gone = Line(1, 1, Parts(goods=2241, subsidy=125, vat=395, commission=119, creator=237))
    other = Line(1, 1, Parts(goods=1000, vat=167))
    backs = [Back([LINE], {1: gone}), Back([other], {})]
    # Left are 22.41 + 4.90 and 10.00: 37.31, of which 10.00 go back: 6.006, 1.313, 2.680.
    assert spread(1000, backs) == [Wanted({}, {1: 601}, 131), Wanted({}, {1: 268}, 0)]
    assert spread(9999, backs) == [Wanted({}, {1: 2241}, 490), Wanted({}, {1: 1000}, 0)]
    assert spread(0, backs) == [Wanted({}, {1: 0}, 0), Wanted({}, {1: 0}, 0)]


@given(st.lists(lines(), min_size=1, max_size=3), wishes(), st.integers(0, 200_000))
def test_what_is_shared_out_is_all_of_it_and_never_more_than_is_left(
    orders: list[list[Line]], before: Wanted, amount: int
) -> None:
    backs = []
    for sold in orders:
        taken: dict[int, Line] = {}
        with suppress(RefundTooMuch, Nothing):
            taken = add(taken, plan(sold, taken, before))
        backs.append(Back(sold, taken))
    left = sum(
        line.parts.paid - (back.taken[line.n].parts.paid if line.n in back.taken else 0)
        for back in backs
        for line in back.sold
    )
    gone = 0
    for back, wanted in zip(backs, spread(amount, backs), strict=True):
        with suppress(Nothing):
            gone += sum(line.parts.paid for line in plan(back.sold, back.taken, wanted))
    assert gone == min(amount, left)
