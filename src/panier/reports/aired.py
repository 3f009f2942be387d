"""A show and when it was on air: what every read of this folder begins with."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from panier.kit.db import Tx, find

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the start of a show that never went live."""


class Aired(msgspec.Struct, frozen=True):
    """A show and when it was on air."""

    id: UUID
    market: str
    currency: str
    slug: str
    title: str
    language: str
    host_id: UUID
    state: str
    live_at: datetime | None
    ended_at: datetime | None

    @property
    def start(self) -> datetime:
        """Return when it went live; a show that never did has no seconds to count."""
        return self.live_at or self.ended_at or BEGINNING

    @property
    def seconds(self) -> int:
        """Return how long it was on air, in whole seconds."""
        return int(((self.ended_at or self.start) - self.start).total_seconds())


AIRED = """
select s.id, s.market, m.currency, s.slug, s.title, s.language, s.host_id, s.state, s.live_at,
       s.ended_at
from show s join market m on m.code = s.market
"""


async def find_aired(tx: Tx, show: UUID) -> Aired | None:
    """Return the show and its times, or None."""
    return await find(tx, AIRED + "where s.id = %s", (show,), Aired)
