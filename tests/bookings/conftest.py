"""A browser in front of the application."""

from tests.parcels.conftest import app, client

__all__ = ["app", "client"]
