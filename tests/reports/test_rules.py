"""Rules of the report, with figures worked out by hand."""

from uuid import UUID

from panier.reports.figures import Finding, Pin, Point, Question, Room, Sales, Sold, SoldOut
from panier.reports.rules import (
    Naming,
    best_sold,
    find_suggestions,
    most_asked,
    pinned_at,
    read_question,
    step_seconds,
    tenths_of_percent,
)

LAMP, BOWL, SCARF = UUID(int=1), UUID(int=2), UUID(int=3)
RED = UUID(int=11)
TITLES = {
    LAMP: {"en": "Paper lamp Lumen", "fr": "Lampe en papier Lumen"},
    BOWL: {"en": "Stoneware bowl", "fr": "Bol en grès"},
    SCARF: {"en": "Wool scarf", "fr": "Écharpe en laine"},
}


def room(**changed: object) -> Room:
    """Half an hour, 40 visitors, one product pinned all the time."""
    plain: dict[str, object] = {
        "seconds": 1800,
        "step": 10,
        "visitors": 40,
        "peak": 20,
        "peak_at": 600,
        "average": 150,
        "median_seconds": 300,
        "hearts": 0,
        "messages": 0,
        "questions_found": 0,
        "questions": [],
        "points": [Point(at, 20) for at in range(0, 1800, 10)],
        "pins": [Pin(LAMP, 0, 1800)],
        "sold_out": [],
    }
    return Room(**{**plain, **changed})  # type: ignore[arg-type]


def sales(*sold: Sold) -> Sales:
    """One order a product, 10 euros a unit."""
    units = sum(one.units for one in sold)
    return Sales("EUR", len(sold), units, units * 1000, 0, len(sold), 0, list(sold), [])


def sold(product: UUID, units: int, pinned: int = 0) -> Sold:
    """Make a line of one product."""
    return Sold(product, TITLES[product], units, 1, units * 1000, pinned)


def asks(at: int, product: UUID | None = LAMP, *, answered: bool = False) -> Question:
    """Make a question that names `product`."""
    return Question(at, "?", product, "named", answered)


def test_a_curve_has_at_most_240_points() -> None:
    assert step_seconds(0) == 10
    assert step_seconds(2400) == 10
    assert step_seconds(2401) == 20
    assert step_seconds(4 * 3600) == 60


def test_a_share_is_rounded_half_up_to_tenths_of_a_percent() -> None:
    assert tenths_of_percent(1, 3) == 333
    assert tenths_of_percent(2, 3) == 667
    assert tenths_of_percent(1, 2000) == 1
    assert tenths_of_percent(0, 0) == 0


def test_a_product_is_named_by_a_word_that_no_other_bears() -> None:
    naming = Naming(TITLES)
    assert naming.find("la LAMPE est-elle lourde ?", None) == LAMP
    assert naming.find("les bols passent au four ?", None) == BOWL
    assert naming.find("une echarpe pour enfant ?", None) == SCARF
    assert naming.find("en combien de temps ?", LAMP) is None


def test_a_question_without_a_name_is_about_what_is_pinned() -> None:
    naming, pins = Naming(TITLES), [Pin(LAMP, 10, 60), Pin(BOWL, 60, 90)]
    assert read_question(70, "ça coûte combien ?", naming, pins, [200]) == Question(
        70, "ça coûte combien ?", BOWL, "pinned", False
    )
    assert read_question(95, "et la lampe ?", naming, pins, [200]) == Question(
        95, "et la lampe ?", LAMP, "named", True
    )
    assert read_question(95, "tu es où ?", naming, pins, []) == Question(
        95, "tu es où ?", None, "open", False
    )


def test_what_is_pinned_ends_with_the_pin() -> None:
    pins = [Pin(LAMP, 10, 60), Pin(BOWL, 70, 90)]
    assert [pinned_at(pins, s) for s in (9, 10, 59, 60, 70, 90)] == [
        None,
        LAMP,
        LAMP,
        None,
        BOWL,
        None,
    ]


def test_questions_after_the_last_unit_ask_for_more_stock() -> None:
    gone = SoldOut(600, LAMP, RED, None)
    asked = [asks(590, answered=True), asks(700, answered=True), asks(800, answered=True)]
    found = find_suggestions(room(sold_out=[gone], questions=asked), sales(sold(LAMP, 5, 5)))
    assert found[0] == Finding("bring_more_stock", 600, LAMP, {"questions": 2, "left": 1200})


