"""What baskets come to, worked out by hand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panier import baskets
from panier.baskets import Cut, Item
from panier.catalog import Offer, ParcelRate
from panier.kit.money import Money

SOON = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
RATES = {"standard": 2000, "food": 550}


def offer(variant: int, minor: int, seller: int = 1, category: str = "standard",
          shipping: int = 490) -> Offer:  # fmt: skip
    return Offer(
        variant=UUID(int=variant), product=UUID(int=100 + variant), seller=UUID(int=seller),
        seller_name="Lumen", title="Candle", variant_title="Large", sku=f"S{variant}", image=None,
        image_alt="", unit=Money(minor, "EUR"), vat_category=category,
        parcels={"FR": ParcelRate(shipping)},
    )  # fmt: skip


def price(*lines: tuple[Offer, int]) -> list[baskets.Line]:
    return baskets.price(
        [Item(o.variant, quantity, SOON) for o, quantity in lines],
        {o.variant: o for o, _ in lines},
        RATES,
        "FR",
    )


def test_one_candle_and_its_parcel() -> None:
    lines = price((offer(1, 2490), 1))
    sums = baskets.sums(lines, "EUR")
    # 24.90 / 1.2 = 20.75, VAT 4.15; 4.90 / 1.2 = 4.0833, VAT 0.8167
    assert (sums.goods.minor, sums.shipping.minor, sums.total.minor) == (2490, 490, 2980)
    assert (lines[0].vat.minor, lines[0].shipping_vat.minor, sums.vat.minor) == (415, 82, 497)


def test_a_seller_sends_one_parcel_and_two_sellers_two() -> None:
    lines = price((offer(1, 1000), 2), (offer(2, 500, seller=2, shipping=300), 1),
                  (offer(3, 100), 1))  # fmt: skip
    assert [line.offer.variant.int for line in lines] == [1, 3, 2]
    assert baskets.sums(lines, "EUR").shipping.minor == 790
    assert [[line.quantity for line in part] for part in baskets.by_seller(lines)] == [[2, 1], [1]]


def test_a_parcel_bears_the_vat_of_what_is_in_it() -> None:
    # 30.00 at 20 % and 10.00 at 5.5 %: of 4.90, 3.675 → 3.67 and 1.225 → 1.23 (largest remainder
    # goes to the first of equals: 0.5 and 0.5) 3.68 and 1.22
    candle, tea = price((offer(1, 3000), 1), (offer(2, 1000, category="food"), 1))
    assert (candle.shipping.minor, tea.shipping.minor) == (368, 122)
    # 3.68 × 20 / 120 = 0.6133; 1.22 × 5.5 / 105.5 = 0.0636
    assert (candle.shipping_vat.minor, tea.shipping_vat.minor) == (61, 6)
    # 10.00 × 5.5 / 105.5 = 0.5213
    assert (candle.vat.minor, tea.vat.minor) == (500, 52)


def test_two_presses_on_one_thing_are_one_line_that_ends_with_the_first() -> None:
    later = SOON + timedelta(minutes=3)
    a, b = UUID(int=1), UUID(int=2)
    joined = baskets.join_items([Item(a, 1, later), Item(b, 1, later), Item(a, 2, SOON)])
    assert joined == [Item(a, 3, SOON), Item(b, 1, later)]
    kept, offer = Item(a, 1, later, extended=True), Item(a, 1, SOON, offered=True)
    assert baskets.join_items([kept, offer]) == [Item(a, 2, SOON, extended=False, offered=True)]


def test_nothing_costs_nothing() -> None:
    sums = baskets.sums([], "EUR")
    assert (sums.total, sums.vat) == (Money(0, "EUR"), Money(0, "EUR"))


@given(
    st.lists(
        st.tuples(
            st.integers(1, 10**6), st.integers(1, 20), st.integers(1, 3),
            st.sampled_from(["standard", "food"]),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_shares_of_parcels_always_sum_to_the_parcels(
    drawn: list[tuple[int, int, int, str]],
) -> None:
    lines = price(
        *((offer(n, minor, seller, category), quantity)
          for n, (minor, quantity, seller, category) in enumerate(drawn, 1))
    )  # fmt: skip
    sellers = {seller for _, _, seller, _ in drawn}
    sums = baskets.sums(lines, "EUR")
    assert sums.shipping.minor == 490 * len(sellers)
    assert sums.goods.minor == sum(minor * quantity for minor, quantity, _, _ in drawn)
    assert 0 <= sums.vat.minor <= sums.total.minor
    assert len(baskets.by_seller(lines)) == len(sellers)


def test_a_reduction_says_who_bears_it_and_what_of_it_bears_vat() -> None:
    """24.90: 2.00 off by the seller, 1.00 shared, 3.00 by the platform; the parcel paid for."""
    line = price((offer(1, 2490), 1))[0]
    cut = Cut(seller_discount=200, cofunding=100, subsidy=300, shipping_subsidy=490)
    [reduced] = baskets.reduce([line], {UUID(int=1): cut})
    assert (reduced.list.minor, reduced.total.minor, reduced.base.minor) == (2490, 1890, 2190)
    # VAT is inside what the seller gets: 21.90 / 1.2 = 18.25
    assert reduced.vat.minor == 365
    assert (reduced.shipping.minor, reduced.shipping_subsidy.minor) == (0, 490)
    assert reduced.shipping_vat.minor == 82


def test_a_seller_who_waives_the_parcel_owes_no_vat_for_it() -> None:
    [reduced] = baskets.reduce(
        price((offer(1, 2490), 1)), {UUID(int=1): Cut(shipping_discount=490)}
    )
    assert (reduced.shipping.minor, reduced.shipping_vat.minor) == (0, 0)


@pytest.mark.parametrize("cut", [Cut(seller_discount=2491), Cut(shipping_subsidy=491),
                                 Cut(subsidy=-1)])  # fmt: skip
def test_nothing_is_reduced_below_nothing_or_raised(cut: Cut) -> None:
    with pytest.raises(ValueError, match="not within"):
        baskets.reduce(price((offer(1, 2490), 1)), {UUID(int=1): cut})
