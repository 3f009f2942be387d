"""The worker: delivers events to their reactions and runs timers, for every cell."""

import asyncio
from collections.abc import Mapping, Sequence

import psycopg
import structlog

from panier import engines, reports
from panier.events import Event
from panier.kit.cells import Cell
from panier.kit.delivery import Courier, Reaction
from panier.kit.outbox import LANES
from panier.runtime import Runtime
from panier.settings import Settings
from panier.wiring import REACTIONS, TIMERS, Timer

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Work until cancelled; several workers share the work.

    What is cut off in the middle rolls back and is done again by the next worker.
    """
    async with Runtime.open(settings) as runtime:
        await work(runtime, REACTIONS, TIMERS)


async def work(
    runtime: Runtime, reactions: Mapping[type[Event], list[Reaction]], timers: Sequence[Timer]
) -> None:
    """Deliver and tick for ever, in every cell."""
    async with asyncio.TaskGroup() as group:
        for cell in runtime.cells:
            for priority in LANES:
                group.create_task(Courier(cell, reactions, priority).serve())
            for timer in timers:
                group.create_task(_tick(runtime, cell, timer))
        engines.tell_ready()


async def _tick(runtime: Runtime, cell: Cell, timer: Timer) -> None:
    while True:
        try:
            await timer.act(runtime, cell)
        except psycopg.OperationalError as error:
            log.warning("database away", timer=timer.name, error=str(error).strip())
        except Exception:
            # One failing timer must not take the others with it; it is tried again at its time.
            log.exception("timer failed", timer=timer.name)
        await asyncio.sleep(timer.seconds)


async def reconcile(settings: Settings) -> bool:
    """Check the books of every cell; False when something does not add up."""
    async with Runtime.open(settings) as runtime:
        return await reports.reconcile_all(runtime)
