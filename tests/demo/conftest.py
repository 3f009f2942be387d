"""The demo's encoder is tested against the real video role."""

from tests.video.conftest import channel, film, player, role, settings

__all__ = ["channel", "film", "player", "role", "settings"]
