"""What a destination does to a basket, worked out by hand; net amounts always sum."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from panier import baskets
from panier.baskets import Cut, Item
from panier.baskets.destinations import missing_until_free, send_free
from panier.catalog import Offer, ParcelRate
from panier.kit.money import Money

SOON = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
GERMAN = {"standard": 1900, "food": 700}
LUMEN, RIVE = UUID(int=1), UUID(int=2)
EVERYWHERE = {"FR": ParcelRate(490, 6000), "DE": ParcelRate(790), "IT": ParcelRate(890, 9000)}


def offer(variant: int, minor: int, seller: UUID = LUMEN, category: str = "standard",
          parcels: dict[str, ParcelRate] | None = None) -> Offer:  # fmt: skip
    return Offer(
        variant=UUID(int=variant), product=UUID(int=100 + variant), seller=seller,
        seller_name="Lumen" if seller == LUMEN else "Rive", title="Candle", variant_title="Large",
        sku=f"S{variant}", image=None, image_alt="", unit=Money(minor, "EUR"),
        vat_category=category, parcels=EVERYWHERE if parcels is None else parcels,
    )  # fmt: skip


def price(
    country: str, *offers: Offer, quantity: int = 1, joined: tuple[UUID, ...] = ()
) -> list[baskets.Line]:
    items = [Item(o.variant, quantity, SOON) for o in offers]
    return baskets.price(items, {o.variant: o for o in offers}, GERMAN, country, joined)


def test_the_price_stays_and_the_rate_and_the_vat_inside_are_those_of_the_country() -> None:
    # 24.90 × 19 / 119 = 3.9756; 7.90 × 19 / 119 = 1.2613
    [line] = price("DE", offer(1, 2490))
    assert (line.total.minor, line.shipping.minor) == (2490, 790)
    assert (line.vat_basis_points, line.vat.minor, line.shipping_vat.minor) == (1900, 398, 126)


def test_a_basket_goes_where_every_seller_sends_to() -> None:
    far = offer(1, 1000)
    near = offer(2, 1000, RIVE, parcels={"FR": ParcelRate(390), "DE": ParcelRate(690)})
    assert baskets.countries([far], "FR") == ["FR", "DE", "IT"]
    assert baskets.countries([far, near], "FR") == ["FR", "DE"]
    assert baskets.countries([], "FR") == ["FR"]
    # Another VAT area is never among them, whatever a rate says.
    odd = offer(3, 1000, parcels={"FR": ParcelRate(1), "GB": ParcelRate(1)})
    assert baskets.countries([odd], "FR") == ["FR"]


def test_who_does_not_send_there_is_named_with_the_country() -> None:
    near = offer(2, 1000, RIVE, parcels={"FR": ParcelRate(390)})
    refusal = baskets.find_refusal([offer(1, 1000), near], "DE", "FR", "en")
    assert isinstance(refusal, baskets.NotShippedThere)
    assert refusal.message("en") == "Rive does not send parcels to Germany."
    assert refusal.details["field"] == "address.country"
    assert baskets.find_refusal([offer(1, 1000)], "DE", "FR", "en") is None


def test_an_open_parcel_costs_nothing_more() -> None:
    lines = price("FR", offer(1, 1000), offer(2, 500, RIVE), joined=(LUMEN,))
    assert [(line.offer.seller, line.shipping.minor) for line in lines] == [(LUMEN, 0), (RIVE, 490)]


def test_what_is_missing_until_the_parcel_is_free() -> None:
    lines = price("FR", offer(1, 2490), offer(2, 1000))
    assert missing_until_free(lines, "FR") == {LUMEN: Money(2510, "EUR")}
    assert missing_until_free(price("FR", offer(1, 6000)), "FR") == {LUMEN: Money(0, "EUR")}
    # No threshold in Germany; nothing is missing for a parcel that is on its way.
    assert missing_until_free(price("DE", offer(1, 2490)), "DE") == {}
    assert missing_until_free(lines, "FR", (LUMEN,)) == {}


def test_thresholds_look_at_each_seller_alone_and_at_what_is_paid() -> None:
    lines = price("FR", offer(1, 6000), offer(2, 5999, RIVE))
    assert missing_until_free(lines, "FR") == {LUMEN: Money(0, "EUR"), RIVE: Money(1, "EUR")}
    reduced = baskets.reduce(lines, {UUID(int=1): Cut(subsidy=100)})
    assert missing_until_free(reduced, "FR")[LUMEN] == Money(100, "EUR")
    free = send_free(lines, {LUMEN})
    assert [line.shipping.minor for line in free] == [0, 490]
    assert [line.shipping_vat.minor for line in free] == [0, 78]


def test_net_amounts_are_without_the_consumers_vat() -> None:
    # 24.90 − 3.98 = 20.92; 7.90 − 1.26 = 6.64
    [line] = baskets.net(price("DE", offer(1, 2490)))
    assert (line.list.minor, line.total.minor, line.shipping.minor) == (2092, 2092, 664)
    assert (line.vat_basis_points, line.vat.minor, line.shipping_vat.minor) == (0, 0, 0)


def test_a_net_reduction_is_shared_as_the_gross_one_was() -> None:
    # 119.00 is 100.00 net: of 119.00, 23.80 by the seller and 11.90 by the platform
    lines = price("DE", offer(1, 11900))
    cut = Cut(seller_discount=2380, subsidy=1190, shipping_subsidy=790)
    [line] = baskets.net(baskets.reduce(lines, {UUID(int=1): cut}))
    assert (line.list.minor, line.seller_discount.minor, line.subsidy.minor) == (10_000, 2000, 1000)
    assert (line.total.minor, line.base.minor) == (7000, 8000)
    assert (line.shipping.minor, line.shipping_subsidy.minor) == (0, 664)


@st.composite
def reduced_lines(draw: st.DrawFn) -> list[baskets.Line]:
    offers = [
        offer(n, draw(st.integers(1, 10**6)), draw(st.sampled_from([LUMEN, RIVE])),
              draw(st.sampled_from(["standard", "food"])))
        for n in range(1, draw(st.integers(1, 6)) + 1)
    ]  # fmt: skip
    lines = price("DE", *offers, quantity=draw(st.integers(1, 20)))
    cuts = {}
    for line in lines:
        left = line.total.minor
        discount = draw(st.integers(0, left))
        cofunding = draw(st.integers(0, left - discount))
        subsidy = draw(st.integers(0, left - discount - cofunding))
        sent = draw(st.integers(0, line.shipping.minor))
        cuts[line.offer.variant] = Cut(discount, cofunding, subsidy, 0, sent)
    return baskets.reduce(lines, cuts)


@given(reduced_lines())
def test_net_lines_sum_to_the_cent_and_bear_no_vat(lines: list[baskets.Line]) -> None:
    nets = baskets.net(lines)
    for gross, line in zip(lines, nets, strict=True):
        parts = line.total + line.subsidy + line.cofunding + line.seller_discount
        assert parts == line.list
        rate = gross.vat_basis_points
        assert line.list == gross.list - gross.list.vat_inside(rate)
        parcel = gross.shipping + gross.shipping_subsidy
        assert line.shipping + line.shipping_subsidy == parcel - parcel.vat_inside(rate)
        amounts = [v.minor for v in msgspec.structs.astuple(line) if isinstance(v, Money)]
        assert min(amounts) >= 0
        # Nobody bears more than before, and who bore nothing bears nothing.
        assert line.total <= gross.total
        assert line.shipping <= gross.shipping
        assert bool(line.subsidy) <= bool(gross.subsidy)
    assert baskets.sums(nets, "EUR").vat == Money(0, "EUR")
    assert [line.vat_paid for line in nets] == [Money(0, "EUR")] * len(nets)
