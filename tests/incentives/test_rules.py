"""What vouchers take off which line, worked out by hand; and what always holds."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from panier.incentives.refusals import (
    VoucherMinimum,
    VoucherNotCombinable,
    VoucherNotHere,
    VoucherNotYet,
    VoucherOver,
)
from panier.incentives.rules import (
    Cut,
    Goods,
    Taken,
    Voucher,
    check_usable,
    digest_email,
    grant_units,
    reduce_basket,
    share,
)

DAY = datetime(2026, 11, 21, 20, tzinfo=UTC)
LUMEN, BREIZH = UUID(int=1), UUID(int=2)
CANDLE, MUG, SCARF = UUID(int=11), UUID(int=12), UUID(int=13)
SHOW = UUID(int=21)


def voucher(number: int = 100, **changes: object) -> Voucher:
    """Build ten percent on everything, borne by the platform."""
    plain = Voucher(
        id=UUID(int=number), code=f"CODE-{number}", market="FR", seller_id=None, kind="percent",
        basis_points=1000, currency="EUR", minor=0, minimum_minor=0, funding_basis_points=10_000,
        stackable=False, uses_max=None, buyer_max=None, markets=["FR"], products=[], sellers=[],
        shows=[], valid_from=DAY - timedelta(days=1), valid_until=None, agreed_at=DAY,
        ended_at=None, used=0, at=DAY,
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def fixed(number: int, minor: int, **changes: object) -> Voucher:
    """Build an amount off."""
    return voucher(number, kind="fixed", basis_points=0, minor=minor, **changes)


def line(product: UUID, price: int, seller: UUID = LUMEN, shipping: int = 0,
         show: UUID | None = None) -> Goods:  # fmt: skip
    """Build a line of one variant of `product`."""
    return Goods(UUID(int=product.int + 1000), product, seller, show, price, price, shipping)


BASKET = [line(CANDLE, 2490, shipping=327), line(MUG, 1240, shipping=163), line(SCARF, 999, BREIZH)]


def test_a_percentage_is_exact_over_all_lines_together() -> None:
    # 15 % of 47.29 is 7.0935: 7.09. By price 3.733…, 1.859…, 1.498…: the largest remainder gets up
    reduced = reduce_basket(BASKET, [voucher(basis_points=1500)], {})
    assert [cut.subsidy for cut in reduced.cuts] == [373, 186, 150]
    assert reduced.taken == {UUID(int=100): Taken(709, 709)}


def test_a_sellers_own_voucher_is_borne_by_the_seller_on_their_lines_only() -> None:
    own = voucher(seller_id=LUMEN, sellers=[LUMEN], funding_basis_points=0)
    reduced = reduce_basket(BASKET, [own], {})
    assert reduced.cuts == [Cut(seller=249), Cut(seller=124), Cut()]
    assert reduced.taken == {UUID(int=100): Taken(373, 0)}


def test_a_joint_voucher_is_shared_between_platform_and_seller() -> None:
    # 5.00 over 24.90 and 12.40: 3.34 and 1.66; the platform's 30 % of 5.00 is 1.50: 1.00 and 0.50
    joint = fixed(100, 500, sellers=[LUMEN], funding_basis_points=3000)
    reduced = reduce_basket(BASKET, [joint], {})
    assert reduced.cuts == [
        Cut(cofunding=234, subsidy=100),
        Cut(cofunding=116, subsidy=50),
        Cut(),
    ]
    assert reduced.taken == {UUID(int=100): Taken(500, 150)}


def test_free_shipping_frees_the_parcel_that_holds_what_it_is_for() -> None:
    free = voucher(kind="shipping", basis_points=0, products=[MUG])
    reduced = reduce_basket(BASKET, [free], {})
    assert reduced.cuts == [
        Cut(shipping=327, shipping_subsidy=327),
        Cut(shipping=163, shipping_subsidy=163),
        Cut(),
    ]
    theirs = msgspec.structs.replace(free, funding_basis_points=0, sellers=[LUMEN])
    assert reduce_basket(BASKET, [theirs], {}).cuts[0] == Cut(shipping=327)


def test_an_amount_larger_than_its_goods_takes_them_whole() -> None:
    reduced = reduce_basket(BASKET, [fixed(100, 5000, products=[MUG])], {})
    assert [cut.goods for cut in reduced.cuts] == [0, 1240, 0]


def test_a_basket_never_costs_less_than_a_provider_moves() -> None:
    reduced = reduce_basket([line(MUG, 1240)], [fixed(100, 5000)], {})
    assert reduced.taken == {UUID(int=100): Taken(1190, 1190)}


def test_vouchers_that_stack_take_percentages_of_what_fixed_amounts_leave() -> None:
    # 10.00 off 37.30 leaves 27.30; 10 % and 20 % of that, both of the same: 2.73 and 5.46
    stack = [
        voucher(1, stackable=True, sellers=[LUMEN]),
        fixed(2, 1000, stackable=True, sellers=[LUMEN]),
        voucher(3, stackable=True, sellers=[LUMEN], basis_points=2000),
    ]
    reduced = reduce_basket(BASKET, stack, {})
    assert reduced.taken == {
        UUID(int=2): Taken(1000, 1000),
        UUID(int=1): Taken(273, 273),
        UUID(int=3): Taken(546, 546),
    }
    assert sum(cut.goods for cut in reduced.cuts) == 1819


def test_the_first_voucher_stands_and_one_that_does_not_stack_is_told_so() -> None:
    reduced = reduce_basket(BASKET, [voucher(1, stackable=True), voucher(2)], {})
    assert list(reduced.taken) == [UUID(int=1)]
    assert isinstance(reduced.problems[UUID(int=2)], VoucherNotCombinable)
    other_way = reduce_basket(BASKET, [voucher(2), voucher(1, stackable=True)], {})
    assert list(other_way.taken) == [UUID(int=2)]


def test_a_minimum_counts_the_goods_it_is_for() -> None:
    wanted = voucher(products=[MUG], minimum_minor=1241)
    problem = reduce_basket(BASKET, [wanted], {}).problems[wanted.id]
    assert isinstance(problem, VoucherMinimum)
    assert problem.message("en") == "This voucher starts at €12.41 of the goods it is for."
    enough = msgspec.structs.replace(wanted, minimum_minor=1240)
    assert reduce_basket(BASKET, [enough], {}).problems == {}


def test_a_shows_voucher_is_for_what_was_put_into_the_basket_there() -> None:
    here = voucher(shows=[SHOW])
    refused = reduce_basket(BASKET, [here], {})
    assert isinstance(refused.problems[here.id], VoucherNotHere)
    reduced = reduce_basket([line(MUG, 1000, show=SHOW), line(CANDLE, 1000)], [here], {})
    assert [cut.subsidy for cut in reduced.cuts] == [100, 0]


def test_a_voucher_is_valid_from_its_first_moment_to_before_its_last() -> None:
    dated = voucher(valid_from=DAY, valid_until=DAY + timedelta(hours=1))
    before, last = DAY - timedelta(seconds=1), DAY + timedelta(hours=1)

    def problem(at: datetime) -> object:
        return check_usable(dated, "FR", at, used=0, mine=0)

    assert isinstance(problem(before), VoucherNotYet)
    assert problem(DAY) is None
    assert problem(last - timedelta(seconds=1)) is None
    assert isinstance(problem(last), VoucherOver)
    unagreed = msgspec.structs.replace(dated, agreed_at=None)
    assert isinstance(check_usable(unagreed, "FR", DAY, used=0, mine=0), VoucherNotYet)
    assert isinstance(check_usable(dated, "GB", DAY, used=0, mine=0), VoucherNotHere)


def test_an_address_is_known_again_behind_capitals_and_tags() -> None:
    assert digest_email("Anna+live@Example.org") == digest_email("anna@example.org ")
    assert digest_email("anna@example.org") != digest_email("anna@example.com")
    assert len(digest_email("a@b.fr")) == 32


def test_a_deal_gives_what_is_left_to_whoever_has_not_had_theirs() -> None:
    assert grant_units(3, 10, 0, 2) == 2
    assert grant_units(3, 1, 0, 5) == 1
    assert grant_units(1, 10, 2, 2) == 0
    assert grant_units(1, 0, 0, 2) == 0


SELLERS = [LUMEN, BREIZH]
baskets = st.lists(
    st.builds(
        Goods,
        st.uuids(),
        st.sampled_from([CANDLE, MUG, SCARF]),
        st.sampled_from(SELLERS),
        st.sampled_from([None, SHOW]),
        st.just(1),
        st.integers(0, 100_000),
        st.integers(0, 2000),
    ),
    min_size=1,
    max_size=8,
)
kinds = st.one_of(
    st.tuples(st.just("percent"), st.integers(1, 10_000), st.just(0)),
    st.tuples(st.just("fixed"), st.just(0), st.integers(1, 200_000)),
    st.tuples(st.just("shipping"), st.just(0), st.just(0)),
)
vouchers = st.builds(
    lambda kind, funding, stackable, products, sellers: voucher(
        kind=kind[0], basis_points=kind[1], minor=kind[2], funding_basis_points=funding,
        stackable=stackable, products=products, sellers=sellers,
    ),
    kinds,
    st.sampled_from([0, 1, 3333, 5000, 9999, 10_000]),
    st.booleans(),
    st.lists(st.sampled_from([CANDLE, MUG, SCARF]), max_size=2, unique=True),
    st.lists(st.sampled_from(SELLERS), max_size=1),
)  # fmt: skip


@given(baskets, st.lists(vouchers, max_size=5))
def test_reductions_are_exact_and_no_line_falls_below_nothing(
    basket: list[Goods], drawn: list[Voucher]
) -> None:
    wanted = [msgspec.structs.replace(v, id=UUID(int=n)) for n, v in enumerate(drawn)]
    reduced = reduce_basket(basket, wanted, {})
    assert reduced.taken.keys() | reduced.problems.keys() == {v.id for v in wanted}
    for goods, cut in zip(basket, reduced.cuts, strict=True):
        assert min(cut) >= 0
        assert cut.goods <= goods.price
        assert cut.shipping_subsidy <= cut.shipping <= goods.shipping
    off = sum(cut.goods + cut.shipping for cut in reduced.cuts)
    assert off == sum(taken.total for taken in reduced.taken.values())
    platform = sum(cut.subsidy + cut.shipping_subsidy for cut in reduced.cuts)
    assert platform == sum(taken.platform for taken in reduced.taken.values())
    total = sum(goods.price + goods.shipping for goods in basket)
    assert total - off >= min(50, total)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=9), st.data())
def test_no_share_exceeds_its_weight(weights: list[int], data: st.DataObject) -> None:
    minor = data.draw(st.integers(0, sum(weights)))
    parts = share(minor, weights)
    assert sum(parts) == minor
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))
