"""The command line, as a person or an init system uses it."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from panier import engines
from panier.engines import await_exit
from panier.migrations import newest

PANIER = [sys.executable, "-m", "panier"]


def panier(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PANIER, *arguments],
        env={**clean_environment(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def clean_environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PANIER_")}
    return {**kept, "PANIER_DATA": str(folder)}


def test_version_is_printed(folder: Path) -> None:
    assert panier(folder, "version").stdout == f"{version('panier')}\n"


def test_a_role_alone_needs_something_to_stand_on(folder: Path) -> None:
    done = panier(folder, "run", "worker")
    assert done.returncode == 1
    assert f"No panier runs on {folder}: start `panier up`, or set PANIER_CELLS" in done.stderr


def test_one_engine_of_ones_own_is_not_enough(folder: Path) -> None:
    done = panier(folder, "migrate", PANIER_NATS_URL="nats://127.0.0.1:4222")
    assert done.returncode == 1
    assert "Set both PANIER_CELLS and PANIER_NATS_URL" in done.stderr


async def test_migrate_starts_engines_for_as_long_as_it_takes(folder: Path) -> None:
    done = await asyncio.to_thread(panier, folder, "migrate")
    assert done.returncode == 0, done.stderr
    assert not (folder / "addresses.json").exists()
    async with engines.running(folder) as running:
        # And beside running ones it uses those.
        done = await asyncio.to_thread(panier, folder, "migrate")
        assert done.returncode == 0, done.stderr
        async with await psycopg.AsyncConnection.connect(running.postgres_dsn) as connection:
            found = await connection.execute("select version_num from alembic_version")
            assert await found.fetchone() == (newest(),)


class Up:
    """A running `panier up` and what it has written."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def until(self, text: str, seconds: float = 60) -> str:
        """Read on until a line holds `text`."""
        assert self.process.stderr is not None
        async with asyncio.timeout(seconds):
            while line := (await self.process.stderr.readline()).decode():
                self.lines.append(line)
                if text in line:
                    return line
        raise AssertionError("".join(self.lines))

    def children(self) -> list[int]:
        """List the processes that it started."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in task.read_text().split()]


@pytest_asyncio.fixture(loop_scope="session")
async def up(folder: Path) -> AsyncIterator[Up]:
    """Run everything but the samples."""
    process = await asyncio.create_subprocess_exec(
        *PANIER,
        "up",
        "--no-samples",
        env=clean_environment(folder),
        stderr=asyncio.subprocess.PIPE,
    )
    running = Up(process)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def test_up_starts_everything_and_one_signal_ends_everything(up: Up) -> None:
    await up.until("panier is up.")
    await up.until("Ctrl-C ends it.")
    children = up.children()
    assert len(children) == 6, "two engines, four roles"
    up.process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        assert await up.process.wait() == 0
    assert not [pid for pid in children if not await await_exit(pid, 5)]


async def test_up_starts_a_killed_role_again(up: Up) -> None:
    await up.until("Ctrl-C ends it.")
    worker = next(
        pid for pid in up.children() if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    os.kill(worker, 9)
    assert "worker" in await up.until("runs again")


async def test_nothing_outlives_a_killed_up(up: Up) -> None:
    await up.until("Ctrl-C ends it.")
    children = up.children()
    up.process.kill()
    await up.process.wait()
    assert not [pid for pid in children if not await await_exit(pid, 30)]


async def test_up_ends_with_the_process_that_started_it(folder: Path) -> None:
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", f"{sys.executable} -m panier up --no-samples & echo $!; wait",
        env=clean_environment(folder),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        # Hang-ups may be ignored around these tests (`nohup`), and that would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )  # fmt: skip
    assert shell.stdout is not None
    started = int(await shell.stdout.readline())
    try:
        await Up(shell).until("Ctrl-C ends it.")
        shell.kill()
        assert await await_exit(started, 60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(started, signal.SIGTERM)
        await shell.communicate()


async def test_a_second_up_is_refused(up: Up, folder: Path) -> None:
    await up.until("Ctrl-C ends it.")
    done = await asyncio.to_thread(panier, folder, "up")
    assert done.returncode == 1
    assert f"Another panier (process {up.process.pid}) is using {folder}" in done.stderr


def test_help_names_every_command() -> None:
    done = subprocess.run([*PANIER, "--help"], capture_output=True, text=True, check=True)
    for command in ("up", "run", "migrate", "seed", "reconcile", "version"):
        assert command in done.stdout


@pytest.mark.parametrize("role", ["web", "rooms", "video", "worker", "film", "audience"])
def test_every_role_has_its_main(role: str) -> None:
    program = f"from panier.cli import MAINS, _find; assert callable(_find(MAINS[{role!r}]))"
    subprocess.run([sys.executable, "-c", program], check=True)
