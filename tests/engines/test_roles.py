"""Roles: ready when they say so, started again when they end, ended with whoever started them."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from panier import engines
from panier.engines import keeper, roles

READY_THEN_WAIT = """
import time
from panier import engines
engines.tell_ready()
print("works", flush=True)
time.sleep(60)
"""


def role(folder: Path, program: str, **environment: str) -> engines.Keeper:
    python = (sys.executable, "-c", program)
    return engines.Role("web", environment, folder, python).keeper()


async def test_a_role_is_started_when_it_says_that_it_is_ready(folder: Path) -> None:
    web = role(folder, READY_THEN_WAIT)
    await web.start()
    assert web.starts == 1
    pid = web.pid
    assert pid
    await web.stop()
    assert not Path(f"/proc/{pid}").exists()


async def test_a_killed_role_is_started_again(folder: Path) -> None:
    web = role(folder, READY_THEN_WAIT)
    await web.start()
    first = web.pid
    os.kill(first, 9)
    async with asyncio.timeout(30):
        await web.until_starts(2)
    assert web.pid not in {0, first}
    await web.stop()


async def test_a_role_that_cannot_start_says_why(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "BACK_OFF_SECONDS", (0.0, 0.0, 0.0))
    with pytest.raises(engines.RoleFailed) as refused:
        await role(folder, "import sys; sys.exit('no bread today')").start()
    assert "exit status 1\n  no bread today" in refused.value.message()


async def test_a_role_whose_loop_stands_still_is_started_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "HEALTH_SECONDS", 0.05)
    monkeypatch.setattr(keeper, "DEAF_MAX", 2)
    monkeypatch.setattr(roles, "SILENT_SECONDS_MAX", 0.2)
    web = role(folder, READY_THEN_WAIT)  # it never says that it is alive
    await web.start()
    async with asyncio.timeout(30):
        await web.until_starts(2)
    await web.stop()


async def test_a_role_that_says_it_is_alive_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "HEALTH_SECONDS", 0.05)
    monkeypatch.setattr(keeper, "DEAF_MAX", 2)
    monkeypatch.setattr(roles, "SILENT_SECONDS_MAX", 1.0)
    program = """
import asyncio
from panier import engines
async def main():
    asyncio.create_task(engines.tell_alive())
    engines.tell_ready()
    await asyncio.sleep(2.5)
asyncio.run(main())
"""
    web = role(folder, program)
    await web.start()
    first = web.pid
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await web.until_starts(2)
    assert web.pid == first
    await web.stop()


async def test_a_role_that_does_not_stop_is_killed_in_time(folder: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + READY_THEN_WAIT
    web = role(folder, deaf)
    await web.start()
    pid = web.pid
    async with asyncio.timeout(30):
        await web.stop()
    assert not Path(f"/proc/{pid}").exists()


async def test_a_role_with_a_dead_loop_ends_after_its_supervisor(folder: Path) -> None:
    """The leash asks first; this is for a role that no longer hears it."""
    program = """
import os, signal, subprocess, sys
child = '''
import signal, sys, time
from panier import engines
signal.signal(signal.SIGTERM, signal.SIG_IGN)
engines.end_with_supervisor(0.1)
print("ready", flush=True)
time.sleep(60)
'''
env = {**os.environ, "PANIER_SUPERVISOR": str(os.getpid())}
role = subprocess.Popen([sys.executable, "-c", child], env=env, stdout=subprocess.PIPE)
role.stdout.readline()
print(role.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout is not None
    orphan = int(await supervisor.stdout.readline())
    assert await supervisor.wait() == -signal.SIGKILL
    assert await engines.await_exit(orphan, 10)
    await supervisor.stdout.read()


def test_what_a_role_prints_keeps_its_level_and_gets_its_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    receive = roles.role_outlet("worker")
    receive('{"event": "mail sent", "level": "warning", "to": 3, "timestamp": "x", "role": "?"}')
    receive("Traceback (most recent call last):")
    receive("{not json")
    lines = capsys.readouterr().out.splitlines()
    assert "mail sent" in lines[0]
    assert "role=worker" in lines[0]
    assert "to=3" in lines[0]
    assert "warning" in lines[0]
    assert "Traceback (most recent call last):" in lines[1]
    assert "{not json" in lines[2]
