"""The worker: delivers events to their reactions and runs timers, for every cell."""

import asyncio
import signal
from collections.abc import Sequence

import psycopg
import structlog

from panier import engines
from panier.kit.cells import Cell
from panier.kit.delivery import Courier
from panier.runtime import Runtime
from panier.settings import Settings
from panier.wiring import REACTIONS, TIMERS, Timer

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; several workers share the work."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with Runtime.open(settings) as runtime:
        await work(runtime, stop, TIMERS)


async def work(runtime: Runtime, stop: asyncio.Event, timers: Sequence[Timer]) -> None:
    """Deliver and tick until `stop`, then finish what is at hand."""
    couriers = [Courier(cell, REACTIONS) for cell in runtime.cells]
    async with asyncio.TaskGroup() as group:
        for courier in couriers:
            group.create_task(courier.serve())
        for cell in runtime.cells:
            for timer in timers:
                group.create_task(_tick(runtime, cell, timer, stop))
        alive = group.create_task(engines.tell_alive())
        engines.tell_ready()
        await stop.wait()
        for courier in couriers:
            courier.stop()
        alive.cancel()


async def _tick(runtime: Runtime, cell: Cell, timer: Timer, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await timer.act(runtime, cell)
        except psycopg.OperationalError as error:
            log.warning("database away", timer=timer.name, error=str(error).strip())
        except Exception:
            # One failing timer must not take the others with it; it is tried again at its time.
            log.exception("timer failed", timer=timer.name)
        try:
            async with asyncio.timeout(timer.seconds):
                await stop.wait()
        except TimeoutError:
            continue
