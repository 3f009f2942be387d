"""A show's life, its name, its hour, its run sheet: pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import _

TITLE_MAX = 120
"""Characters of a show's title."""
SLUG_MAX = 60
"""Characters of a show's name in addresses, before a number that tells namesakes apart."""
RUN_SHEET_MAX = 100
"""Products of one show."""
PLACES = range(1, 1000)
"""What a host may enter as a product's place in the show."""
LATE_MAX = timedelta(minutes=15)
"""A show may be scheduled for a moment that has just gone by."""
AHEAD_MAX = timedelta(days=400)
"""How far ahead a show may be scheduled."""

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"})
"""Letters that do not come apart into a plain one and a mark."""


class State(StrEnum):
    """Where a show is in its life."""

    SCHEDULED = "scheduled"
    """On the calendar."""
    REHEARSING = "rehearsing"
    """Host and crew try it; for everybody else it is still scheduled."""
    LIVE = "live"
    """On air."""
    ENDED = "ended"
    """Over; replay and report remain."""
    CANCELLED = "cancelled"
    """Does not take place."""


class StockRule(StrEnum):
    """What a press on the basket does to the stock."""

    HOLD = "hold"
    """It sets stock aside for some minutes."""
    FIRST_PAID = "first_paid"
    """It sets nothing aside: who pays first gets it."""


TRANSITIONS: dict[State, frozenset[State]] = {
    State.SCHEDULED: frozenset({State.REHEARSING, State.LIVE, State.CANCELLED}),
    State.REHEARSING: frozenset({State.SCHEDULED, State.LIVE, State.CANCELLED}),
    State.LIVE: frozenset({State.ENDED}),
    State.ENDED: frozenset(),
    State.CANCELLED: frozenset(),
}
PINNING = frozenset({State.REHEARSING, State.LIVE})
"""When products can be put on the picture."""
OPEN = frozenset({State.SCHEDULED, State.REHEARSING, State.LIVE})
"""When the run sheet can be changed."""


class StateRefused(PanierError):
    """The show has moved on, so this is not possible any more; please look again."""

    code, status = "state_refused", 409


class NotOnAir(PanierError):
    """Products can be pinned during a rehearsal or on air, not before or after."""

    code, status = "not_on_air", 409


class NotOnRunSheet(PanierError):
    """This product is not on the run sheet of the show."""

    code, status = "not_on_run_sheet", 409


class RuleFixed(PanierError):
    """On air and afterwards a show keeps its rule: viewers have relied on it."""

    code, status = "rule_fixed", 409


class RunSheetClosed(PanierError):
    """The run sheet of a show that is over cannot be changed any more."""

    code, status = "run_sheet_closed", 409


class SlugTaken(PanierError):
    """Another show is already called “%(slug)s” in its address; please choose another."""

    code, status = "slug_taken", 409


def may_become(state: State) -> list[str]:
    """Return the states from which a show may become `state`."""
    return sorted(before for before, after in TRANSITIONS.items() if state in after)


def check_pinning(state: str) -> None:
    """Refuse to pin outside a rehearsal and the air; raises NotOnAir."""
    if state not in PINNING:
        raise NotOnAir(state=state)


def check_changing_rule(state: str) -> None:
    """Refuse another stock rule once the show is on air; raises RuleFixed."""
    if state not in (State.SCHEDULED, State.REHEARSING):
        raise RuleFixed(state=state)


def check_title(title: str) -> None:
    """Refuse an empty or overlong title."""
    if not title.strip():
        raise BadInput(field="title", reason=_("please give the show a title"))
    if len(title) > TITLE_MAX:
        reason = _("at most %(count)s characters", count=TITLE_MAX)
        raise BadInput(field="title", reason=reason)


def check_slug(slug: str) -> None:
    """Refuse what is not small letters, digits and single hyphens."""
    if len(slug) > SLUG_MAX or not SLUG.fullmatch(slug):
        raise BadInput(field="slug", reason=_("use small letters, digits and hyphens"))


def check_language(language: str, offered: Sequence[str]) -> None:
    """Refuse a language that the market does not offer."""
    if language not in offered:
        reason = _("this market does not offer this language")
        raise BadInput(field="language", reason=reason)


def check_start(starts_at: datetime, now: datetime) -> None:
    """Refuse a start that has gone by, or is more than a year ahead."""
    if starts_at < now - LATE_MAX:
        raise BadInput(field="starts_at", reason=_("this moment has gone by"))
    if starts_at > now + AHEAD_MAX:
        raise BadInput(field="starts_at", reason=_("this is more than a year ahead"))


def check_run_sheet(products: Sequence[UUID]) -> None:
    """Refuse too many products, or one twice."""
    if len(products) > RUN_SHEET_MAX:
        reason = _("at most %(count)s products", count=RUN_SHEET_MAX)
        raise BadInput(field="products", reason=reason)
    if len(set(products)) != len(products):
        reason = _("a product can be on the run sheet once")
        raise BadInput(field="products", reason=reason)


def order_products(places: Mapping[str, str]) -> list[UUID]:
    """Return products by the place entered for each (empty: not presented); equals as they come.

    Raises BadInput when a place is no number, or when there is no product at all.
    """
    chosen: list[tuple[int, UUID]] = []
    for product, place in places.items():
        if not place:
            continue
        try:
            chosen.append((PLACES.index(int(place)), UUID(product)))
        except ValueError:
            reason = _("a place is a number from 1 to %(last)s", last=PLACES[-1])
            raise BadInput(field="products", reason=reason) from None
    if not chosen:
        reason = _("please give at least one product a place")
        raise BadInput(field="products", reason=reason)
    return [product for _place, product in sorted(chosen, key=lambda pair: pair[0])]


def make_slug(title: str) -> str:
    """Make a name for addresses from a title: “L’été, déjà !” is l-ete-deja."""
    plain = unicodedata.normalize("NFKD", title.lower().translate(LETTERS))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug[:SLUG_MAX].rstrip("-") or "show"


def local_start(day: date, hour: time, time_zone: str) -> datetime:
    """Return the moment (UTC) of a local day and hour; the first where clocks show it twice.

    Raises BadInput for an hour that the clocks leap over.
    """
    local = datetime.combine(day, hour, ZoneInfo(time_zone))
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise BadInput(field="starts_at", reason=_("the clocks leap over this hour on that day"))
    return moment
