"""What the figures were measured on, and what a process has used."""

import asyncio
import os
import platform
import shutil
from contextlib import suppress
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, all its threads, to the nanosecond if known."""
    with suppress(OSError, ValueError):
        tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
        return sum(int(path.read_text().split()[0]) for path in tasks) / 1e9
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Return the memory of a process that is in RAM."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def stolen() -> tuple[int, int]:
    """Return the ticks that other guests of the same host took from this one, and all ticks."""
    ticks = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return ticks[7], sum(ticks[:8])


def describe() -> dict[str, str]:
    """Name the machine."""
    found: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    return {
        "Processor": f"{found.get('model name', platform.machine())}, {os.cpu_count()} cores",
        "Kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }


async def compile_c(name: str, folder: Path) -> Path | None:
    """Compile a C program of this folder into `folder`; None where no compiler is."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    program = folder / name
    compiling = await asyncio.create_subprocess_exec(
        compiler, "-O2", "-D_GNU_SOURCE", "-o", program, Path(__file__).with_name(f"{name}.c")
    )
    assert await compiling.wait() == 0
    return program
