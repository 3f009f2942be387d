"""Calendar entries (RFC 5545), in UTC, as a file that every calendar reads."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from icalendar import Alarm, Calendar, Event


class Entry(NamedTuple):
    """Something that takes place."""

    key: str
    """The same in every file that tells of it, so that calendars replace what they had."""
    starts_at: datetime
    ends_at: datetime
    title: str
    text: str
    url: str
    place: str = ""
    cancelled: bool = False
    reminder: timedelta = timedelta(minutes=10)
    """How long before it begins."""


def write_calendar(entries: Iterable[Entry], now: datetime) -> bytes:
    """Write entries as an .ics file."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//panier//EN")
    calendar.add("method", "PUBLISH")
    for entry in entries:
        calendar.add_component(_event(entry, now))
    written: bytes = calendar.to_ical()
    return written


def _event(entry: Entry, now: datetime) -> Event:
    event, alarm = Event(), Alarm()
    event.add("uid", f"{entry.key}@panier")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", entry.starts_at.astimezone(UTC))
    event.add("dtend", entry.ends_at.astimezone(UTC))
    event.add("summary", _plain(entry.title))
    event.add("description", _plain(entry.text))
    event.add("url", entry.url)
    if entry.place:
        event.add("location", _plain(entry.place))
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -entry.reminder)
    alarm.add("description", _plain(entry.title))
    event.add_component(alarm)
    return event


def _plain(text: str) -> str:
    """Return a text without control characters other than line breaks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in lines if sign == "\n" or unicodedata.category(sign) != "Cc")
