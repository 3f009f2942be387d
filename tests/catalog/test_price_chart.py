"""The price history as a drawing: steps where prices changed, and nothing that was not."""

from datetime import UTC, datetime, timedelta

from panier.catalog import Spell
from panier.catalog.price_chart import draw_prices

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def spell(
    days: float, until: float | None, minor: int, *, deal: bool = False, currency: str = "EUR"
) -> Spell:
    """Build what something cost from so many days ago until so many days ago."""
    ends = NOW - timedelta(days=until) if until is not None else None
    return Spell(NOW - timedelta(days=days), ends, currency, minor, None, deal)


def test_without_a_price_nothing_is_drawn() -> None:
    assert draw_prices([], NOW) == []
    assert draw_prices([spell(0, None, 2490)], NOW) == []  # it begins this moment
    assert draw_prices([spell(200, 100, 2490)], NOW) == []  # it ended before


def test_one_price_is_one_line_from_where_it_began() -> None:
    (chart,) = draw_prices([spell(45, None, 2490)], NOW)
    (step,) = chart.price.steps
    assert (step.left, step.right, step.minor) == (50.0, 100.0, 2490)
    assert chart.price.rises == []
    assert [(s.left, s.right, s.minor) for s in chart.lowest.steps] == [(50.0, 100.0, 2490)]
    assert [tick.minor for tick in chart.prices] == [2490]
    assert [tick.place for tick in chart.days] == [0.0, 33.333, 66.667, 100.0]


def test_a_change_is_a_step_and_the_lowest_follows_thirty_days_later() -> None:
    history = [spell(45, None, 2990), spell(90, 45, 1990), spell(400, 90, 2490)]
    (chart,) = draw_prices(history, NOW)
    assert [(s.left, s.right, s.minor) for s in chart.price.steps] == [
        (0.0, 50.0, 1990),
        (50.0, 100.0, 2990),
    ]
    (rise,) = chart.price.rises
    assert rise.x == 50.0
    assert rise.above < rise.below  # up on paper is a smaller number
    # 19.90 stays the lowest until it is 30 days old: 15 days ago.
    assert [(s.left, s.right, s.minor) for s in chart.lowest.steps] == [
        (0.0, 83.333, 1990),
        (83.333, 100.0, 2990),
    ]


def test_a_pause_between_two_prices_is_a_gap() -> None:
    (chart,) = draw_prices([spell(9, None, 1990), spell(90, 81, 1990)], NOW)
    assert [(s.left, s.right) for s in chart.price.steps] == [(0.0, 10.0), (90.0, 100.0)]
    assert chart.price.rises == []


def test_a_deal_is_marked_and_counts_for_the_lowest() -> None:
    history = [spell(18, 17.999, 1290, deal=True), spell(400, None, 2490)]
    (chart,) = draw_prices(history, NOW)
    (deal,) = chart.deals
    assert (deal.left, deal.right, deal.minor) == (80.0, 80.8, 1290)
    assert [s.minor for s in chart.price.steps] == [2490]
    assert [(s.left, s.minor) for s in chart.lowest.steps] == [(0.0, 2490), (80.0, 1290)]
    assert [tick.minor for tick in chart.prices] == [2490, 1290]


def test_a_deal_of_this_minute_stays_on_the_paper() -> None:
    (chart,) = draw_prices([spell(0.001, None, 1290, deal=True), spell(400, None, 2490)], NOW)
    assert (chart.deals[0].left, chart.deals[0].right) == (99.2, 100.0)


def test_each_currency_has_a_chart_of_its_own() -> None:
    history = [spell(10, None, 1990, currency="EUR"), spell(50, 10, 1800, currency="GBP")]
    assert [chart.currency for chart in draw_prices(history, NOW)] == ["EUR", "GBP"]
