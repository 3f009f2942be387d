"""Rooms in which stock is shown."""

from tests.rooms.conftest import venue

__all__ = ["venue"]
