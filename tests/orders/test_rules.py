"""What orders come to, names on air, time to pay, addresses: with values worked out by hand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from panier import baskets, stock
from panier.baskets import Item
from panier.catalog import Offer, ParcelRate
from panier.kit.errors import BadInput
from panier.kit.money import Money
from panier.kit.sheet import write_rows
from panier.orders.addresses import (
    CountryRefused,
    PlaceRefused,
    PostcodeWrong,
    check_address,
    check_name,
)
from panier.orders.lists import csv_row
from panier.orders.queries import Order
from panier.orders.rules import Terms, basket_until, draft_orders, name_on_air, number
from panier.people import Address

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def line(variant: int, minor: int, quantity: int, seller: int) -> tuple[Item, Offer]:
    offer = Offer(
        variant=UUID(int=variant), product=UUID(int=variant), seller=UUID(int=seller),
        seller_name="Lumen", title="Candle", variant_title="", sku="S", image=None, image_alt="",
        unit=Money(minor, "EUR"), vat_category="standard", parcels={"FR": ParcelRate(490)},
    )  # fmt: skip
    return Item(offer.variant, quantity, NOON), offer


def test_each_seller_has_an_order_and_its_parts_sum_up() -> None:
    pairs = [line(1, 2490, 2, 1), line(2, 1990, 1, 2), line(3, 999, 1, 1)]
    lines = baskets.price(
        [item for item, _ in pairs], {o.variant: o for _, o in pairs}, {"standard": 2000}, "FR"
    )
    first, second = draft_orders(lines, {o.variant: Terms(500) for _, o in pairs}, "EUR")
    # 49.80 + 9.99 goods; 4.90 parcel split 4.08 and 0.82; VAT 8.30 + 1.67 + 0.68 + 0.14
    assert (first.goods.minor, first.shipping.minor, first.vat.minor) == (5979, 490, 1079)
    # 5 % of 49.80 is 2.49, of 9.99 is 0.4995, rounded line by line
    assert first.commission.minor == 299
    assert first.net.minor == 5979 + 490 - 1079 - 299
    # 19.90 + 4.90; VAT 3.32 + 0.82; commission 0.995 rounded half up
    assert (second.total.minor, second.vat.minor, second.commission.minor) == (2480, 414, 100)
    assert second.net.minor == 1966


def test_commission_and_share_are_taken_of_what_the_seller_gets() -> None:
    pairs = [line(1, 10_000, 1, 1)]
    lines = baskets.reduce(
        baskets.price([pairs[0][0]], {pairs[0][1].variant: pairs[0][1]}, {"standard": 2000}, "FR"),
        {UUID(int=1): baskets.Cut(seller_discount=1000, subsidy=2000)},
    )
    host = UUID(int=8)
    [draft] = draft_orders(lines, {UUID(int=1): Terms(500, host, 1000)}, "EUR")
    # The buyer pays 70.00, the seller gets 90.00 for the goods and 4.90 for the parcel
    assert (draft.goods.minor, draft.subsidy.minor, draft.shipping.minor) == (7000, 2000, 490)
    assert (draft.commission.minor, draft.creators.minor) == (450, 900)
    # 90.00 / 6 and 4.90 / 6
    assert draft.vat.minor == 1500 + 82
    assert draft.net.minor == 9490 - 1582 - 450 - 900


def test_an_order_is_numbered_by_market_and_year() -> None:
    assert number("FR", 2026, 123) == "FR-2026-000123"


@pytest.mark.parametrize(
    ("name", "consent", "seen"),
    [
        ("Anna Martin", "none", None),
        ("Anna Martin", "first_name", "Anna"),
        ("Anna Martin", "initials", "A. M."),
        ("Jean-Pierre Léon Dupré", "first_name", "Jean-Pierre"),
        ("Jean-Pierre Léon Dupré", "initials", "J. D."),
        ("Anna", "initials", "A."),
        ("anna@example.org Martin", "first_name", "A. M."),
        ("www.buy.example 5", "first_name", "W."),
        ("Wolfeschlegelsteinhausen B", "first_name", "W. B."),
        ("12 34", "first_name", None),
        ("  ", "first_name", None),
    ],
)
def test_the_room_sees_of_a_name_what_its_owner_agreed_to(
    name: str, consent: str, seen: str | None
) -> None:
    assert name_on_air(name, consent) == seen  # type: ignore[arg-type]


def test_a_basket_given_back_lasts_as_long_as_before_and_for_another_try() -> None:
    def at(minutes: int) -> datetime:
        return NOON + timedelta(minutes=minutes)

    def until(kept: int, now: int, *, aside: bool = True) -> datetime:
        one = UUID(int=1)
        hold = stock.Hold(one, one, 1, None, NOON, at(20), one, False, False, aside, at(kept))
        return basket_until(hold, at(now))

    assert until(8, 1) == at(8)
    assert until(8, 7) == at(10)
    assert until(8, 29) == at(30)
    assert until(8, 40) == at(30)
    # Kept four minutes longer, and so it stays.
    assert until(12, 1) == at(12)
    # What sets nothing aside may lie there for a day.
    assert until(1440, 40, aside=False) == at(1440)


def address(postcode: str, country: str = "FR", city: str = "Paris") -> Address:
    return Address(" 12  rue de la Paix ", postcode, city, country)


def test_an_address_is_kept_as_it_is_written_on_a_parcel() -> None:
    assert check_address(address(" 75002"), "FR") == Address(
        "12 rue de la Paix", "75002", "Paris", "FR"
    )
    assert check_address(address("sw1a1aa", "GB"), "GB").postcode == "SW1A 1AA"


@pytest.mark.parametrize(
    ("postcode", "country"),
    [("7500", "FR"), ("750022", "FR"), ("SW1A", "GB"), ("SW1A 1AAXX", "GB"), ("75002", "GB")],
)
def test_a_postcode_must_be_one_of_its_country(postcode: str, country: str) -> None:
    with pytest.raises(PostcodeWrong):
        check_address(address(postcode, country), country)


def test_another_vat_area_is_refused_by_name() -> None:
    with pytest.raises(CountryRefused) as refused:
        check_address(address("EC1A 1BB", "GB"), "FR")
    assert refused.value.message() == "From here nothing is sent to United Kingdom."


@pytest.mark.parametrize(
    ("country", "postcode"),
    [
        ("AT", "1010"), ("BE", "1000"), ("BG", "1000"), ("CY", "2008"), ("CZ", "100 00"),
        ("DE", "10115"), ("DK", "8660"), ("EE", "69501"), ("ES", "28039"), ("FI", "00550"),
        ("FR", "75002"), ("GR", "151 24"), ("HR", "10000"), ("HU", "1037"), ("IE", "A65 F4E2"),
        ("IT", "00144"), ("LT", "04340"), ("LU", "4750"), ("LV", "LV-1073"), ("MT", "NXR 01"),
        ("NL", "1234 AB"), ("PL", "00-950"), ("PT", "2725-079"), ("RO", "060274"),
        ("SE", "11455"), ("SI", "4000"), ("SK", "010 01"),
    ],
)  # fmt: skip
def test_every_member_states_addresses_can_be_written(country: str, postcode: str) -> None:
    assert check_address(address(postcode, country), "FR").country == country


@pytest.mark.parametrize(
    ("country", "postcode"),
    [
        ("ES", "35001"), ("ES", "38001"), ("DE", "27498"), ("FR", "97110"), ("IT", "23041"),
        ("PT", "9500-040"), ("AT", "6691"), ("AT", "6993"),
    ],
)  # fmt: skip
def test_a_place_with_another_vat_is_refused_by_its_postcode(country: str, postcode: str) -> None:
    with pytest.raises(PlaceRefused):
        check_address(address(postcode, country), "FR")


@pytest.mark.parametrize("city", ["", "  ", "x" * 61, "Pa\x07ris"])
def test_fields_of_an_address_are_filled_short_and_printable(city: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_address(address("75002", city=city), "FR")
    assert refused.value.details["field"] == "address.city"


def test_a_name_is_needed() -> None:
    assert check_name("  Anna   Martin ") == "Anna Martin"
    with pytest.raises(BadInput):
        check_name(" ")


def test_a_spreadsheet_does_not_run_what_a_seller_calls_itself() -> None:
    order = Order(
        id=UUID(int=1), checkout=UUID(int=2), market="FR", seller=UUID(int=3),
        seller_name='=HYPERLINK("http://evil")', show=None, number="FR-2026-000001", state="paid",
        currency="EUR", goods_minor=2490, shipping_minor=490, subsidy_minor=0, vat_minor=497,
        commission_minor=125, creators_minor=0, at=NOON, paid_at=None,
    )  # fmt: skip
    assert write_rows([csv_row(order)]) == (
        'FR-2026-000001,paid,"\'=HYPERLINK(""http://evil"")",2026-03-01T12:00:00Z,,,'
        "EUR,2490,490,2980,0,497,125,0,2358\r\n"
    )
