"""Money: an integer of minor units with its currency; never a float, never a division."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from babel.numbers import format_currency, get_currency_precision

BASIS_POINTS = 10_000
"""100 % in basis points."""


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum."""


class Money(msgspec.Struct, frozen=True):
    """An amount: `minor` units (cents, pence) of ISO 4217 `currency`."""

    minor: int
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Return nothing of `currency`, the start of a sum."""
        return cls(0, currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, count: int) -> Money:
        if not isinstance(count, int):
            raise TypeError("money is multiplied by a whole number only")
        return Money(self.minor * count, self.currency)

    # All four by hand: a struct has comparisons of its own, which functools.total_ordering keeps.
    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def percent(self, basis_points: int) -> Money:
        """Return this share of the amount, rounded half away from zero to a minor unit."""
        return Money(_round_half_up(self.minor * basis_points, BASIS_POINTS), self.currency)

    def vat_inside(self, basis_points: int) -> Money:
        """Return the VAT contained in this gross amount at the given rate, rounded half up."""
        whole = BASIS_POINTS + basis_points
        return Money(_round_half_up(self.minor * basis_points, whole), self.currency)

    def split(self, weights: list[int]) -> list[Money]:
        """Share the amount out by `weights` (≥ 0, sum > 0); the parts sum to the whole.

        The left-over minor units go to the largest remainders, the first of equals first
        (largest remainder method, Hamilton).
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights are whole numbers from 0 with a sum above 0")
        sign, size = (-1, -self.minor) if self.minor < 0 else (1, self.minor)
        parts = [size * w // total for w in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: -(size * weights[i] % total))
        for i in by_remainder[: size - sum(parts)]:
            parts[i] += 1
        return [Money(sign * p, self.currency) for p in parts]

    def format(self, language: str) -> str:
        """Write the amount as a reader of `language` expects it: € 24,90, £24.90."""
        return _format(self.minor, self.currency, language)


@lru_cache(maxsize=10_000)  # a shop has few prices, and a format takes as long as a statement
def _format(minor: int, currency: str, language: str) -> str:
    digits = get_currency_precision(currency)
    sign = "-" if minor < 0 else ""
    whole, part = divmod(abs(minor), 10**digits)
    number: Any = f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"
    return str(format_currency(number, currency, locale=language))


def _round_half_up(numerator: int, denominator: int) -> int:
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))
