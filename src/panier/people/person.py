"""What a person, a role, a session and an address are."""

from datetime import datetime
from uuid import UUID

import msgspec


class Person(msgspec.Struct, frozen=True):
    """Somebody with an account in one cell."""

    id: UUID
    email: str
    name: str
    language: str


class Role(msgspec.Struct, frozen=True):
    """What a person may do in a market; for a seller's staff, for which seller."""

    role: str
    market: str
    seller_id: UUID | None


class Session(msgspec.Struct, frozen=True):
    """One sign-in in one browser."""

    token_hash: bytes
    device: str
    """Browser and system, as far as they say so: Firefox, Android."""
    at: datetime
    expires_at: datetime


class Address(msgspec.Struct, frozen=True):
    """Where something is sent to."""

    line1: str
    postcode: str
    city: str
    country: str
    """ISO 3166 code."""
    line2: str = ""
