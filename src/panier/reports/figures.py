"""What a report is made of: figures and findings, without a word of any language."""

from typing import Any, Literal
from uuid import UUID

import msgspec


class Pin(msgspec.Struct, frozen=True):
    """A product on the picture, from one second of the show to another."""

    product: UUID
    start: int
    end: int

    @property
    def seconds(self) -> int:
        """Return how long it was on the picture."""
        return self.end - self.start


class Point(msgspec.Struct, frozen=True):
    """One point of the curve, `at` seconds into the show and one step long."""

    at: int
    viewers: int
    """The highest sample of the step."""
    hearts: int = 0
    messages: int = 0


class Question(msgspec.Struct, frozen=True):
    """A chat line that asks something."""

    at: int
    text: str
    product: UUID | None
    """What it is about; None when neither its words nor a pin tell."""
    how: Literal["named", "pinned", "open"]
    """Why we think so."""
    answered: bool
    """Whether host or team wrote something in the two minutes after it."""


class SoldOut(msgspec.Struct, frozen=True):
    """A variant's last unit was held or sold."""

    at: int
    product: UUID
    variant: UUID
    back_at: int | None
    """When units came free again; None when they did not."""


class Room(msgspec.Struct, frozen=True):
    """What happened in the room; it does not change once the show has ended."""

    seconds: int
    """From going live to the end."""
    step: int
    """Seconds between two points of the curve."""
    visitors: int
    peak: int
    peak_at: int
    average: int
    """Tenths of a viewer, so that no float is stored."""
    median_seconds: int
    hearts: int
    messages: int
    questions_found: int
    """All questions; `questions` holds the first of them."""
    questions: list[Question]
    points: list[Point]
    pins: list[Pin]
    sold_out: list[SoldOut]


class Sold(msgspec.Struct, frozen=True):
    """A product of the show (on its run sheet, pinned or bought) and what it sold."""

    product: UUID
    title: dict[str, str]
    """What it was called then, by language."""
    units: int
    orders: int
    minor: int
    """Goods, VAT included, shipping not."""
    units_pinned: int
    """Units put into the basket while this product was on the picture."""


class Sale(msgspec.Struct, frozen=True):
    """What was ordered in one step of the curve."""

    at: int
    units: int
    minor: int


class Sales(msgspec.Struct, frozen=True):
    """The paid orders that name the show; late payments change it."""

    currency: str
    orders: int
    units: int
    minor: int
    """Goods, VAT included, shipping not."""
    shipping_minor: int
    buyers: int
    orders_after: int
    """Orders placed after the end, from the replay or a basket kept open."""
    products: list[Sold]
    points: list[Sale]


class Finding(msgspec.Struct, frozen=True):
    """A suggestion: a rule's code, the moment it is about, and the figures that led to it."""

    code: str
    at: int | None
    """Seconds into the show; None when it is about the whole show."""
    product: UUID | None
    evidence: dict[str, Any]
    """Values for the wording's placeholders; whole numbers, or ids of products."""
