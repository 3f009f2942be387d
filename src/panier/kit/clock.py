"""Time: always aware, always UTC; a reader's time zone is a matter of display."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def ms(moment: datetime) -> int:
    """Return milliseconds since the epoch, the form browsers use."""
    return int(moment.timestamp() * 1000)
