"""A form that comes back to whoever filled it in."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Filled(Generic[T]):
    """A form as it was filled in, and what is wrong with which field."""

    given: T
    errors: dict[str, str] = field(default_factory=dict)
