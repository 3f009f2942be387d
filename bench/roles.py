"""Roles of panier as processes of a benchmark, over engines of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from panier.engines import Addresses, free_port
from tests.shop import Shop

SECRET = "the benchmark's secret, long enough to sign"  # noqa: S105 - signs nothing but this run
ORIGIN = "http://localhost:8400"
"""What browsers would send, as the settings below say."""


def environment(folder: str, addresses: Addresses) -> dict[str, str]:
    """Return the settings of a role over these engines."""
    return {
        "PANIER_DATA": folder,
        "PANIER_CELLS": f"home={addresses.postgres_dsn}",
        "PANIER_NATS_URL": addresses.nats_url,
        "PANIER_SECRET": SECRET,
        "PANIER_WEB_URL": ORIGIN,
    }


@asynccontextmanager
async def role(name: str, settings: Mapping[str, str]) -> AsyncIterator[tuple[int, int]]:
    """Run a role until the block ends; the value is its process and its port."""
    port = free_port(0, "127.0.0.1")
    given = {**os.environ, **settings, f"PANIER_{name.upper()}_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "panier", "run", name, env=given
    )
    try:
        if name != "worker":  # nobody connects to it: what it is to do waits in the database
            await _until_open(port)
        yield process.pid, port
    finally:
        process.terminate()
        await process.wait()


async def _until_open(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def room_ticket(shop: Shop, visitor: UUID) -> dict[str, Any]:
    """Return what the ticket of a guest says."""
    return {
        "market": "FR",
        "show": str(shop.show),
        "visitor": str(visitor),
        "person": None,
        "name": "Guest",
        "staff": False,
        "language": "fr",
    }
