"""Pure: how log lines become figures, and figures become suggestions."""

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from panier.reports.figures import Finding, Pin, Question, Room, Sales, Sold

SAMPLE_SECONDS = 10
"""The rooms' sampling interval, and the finest step of a curve."""
POINTS_MAX = 240
"""Points of a curve; longer shows get longer steps."""
ANSWER_SECONDS = 120
"""A line of host or team this soon after a question counts as an answer in the chat."""

QUESTION_WORDS = {
    "en": "how what what's when where which why is does can are did could",
    "fr": "comment combien quand où quel quelle quels quelles pourquoi est-ce qu'est-ce",
    "it": "quanto quanta quanti quante quando dove quale quali perché cosa c'è posso",
    "de": "wie wann welche welcher welches warum wieviel gibt kann wer",
    "es": "cómo cuánto cuánta cuántos cuántas cuándo dónde cuál cuáles quién qué puedo",
}
"""Words that open a question whatever the show's language."""
QUESTION_WORDS_OWN = {
    "en": "any who",
    "fr": "qui",
    "it": "come chi hai avete",
    "de": "was wo",
    "es": "como cuanto cuando donde hay tiene",
}
"""Words that open one only in that language, and mean something else in another."""

COMMON_WORDS = """
and the for with from set new aus avec pour dans sur les des une aux del della delle dei con per
von und mit der die das den dem ein eine einer para los las una uno por
"""
"""Words of titles that name no product."""
_COMMON = frozenset(COMMON_WORDS.split())
WORD_MIN = 3
"""Letters of the shortest word that may name a product: bol, tee, sac."""


