"""Keeps engines running in a process of its own, for tests that kill it: see conftest.Other."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from panier import engines
from panier.kit.errors import PanierError
from panier.kit.log import set_up_logs


async def hold(folder: Path) -> None:
    """Print the engines' process ids once they run, then wait for SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with engines.running(folder) as running:
        sys.stdout.write(f"{running.postgres.pid} {running.nats.pid} {running.home}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        os.setgroups([])
        os.setgid(int(sys.argv[2]))
        os.setuid(int(sys.argv[2]))
    set_up_logs("holder", level="warning")
    try:
        asyncio.run(hold(Path(sys.argv[1])))
    except PanierError as error:
        sys.exit(error.message())
