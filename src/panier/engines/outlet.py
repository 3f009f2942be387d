"""Where a child's lines go: our log, at the level that its own marks ask for."""

import logging
import re
from collections.abc import Callable

import structlog

LEVELS = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.DEBUG,
    "NOTICE": logging.DEBUG,
    "LOG": logging.DEBUG,
    "WARNING": logging.WARNING,
    # A refused statement is told to whoever sent it; here it is a trace of it.
    "ERROR": logging.INFO,
    "FATAL": logging.WARNING,
    "PANIC": logging.ERROR,
    "DBG": logging.DEBUG,
    "INF": logging.DEBUG,
    "WRN": logging.WARNING,
    "ERR": logging.ERROR,
    "FTL": logging.ERROR,
}
"""PostgreSQL's severities and NATS's marks, as levels of our log."""
_MARK = re.compile(r"^(?:\[\d+\] )?(?:\[([A-Z]{3})\]|([A-Z]+):)\s*")
_CONTINUED = {"DETAIL", "HINT", "STATEMENT", "CONTEXT", "QUERY", "LOCATION"}


def engine_outlet(name: str, unmarked: int = logging.INFO) -> Callable[[str], None]:
    """Return a receiver of an engine's lines; details keep the level of the line before.

    A line without a mark, at the beginning or after one without, gets the level `unmarked`.
    """
    log = structlog.get_logger().bind(role=name)
    level = unmarked

    def receive(line: str) -> None:
        nonlocal level
        found = _MARK.match(line)
        mark = (found[1] or found[2]) if found else ""
        if mark not in _CONTINUED:
            level = LEVELS.get(mark, unmarked)
        text = line[found.end() :] if found and mark not in _CONTINUED else line
        log.log(level, text)

    return receive
