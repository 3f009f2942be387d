"""Whom an engine runs as: PostgreSQL refuses to be root, and neither engine needs to be."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

CANDIDATES = ("postgres", "nobody")
"""Users to run as when started by root, best first; a bare Debian has the second."""


@dataclass(frozen=True)
class Account:
    """An unprivileged user of this machine."""

    name: str
    uid: int
    gid: int


def account_for(folder: Path) -> Account | None:
    """Choose whom the engines under `folder` run as; None: as whoever started panier.

    Data that exists keeps its owner, so that root may start what a plain user began.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and (found := folder.stat()).st_uid != 0:
        return Account(_name(found.st_uid), found.st_uid, found.st_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    return Account("65534", 65534, 65534)


def can_reach(path: Path, account: Account | None) -> bool:
    """Tell whether `account` may pass through every folder above `path`, and read `path`."""
    if account is None:
        return True
    resolved = path.resolve()
    below = [p for p in (resolved, *resolved.parents) if p.exists()]
    return all(_may(p, account) for p in below)


def give(path: Path, account: Account | None, mode: int) -> None:
    """Make `path` belong to `account` alone, with `mode`."""
    if account is not None:
        os.chown(path, account.uid, account.gid)
    path.chmod(mode)


def _may(path: Path, account: Account) -> bool:
    found = path.stat()
    if found.st_uid == account.uid:
        needed = stat.S_IXUSR
    elif found.st_gid == account.gid:
        needed = stat.S_IXGRP
    else:
        needed = stat.S_IXOTH
    return bool(found.st_mode & needed)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
