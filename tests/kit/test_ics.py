"""Calendar entries: readable by every calendar, whatever somebody writes into them."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from panier.kit.ics import Entry, write_calendar

BEGIN, END = datetime(2026, 11, 24, 17, tzinfo=UTC), datetime(2026, 11, 24, 17, 30, tzinfo=UTC)


def entry(title: str, text: str = "") -> Entry:
    return Entry("k", BEGIN, END, title, text, "https://example.org/x", place="12 rue, Paris")


def test_an_entry_says_when_what_and_where() -> None:
    lines = write_calendar([entry("Bougies, savons; et plus")], BEGIN).decode().split("\r\n")
    assert "DTSTART:20261124T170000Z" in lines
    assert "DTEND:20261124T173000Z" in lines
    assert "SUMMARY:Bougies\\, savons\\; et plus" in lines
    assert "LOCATION:12 rue\\, Paris" in lines
    assert "UID:k@panier" in lines
    assert "TRIGGER:-PT10M" in lines


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_lines_are_short_and_no_text_starts_one_of_its_own(text: str) -> None:
    written = write_calendar([entry(text, text)], BEGIN)
    assert all(len(line) <= 75 for line in written.split(b"\r\n"))
    read = Calendar.from_ical(written)
    assert [event["uid"] for event in read.walk("VEVENT")] == ["k@panier"]
    assert [part.name for part in read.walk()] == ["VCALENDAR", "VEVENT", "VALARM"]


def test_control_characters_are_left_out() -> None:
    written = write_calendar([entry("a\x07b\x7fc", "d\r\ne\rf")], BEGIN).decode()
    assert "SUMMARY:abc\r\n" in written
    assert "DESCRIPTION:d\\ne\\nf\r\n" in written
