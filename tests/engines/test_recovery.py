"""What earlier runs may leave behind, and what cannot be mended and is said."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from panier import engines
from panier.engines.accounts import account_for
from panier.engines.places import runnable
from panier.engines.postgres import find_programs
from panier.engines.process import await_exit
from panier.migrations import DatabaseTooOld, migrate, newest

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="another user's view takes root")


async def started_and_stopped(folder: Path) -> Path:
    async with engines.running(folder) as running:
        return running.home / "postgres"


async def test_an_orphaned_postgres_is_ended(folder: Path) -> None:
    data = await started_and_stopped(folder)
    account = account_for(data)
    # As a leash that did not hold leaves it: alive, in nobody's care, holding the data.
    orphan = subprocess.Popen(
        [find_programs(data.parent, account) / "postgres", "-D", data, "-h", "", "-k", data],
        user=account.uid if account else None,
        group=account.gid if account else None,
        stderr=subprocess.PIPE,
        text=True,
        env={"LC_ALL": "C"},
    )
    assert orphan.stderr is not None
    while "ready to accept connections" not in orphan.stderr.readline():
        assert orphan.poll() is None
    async with engines.running(folder) as running:
        assert orphan.wait(10) == 0
        assert running.postgres.pid != orphan.pid
    orphan.stderr.close()


async def test_a_pid_file_that_names_a_stranger_is_stale(folder: Path) -> None:
    data = await started_and_stopped(folder)
    account = account_for(data)
    # After a reboot the number may belong to anything of the same user, which stays untouched.
    stranger = subprocess.Popen(["sleep", "60"], user=account.uid if account else None)
    try:
        pid_file = data / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{data}\n1\n5432\n/nowhere\n\n0 0\nready\n")
        if account:
            os.chown(pid_file, account.uid, account.gid)
        async with engines.running(folder) as running:
            assert running.postgres.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_first_start_that_was_killed_leaves_no_half_cluster(folder: Path) -> None:
    data = await started_and_stopped(folder)
    data.rename(data.with_name("postgres.new"))
    (data.with_name("postgres.new") / "PG_VERSION").unlink()
    await started_and_stopped(folder)
    assert (data / "PG_VERSION").read_text() == "18\n"
    assert not data.with_name("postgres.new").exists()


async def test_data_of_another_major_version_is_refused(folder: Path) -> None:
    data = await started_and_stopped(folder)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(engines.DataOfAnotherVersion) as refused:
        await started_and_stopped(folder)
    assert refused.value.message() == (
        f"{data} was written by PostgreSQL 16, this is 18: dump and restore it."
    )


async def test_a_postgres_that_cannot_start_says_why(folder: Path) -> None:
    data = await started_and_stopped(folder)
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = 'plenty'\n")
    with pytest.raises(engines.EngineFailed) as refused:
        await started_and_stopped(folder)
    assert 'invalid value for parameter "shared_buffers"' in refused.value.message()


@needs_root
async def test_a_data_folder_that_only_root_reaches_gets_its_engines_elsewhere(
    folder: Path,
) -> None:
    closed, open_to_all = folder / "closed", folder / "open"
    closed.mkdir(mode=0o700)
    open_to_all.mkdir(mode=0o755)
    for start in (1, 2):
        async with engines.running(closed / "data", system_home=open_to_all) as running:
            assert running.home.parent == open_to_all
            assert (closed / "data/engines").resolve() == running.home
            async with await psycopg.AsyncConnection.connect(running.postgres_dsn) as connection:
                await connection.execute(f"create table start_{start} ()")
    assert len(list(open_to_all.iterdir())) == 1, "the second start must find the first one's data"
    shutil.rmtree(open_to_all)
    with pytest.raises(engines.EnginesFolderLost, match="engines_folder_lost"):
        async with engines.running(closed / "data", system_home=open_to_all):
            pass


@needs_root
def test_programs_that_only_root_reaches_are_copied_once(folder: Path) -> None:
    closed = folder / "closed/package"
    (closed / "bin").mkdir(parents=True)
    closed.parent.chmod(0o700)
    tool = closed / "bin/tool"
    tool.write_text("#!/bin/sh\necho works\n")
    tool.chmod(0o700)
    account = account_for(folder / "nothing")
    assert account is not None
    found = runnable(closed / "bin", [closed], folder, account)
    assert found.is_relative_to(folder / "programs")
    assert found == runnable(closed / "bin", [closed], folder, account)
    answer = subprocess.run(
        [found / "tool"], user=account.uid, capture_output=True, check=True, cwd="/"
    )
    assert answer.stdout == b"works\n"


@pytest.mark.skipif(not DEBIAN_15.exists(), reason=f"no PostgreSQL 15 at {DEBIAN_15}")
async def test_postgresql_15_does_as_well(empty_folder: Path) -> None:
    async with engines.running(empty_folder, programs=DEBIAN_15) as running:
        await asyncio.to_thread(migrate, running.postgres_dsn)
        async with await psycopg.AsyncConnection.connect(running.postgres_dsn) as connection:
            assert connection.info.server_version // 10_000 == 15
            found = await connection.execute("select version_num from alembic_version")
            assert await found.fetchone() == (newest(),)


async def test_a_postgresql_below_15_is_refused() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a start-up message as PostgreSQL 14 does (protocol 3.0: length, code, body)."""
        asked = await reader.readexactly(8)
        if asked[4:] == (80877103).to_bytes(4):  # may we speak TLS?
            writer.write(b"N")
            asked = await reader.readexactly(8)
        await reader.readexactly(int.from_bytes(asked[:4]) - 8)
        version = b"server_version\x0014.9\x00"
        writer.write(b"R" + (8).to_bytes(4) + (0).to_bytes(4))
        writer.write(b"S" + (4 + len(version)).to_bytes(4) + version)
        writer.write(b"Z" + (5).to_bytes(4) + b"I")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        dsn = f"postgresql://panier@127.0.0.1:{port}/panier?gssencmode=disable"
        with pytest.raises(DatabaseTooOld) as refused:
            await asyncio.to_thread(migrate, dsn)
    assert refused.value.message() == "This PostgreSQL is version 14; panier needs 15 or newer."


async def test_await_exit_sees_a_stranger_end() -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    assert not await await_exit(stranger.pid, 0.05)
    stranger.kill()
    assert await await_exit(stranger.pid, 10)
    stranger.wait()