def step_seconds(seconds: int) -> int:
    """Return the curve's step for a show of this length, a multiple of the sampling interval."""
    return SAMPLE_SECONDS * max(1, -(-seconds // (SAMPLE_SECONDS * POINTS_MAX)))


def tenths_of_percent(part: int, whole: int) -> int:
    """Return `part` of `whole` in tenths of a percent, rounded half up; 0 of nothing is 0."""
    return (2000 * part + whole) // (2 * whole) if whole else 0


def question_words(language: str) -> list[str]:
    """Return the first words that make a line of a show in `language` a question.

    The reports find questions in the database: by these words, or by a question mark.
    """
    words = {word for listed in QUESTION_WORDS.values() for word in listed.split()}
    words |= set(QUESTION_WORDS_OWN.get(language, "").split())
    return sorted(words | {word.replace("'", "’") for word in words})


class Naming:
    """Knows which product of a show a chat line names.

    A word of a title names its product when no other product of the show bears it.
    """

    def __init__(self, titles: Mapping[UUID, Mapping[str, str]]) -> None:
        """Read each product's titles, by language."""
        bearers: dict[str, set[UUID]] = defaultdict(set)
        for product, by_language in titles.items():
            for title in by_language.values():
                for word in _words(title):
                    bearers[word].add(product)
        self._by_word = {word: min(ids) for word, ids in bearers.items() if len(ids) == 1}

    def find(self, text: str, pinned: UUID | None) -> UUID | None:
        """Return the product that `text` names most often; of equals, the pinned one."""
        counts: dict[UUID, int] = defaultdict(int)
        for word in set(_words(text)):
            if word in self._by_word:
                counts[self._by_word[word]] += 1
        if not counts:
            return None
        return max(counts, key=lambda one: (counts[one], one == pinned, str(one)))


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    words = re.findall(rf"[^\W\d_]{{{WORD_MIN},}}", plain)
    # A plural names what its singular names; "bus" is no plural.
    return [w[:-1] if len(w) > WORD_MIN and w[-1] in "sx" else w for w in words if w not in _COMMON]


def pinned_at(pins: Sequence[Pin], second: int) -> UUID | None:
    """Return the product on the picture at this second; `pins` are sorted by start."""
    index = bisect_right(pins, second, key=lambda pin: pin.start) - 1
    return pins[index].product if index >= 0 and second < pins[index].end else None


def read_question(
    at: int, text: str, naming: Naming, pins: Sequence[Pin], answers: Sequence[int]
) -> Question:
    """Say what a question is about and whether it got an answer; `answers` are sorted seconds."""
    pinned = pinned_at(pins, at)
    named = naming.find(text, pinned)
    following = bisect_right(answers, at)
    answered = following < len(answers) and answers[following] <= at + ANSWER_SECONDS
    if named is not None:
        return Question(at, text, named, "named", answered)
    if pinned is not None:
        return Question(at, text, pinned, "pinned", answered)
    return Question(at, text, None, "open", answered)


# Suggestions -------------------------------------------------------------------------------

SUGGESTIONS_MAX = 3
"""Suggestions of one report; more would be read by nobody at 22:02."""
RATE_FACTOR = 2
"""A product sells outstandingly when its units a pinned minute are this many times the others'."""
BOUGHT_MIN = 2
"""Fewer units without a pin may be chance."""
PIN_SECONDS_MIN = 30
"""Shorter pins say nothing about a product."""
LONG_PIN_SECONDS = 240
"""A product pinned this long without one sale had its chance."""
NO_PIN_SECONDS = 300
"""This long on air with nothing on the picture to buy."""
VIEWERS_MIN = 10
"""Fewer viewers say nothing about coming and leaving."""
LEAVING_PERCENT = 25
"""So many of the viewers left during one pin."""
UNANSWERED_MIN = 3
"""So many questions about one product without an answer in the chat."""
VISITORS_MIN, ORDERS_MIN = 30, 5
"""Below either, a show without a finding had too little data for one."""
MISSED_MIN = 2
"""So many questions about a product after it was sold out."""


def find_suggestions(room: Room, sales: Sales) -> list[Finding]:
    """Return at most three suggestions, the strongest first; at least one."""
    found: list[Finding] = []
    for rule in RULES:
        taken = {(TOPICS[one.code], one.product) for one in found}
        fresh = (one for one in rule(room, sales) if (TOPICS[one.code], one.product) not in taken)
        found.extend(list(fresh)[:1])
    return found[:SUGGESTIONS_MAX] or [_what_is_missing(room, sales)]


def _pinned_seconds(room: Room) -> dict[UUID, int]:
    seconds: dict[UUID, int] = defaultdict(int)
    for pin in room.pins:
        seconds[pin.product] += pin.seconds
    return seconds


def _questions_after_sold_out(room: Room, _sales: Sales) -> list[Finding]:
    found = []
    for gone in room.sold_out:
        until = gone.back_at if gone.back_at is not None else room.seconds
        asked = [
            q
            for q in room.questions
            if q.product == gone.product and q.how == "named" and gone.at < q.at <= until
        ]
        if len(asked) >= MISSED_MIN:
            evidence = {"questions": len(asked), "left": room.seconds - gone.at}
            found.append(Finding("bring_more_stock", gone.at, gone.product, evidence))
    return sorted(found, key=lambda f: -f.evidence["questions"])


def _sold_out_early(room: Room, _sales: Sales) -> list[Finding]:
    """Gone for good in the first two thirds of the show."""
    gone = [s for s in room.sold_out if s.back_at is None and 3 * s.at < 2 * room.seconds]
    return [Finding("sold_out_early", s.at, s.product, {"left": room.seconds - s.at}) for s in gone]


def _bought_unpinned(room: Room, sales: Sales) -> list[Finding]:
    pinned = _pinned_seconds(room)
    sold = [s for s in sales.products if s.units >= BOUGHT_MIN and s.product not in pinned]
    sold.sort(key=lambda s: -s.units)
    return [Finding("pin_it_too", None, s.product, {"units": s.units}) for s in sold]


def _best_by_the_minute(room: Room, sales: Sales) -> list[Finding]:
    """One product sold far better a pinned minute than the rest, and was pinned less."""
    pinned = {p: s for p, s in _pinned_seconds(room).items() if s >= PIN_SECONDS_MIN}
    units = {s.product: s.units_pinned for s in sales.products}
    found = []
    for product, seconds in pinned.items():
        rest_seconds = sum(pinned.values()) - seconds
        rest_units = sum(units.get(p, 0) for p in pinned) - units.get(product, 0)
        mine = units.get(product, 0)
        outstanding = mine * rest_seconds >= RATE_FACTOR * max(1, rest_units) * seconds
        if (
            rest_seconds
            and mine > 1
            and outstanding
            and seconds * len(pinned) <= sum(pinned.values())
        ):
            start = min(pin.start for pin in room.pins if pin.product == product)
            evidence = {
                "units": mine,
                "seconds": seconds,
                "rest_units": rest_units,
                "rest_seconds": rest_seconds,
            }
            found.append(Finding("pin_longer", start, product, evidence))
    return sorted(found, key=lambda f: -f.evidence["units"])


def _unanswered(room: Room, _sales: Sales) -> list[Finding]:
    asked: dict[UUID, list[Question]] = defaultdict(list)
    for question in room.questions:
        if question.product is not None and not question.answered:
            asked[question.product].append(question)
    found = [
        Finding("answer_questions", questions[0].at, product, {"questions": len(questions)})
        for product, questions in asked.items()
        if len(questions) >= UNANSWERED_MIN
    ]
    return sorted(found, key=lambda f: -f.evidence["questions"])


def _left_during_pin(room: Room, _sales: Sales) -> list[Finding]:
    found = []
    for pin in room.pins:
        if pin.seconds < 2 * room.step:
            continue
        before, after = _viewers_at(room, pin.start), _viewers_at(room, pin.end - 1)
        if before >= VIEWERS_MIN and (before - after) * 100 >= LEAVING_PERCENT * before:
            evidence = {"before": before, "after": after, "seconds": pin.seconds}
            found.append(Finding("viewers_left", pin.start, pin.product, evidence))
    return sorted(found, key=lambda f: f.evidence["after"] - f.evidence["before"])


def _viewers_at(room: Room, second: int) -> int:
    index = min(second // room.step, len(room.points) - 1)
    return room.points[index].viewers if index >= 0 else 0


def _nothing_pinned(room: Room, _sales: Sales) -> list[Finding]:
    edges = [0, *(edge for pin in room.pins for edge in (pin.start, pin.end)), room.seconds]
    gaps = [(edges[i + 1] - edges[i], edges[i]) for i in range(0, len(edges), 2)]
    length, start = max(gaps)
    if length < NO_PIN_SECONDS:
        return []
    return [Finding("keep_something_pinned", start, None, {"seconds": length})]


def _pinned_unsold(room: Room, sales: Sales) -> list[Finding]:
    units = {s.product: s.units for s in sales.products}
    pinned = _pinned_seconds(room)
    found = []
    for product, seconds in sorted(pinned.items(), key=lambda item: -item[1]):
        if seconds >= LONG_PIN_SECONDS and not units.get(product):
            start = min(pin.start for pin in room.pins if pin.product == product)
            found.append(Finding("show_it_differently", start, product, {"seconds": seconds}))
    return found


def _most_viewers(room: Room, sales: Sales) -> list[Finding]:
    """The moment that most people saw, if a product was on the picture and sold."""
    product = pinned_at(room.pins, room.peak_at)
    units = {s.product: s.units for s in sales.products}
    if room.peak < VIEWERS_MIN or product is None or not units.get(product):
        return []
    evidence = {"viewers": room.peak, "units": units[product]}
    return [Finding("open_with_it", room.peak_at, product, evidence)]


def _what_is_missing(room: Room, sales: Sales) -> Finding:
    """Say honestly why there is no suggestion: too little happened, or nothing stood out."""
    enough = room.visitors >= VISITORS_MIN and sales.orders >= ORDERS_MIN
    evidence = {"visitors": room.visitors, "orders": sales.orders, "pins": len(room.pins)}
    return Finding("nothing_stands_out" if enough else "not_enough_data", None, None, evidence)


RULES: tuple[Callable[[Room, Sales], list[Finding]], ...] = (
    _questions_after_sold_out,
    _best_by_the_minute,
    _bought_unpinned,
    _unanswered,
    _left_during_pin,
    _sold_out_early,
    _nothing_pinned,
    _pinned_unsold,
    _most_viewers,
)
"""In the order of how much a host can gain by heeding them."""


TOPICS = {
    "bring_more_stock": "stock",
    "sold_out_early": "stock",
    "pin_longer": "pin",
    "pin_it_too": "pin",
    "viewers_left": "show",
    "show_it_differently": "show",
    "answer_questions": "answers",
    "keep_something_pinned": "gaps",
    "open_with_it": "moment",
}
"""What each code is about: of one product and topic, one suggestion is enough."""


def best_sold(sales: Sales) -> Sold | None:
    """Return the product with the most units; None when nothing was sold."""
    sold = [one for one in sales.products if one.units > 0]
    return max(sold, key=lambda one: (one.units, one.minor)) if sold else None


def most_asked(questions: Iterable[Question]) -> tuple[UUID, int] | None:
    """Return the product that most questions were about, and how many; None without any."""
    counts: dict[UUID, int] = defaultdict(int)
    for question in questions:
        if question.product is not None:
            counts[question.product] += 1
    if not counts:
        return None
    product = max(counts, key=lambda one: (counts[one], str(one)))
    return product, counts[product]
