"""What a seller may ask for, pure: times as clocks show them, places, how large a picture."""

import re
from datetime import date, datetime, time, timedelta

from panier import catalog, shows
from panier.kit.errors import BadInput
from panier.kit.i18n import N_, _

PLACES_MAX = 1000
"""Places in one slot."""
MINUTES_USUAL = 30
PICTURE_BYTES_MAX = 10 * 1024 * 1024
LARGE_FORMS = {
    re.compile(r"/[a-z]{2}/seller/services/[^/]+/picture"): PICTURE_BYTES_MAX + 65_536,
}
"""Addresses whose forms may be larger than others, and how large in bytes: a picture."""
EVERY = {0: N_("Once"), 1: N_("Every day"), 7: N_("Every week"), 14: N_("Every two weeks")}
"""Days between slots that are made at once."""


def plan_slots(
    first: date, hour: time, time_zone: str, *, minutes: int, every: int = 0, times: int = 1
) -> list[tuple[datetime, datetime]]:
    """Return beginnings and ends (UTC) of slots at the same hour of the market's clocks.

    The hour stays when clocks change between two of them; the length is what passes. Raises
    BadInput, also for an hour that the clocks leap over on one of the days.
    """
    if every not in EVERY:
        raise BadInput(field="every", reason=_("please choose one of the list"))
    days = catalog.repeat(first, every, times) if every else [first]
    begins = [shows.local_start(day, hour, time_zone) for day in days]
    return [(begin, begin + timedelta(minutes=minutes)) for begin in begins]


def check_places(given: int) -> int:
    """Return how many places a slot has; raises BadInput."""
    if not 1 <= given <= PLACES_MAX:
        reason = _("a number from %(least)s to %(most)s", least=1, most=PLACES_MAX)
        raise BadInput(field="places", reason=reason)
    return given
