"""How processes share the tests (`pytest --numprocesses 2`), and which ones stay together."""

import os

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Which of the processes this is; empty when it is the only one."""
HEAVY = {"journeys": "platform", "browser": "platform", "engines": "engines", "video": "engines"}
"""Folders whose tests start programs and watch the clock, and which of them never run at once."""
LONGEST_FIRST = ("platform", "engines")


def group_of(test: str) -> str:
    """Return what runs in one process, one after the other: what is heavy, and else a file."""
    path, *_ = test.partition("::")
    folder = path.split("/")[1]
    return HEAVY.get(folder, path)


def turn_of(test: str) -> int:
    """Return when a test begins: what takes longest first, so that nobody waits for it later."""
    group = group_of(test)
    return LONGEST_FIRST.index(group) if group in LONGEST_FIRST else len(LONGEST_FIRST)


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out a group at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
