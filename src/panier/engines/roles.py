"""The roles as processes: `panier run ROLE`, ready when it says so, alive while it does."""

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from panier.engines.errors import RoleFailed
from panier.engines.keeper import Care, Keeper, until_ready
from panier.engines.notify import ALIVE, READY, listen
from panier.engines.process import SUPERVISOR, Child, Program

PANIER = (sys.executable, "-m", "panier")
READY_SECONDS_MAX = 60.0
"""From the start of a role until it can take work, on a slow machine."""
SILENT_SECONDS_MAX = 60.0
"""A role whose event loop stands still so long is started again."""


@dataclass
class Role:
    """One role: its arguments for `panier`, and the environment it gets on top of ours."""

    name: str
    environment: Mapping[str, str]
    sockets: Path
    """A private folder with a short path, for the socket on which it is heard."""
    command: Sequence[str] = ()
    """What to run; by default this Python's `panier run <name>`."""
    _heard: float = field(default=0.0, init=False)

    def keeper(self) -> Keeper:
        """Return what keeps it running."""
        care = Care(
            self.name,
            self._start,
            self._is_well,
            lambda why: RoleFailed(role=self.name, reason=why),
        )
        return Keeper(care)

    async def _start(self) -> Child:
        ready = asyncio.Event()
        door = self.sockets / f"{self.name}.ready"

        def on_message(message: bytes) -> None:
            self._heard = time.monotonic()
            if message == READY:
                ready.set()
            elif message != ALIVE:
                structlog.get_logger().debug("unknown message", role=self.name)

        ear = await listen(door, on_message)
        self._heard = time.monotonic()
        environment = {
            **self.environment,
            "NOTIFY_SOCKET": str(door),
            "WATCHDOG_USEC": str(int(SILENT_SECONDS_MAX * 1_000_000)),
        }
        program = _panier(self.name, self.command or (*PANIER, "run", self.name), environment)
        try:
            child = await Child.spawn(program, role_outlet(self.name))
        except OSError:
            ear.close()
            raise
        child.when_ended(ear.close)
        await until_ready(child, ready, READY_SECONDS_MAX)
        return child

    async def _is_well(self) -> bool:
        return time.monotonic() - self._heard < SILENT_SECONDS_MAX


async def run_chore(name: str, environment: Mapping[str, str]) -> list[str]:
    """Run `panier <name>` to its end in a process of its own; returns what it printed.

    Its log goes to ours. Raises RoleFailed.
    """
    printed: list[str] = []
    outlet = role_outlet(name)

    def on_line(line: str) -> None:
        if line.startswith("{"):
            outlet(line)
        else:
            printed.append(line)

    child = await Child.spawn(_panier(name, (*PANIER, name), environment), on_line)
    try:
        status = await child.wait()
    finally:
        await child.stop()
    if status != 0:
        raise RoleFailed(role=name, reason=child.explain())
    return printed


def _panier(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Program:
    """Prepare a process that logs in a form we can read, and knows whose it is."""
    ours = {"PANIER_LOG": "json", SUPERVISOR: str(os.getpid())}
    return Program(name, command, {**os.environ, **environment, **ours}, Path.cwd())


def role_outlet(name: str) -> Callable[[str], None]:
    """Return a receiver of a role's lines: JSON from its log, or anything it prints."""
    log = structlog.get_logger()

    def receive(line: str) -> None:
        try:
            event = json.loads(line) if line.startswith("{") else None
        except ValueError:
            event = None
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            log.warning(line, role=name)
            return
        text = event.pop("event")
        level = logging.getLevelNamesMapping().get(str(event.pop("level", "info")).upper(), 20)
        event.pop("timestamp", None)
        log.log(level, text, **{**event, "role": name})

    return receive
