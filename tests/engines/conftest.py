"""Real engines in folders of their own; nothing here is simulated."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio

from panier import engines
from panier.engines.accounts import Account, can_reach

NOBODY = 65534
SYSTEM_PYTHON = f"/usr/bin/python3.{sys.version_info.minor}"


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    """Give a data folder that the engines' own user can reach; pytest's own are closed to it."""
    with TemporaryDirectory(prefix="panier-engines-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cluster() -> AsyncIterator[Path]:
    """Make a cluster once; copying it is several times faster than making another."""
    with TemporaryDirectory(prefix="panier-engines-") as name:
        Path(name).chmod(0o711)
        async with engines.running(Path(name)):
            pass
        yield Path(name)


@pytest.fixture
def folder(empty_folder: Path, cluster: Path) -> Path:
    """Give a data folder whose engines have run before."""
    subprocess.run(["cp", "-a", cluster / "engines", empty_folder], check=True)
    return empty_folder


class Other:
    """Another process that keeps engines running: `python -m tests.engines.holder FOLDER`."""

    def __init__(self, folder: Path, *extra: str) -> None:
        python, paths = sys.executable, [*filter(None, sys.path)]
        if extra and not can_reach(Path(python), Account("other", int(extra[0]), int(extra[0]))):
            python = SYSTEM_PYTHON
            paths = [path for path in paths if "lib/python" not in path or "packages" in path]
        self.process = subprocess.Popen(
            [python, "-m", "tests.engines.holder", str(folder), *extra],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.postgres = self.nats = 0

    def await_ready(self) -> None:
        """Read its first line: the engines' process ids."""
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        if not words:
            assert self.process.stderr is not None
            raise AssertionError(self.process.stderr.read())
        self.postgres, self.nats = int(words[0]), int(words[1])

    def kill(self) -> None:
        """End it as nothing can be cleaned up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def end(self) -> None:
        """End it in good order, if it still runs."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=20)


@pytest.fixture
def other_panier(empty_folder: Path) -> Iterator[Callable[..., Other]]:
    """Start paniers on the folder, each ready when it is returned; all are ended after the test."""
    started: list[Other] = []

    def start(*extra: str) -> Other:
        started.append(Other(empty_folder, *extra))
        started[-1].await_ready()
        return started[-1]

    yield start
    for other in started:
        other.end()


@pytest.fixture
def plain_uid() -> int:
    """Return a user id that is not root's, for what must work without root."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; this run is one already")
    reachable = can_reach(Path(sys.executable), Account("other", NOBODY, NOBODY))
    if not reachable and not Path(SYSTEM_PYTHON).exists():
        pytest.skip(f"no other user can run {sys.executable}, and there is no {SYSTEM_PYTHON}")
    return NOBODY
