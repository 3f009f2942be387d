"""Words: figures and findings in the reader's language."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

import msgspec
from babel.numbers import format_decimal, format_percent

from panier.kit.i18n import _, current_language, n_
from panier.kit.money import Money
from panier.reports.figures import Finding, Room, Sales
from panier.reports.rules import best_sold, most_asked, tenths_of_percent


class Said(msgspec.Struct, frozen=True):
    """A suggestion as it is read: what to do, and the evidence."""

    advice: str
    evidence: str
    at: int | None


class Titles:
    """What products are called in the reader's language, else the show's, else at all."""

    def __init__(self, sales: Sales, language: str) -> None:
        """Take the titles that the report keeps; `language` is the show's."""
        self._titles: Mapping[UUID, dict[str, str]] = {s.product: s.title for s in sales.products}
        self._language = language

    def of(self, product: UUID | None) -> str:
        """Return a product's title; one that the report does not know has none."""
        by_language = self._titles.get(product, {}) if product else {}
        for language in (current_language(), self._language, *by_language):
            if language in by_language:
                return by_language[language]
        return _("a product")


def clock(seconds: int) -> str:
    """Write a moment of the show as players do: 4:05, 1:04:05."""
    minutes, second = divmod(max(0, seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def lasting(seconds: int) -> str:
    """Write a length of time with the symbols of all our languages: 45 s, 4 min 5 s, 2 h 4 min."""
    minutes, second = divmod(max(0, seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        text = f"{hours} h {minute} min" if minute else f"{hours} h"
    elif minute:
        text = f"{minute} min {second} s" if second and minute < 10 else f"{minute} min"
    else:
        text = f"{second} s"
    return text.replace(" ", "\u00a0")


def number(value: int) -> str:
    """Write a whole number with the reader's thousands separator."""
    return str(format_decimal(value, locale=current_language()))


def tenths(value: int) -> str:
    """Write tenths as a number with one decimal."""
    return str(format_decimal(Decimal(value) / 10, format="#,##0.0", locale=current_language()))


def share(part: int, whole: int) -> str:
    """Write `part` of `whole` in per cent with one decimal."""
    exact = Decimal(tenths_of_percent(part, whole)) / 1000
    return str(format_percent(exact, format="#,##0.0 %", locale=current_language()))


def sentences(room: Room, sales: Sales, titles: Titles) -> list[str]:
    """Say in three sentences who came, what they bought, what they said."""
    return [_who_came(room), _what_was_bought(room, sales, titles), _what_was_said(room, titles)]


def _who_came(room: Room) -> str:
    if not room.visitors:
        return _("Nobody watched while the show was on air.")
    return n_(
        "One viewer came and stayed %(median)s.",
        "%(shown)s viewers came, at most %(peak)s at once (at %(at)s);"
        " half of them stayed %(median)s or longer.",
        room.visitors,
        shown=number(room.visitors),
        peak=number(room.peak),
        at=clock(room.peak_at),
        median=lasting(room.median_seconds),
    )


def _what_was_bought(room: Room, sales: Sales, titles: Titles) -> str:
    best = best_sold(sales)
    if best is None:
        return _("Nothing was bought in this show.")
    return n_(
        "One order came to %(revenue)s: %(product)s.",
        "%(shown)s orders came to %(revenue)s; %(share)s of the viewers bought something,"
        " and %(product)s sold best (%(units)s).",
        sales.orders,
        shown=number(sales.orders),
        revenue=Money(sales.minor, sales.currency).format(current_language()),
        share=share(sales.buyers, room.visitors),
        product=titles.of(best.product),
        units=_units(best.units),
    )


def _units(count: int) -> str:
    return n_("one unit", "%(count)s units", count)


def _what_was_said(room: Room, titles: Titles) -> str:
    hearts = number(room.hearts)
    if not room.messages:
        return _("Nobody wrote in the chat; hearts: %(hearts)s.", hearts=hearts)
    shown = number(room.messages)
    if not room.questions_found:
        return n_(
            "One message was written, and it asked nothing; hearts: %(hearts)s.",
            "%(shown)s messages were written, and none asked anything; hearts: %(hearts)s.",
            room.messages,
            shown=shown,
            hearts=hearts,
        )
    asked = most_asked(room.questions)
    if asked is None:
        return n_(
            "One question was asked (messages: %(shown)s, hearts: %(hearts)s).",
            "%(asked)s questions were asked (messages: %(shown)s, hearts: %(hearts)s).",
            room.questions_found,
            asked=number(room.questions_found),
            shown=shown,
            hearts=hearts,
        )
    return n_(
        "One question was asked, about %(product)s (messages: %(shown)s, hearts: %(hearts)s).",
        "%(asked)s questions were asked, most about %(product)s (%(most)s);"
        " messages: %(shown)s, hearts: %(hearts)s.",
        room.questions_found,
        asked=number(room.questions_found),
        product=titles.of(asked[0]),
        most=number(asked[1]),
        shown=shown,
        hearts=hearts,
    )


def say(finding: Finding, titles: Titles) -> Said:
    """Word a suggestion; raises KeyError for a code that no rule gives."""
    product = titles.of(finding.product)
    seen = finding.evidence
    at = clock(finding.at or 0)
    match finding.code:
        case "bring_more_stock":
            advice = _("Bring more of %(product)s.", product=product)
            evidence = n_(
                "It was sold out at %(at)s; one question about it came after that, with"
                " %(left)s still to go.",
                "It was sold out at %(at)s; %(count)s questions about it came after that, with"
                " %(left)s still to go.",
                seen["questions"],
                at=at,
                left=lasting(seen["left"]),
            )
        case "sold_out_early":
            advice = _("Bring more of %(product)s, or pin it later.", product=product)
            evidence = _(
                "It was sold out at %(at)s; for the remaining %(left)s nobody could buy it.",
                at=at,
                left=lasting(seen["left"]),
            )
        case "pin_longer":
            advice = _("Pin %(product)s earlier and longer.", product=product)
            evidence = _(
                "In %(time)s on the picture it sold %(units)s; everything else together sold"
                " %(rest)s in %(rest_time)s.",
                time=lasting(seen["seconds"]),
                units=_units(seen["units"]),
                rest=_units(seen["rest_units"]),
                rest_time=lasting(seen["rest_seconds"]),
            )
        case "pin_it_too":
            advice = _("Put %(product)s on the picture next time.", product=product)
            evidence = _(
                "It sold %(units)s without ever being pinned.", units=_units(seen["units"])
            )
        case _:
            return _say_more(finding, product, at)
    return Said(advice, evidence, finding.at)


def _say_more(finding: Finding, product: str, at: str) -> Said:
    seen = finding.evidence
    match finding.code:
        case "answer_questions":
            advice = _("Tell more about %(product)s, before people ask.", product=product)
            evidence = n_(
                "One question about it, the first at %(at)s, got no answer in the chat.",
                "%(count)s questions about it, the first at %(at)s, got no answer in the chat.",
                seen["questions"],
                at=at,
            )
        case "viewers_left":
            advice = _("Keep %(product)s shorter, or show it differently.", product=product)
            evidence = _(
                "Viewers fell from %(before)s to %(after)s in the %(time)s it was pinned.",
                before=number(seen["before"]),
                after=number(seen["after"]),
                time=lasting(seen["seconds"]),
            )
        case "keep_something_pinned":
            advice = _("Keep a product on the picture.")
            evidence = _(
                "From %(at)s on, for %(time)s, nothing was pinned that could be bought.",
                at=at,
                time=lasting(seen["seconds"]),
            )
        case "show_it_differently":
            advice = _("Show %(product)s differently, or leave it out.", product=product)
            evidence = _(
                "It was pinned for %(time)s and nobody bought it.", time=lasting(seen["seconds"])
            )
        case "open_with_it":
            advice = _("Do again what you did at %(at)s.", at=at)
            evidence = _(
                "The most viewers at once, %(viewers)s, were there while %(product)s was pinned,"
                " and it sold %(units)s.",
                viewers=number(seen["viewers"]),
                product=product,
                units=_units(seen["units"]),
            )
        case "nothing_stands_out":
            advice = _("Nothing stands out.")
            evidence = _(
                "None of our rules found something to change. Orders: %(orders)s, viewers:"
                " %(visitors)s, pins: %(pins)s.",
                **{name: number(value) for name, value in seen.items()},
            )
        case "not_enough_data":
            advice = _("Too little happened for a suggestion: bring more viewers first.")
            evidence = _(
                "Viewers: %(visitors)s, orders: %(orders)s, pins: %(pins)s. Anything we said"
                " beyond that would be a guess.",
                **{name: number(value) for name, value in seen.items()},
            )
        case code:
            raise KeyError(code)
    return Said(advice, evidence, finding.at)
