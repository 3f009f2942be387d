"""The whole platform in real processes: `panier up` on free ports and an empty data folder."""

import asyncio
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import psycopg

from panier import engines
from tests.journeys.patience import eventually

PANIER = (sys.executable, "-m", "panier")
START_SECONDS_MAX = 180
STOP_SECONDS_MAX = 30
PORTS = ("WEB", "ROOMS", "VIDEO", "RTMP")


class Platform:
    """A running `panier up`: its addresses, its processes, what it said lately."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = {name: engines.free_port(0) for name in PORTS}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PANIER_")},
            "PANIER_DATA": str(folder),
            **{f"PANIER_{name}_PORT": str(port) for name, port in ports.items()},
        }
        self.web = f"http://localhost:{ports['WEB']}"
        self.said: deque[str] = deque(maxlen=400)
        self._up = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def dsn(self) -> str:
        """The database, for what no page tells."""
        running = engines.find_running(self.folder)
        assert running is not None, self.last_words()
        return running.postgres_dsn

    def last_words(self) -> str:
        """What was said lately."""
        return "\n".join(self.said)

    async def start(self, *arguments: str) -> None:
        """Start and wait until everything is up."""
        self._process = await asyncio.create_subprocess_exec(
            *PANIER,
            "up",
            *arguments,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._listening = asyncio.create_task(self._listen())
        done, _ = await asyncio.wait(
            [asyncio.create_task(self._up.wait()), self._listening],
            timeout=START_SECONDS_MAX,
            return_when=asyncio.FIRST_COMPLETED,
        )
        assert done, f"not up after {START_SECONDS_MAX} s:\n{self.last_words()}"
        assert self._up.is_set(), f"ended:\n{self.last_words()}"

    async def stop(self) -> int:
        """Ask it to end and return its exit code."""
        assert self._process is not None
        self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await self._listening
                return await self._process.wait()
        finally:
            if self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)  # its own session, made above

    async def run(self, *arguments: str, seconds: float = 60) -> tuple[int, str]:
        """Run a chore of the command line beside it; returns exit code and output."""
        process = await asyncio.create_subprocess_exec(
            *PANIER,
            *arguments,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def until_well(self) -> None:
        """Wait until the web role answers and says that the database does."""
        async with httpx2.AsyncClient(base_url=self.web) as http:

            async def is_well() -> bool | None:
                try:
                    return (await http.get("/health")).is_success or None
                except httpx2.HTTPError:
                    return None

            await eventually(is_well, seconds=60)

    async def count(self, sql: str) -> int:
        """Ask the database for one number."""
        async with await psycopg.AsyncConnection.connect(self.dsn) as connection:
            row = await (await connection.execute(sql)).fetchone()
        assert row is not None
        return int(row[0])

    async def texts(self, sql: str) -> set[str]:
        """Ask the database for one column of texts."""
        async with await psycopg.AsyncConnection.connect(self.dsn) as connection:
            return {row[0] for row in await (await connection.execute(sql)).fetchall()}

    def find_process(self, *words: str) -> int:
        """Return the id of the process of ours whose command line holds all `words`."""
        for pid in _descendants(self.pid):
            line = _command_line(pid)
            if all(word in line for word in words):
                return pid
        raise AssertionError(f"no process with {words}")

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode(errors="replace").rstrip()
            self.said.append(text)
            if "panier is up." in text:
                self._up.set()


@asynccontextmanager
async def running(folder: Path, *arguments: str) -> AsyncIterator[Platform]:
    """Run the platform for a block; it must end well."""
    platform = Platform(folder)
    await platform.start(*arguments)
    try:
        yield platform
    except BaseException:
        await platform.stop()
        raise
    assert await platform.stop() == 0, platform.last_words()


_shared: list[Platform] = []


@asynccontextmanager
async def shared() -> AsyncIterator[Platform]:
    """Share one platform, with the sample shops and no show on air, among all that ask for it."""
    if _shared:
        yield _shared[0]
        return
    with tempfile.TemporaryDirectory(prefix="panier-journeys-") as folder:
        Path(folder).chmod(0o711)  # under root, the engines' own user must pass through
        async with running(Path(folder) / "data", "--no-film") as platform:
            _shared.append(platform)
            try:
                yield platform
            finally:
                _shared.clear()


def _descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except FileNotFoundError:
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except FileNotFoundError:
        return ""
