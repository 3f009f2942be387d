"""A show as a calendar entry."""

from datetime import datetime, timedelta

from panier.kit.i18n import _
from panier.kit.ics import Entry, write_calendar
from panier.shows.queries import Show
from panier.shows.rules import State

DURATION = timedelta(hours=1)
"""A show has no planned end; an hour keeps the evening free."""


def write_show(show: Show, url: str, now: datetime) -> bytes:
    """Write the show as an .ics file; `url` is where it is watched."""
    entry = Entry(
        key=str(show.id),
        starts_at=show.starts_at,
        ends_at=show.starts_at + DURATION,
        title=show.title,
        text=_("Live with %(host)s. Watch and buy here: %(url)s", host=show.host_name, url=url),
        url=url,
        cancelled=show.state == State.CANCELLED,
    )
    return write_calendar([entry], now)
