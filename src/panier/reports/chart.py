"""The curve's geometry: figures in, places in per cent of the width out; the template draws.

Widths are per cent and heights pixels, so that text keeps its size on a phone and on paper.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from panier.reports.figures import Room, Sales

TOP = 36
"""Pixels for two rows of pin numbers. All heights are those of frontend/src/office/report.css."""
VIEWERS_HEIGHT = 132
GAP = 14
SALES_HEIGHT = 64
WIDTH = 1000
"""Units across the stretched part of the drawing."""
LABEL_PERCENT = 8.0
"""Two pin numbers nearer than this would lie on each other on a phone; a pin without room for its
number is a short stroke."""
LABEL_ROWS = 2
TIME_STEPS = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
"""Seconds between two times on the axis: what people count in."""
TIMES_MAX = 5


class Tick(msgspec.Struct, frozen=True):
    """A mark of an axis: `place` in per cent from the left, or pixels from the top."""

    place: float
    value: int


class Mark(msgspec.Struct, frozen=True):
    """A pin: where it begins, its number in the list, and the row of its label (None: no room)."""

    place: float
    number: int
    product: UUID
    row: int | None


class Spot(msgspec.Struct, frozen=True):
    """One step of the curve: where it lies, and what its hover title tells."""

    place: float
    width: float
    at: int
    viewers: int
    units: int
    minor: int


class Chart(msgspec.Struct, frozen=True):
    """Everything the template draws."""

    line: str
    """The viewers' line, as an SVG path over WIDTH × VIEWERS_HEIGHT."""
    area: str
    bars: str
    """The sales, as an SVG path over WIDTH × SALES_HEIGHT."""
    viewer_ticks: list[Tick]
    sale_ticks: list[Tick]
    time_ticks: list[Tick]
    marks: list[Mark]
    spots: list[Spot]


def draw(room: Room, sales: Sales) -> Chart:
    """Lay out the viewers above the sales, with the pins through both."""
    sold = {sale.at: sale for sale in sales.points}
    whole = max(1, room.step * len(room.points))
    most_viewers = nice_top(max((point.viewers for point in room.points), default=0))
    most_minor = nice_top(max((sale.minor for sale in sales.points), default=0))
    spots = [
        Spot(
            place=_percent(point.at, whole),
            width=_percent(room.step, whole),
            at=point.at,
            viewers=point.viewers,
            units=sold[point.at].units if point.at in sold else 0,
            minor=sold[point.at].minor if point.at in sold else 0,
        )
        for point in room.points
    ]
    heights = [VIEWERS_HEIGHT * point.viewers / most_viewers for point in room.points]
    line = _line(heights)
    return Chart(
        line=line,
        area=f"{line}V{VIEWERS_HEIGHT}H0Z" if line else "",
        bars=_bars([SALES_HEIGHT * spot.minor / most_minor for spot in spots]),
        viewer_ticks=_ticks(most_viewers, VIEWERS_HEIGHT),
        sale_ticks=[Tick(0, most_minor)] if sales.points else [],
        time_ticks=_times(room.seconds, whole),
        marks=_marks(room, whole),
        spots=spots,
    )


def nice_top(most: int) -> int:
    """Return the top of an axis: 2, 4, 6, 8, 10, 20, 40 … the first that holds `most`."""
    if most <= 2:
        return 2
    power = 1
    while True:
        for lead in (2, 4, 6, 8, 10):
            if lead * power >= most:
                return lead * power
        power *= 10


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 3)


def _line(heights: Sequence[float]) -> str:
    """Draw steps, since a sample holds for its whole step."""
    if not heights:
        return ""
    width = WIDTH / len(heights)
    drawn = [f"M0 {VIEWERS_HEIGHT - heights[0]:.1f}"]
    for n, height in enumerate(heights):
        drawn.append(f"V{VIEWERS_HEIGHT - height:.1f}H{(n + 1) * width:.1f}")
    return "".join(drawn)


def _bars(heights: Sequence[float]) -> str:
    width = WIDTH / max(1, len(heights))
    thin = max(width * 0.8, 1.0)
    return "".join(
        f"M{n * width:.1f} {SALES_HEIGHT}v-{max(height, 1):.1f}h{thin:.1f}V{SALES_HEIGHT}z"
        for n, height in enumerate(heights)
        if height
    )


def _ticks(top: int, height: int) -> list[Tick]:
    return [Tick(0, top), Tick(height / 2, top // 2), Tick(height, 0)]


def _times(seconds: int, whole: int) -> list[Tick]:
    every = next((s for s in TIME_STEPS if seconds <= s * TIMES_MAX), TIME_STEPS[-1])
    # None so near the end that its words would leave the picture.
    last = max(0, seconds - whole * 6 // 100)
    return [Tick(_percent(at, whole), at) for at in range(0, last + 1, every)]


def _marks(room: Room, whole: int) -> list[Mark]:
    taken = [-LABEL_PERCENT] * LABEL_ROWS
    marks = []
    for number, pin in enumerate(room.pins, 1):
        place = _percent(pin.start, whole)
        row = next((r for r, last in enumerate(taken) if place - last >= LABEL_PERCENT), None)
        if row is not None:
            taken[row] = place
        marks.append(Mark(place, number, pin.product, row))
    return marks
