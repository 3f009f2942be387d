"""The geometry of a price history: prices in, places out; the template draws, nothing is invented.

Places across are per cent of the width, places down are pixels, so that text keeps its size on a
phone and on paper. Before the first price there is no line.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from panier.catalog.history import PRIOR, Spell

DAYS = 90
"""Shown of the history."""
TOP = 16
HEIGHT = 180
"""Pixels of the part with the lines; those of frontend/src/office/prices.css."""
TICKS = 4
"""Dates on the axis."""
DEAL_PERCENT_MIN = 0.8
"""A deal lasts minutes: it is drawn at least this wide."""


class Step(msgspec.Struct, frozen=True):
    """A price that held from `left` to `right` per cent, `y` pixels down."""

    left: float
    right: float
    y: float
    minor: int
    begins: datetime
    ends: datetime


class Rise(msgspec.Struct, frozen=True):
    """Where one price gives way to the next."""

    x: float
    above: float
    below: float


class Line(msgspec.Struct, frozen=True):
    """A step line."""

    steps: list[Step]
    rises: list[Rise]


class Tick(msgspec.Struct, frozen=True):
    """A mark of an axis: a price with its pixels down, or a day with its per cent across."""

    place: float
    minor: int = 0
    at: datetime | None = None


class PriceChart(msgspec.Struct, frozen=True):
    """Everything the template draws of one currency."""

    currency: str
    price: Line
    lowest: Line
    """The lowest of the 30 days up to each moment, deals included."""
    deals: list[Step]
    prices: list[Tick]
    days: list[Tick]


class _Held(msgspec.Struct):
    minor: int
    begins: datetime
    ends: datetime


def draw_prices(history: Sequence[Spell], moment: datetime) -> list[PriceChart]:
    """Draw the last 90 days before `moment`, a chart a currency; none without a price in them."""
    charts = []
    for currency in dict.fromkeys(spell.currency for spell in history):
        mine = [spell for spell in history if spell.currency == currency]
        chart = _draw(currency, mine, moment)
        if chart is not None:
            charts.append(chart)
    return charts


def _draw(currency: str, history: Sequence[Spell], moment: datetime) -> PriceChart | None:
    since = moment - timedelta(days=DAYS)
    lasting = _clip([s for s in history if not s.passing], since, moment)
    deals = _clip([s for s in history if s.passing], since, moment)
    lowest = _lowest(_clip(history, since - PRIOR, moment), since, moment)
    if not lasting:
        return None
    shown = [held.minor for held in (*lasting, *deals, *lowest)]
    low, high = min(shown), max(shown)
    room = max(1, (high - low) // 8)
    bottom, top = max(0, low - room), high + room

    def across(at: datetime) -> float:
        return round(100 * ((at - since) / (moment - since)), 3)

    def down(minor: int) -> float:
        return round(TOP + HEIGHT * (top - minor) / (top - bottom), 1)

    def steps(held: Sequence[_Held]) -> list[Step]:
        return [
            Step(across(h.begins), across(h.ends), down(h.minor), h.minor, h.begins, h.ends)
            for h in held
        ]

    def line(held: Sequence[_Held]) -> Line:
        drawn = steps(held)
        rises = [
            Rise(b.left, min(a.y, b.y), max(a.y, b.y))
            for a, b in pairwise(drawn)
            if a.right == b.left and a.y != b.y
        ]
        return Line(drawn, rises)

    return PriceChart(
        currency=currency,
        price=line(lasting),
        lowest=line(lowest),
        deals=[_wide(step) for step in steps(deals)],
        prices=[Tick(down(minor), minor=minor) for minor in dict.fromkeys((high, low))],
        days=[
            Tick(round(100 * n / (TICKS - 1), 3), at=since + (moment - since) * n / (TICKS - 1))
            for n in range(TICKS)
        ],
    )


def _clip(history: Sequence[Spell], since: datetime, moment: datetime) -> list[_Held]:
    """Return what held between two moments, the first first, cut at both."""
    held = []
    for spell in reversed(history):
        begins = max(spell.valid_from, since)
        ends = min(spell.valid_until or moment, moment)
        if begins < ends:
            held.append(_Held(spell.minor, begins, ends))
    return held


def _lowest(held: Sequence[_Held], since: datetime, moment: datetime) -> list[_Held]:
    """Return the lowest price of the 30 days up to each moment, as far as there was one."""
    turns = {since, moment}
    for one in held:
        turns |= {at for at in (one.begins, one.ends + PRIOR) if since < at < moment}
    lowest: list[_Held] = []
    for begins, ends in pairwise(sorted(turns)):
        recent = [h.minor for h in held if h.begins <= begins and h.ends > begins - PRIOR]
        if not recent:
            continue
        if lowest and lowest[-1].ends == begins and lowest[-1].minor == min(recent):
            lowest[-1].ends = ends
        else:
            lowest.append(_Held(min(recent), begins, ends))
    return lowest


def _wide(step: Step) -> Step:
    """Make a deal of some minutes wide enough to be seen."""
    right = max(step.right, step.left + DEAL_PERCENT_MIN)
    if right <= 100:
        return msgspec.structs.replace(step, right=right)
    return msgspec.structs.replace(step, left=100 - DEAL_PERCENT_MIN, right=100.0)
