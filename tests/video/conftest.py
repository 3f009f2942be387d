"""A film made once, a channel, and the video role in this process or in its own."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from panier import video
from panier.kit.cells import Cell
from panier.kit.ids import new_id
from panier.settings import Settings
from tests.video.film import make_film


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a film of 8 s."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_film(path)
    return path


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Give the video role ports of its own."""
    rtmp, playback = _free_ports(2)
    changes = {
        "rtmp_port": rtmp,
        "video_port": playback,
        "rtmp_url": f"rtmp://127.0.0.1:{rtmp}/live",
        "video_url": f"http://127.0.0.1:{playback}",
    }
    return settings.model_copy(update=changes)


class OnAir(NamedTuple):
    """A show's channel, as its host and its viewers know it."""

    show: UUID
    url: str
    """Where the encoder publishes, with the key."""
    path: str
    """Where its files are."""


@pytest_asyncio.fixture(loop_scope="session")
async def channel(cell: Cell, settings: Settings) -> OnAir:
    """Open a channel."""
    show = new_id()
    async with cell.tx() as tx:
        await video.open_channel(tx, show, "FR")
        ingest = await video.get_ingest(tx, show, settings)
        playback = await video.get_playback(tx, show)
    path = playback.live_path.removesuffix("index.m3u8")
    return OnAir(show, f"{ingest.server}/{ingest.key}", path)


class Role:
    """The video role in a process of its own, which may be killed."""

    def __init__(self, settings: Settings) -> None:
        """Prepare the environment."""
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start and wait until it says that it is ready."""
        settings = self._settings
        door = settings.data / "ready"
        settings.data.mkdir(parents=True, exist_ok=True)
        door.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            ear.bind(str(door))
            ear.setblocking(False)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "panier",
                "run",
                "video",
                env={**os.environ, **self._environment(door)},
            )
            async with asyncio.timeout(30):
                assert await asyncio.get_running_loop().sock_recv(ear, 100) == b"READY=1"

    def _environment(self, door: Path) -> dict[str, str]:
        s = self._settings
        return {
            "PANIER_DATA": str(s.data),
            "PANIER_CELLS": ";".join(f"{name}={dsn}" for name, dsn in s.cells.items()),
            "PANIER_NATS_URL": s.nats_url,
            "PANIER_SECRET": s.secret,
            "PANIER_RTMP_PORT": str(s.rtmp_port),
            "PANIER_VIDEO_PORT": str(s.video_port),
            "NOTIFY_SOCKET": str(door),
        }

    async def kill(self) -> None:
        """Kill without warning."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """End as the supervisor does; returns the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        async with asyncio.timeout(30):
            return await self._process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def role(settings: Settings) -> AsyncIterator[Role]:
    """Run the video role in its own process."""
    role = Role(settings)
    await role.start()
    yield role
    await role.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def player(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """Fetch from the video role as a player does."""
    async with httpx2.AsyncClient(base_url=settings.video_url, timeout=15) as client:
        yield client
