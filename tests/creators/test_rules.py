"""Which plan decides, what it may promise, what a share comes to."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panier import creators
from panier.creators import Plan, Sale, State
from panier.creators.rules import check_answer, check_days, check_share
from panier.kit.errors import BadInput
from panier.kit.money import Money

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SELLER, OTHER_SELLER = UUID(int=1), UUID(int=2)
CANDLE, MUG = UUID(int=3), UUID(int=4)
CAMILLE, OLIVIA = UUID(int=5), UUID(int=6)


def plan(
    basis_points: int,
    *,
    product: UUID | None = None,
    creator: UUID | None = None,
    state: str = "",
    valid_from: datetime = NOON - HOUR,
    valid_until: datetime | None = None,
    n: int = 1,
) -> Plan:
    return Plan(
        id=UUID(int=n), market="FR", seller=SELLER, product=product, creator=creator,
        basis_points=basis_points, state=state or ("accepted" if creator else "open"),
        valid_from=valid_from, valid_until=valid_until, at=NOON, made_by=OLIVIA,
        answered_at=None, ended_by=None, ended_at=None,
    )  # fmt: skip


OPEN = plan(500)
OPEN_CANDLE = plan(600, product=CANDLE)
INVITED = plan(1000, creator=CAMILLE)
INVITED_CANDLE = plan(1200, product=CANDLE, creator=CAMILLE)
ALL = [OPEN, OPEN_CANDLE, INVITED, INVITED_CANDLE]


def sale(host: UUID | None = CAMILLE, product: UUID = CANDLE, at: datetime = NOON) -> Sale:
    return Sale("FR", host, SELLER, product, at)


@pytest.mark.parametrize(
    ("host", "product", "expected"),
    [
        (CAMILLE, CANDLE, 1200),
        (CAMILLE, MUG, 1000),
        (OLIVIA, CANDLE, 600),
        (OLIVIA, MUG, 500),
    ],
)
def test_an_invitation_goes_before_an_open_plan_and_a_product_before_all(
    host: UUID, product: UUID, expected: int
) -> None:
    for plans in (ALL, ALL[::-1]):
        found = creators.find_plan(plans, sale(host, product))
        assert found is not None
        assert found.basis_points == expected


def test_an_invitation_to_all_products_goes_before_an_open_plan_for_the_product() -> None:
    assert creators.find_plan([OPEN_CANDLE, INVITED], sale()) == INVITED


@pytest.mark.parametrize(
    ("sold", "why"),
    [
        (sale(host=None), "nobody presented it"),
        (sale()._replace(seller=OTHER_SELLER), "another seller's product"),
        (sale()._replace(market="GB"), "another market"),
    ],
)
def test_nobody_has_a_share_where_no_plan_fits(sold: Sale, why: str) -> None:
    assert creators.find_plan(ALL, sold) is None, why


@pytest.mark.parametrize("state", ["invited", "declined"])
def test_an_invitation_gives_nothing_before_it_is_accepted(state: str) -> None:
    asked = plan(1000, creator=CAMILLE, state=state)
    assert creators.find_plan([asked], sale()) is None
    assert creators.find_plan([asked, OPEN], sale()) == OPEN


def test_a_plan_holds_from_its_first_moment_until_its_end() -> None:
    evening = plan(900, valid_from=NOON, valid_until=NOON + HOUR)
    held = [
        creators.find_plan([evening], sale(at=NOON + shift)) is not None
        for shift in (-timedelta(microseconds=1), 0 * HOUR, HOUR - timedelta(microseconds=1), HOUR)
    ]
    assert held == [False, True, True, False]


def test_of_two_alike_the_later_one_decides() -> None:
    later = plan(700, valid_from=NOON, n=2)
    assert creators.find_plan([later, OPEN], sale(OLIVIA)) == later
    assert creators.find_plan([plan(800, n=9), OPEN], sale(OLIVIA)) == plan(800, n=9)


@pytest.mark.parametrize(
    ("vat", "commission", "expected"),
    [
        (2000, 500, 7833),  # 100 / 1.2 = 83.33 less 5
        (2200, 500, 7696),
        (550, 500, 8000),  # 94.78 less 5, but 80 % is the limit
        (2000, 5000, 3333),
        (10_000, 5000, 0),
    ],
)
def test_vat_and_commission_bound_the_share(vat: int, commission: int, expected: int) -> None:
    assert creators.highest_share(vat, commission) == expected


def test_a_share_that_would_cost_more_than_the_price_is_refused() -> None:
    check_share(7833, 2000, 500)
    with pytest.raises(creators.ShareTooLarge) as refused:
        check_share(7834, 2000, 500)
    assert refused.value.message("en") == (
        "VAT and commission leave at most 78.33 % of the price for the host."
    )


@pytest.mark.parametrize("basis_points", [-1, 0, 99, 8001, 10_000])
def test_a_share_is_one_to_eighty_percent(basis_points: int) -> None:
    with pytest.raises(BadInput):
        check_share(basis_points, 0, 0)


def test_the_share_is_taken_of_the_base_and_never_more_than_is_left() -> None:
    def euros(minor: int) -> Money:
        return Money(minor, "EUR")

    # 24.90 with 4.15 VAT and 1.25 commission leaves 19.50; 20 % are 4.98.
    assert creators.take_share(euros(2490), euros(415), euros(125), 2000) == euros(498)
    assert creators.take_share(euros(2490), euros(415), euros(125), 8000) == euros(1950)
    # Three cents at 20 % VAT, 22 % commission: 2 cents of share would leave the seller -1.
    assert creators.take_share(euros(3), euros(1), euros(1), 6133) == euros(1)
    assert creators.take_share(euros(0), euros(0), euros(0), 8000) == euros(0)


@given(st.integers(0, 10**7), st.integers(0, 10_000), st.integers(0, 5000), st.integers(100, 8000))
def test_the_seller_never_pays_to_sell(
    minor: int, vat_rate: int, commission_rate: int, share: int
) -> None:
    base = Money(minor, "EUR")
    vat, commission = base.vat_inside(vat_rate), base.percent(commission_rate)
    if vat + commission > base:  # the commission's own roof; a share cannot mend it
        assert creators.take_share(base, vat, commission, share) == Money(0, "EUR")
        return
    taken = creators.take_share(base, vat, commission, share)
    assert 0 <= taken.minor <= (base - vat - commission).minor
    if share <= creators.highest_share(vat_rate, commission_rate):
        # What was agreed is paid in full, but for what three roundings take: a cent or two.
        assert base.percent(share).minor - taken.minor <= 2


def test_a_plan_begins_now_at_the_earliest_and_ends_after_that() -> None:
    check_days(NOON, None, NOON)
    check_days(NOON + HOUR, NOON + 2 * HOUR, NOON)
    for begins, ends in ((NOON - HOUR, None), (NOON + HOUR, NOON + HOUR), (NOON + HOUR, NOON)):
        with pytest.raises(creators.PlanTooEarly):
            check_days(begins, ends, NOON)


def test_only_an_invitation_is_answered_and_once() -> None:
    asked = plan(1000, creator=CAMILLE, state="invited")
    check_answer(asked, State.ACCEPTED, NOON)
    for settled in (OPEN, INVITED, plan(1000, creator=CAMILLE, state="declined")):
        with pytest.raises(creators.AlreadyAnswered):
            check_answer(settled, State.DECLINED, NOON)
    gone = plan(1000, creator=CAMILLE, state="invited", valid_until=NOON)
    with pytest.raises(creators.PlanOver):
        check_answer(gone, State.ACCEPTED, NOON)
