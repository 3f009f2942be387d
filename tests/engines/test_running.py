"""Engines start, answer, come back after a crash, and end with whoever started them."""

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import nats
import psycopg
import pytest

from panier import engines
from panier.engines.places import SOCKET_PATH_MAX
from panier.engines.process import await_exit
from tests.engines.conftest import Other


async def ask(dsn: str, statement: str) -> object:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        found = await connection.execute(statement.encode())
        row = await found.fetchone() if found.description else None
        return row[0] if row else None


async def test_the_first_start_makes_a_safe_cluster(empty_folder: Path) -> None:
    folder = empty_folder
    async with engines.running(folder) as running:
        dsn = running.postgres_dsn
        assert await ask(dsn, "show server_encoding") == "UTF8"
        assert await ask(dsn, "select lower('ÉCRU')") == "écru"
        assert await ask(dsn, "show fsync") == "on"
        assert await ask(dsn, "show data_checksums") == "on"
        assert await ask(dsn, "show listen_addresses") == ""
        assert await ask(dsn, "show timezone") == "UTC"
        owner = Path(f"/proc/{running.postgres.pid}").stat().st_uid
        assert owner != 0, "PostgreSQL must not run as root"
        assert owner == Path(f"/proc/{running.nats.pid}").stat().st_uid
        mode = stat.S_IMODE((folder / "engines/run").stat().st_mode)
        assert mode == 0o700, "whoever enters the socket folder is let in"
        assert stat.S_IMODE((folder / "addresses.json").stat().st_mode) == 0o600


async def test_nats_lets_nobody_in_without_its_token(folder: Path) -> None:
    async with engines.running(folder) as running:
        client = await nats.connect(running.nats_url)
        heard = await client.subscribe("hello")
        await client.publish("hello", b"there")
        assert (await heard.next_msg(timeout=30)).data == b"there"
        await client.close()
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(running.nats_url.rpartition(":")[2])
        )
        writer.write(b"CONNECT {}\r\nPING\r\n")
        answer = await reader.read()
        assert b"-ERR 'Authorization Violation'" in answer
        writer.close()
        await writer.wait_closed()


async def test_a_killed_postgres_comes_back_with_what_was_committed(folder: Path) -> None:
    async with engines.running(folder) as running:
        await ask(running.postgres_dsn, "create table kept as select 42 as answer")
        os.kill(running.postgres.pid, 9)
        async with asyncio.timeout(30):
            await running.postgres.until_starts(2)
        assert await ask(running.postgres_dsn, "select answer from kept") == 42


async def test_a_killed_nats_comes_back_at_the_same_address(folder: Path) -> None:
    async with engines.running(folder) as running:
        os.kill(running.nats.pid, 9)
        async with asyncio.timeout(30):
            await running.nats.until_starts(2)
        client = await nats.connect(running.nats_url)
        assert client.is_connected
        await client.close()


async def test_a_second_panier_on_the_same_folder_is_refused(folder: Path) -> None:
    async with engines.running(folder):
        with pytest.raises(engines.AlreadyRunning) as refused:
            async with engines.running(folder):
                pass
    assert refused.value.message() == (
        f"Another panier (process {os.getpid()}) is using {folder}; "
        "stop it first, or set PANIER_DATA."
    )


async def test_the_running_engines_can_be_found(folder: Path) -> None:
    assert engines.find_running(folder) is None
    async with engines.running(folder) as running:
        found = engines.find_running(folder)
        assert found == engines.Addresses(running.postgres_dsn, running.nats_url)
    assert engines.find_running(folder) is None


async def test_the_engines_end_with_a_killed_panier_and_the_next_start_recovers(
    folder: Path, other_panier: Callable[..., Other]
) -> None:
    other = other_panier()
    addresses = engines.find_running(folder)
    assert addresses is not None
    await ask(addresses.postgres_dsn, "create table kept as select 42 as answer")
    other.kill()
    assert await await_exit(other.postgres, 30), "postgres outlived its panier"
    assert await await_exit(other.nats, 30), "nats outlived its panier"
    async with engines.running(folder) as running:
        assert await ask(running.postgres_dsn, "select answer from kept") == 42


async def test_the_next_start_need_not_wait_for_the_end_of_the_killed_one(
    folder: Path, other_panier: Callable[..., Other]
) -> None:
    other = other_panier()
    other.kill()
    async with engines.running(folder) as running:
        assert await ask(running.postgres_dsn, "select 1") == 1


async def test_everything_killed_at_once_recovers(
    folder: Path, other_panier: Callable[..., Other]
) -> None:
    other = other_panier()
    for pid in (other.process.pid, other.postgres, other.nats):
        os.kill(pid, 9)
    other.process.wait(10)
    async with engines.running(folder) as running:
        assert await ask(running.postgres_dsn, "select 1") == 1


async def test_a_plain_user_needs_nothing_of_root(
    empty_folder: Path, other_panier: Callable[..., Other], plain_uid: int
) -> None:
    folder = empty_folder
    os.chown(folder, plain_uid, plain_uid)
    other = other_panier(str(plain_uid))
    assert Path(f"/proc/{other.postgres}").stat().st_uid == plain_uid
    assert (folder / "engines/postgres").stat().st_uid == plain_uid
    other.end()
    assert other.process.returncode == 0
    # Root may carry on with the plain user's data, and it stays the plain user's.
    async with engines.running(folder) as running:
        assert Path(f"/proc/{running.postgres.pid}").stat().st_uid == plain_uid


async def test_a_data_folder_of_somebody_else_is_refused(folder: Path, plain_uid: int) -> None:
    folder.chmod(0o755)
    other = Other(folder, str(plain_uid))
    with pytest.raises(AssertionError, match="belongs to another user; set PANIER_DATA"):
        other.await_ready()
    other.end()
    assert other.process.returncode == 1


async def test_two_that_start_at_once_have_ports_of_their_own(folder: Path) -> None:
    async def start(name: str) -> str:
        async with engines.running(folder / name) as running, barrier:
            assert await ask(running.postgres_dsn, "select 1") == 1
            return running.nats_url.rpartition(":")[2]

    barrier = asyncio.Barrier(2)
    one, two = await asyncio.gather(start("one"), start("two"))
    assert one != two


async def test_a_long_path_gets_a_short_socket_folder(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    async with engines.running(deep) as running:
        assert await ask(running.postgres_dsn, "select 1") == 1
        socket_folder = Path(str(await ask(running.postgres_dsn, "show unix_socket_directories")))
        assert len(str(socket_folder / ".s.PGSQL.5432")) <= SOCKET_PATH_MAX
        assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
    socket_folder.rmdir()
