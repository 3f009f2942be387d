"""Names, hours and places: worked out by hand."""

from datetime import UTC, date, datetime, time
from uuid import UUID

import pytest

from panier.kit.errors import BadInput
from panier.shows.rules import local_start, make_slug, order_products

A, B, C = (UUID(int=n) for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("L’été, déjà !", "l-ete-deja"),
        ("Große Töpfe & kleine Œuvres", "grosse-topfe-kleine-oeuvres"),
        ("  100 % coton  ", "100-coton"),
        ("今夜", "show"),
        ("a" * 80, "a" * 60),
        ("x" * 59 + " y", "x" * 59),
    ],
)
def test_a_title_becomes_a_name_for_addresses(title: str, slug: str) -> None:
    assert make_slug(title) == slug


def test_an_hour_is_read_as_the_markets_clocks_show_it() -> None:
    day = date(2026, 12, 24)
    assert local_start(day, time(20), "Europe/Paris") == datetime(2026, 12, 24, 19, tzinfo=UTC)
    assert local_start(day, time(20), "Europe/London") == datetime(2026, 12, 24, 20, tzinfo=UTC)
    july = date(2026, 7, 1)
    assert local_start(july, time(20), "Europe/Paris") == datetime(2026, 7, 1, 18, tzinfo=UTC)


def test_an_hour_that_the_clocks_leap_over_is_refused_and_a_double_one_is_the_first() -> None:
    with pytest.raises(BadInput) as refused:
        local_start(date(2026, 3, 29), time(2, 30), "Europe/Paris")
    assert refused.value.details["field"] == "starts_at"
    doubled = local_start(date(2026, 10, 25), time(2, 30), "Europe/Paris")
    assert doubled == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_products_come_in_the_order_of_their_places() -> None:
    assert order_products({str(A): "2", str(B): "", str(C): "1"}) == [C, A]
    assert order_products({str(A): "7", str(B): "7"}) == [A, B]


@pytest.mark.parametrize(
    "places", [{}, {str(A): ""}, {str(A): "first"}, {str(A): "0"}, {"x": "1"}, {str(A): "9" * 9}]
)
def test_places_that_make_no_order_are_refused(places: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        order_products(places)
