"""One child process: on a leash, under its own user, its lines handed on, ended step by step."""

import asyncio
import ctypes
import os
import select
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from panier.engines.accounts import Account

LINE_BYTES_MAX = 16 * 1024
"""A longer line of a child's output is cut into pieces."""
LAST_LINES = 12
"""Lines kept to explain a failure."""
SUPERVISOR = "PANIER_SUPERVISOR"
"""In a role's environment: the process id of the `panier up` that runs it."""
PR_SET_PDEATHSIG = 1
"""`prctl(2)`: the signal that this process gets when the thread that made it ends."""

# Loaded before any fork: nothing may be imported or loaded between fork and exec.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to run and how it is ended."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    account: Account | None = None
    leash: signal.Signals = signal.SIGTERM
    """What it is told when panier itself dies."""
    farewell: Sequence[tuple[signal.Signals, float]] = (
        (signal.SIGTERM, 8.0),
        (signal.SIGKILL, 2.0),
    )
    """Signals to end it, each with the seconds it then has."""
    pass_fds: Sequence[int] = field(default=())


def _leash(sign: signal.Signals, parent: int) -> Callable[[], None] | None:
    if _libc is None:
        return None
    prctl = _libc.prctl

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the leash was tied
            os._exit(1)

    return tie


class Child:
    """A running program; `on_line` gets each line it writes."""

    def __init__(
        self, program: Program, process: asyncio.subprocess.Process, on_line: Callable[[str], None]
    ) -> None:
        """Take over a process that was just spawned."""
        self.program = program
        self.pid = process.pid
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._process = process
        self._on_line = on_line
        self._pump = asyncio.create_task(self._read())

    @classmethod
    async def spawn(cls, program: Program, on_line: Callable[[str], None]) -> "Child":
        """Start `program`; raises OSError if it cannot be executed."""
        account = program.account
        process = await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(program.environment),
            cwd=program.folder,
            # Its own group: Ctrl-C on the terminal reaches panier alone, which ends all in order.
            process_group=0,
            # Runs after the change of user, which would take a leash off again (prctl(2)).
            preexec_fn=_leash(program.leash, os.getpid()),
            pass_fds=program.pass_fds,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        return cls(program, process, on_line)

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end and its last line; returns the exit status."""
        status = await self._process.wait()
        # A grandchild may keep the pipe open: what was written until now is enough.
        done, _ = await asyncio.wait({self._pump}, timeout=1)
        if not done:
            self._pump.cancel()
        return status

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Call `callback` once its output has ended, which is when it has."""
        self._pump.add_done_callback(lambda _: callback())

    async def stop(self) -> None:
        """End it with its farewell signals, one after the other."""
        for sign, seconds in self.program.farewell:
            if self.returncode is None:
                self.signal(sign)
            try:
                async with asyncio.timeout(seconds):
                    await self.wait()
                    return
            except TimeoutError:
                continue

    def signal(self, sign: signal.Signals) -> None:
        """Send `sign`, unless it has ended."""
        try:
            self._process.send_signal(sign)
        except ProcessLookupError:
            return

    @property
    def how(self) -> str:
        """How it ended, in words for the log."""
        status = self.returncode
        if status is None:
            return "still running"
        return f"signal {-status}" if status < 0 else f"exit status {status}"

    def explain(self) -> str:
        """Say how it ended and what it wrote last, a line each."""
        return "\n  ".join([self.how, *self.last_lines])

    async def _read(self) -> None:
        stream = self._process.stdout
        rest = b""
        while stream is not None and (chunk := await stream.read(65536)):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LINE_BYTES_MAX:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._hand_on(line)
        self._hand_on(rest)

    def _hand_on(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        if text:
            self.last_lines.append(text)
            self._on_line(text)


def end_with_parent() -> None:
    """Have this process told to stop (SIGTERM) when whatever started it dies.

    Whoever ignores hang-ups (`nohup`) wants it to go on, and so does a service manager.
    """
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN or os.getppid() == 1:
        return
    tie = _leash(signal.SIGTERM, os.getppid())
    if tie is not None:
        tie()


def end_with_supervisor(seconds: float) -> None:
    """Under `panier up`: end this process `seconds` after that one is gone, whatever it does.

    The leash tells it to stop first; this is for an event loop that no longer hears.
    """
    try:
        supervisor = os.pidfd_open(int(os.environ[SUPERVISOR]))
    except (KeyError, ProcessLookupError):
        return

    def watch() -> None:
        select.select([supervisor], [], [])
        time.sleep(seconds)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="supervisor").start()


async def await_exit(pid: int, seconds: float) -> bool:
    """Wait until process `pid`, which need not be a child, has ended; False if it has not."""
    loop = asyncio.get_running_loop()
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended = asyncio.Event()
    loop.add_reader(handle, ended.set)
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    return True
