"""A show as a calendar entry (RFC 5545), by hand: one event, in UTC."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

from panier.kit.i18n import _
from panier.shows.queries import Show
from panier.shows.rules import State

LINE_OCTETS_MAX = 75
"""Octets of one line without its break (RFC 5545, section 3.1)."""
DURATION = "PT1H"
"""A show has no planned end; an hour keeps the evening free."""
REMINDER = "-PT10M"


def write_calendar(show: Show, url: str, now: datetime) -> bytes:
    """Write the show as an .ics file; `url` is where it is watched."""
    status = "CANCELLED" if show.state == State.CANCELLED else "CONFIRMED"
    told = _("Live with %(host)s. Watch and buy here: %(url)s", host=show.host_name, url=url)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//panier//shows//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{show.id}@panier",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(show.starts_at)}",
        f"DURATION:{DURATION}",
        f"SUMMARY:{escape(show.title)}",
        f"DESCRIPTION:{escape(told)}",
        f"URL:{url}",
        f"STATUS:{status}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"TRIGGER:{REMINDER}",
        f"DESCRIPTION:{escape(show.title)}",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in fold(line)).encode()


def escape(text: str) -> str:
    """Escape a TEXT value (RFC 5545, section 3.3.11); other control characters are left out."""
    text = text.replace("\r\n", "\n").replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    text = text.replace("\n", "\\n")
    return "".join(sign for sign in text if sign == "\t" or unicodedata.category(sign) != "Cc")


def fold(line: str) -> Iterable[str]:
    """Break a line into parts of at most 75 octets, never inside a character."""
    part, size = "", 0
    for sign in line:
        octets = len(sign.encode())
        if size + octets > LINE_OCTETS_MAX:
            yield part
            part, size = " ", 1
        part, size = part + sign, size + octets
    yield part


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
