"""Who watches: counts for the picture, visits and ten-second samples for the report.

A device counts once a show and gateway, however many tabs it opens; the crew does not count. What
is not written yet lives in memory only: a killed gateway loses at most BOOK_SECONDS of it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from panier.kit.db import Tx, run

BOOK_SECONDS = 10
"""How often visits and samples are written."""
HEARD_SECONDS_MAX = 3.0
"""A gateway that has not told its count for so long is gone."""
ROWS_MAX = 1000
"""Visits written by one statement."""
WAITING_MAX = 50_000
"""Visits that wait while the database is away; older ones are lost first."""

VISIT = """
insert into room_visit (show_id, visitor, first_at, last_at, seconds)
select * from unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::int[])
order by 1, 2
on conflict (show_id, visitor) do update
  set last_at = greatest(room_visit.last_at, excluded.last_at),
      seconds = room_visit.seconds + excluded.seconds
"""
SAMPLE = """
insert into room_sample (show_id, at, gateway, viewers, hearts)
select * from unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::int[], %s::int[]) order by 1, 2
on conflict (show_id, at, gateway) do update
  set viewers = greatest(room_sample.viewers, excluded.viewers),
      hearts = room_sample.hearts + excluded.hearts
"""


class Visit(msgspec.Struct):
    """A piece of somebody's visit; pieces of one visitor add up."""

    show: UUID
    visitor: UUID
    first_at: datetime
    last_at: datetime
    seconds: int


class Sample(msgspec.Struct):
    """How many watched here at a moment, and the hearts since the one before."""

    show: UUID
    at: datetime
    gateway: str
    viewers: int
    hearts: int


class _Watcher(msgspec.Struct):
    sockets: int
    since: float
    first_at: datetime


class Crowd:
    """Those who watch one show through this gateway, and how many do through others."""

    def __init__(self, show: UUID) -> None:
        """Start empty; nothing is booked before the show is live."""
        self._show = show
        self._watchers: dict[UUID, _Watcher] = {}
        self._left: list[Visit] = []
        self._others: dict[str, tuple[int, float]] = {}
        self._live = False

    @property
    def here(self) -> int:
        """Return how many devices watch through this gateway."""
        return len(self._watchers)

    def enter(self, visitor: UUID, moment: float, at: datetime) -> None:
        """Count one more socket of `visitor`; `moment` is monotonic seconds."""
        watcher = self._watchers.setdefault(visitor, _Watcher(0, moment, at))
        watcher.sockets += 1

    def leave(self, visitor: UUID, moment: float, at: datetime) -> None:
        """Count one socket less; the last one ends the visit."""
        watcher = self._watchers[visitor]
        watcher.sockets -= 1
        if watcher.sockets:
            return
        if self._live:
            self._left.append(self._piece(visitor, watcher, moment, at))
        del self._watchers[visitor]

    def set_live(self, moment: float, at: datetime, *, live: bool) -> None:
        """Begin or end booking: only time on air is watched time."""
        if live == self._live:
            return
        if self._live:
            self._left += self._pieces(moment, at)
        for watcher in self._watchers.values():
            watcher.since, watcher.first_at = moment, at
        self._live = live

    def take_visits(self, moment: float, at: datetime) -> list[Visit]:
        """Return what is to be booked since the last time."""
        taken, self._left = self._left, []
        return taken + self._pieces(moment, at) if self._live else taken

    def _pieces(self, moment: float, at: datetime) -> list[Visit]:
        return [self._piece(who, watcher, moment, at) for who, watcher in self._watchers.items()]

    def _piece(self, visitor: UUID, watcher: _Watcher, moment: float, at: datetime) -> Visit:
        seconds = int(moment - watcher.since)
        watcher.since += seconds  # the fraction is booked with the next piece
        return Visit(self._show, visitor, watcher.first_at, at, seconds)

    def hear(self, gateway: str, viewers: int, moment: float) -> None:
        """Note another gateway's count."""
        self._others[gateway] = (viewers, moment)

    def count(self, moment: float) -> int:
        """Return how many watch through all gateways heard lately."""
        self._others = {
            name: (viewers, heard)
            for name, (viewers, heard) in self._others.items()
            if moment - heard <= HEARD_SECONDS_MAX
        }
        return self.here + sum(viewers for viewers, _ in self._others.values())


class Book:
    """What waits to be written to one cell."""

    def __init__(self) -> None:
        """Start empty."""
        self._visits: dict[tuple[UUID, UUID], Visit] = {}
        self._samples: dict[tuple[UUID, datetime], Sample] = {}

    def note(self, visits: Iterable[Visit], samples: Iterable[Sample]) -> None:
        """Add pieces of visits (one row a visitor) and samples (one row a moment)."""
        for visit in visits:
            known = self._visits.get((visit.show, visit.visitor))
            if known is None:
                self._visits[visit.show, visit.visitor] = visit
            else:
                known.last_at = visit.last_at
                known.seconds += visit.seconds
        for sample in samples:
            counted = self._samples.setdefault((sample.show, sample.at), sample)
            if counted is not sample:
                counted.viewers = max(counted.viewers, sample.viewers)
                counted.hearts += sample.hearts
        _forget_oldest(self._visits)
        _forget_oldest(self._samples)

    async def write(self, tx: Tx) -> None:
        """Write all that waits; forgotten only once that is committed.

        Nothing is noted while this runs: both are the work of one task.
        """
        visits, samples = list(self._visits.values()), list(self._samples.values())
        for start in range(0, len(visits), ROWS_MAX):
            await write_visits(tx, visits[start : start + ROWS_MAX])
        if samples:
            await write_samples(tx, samples)

        def forget() -> None:
            self._visits.clear()
            self._samples.clear()

        tx.after_commit(forget)

    def __bool__(self) -> bool:
        return bool(self._visits or self._samples)


def _forget_oldest(waiting: dict[Any, Any]) -> None:
    for key in list(waiting)[: max(0, len(waiting) - WAITING_MAX)]:
        del waiting[key]


async def write_visits(tx: Tx, visits: list[Visit]) -> None:
    """Add pieces of visits to their rows."""
    await run(
        tx,
        VISIT,
        (
            [visit.show for visit in visits],
            [visit.visitor for visit in visits],
            [visit.first_at for visit in visits],
            [visit.last_at for visit in visits],
            [visit.seconds for visit in visits],
        ),
    )


async def write_samples(tx: Tx, samples: list[Sample]) -> None:
    """Write samples; a moment told twice is one row."""
    await run(
        tx,
        SAMPLE,
        (
            [sample.show for sample in samples],
            [sample.at for sample in samples],
            [sample.gateway for sample in samples],
            [sample.viewers for sample in samples],
            [sample.hearts for sample in samples],
        ),
    )
