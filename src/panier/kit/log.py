"""Logs: structlog, one line an event, readable on a terminal and JSON where asked."""

import logging
import sys

import structlog

SECRET_KEYS = frozenset({"password", "secret", "token", "ticket", "key", "card", "authorization"})


def hide_secrets(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Blank the values whose name says that they are secret."""
    for name in event.keys() & SECRET_KEYS:
        event[name] = "…"
    return event


ROLE_WIDTH = 9
"""Columns of a role's name on a terminal."""
COLORS = {"dim": "\x1b[2m", "cyan": "\x1b[36m", "yellow": "\x1b[33m", "red": "\x1b[31m"}
RESET = "\x1b[0m"
MARKS = {
    "debug": ("dim", "·"), "info": ("", "·"), "warning": ("yellow", "!"), "error": ("red", "✗"),
    "critical": ("red", "✗"),
}  # fmt: skip


def _lines(*, colors: bool) -> structlog.typing.Processor:
    """Write time, role, mark and event, then whatever else there is by name; then an exception."""

    def paint(color: str, text: str) -> str:
        return f"{COLORS[color]}{text}{RESET}" if colors and color else text

    marks = {level: paint(*mark) for level, mark in MARKS.items()}

    def render(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
        exception = event.pop("exception", None)
        at = paint("dim", event.pop("timestamp"))
        role = paint("cyan", f"{event.pop('role', ''):<{ROLE_WIDTH}}")
        # What happened is said by us, at times in several lines.
        said = "\n".join(map(_printable, str(event.pop("event")).split("\n")))
        line = f"{at} {role} {marks[event.pop('level')]} {said}"
        if event:
            rest = " ".join(f"{name}={_printable(event[name])}" for name in sorted(event))
            line = f"{line} {paint('dim', rest)}"
        return f"{line}\n{exception}" if exception else line

    return render


def _printable(value: object) -> str:
    """Return what somebody outside may have written so that it stays in its line."""
    text = str(value)
    return text if text.isprintable() else repr(text)[1:-1]


def set_up_logs(role: str, style: str = "text", level: str = "info") -> None:
    """Log to standard error with the role's name; `style` is "text" or "json"."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else _lines(colors=sys.stderr.isatty())
    )
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if style == "text" else "iso"),
        hide_secrets,
        # Plain: rich's would print local variables, and those may hold secrets.
        structlog.processors.format_exc_info,
        renderer,
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(role=role)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s %(message)s")
