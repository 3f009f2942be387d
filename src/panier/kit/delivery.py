"""The courier: hands written events to their reactions, in order per stream.

At least once on the wire, once in effect: a reaction commits with a receipt of its own, or with the
mark that its event was delivered. A worker claims a lane by locking its row, so that order holds
with any number of workers; a stream whose event fails waits (with back-off) while the others of its
lane go on. A courier for each priority keeps what is urgent from waiting behind what is much.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import structlog

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, run, value
from panier.kit.outbox import LANES, NEWS, Priority

Reaction = Callable[[Tx, Any], Awaitable[None]]


class AtOnce(list[Reaction]):
    """Reactions that commit as one: short ones, whose locks may last as long as all of them."""


BATCH_MAX = 200
"""Events taken from a lane before it is given back."""
TRIES_MAX = 12
"""Failures of one event before it is parked; `panier reconcile` lists parked ones."""
BACK_OFF_SECONDS_MAX = 300
"""The longest wait between two tries."""
POLL_SECONDS = 1.0
"""How long news may be lost before rows are found all the same."""

# `at > '-infinity'` is what lets a statement use the index event_due, and the other one not: by
# the statistics of a quiet hour nothing waits, and a look at all that waits seems to cost nothing.
WAITS = "e.delivered_at is null and not e.parked and e.at > '-infinity'"
# An event is due when none of its stream waits for its next try; those are found once a statement.
IS_DUE = (
    WAITS + " and (e.next_try_at is null or e.next_try_at <= %(now)s)"
    " and e.stream not in (select f.stream from event f where f.delivered_at is null"
    " and not f.parked and f.next_try_at > %(now)s)"
)
# Of the highest priority the lane with the oldest event, so that a flood leaves none behind.
CLAIM = (
    "select l.lane from delivery_lane l cross join lateral (select e.id from event e"
    " where e.lane = l.lane and "
    + IS_DUE
    + " order by e.id limit 1) first where l.lane between %(first)s and %(last)s order by "
    + ", ".join(f"l.lane < {lanes.start}" for lanes in LANES.values())
    + ", first.id for update of l skip locked limit 1"
)
DUE = (
    "select id, stream, market, kind, body::text as body, attempts from event e"
    " where lane = %(lane)s and " + IS_DUE + " order by id limit %(limit)s"
)
# Both lock the event: a worker may have lost its lane with its connection and not know it yet.
DELIVERED = "update event set delivered_at = %s where id = %s and delivered_at is null"
UNHEARD = "update event set delivered_at = %s where id = any(%s) and delivered_at is null"
RECEIVE = """
insert into receipt (event_id, handler, at)
select id, %s, %s from (
  select id from event where id = %s and delivered_at is null for update) e
on conflict do nothing
"""
FAIL = """
update event set attempts = attempts + 1, error = %s, next_try_at = %s,
  parked = (attempts + 1 >= %s) where id = %s