def test_a_short_pin_that_sold_best_is_to_be_longer() -> None:
    pins = [Pin(BOWL, 0, 1200), Pin(LAMP, 1200, 1260), Pin(SCARF, 1260, 1800)]
    found = find_suggestions(room(pins=pins), sales(sold(BOWL, 6, 6), sold(LAMP, 4, 4)))
    # The lamp: 4 in 1 minute; the rest: 6 in 29 minutes.
    assert found[0] == Finding(
        "pin_longer",
        1200,
        LAMP,
        {"units": 4, "seconds": 60, "rest_units": 6, "rest_seconds": 1740},
    )


def test_a_product_that_sold_without_a_pin_deserves_one() -> None:
    found = find_suggestions(room(), sales(sold(LAMP, 9, 9), sold(BOWL, 3)))
    assert found[0] == Finding("pin_it_too", None, BOWL, {"units": 3})


def test_three_unanswered_questions_are_told() -> None:
    asked = [asks(30), asks(40), asks(50), asks(60, answered=True)]
    found = find_suggestions(room(questions=asked), sales(sold(LAMP, 1, 1)))
    assert found[0] == Finding("answer_questions", 30, LAMP, {"questions": 3})


def test_viewers_who_leave_during_a_pin_are_told() -> None:
    points = [Point(at, 40 if at < 900 else 20) for at in range(0, 1800, 10)]
    pins = [Pin(LAMP, 0, 800), Pin(BOWL, 800, 1000), Pin(SCARF, 1000, 1800)]
    found = find_suggestions(room(points=points, pins=pins), sales())
    evidence = {"before": 40, "after": 20, "seconds": 200}
    assert Finding("viewers_left", 800, BOWL, evidence) in found


def test_a_product_gone_early_is_told() -> None:
    gone = SoldOut(300, LAMP, RED, None)
    found = find_suggestions(room(sold_out=[gone]), sales(sold(LAMP, 5, 5)))
    assert found[0] == Finding("sold_out_early", 300, LAMP, {"left": 1500})


def test_a_long_time_without_a_pin_is_told() -> None:
    pins = [Pin(LAMP, 100, 400), Pin(LAMP, 1000, 1800)]
    found = find_suggestions(room(pins=pins), sales(sold(LAMP, 5, 5)))
    assert found[0] == Finding("keep_something_pinned", 400, None, {"seconds": 600})


def test_a_long_pin_without_a_sale_is_told() -> None:
    pins = [Pin(LAMP, 0, 900), Pin(BOWL, 900, 1800)]
    found = find_suggestions(room(pins=pins), sales(sold(LAMP, 2, 2)))
    assert Finding("show_it_differently", 900, BOWL, {"seconds": 900}) in found


def test_what_most_people_saw_is_to_open_with() -> None:
    found = find_suggestions(room(), sales(sold(LAMP, 2, 2)))
    assert found == [Finding("open_with_it", 600, LAMP, {"viewers": 20, "units": 2})]


def test_a_small_show_says_that_it_was_small() -> None:
    small = room(visitors=3, peak=3, points=[Point(0, 3)], pins=[], seconds=120)
    assert find_suggestions(small, sales()) == [
        Finding("not_enough_data", None, None, {"visitors": 3, "orders": 0, "pins": 0})
    ]


def test_a_show_of_no_seconds_has_a_report_too() -> None:
    empty = room(seconds=0, visitors=0, peak=0, points=[], pins=[])
    assert [one.code for one in find_suggestions(empty, sales())] == ["not_enough_data"]


def test_no_more_than_three_suggestions_are_made() -> None:
    asked = [asks(at) for at in (700, 710, 720)]
    gone = SoldOut(600, LAMP, RED, None)
    pins = [Pin(LAMP, 0, 100), Pin(BOWL, 500, 1800)]
    found = find_suggestions(
        room(sold_out=[gone], questions=asked, pins=pins), sales(sold(SCARF, 2), sold(LAMP, 2, 2))
    )
    assert [one.code for one in found] == ["bring_more_stock", "pin_longer", "pin_it_too"]


def test_best_sold_and_most_asked_are_none_without_any() -> None:
    assert best_sold(sales(sold(LAMP, 0))) is None
    assert most_asked([asks(1, None)]) is None
    assert most_asked([asks(1, BOWL), asks(2, LAMP), asks(3, LAMP)]) == (LAMP, 2)
