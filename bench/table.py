"""One row a measured way: all its rounds, their median and range, and what it says."""

from statistics import median as middle
from typing import NamedTuple


def median(values: list[float]) -> float:
    """Return the middle of the rounds."""
    return middle(values)


class Row(NamedTuple):
    """What one way did in each round; `note` says the ratio to the peer of the same run."""

    claim: str
    way: str
    rounds: list[float]
    unit: str
    note: str = ""

    def __str__(self) -> str:
        """Write the row for a terminal."""
        return " | ".join(self.cells())

    def cells(self) -> tuple[str, str, str, str, str]:
        """Write the columns: claim, way, median, range, note."""
        low, high = min(self.rounds), max(self.rounds)
        return (
            self.claim,
            self.way,
            f"{figure(median(self.rounds))} {self.unit}",
            f"{figure(low)} – {figure(high)}",
            self.note,
        )


def figure(value: float) -> str:
    """Write a figure with as many digits as it deserves."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
