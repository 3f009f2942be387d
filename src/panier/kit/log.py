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


def _console(*, colors: bool) -> structlog.typing.Processor:
    """Write time, level mark, role and event in columns, then whatever else there is."""
    dev = structlog.dev

    def paint(style: str) -> str:
        return style if colors else ""

    def plain(style: str, width: int = 0) -> structlog.dev.KeyValueColumnFormatter:
        return dev.KeyValueColumnFormatter(
            key_style=None,
            value_style=paint(style),
            reset_style=paint(dev.RESET_ALL),
            value_repr=str,
            width=width,
        )

    levels = {"debug": dev.DIM, "info": "", "warning": dev.YELLOW, "error": dev.RED}

    def event(key: str, value: object) -> str:  # noqa: ARG001 - structlog's signature
        return f"{value}"

    def level(key: str, value: object) -> str:  # noqa: ARG001 - structlog's signature
        mark = {"warning": "!", "error": "✗", "critical": "✗"}.get(str(value), "·")
        return f"{paint(levels.get(str(value), dev.RED))}{mark}{paint(dev.RESET_ALL)}"

    rest = dev.KeyValueColumnFormatter(
        key_style=paint(dev.DIM),
        value_style=paint(dev.DIM),
        reset_style=paint(dev.RESET_ALL),
        value_repr=str,
    )
    return dev.ConsoleRenderer(
        columns=[
            dev.Column("timestamp", plain(dev.DIM)),
            dev.Column("role", plain(dev.CYAN, ROLE_WIDTH)),
            dev.Column("level", level),
            dev.Column("event", event),
            dev.Column("", rest),
        ],
        # Not rich's: it prints local variables, and those may hold secrets.
        exception_formatter=dev.plain_traceback,
    )


def set_up_logs(role: str, style: str = "text", level: str = "info") -> None:
    """Log to standard error with the role's name; `style` is "text" or "json"."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else _console(colors=sys.stderr.isatty())
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if style == "text" else "iso"),
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer]
        if style == "json"
        else [*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(role=role)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s %(message)s")