"""

log = structlog.get_logger()


class Due(msgspec.Struct):
    """An event that waits for delivery."""

    id: UUID
    stream: UUID
    market: str
    kind: str
    body: str
    attempts: int


class Courier:
    """Delivers one cell's events to `reactions`, a table from event class to handlers."""

    def __init__(
        self,
        cell: Cell,
        reactions: Mapping[type[Any], list[Reaction]],
        priority: Priority | None = None,
    ) -> None:
        """Prepare; `serve` does the work. Without a priority all are delivered, the high first."""
        self._cell = cell
        lanes = (
            [lane for of in LANES.values() for lane in of] if priority is None else LANES[priority]
        )
        self._lanes = {"first": min(lanes), "last": max(lanes)}
        self._news = f"{NEWS}.{priority or '*'}"
        self._by_kind = {kind.__name__: (kind, table) for kind, table in reactions.items()}
        self._unheard = {kind.__name__ for kind, table in reactions.items() if not table}
        self._wake = asyncio.Event()

    async def serve(self) -> None:
        """Deliver until cancelled; survives lost connections."""
        await self._cell.hear(self._news, lambda _subject, _payload: self._wake.set())
        self._cell.on_reconnect(self._wake.set)
        while True:
            try:
                while await self.deliver_lane():
                    pass
            except (psycopg.OperationalError, psycopg.errors.InterfaceError) as error:
                log.warning("database away", error=str(error).strip())
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def deliver_lane(self) -> int:
        """Deliver one lane's due events; returns how many were tried, 0 when nothing is due."""
        async with self._cell.tx() as claim:
            lane = await value(claim, CLAIM, {"now": now(), **self._lanes})
            if lane is None:
                return 0
            due = await rows(claim, DUE, {"lane": lane, "now": now(), "limit": BATCH_MAX}, Due)
            unheard = {event.id for event in due if event.kind in self._unheard}
            if unheard:  # at once: thousands of baskets may run out in the same second
                await run(claim, UNHEARD, (now(), list(unheard)))
            failed: set[UUID] = set()
            for event in due:
                if event.id in unheard or event.stream in failed:
                    continue
                if not await self._deliver(event):
                    failed.add(event.stream)
            return len(due)

    async def deliver_all(self) -> None:
        """Deliver until nothing is due (for tests and one-shot commands)."""
        while await self.deliver_lane():
            pass

    async def _deliver(self, due: Due) -> bool:
        kind, reactions = self._by_kind.get(due.kind, (None, []))
        try:
            event = msgspec.json.decode(due.body, type=kind)
            whole = len(reactions) < 2 or isinstance(reactions, AtOnce)
            if not (whole and await self._deliver_whole(due.id, reactions, event)):
                for reaction in reactions:
                    await self._react(due.id, reaction, event)
                await self._cell.run(lambda tx: run(tx, DELIVERED, (now(), due.id)))
        except psycopg.OperationalError:
            raise
        except Exception as error:
            log.exception("reaction failed", kind=due.kind, event_id=str(due.id))
            wait = min(BACK_OFF_SECONDS_MAX, 2**due.attempts)
            async with self._cell.tx() as tx:
                again = now() + timedelta(seconds=wait)
                await run(tx, FAIL, (repr(error)[:500], again, TRIES_MAX, due.id))
            return False
        return True

    async def _deliver_whole(self, event_id: UUID, reactions: list[Reaction], event: Any) -> bool:
        """Let all reactions and the mark be one commit; false where one of several failed.

        Each on its own then, so that one that works is not undone with its neighbour.
        """

        async def whole(tx: Tx) -> None:
            if not await run(tx, DELIVERED, (now(), event_id)):
                return  # another worker was faster
            sql = "select handler from receipt where event_id = %s"
            received = {row[0] for row in await (await tx.execute(sql, (event_id,))).fetchall()}
            for reaction in reactions:
                if _name(reaction) not in received:
                    await reaction(tx, event)

        try:
            await self._cell.run(whole)
        except psycopg.OperationalError:
            raise
        except Exception:
            if len(reactions) < 2:
                raise
            return False
        return True

    async def _react(self, event_id: UUID, reaction: Reaction, event: Any) -> None:
        async def once(tx: Tx) -> None:
            if await run(tx, RECEIVE, (_name(reaction), now(), event_id)):
                await reaction(tx, event)

        await self._cell.run(once)


def _name(reaction: Reaction) -> str:
    return f"{reaction.__module__}.{reaction.__qualname__}"


class Parked(msgspec.Struct):
    """An event that no reaction could take."""

    id: UUID
    kind: str
    error: str | None
    at: datetime


async def find_parked(tx: Tx) -> Parked | None:
    """Return the oldest parked event, if any."""
    sql = "select id, kind, error, at from event where parked order by id limit 1"
    return await find(tx, sql, None, Parked)


async def list_waiting(tx: Tx, kind: str, market: str) -> list[str]:
    """List the bodies (JSON) of a market's events of `kind` that not all reactions have had."""
    cursor = await tx.execute(
        "select body::text from event where kind = %(kind)s and market = %(market)s"
        " and delivered_at is null and not parked and at > '-infinity'"
        " union all select body::text from event"
        " where kind = %(kind)s and market = %(market)s and parked",
        {"kind": kind, "market": market},
    )
    return [row[0] for row in await cursor.fetchall()]
