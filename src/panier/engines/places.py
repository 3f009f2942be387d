"""Where things are: the engines' folder, short socket folders, programs another user can run."""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path

import structlog

from panier.engines.accounts import Account, account_for, can_reach, give
from panier.engines.errors import (
    AlreadyRunning,
    EnginesFolderLost,
    FolderForeign,
    FolderUnreachable,
)

SOCKET_PATH_MAX = 107
"""Bytes of a Unix socket's path (`sun_path` less its closing zero)."""
SOCKET_NAME_MAX = 24
"""Bytes kept for the slash and the socket's own name, such as /.s.PGSQL.5432.lock."""
SYSTEM_HOME = Path("/var/lib/panier")
"""Where root's engines keep their files when their user cannot reach the data folder."""

log = structlog.get_logger()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Use `folder` alone as long as the block lasts; the lock ends with the process.

    Raises AlreadyRunning, FolderForeign.
    """
    path = folder / "panier.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        raise FolderForeign(folder=str(folder)) from None
    try:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            owner = os.read(handle, 20).decode().strip() or "?"
            raise AlreadyRunning(pid=owner, folder=str(folder)) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def is_locked(folder: Path) -> bool:
    """Tell whether a living panier uses `folder`."""
    try:
        handle = os.open(folder / "panier.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        flock(handle, LOCK_SH | LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def engines_home(folder: Path, system_home: Path = SYSTEM_HOME) -> tuple[Path, Account | None]:
    """Return the folder of the engines' files, and whom they run as.

    Normally `<data folder>/engines`. Started by root with a data folder that no other user can
    reach (below /root, say), that name is a link to a folder under `system_home`.
    Raises EnginesFolderLost, FolderUnreachable.
    """
    link = folder / "engines"
    if link.is_symlink() and not link.exists():
        raise EnginesFolderLost(link=str(link), folder=str(link.readlink()))
    account = account_for(link / "postgres")
    if not link.exists():
        if account is not None:
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o011)
        if can_reach(folder, account):
            link.mkdir(mode=0o755)
        else:
            link.symlink_to(_home_elsewhere(system_home, folder))
    home = link.resolve()
    if account is not None:
        home.chmod(0o755)
    if not can_reach(home, account):
        raise FolderUnreachable(account=account.name if account else "", folder=str(home))
    return home, account


def _home_elsewhere(system_home: Path, folder: Path) -> Path:
    system_home.mkdir(parents=True, exist_ok=True, mode=0o755)
    home = Path(tempfile.mkdtemp(prefix="engines-", dir=system_home))
    log.info("the engines' user cannot reach the data folder", data=str(folder), engines=str(home))
    return home


def private_folder(path: Path, account: Account | None) -> Path:
    """Make `path` a folder that only `account` (and root) may enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    give(path, account, 0o700)
    return path


def socket_folder(wanted: Path, account: Account | None) -> Path:
    """Make a private folder for sockets: `wanted`, or one with a short name if that is too long.

    Raises FolderForeign if somebody else holds the short name.
    """
    if len(os.fsencode(wanted)) + SOCKET_NAME_MAX <= SOCKET_PATH_MAX:
        return private_folder(wanted, account)
    digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    base = Path(tempfile.gettempdir())
    if len(os.fsencode(base)) > SOCKET_PATH_MAX // 2:
        base = Path("/tmp")  # noqa: S108 - its owner is checked below
    short = base / f"panier-{os.geteuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    owners = {os.geteuid(), account.uid if account else os.geteuid()}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise FolderForeign(folder=str(short))
    give(short, account, 0o700)
    return short


def runnable(source: Path, parts: list[Path], home: Path, account: Account | None) -> Path:
    """Return `source` (a file or folder below one of `parts`) where `account` can run it.

    Usually that is `source` itself. An environment below /root is closed to other users: then
    `parts`, neighbours in one folder, are copied once to `home`.
    """
    if can_reach(source, account):
        return source
    stamp = max(int(part.stat().st_mtime_ns) for part in parts)
    copy = home / "programs" / f"{parts[0].name}-{stamp}"
    if not copy.exists():
        for earlier in (home / "programs").glob(f"{parts[0].name}-*"):
            shutil.rmtree(earlier)
        draft = copy.with_name(f"{copy.name}.new")
        draft.mkdir(parents=True)
        for part in parts:
            put: Callable[..., object] = shutil.copytree if part.is_dir() else shutil.copy2
            put(part, draft / part.name)
        for path in (home / "programs", draft, *draft.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
        draft.rename(copy)
    return copy / source.relative_to(parts[0].parent)
