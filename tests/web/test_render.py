from datetime import UTC, datetime

import jinja2
import pytest

from panier.kit.i18n import use_language
from panier.kit.money import Money
from panier.markets import Market
from panier.web.render import environment, language_name

FRANCE = Market("FR", "France", "FR", "EUR", ["fr"], "Europe/Paris", "open")
BRITAIN = Market("GB", "United Kingdom", "GB", "GBP", ["en"], "Europe/London", "open")
EVENING = datetime(2026, 7, 14, 18, 30, 12, tzinfo=UTC)


def page(source: str, **values: object) -> str:
    return environment().from_string(source).render(values)


def test_what_people_wrote_is_escaped_also_inside_a_translation() -> None:
    told = page("{{ _('Hello %(name)s', name=name) }}", name="<b>Anna</b>")
    assert told == "Hello &lt;b&gt;Anna&lt;/b&gt;"


def test_a_name_that_the_page_was_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        page("{{ nobody }}")


@pytest.mark.parametrize(
    ("language", "market", "style", "expected"),
    [
        ("fr", FRANCE, "medium", "14 juil. 2026, 20:30"),
        ("en", FRANCE, "medium", "14 Jul 2026, 20:30"),
        ("en", BRITAIN, "medium", "14 Jul 2026, 19:30"),
        ("de", FRANCE, "day", "Dienstag, 14. Juli 2026"),
        ("fr", FRANCE, "time", "20:30"),
        ("it", BRITAIN, "date", "14 luglio 2026"),
    ],
)
def test_a_moment_is_told_in_the_markets_zone_and_the_readers_manner(
    language: str, market: Market, style: str, expected: str
) -> None:
    with use_language(language):
        told = page("{{ when(at, style) }}", at=EVENING, style=style, market=market)
    assert told == f'<time datetime="2026-07-14T18:30:12+00:00">{expected}</time>'


def test_money_follows_the_readers_language() -> None:
    with use_language("fr"):
        assert page("{{ money(m) }}", m=Money(2490, "EUR")) == "24,90\u00a0€"
    with use_language("en"):
        assert page("{{ money(m) }}", m=Money(2490, "GBP")) == "£24.90"


def test_a_language_is_called_what_its_speakers_call_it() -> None:
    assert [language_name(code) for code in ("en", "fr", "it", "de", "es")] == [
        "English", "Français", "Italiano", "Deutsch", "Español",
    ]  # fmt: skip
