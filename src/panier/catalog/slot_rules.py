"""What a service and its slots must be like, pure: when it can be booked, how it is called."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_skeleton, format_time

from panier import web
from panier.catalog.rules import Texts
from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import LANGUAGES, _

Kind = Literal["goods", "service"]

SLOTS_MAX = 200
"""Slots of one service that are still to come."""
REPEAT_MAX = 52
"""Slots made at once."""
AHEAD_MAX = timedelta(days=400)
"""How far ahead a slot may be."""
MINUTES_MAX = 24 * 60
"""How long a slot may last."""
CLOSES_MINUTES_MAX = 30 * 24 * 60
CANCEL_HOURS_MAX = 30 * 24
PLACE_MAX = 200
"""Characters of where a slot takes place."""
ARRIVAL_MAX = 500
"""Characters of how to find or join it."""


class SlotTaken(PanierError):
    """There is a slot of this service at this time already: %(slot)s."""

    code, status = "slot_taken", 409


class TooManySlots(PanierError):
    """A service has at most %(limit)s slots to come."""

    code, status = "too_many_slots", 422


class NotAService(PanierError):
    """This product is not a service: it has no dates."""

    code, status = "not_a_service", 422


class Slot(msgspec.Struct, frozen=True):
    """When and where a service takes place; moments in UTC."""

    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    """Nobody can book it from then on."""
    cancel_until: datetime
    """Until then a buyer may cancel."""
    place: str
    """Empty: online."""


def check_number(given: int, field: str, most: int, least: int = 0) -> None:
    """Refuse a number out of bounds; raises BadInput."""
    if not least <= given <= most:
        reason = _("a number from %(least)s to %(most)s", least=least, most=most)
        raise BadInput(field=field, reason=reason)


def check_time(starts_at: datetime, ends_at: datetime, moment: datetime) -> None:
    """Refuse a slot that has begun, is too far ahead or has no length; raises BadInput."""
    if starts_at <= moment:
        raise BadInput(field="starts_at", reason=_("this has begun already"))
    if starts_at > moment + AHEAD_MAX:
        raise BadInput(field="starts_at", reason=_("this is more than a year ahead"))
    minutes = int((ends_at - starts_at).total_seconds() // 60)
    check_number(minutes, "minutes", MINUTES_MAX, 1)


def repeat(first: date, every_days: int, times: int) -> list[date]:
    """Return `times` days from `first` on, `every_days` apart; raises BadInput."""
    check_number(times, "times", REPEAT_MAX, 1)
    check_number(every_days, "every", 28, 1)
    return [first + timedelta(days=every_days * n) for n in range(times)]


def slot_sku(starts_at: datetime) -> str:
    """Return a slot's number within its service: its beginning in UTC, 20261124T1700Z."""
    return f"{starts_at.astimezone(UTC):%Y%m%dT%H%MZ}"


def slot_title(starts_at: datetime, ends_at: datetime, time_zone: str, country: str) -> Texts:
    """Write when a slot is in every language, as clocks in `time_zone` show it."""
    zone = ZoneInfo(time_zone)
    begin, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    titles = {}
    for language in LANGUAGES:
        locale = web.locale_of(language, country)
        hours = [format_time(t, "short", tzinfo=zone, locale=locale) for t in (begin, end)]
        day = format_skeleton("yMMMEd", begin, tzinfo=zone, locale=locale)
        titles[language] = f"{day}, {hours[0]}–{hours[1]}"
    return titles
