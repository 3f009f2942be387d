"""The rules of what is sent and comes back, pure: states, units, deadlines, carriers."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import N_, _
from panier.orders import State

WITHDRAWAL_DAYS = 14
"""To withdraw after delivery (Directive 2011/83/EU, article 9; UK SI 2013/3134, regulation 30)."""
TRACKING_MAX = 40
"""Characters of a carrier's number."""
REASON_MAX = 500
"""Characters of a reason or a note."""
LABEL_BYTES_MAX = 5 * 1024 * 1024
"""A return label: a PDF or a PNG."""
LARGE_FORMS = {
    re.compile(r"/[a-z]{2}/seller/orders/[^/]+/return/[^/]+/directions"): LABEL_BYTES_MAX + 65_536
}
"""Addresses whose forms may be larger than others, and how large in bytes: a label and words."""
BULK_MAX = 200
"""Orders in one bulk action, parcels in one import, slips on one print."""
PARCELS_MAX = 20
"""Parcels of one order."""


class NotNow(PanierError):
    """This cannot be done with the order as it stands now; please look at it once more."""

    code, status = "not_now", 409


class TooManyUnits(PanierError):
    """This is more than is left of the order."""

    code, status = "too_many_units", 409


class NothingChosen(PanierError):
    """Please choose at least one unit."""

    code, status = "nothing_chosen", 422


class TooLate(PanierError):
    """The time to send this back is over; please ask the seller."""

    code, status = "too_late", 409


class CannotReturn(PanierError):
    """%(reason)s Please leave out “%(title)s”."""

    code, status = "cannot_return", 409


class BadLabel(PanierError):
    """A label is a PDF or a PNG."""

    code, status = "bad_label", 422


class CarrierUnknown(PanierError):
    """This carrier is not in our list; write “other” for one that is not."""

    code, status = "carrier_unknown", 422


class Reason(StrEnum):
    """Why a buyer gets money back."""

    CANCELLED = "cancelled"
    """It was not sent."""
    WITHDRAWAL = "withdrawal"
    """It came back."""
    LOST = "lost"
    """It never arrived."""
    GOODWILL = "goodwill"
    """The buyer keeps it."""
    DISPUTE = "dispute"
    """Their bank took it back."""


class Units(NamedTuple):
    """What became of the units of a line."""

    n: int
    quantity: int
    cancelled: int = 0
    shipped: int = 0
    lost: int = 0
    asked: int = 0
    """In returns that have not arrived."""
    returned: int = 0
    performed: int = 0
    """Places in a slot that is over."""
    booked: bool = False
    """The line is a place in a slot: nothing is sent, it takes place."""

    @property
    def to_send(self) -> int:
        """Return what the seller still has to send."""
        return 0 if self.booked else self.quantity - self.cancelled - self.shipped

    @property
    def to_come(self) -> int:
        """Return the places in a slot that is not over."""
        return self.quantity - self.cancelled - self.performed if self.booked else 0

    @property
    def promised(self) -> int:
        """Return what the seller still owes: units to send, places to come."""
        return self.to_send + self.to_come

    @property
    def with_buyer(self) -> int:
        """Return what the buyer has, or will have, and has not asked to send back."""
        return self.shipped - self.lost - self.asked - self.returned

    @property
    def kept(self) -> int:
        """Return what is not cancelled, lost or back."""
        return self.quantity - self.cancelled - self.lost - self.returned


class Standing(NamedTuple):
    """All that decides in which state an order is."""

    lines: Sequence[Units]
    parcels: Sequence[str]
    """The state of each parcel: shipped, delivered or lost."""
    refunded: bool
    """The buyer has all they paid back."""


def next_state(state: State, s: Standing) -> State:
    """Return the state that follows from how things stand, or the same one.

    A part of an order that is shipped, cancelled or returned leaves its state: the counts of its
    lines say how much. It moves when nothing is left that has not moved. What takes place counts
    as delivered when it is over; goods of the same order are waited for, and it for them.
    """
    returned = sum(line.returned for line in s.lines)
    if state in (State.PAID, State.PACKED):
        return _leave_seller(state, s)
    if state == State.SHIPPED and _is_over(s):
        return State.DELIVERED
    if state == State.DELIVERED and returned and not any(line.kept for line in s.lines):
        return State.RETURNED
    # What is still on its way is waited for: settlement hears of its arrival.
    if s.refunded and state in REFUNDABLE and "shipped" not in s.parcels:
        return State.REFUNDED
    return state


def _leave_seller(state: State, s: Standing) -> State:
    if any(line.to_send for line in s.lines):
        return state
    if any(line.shipped for line in s.lines):
        return State.SHIPPED
    if any(line.to_come for line in s.lines):
        return state
    return State.DELIVERED if any(line.performed for line in s.lines) else State.CANCELLED


def _is_over(s: Standing) -> bool:
    """Tell whether all has arrived that will, and all has taken place."""
    if "shipped" in s.parcels or any(line.to_come for line in s.lines):
        return False
    return "delivered" in s.parcels or any(line.performed for line in s.lines)


REFUNDABLE = frozenset({State.SHIPPED, State.DELIVERED, State.CANCELLED, State.RETURNED})
"""Where an order whose money is all back is done with."""


def choose(
    lines: Sequence[Units], wanted: Mapping[int, int] | None, free: Mapping[int, int]
) -> dict[int, int]:
    """Return the units by line that are meant; None means all that is `free`.

    Raises NothingChosen or TooManyUnits.
    """
    known = {line.n for line in lines}
    chosen = dict(free) if wanted is None else dict(wanted)
    if any(n not in known or not 0 <= units <= free.get(n, 0) for n, units in chosen.items()):
        raise TooManyUnits
    chosen = {n: units for n, units in chosen.items() if units}
    if not chosen:
        raise NothingChosen
    return chosen


def last_day(delivered: datetime, time_zone: str) -> date:
    """Return the last day to withdraw: 14 days after delivery, never a Saturday or Sunday.

    The period begins the day after delivery and ends with the last hour of a working day
    (Regulation 1182/71, article 3); bank holidays are not known here.
    """
    day = delivered.astimezone(ZoneInfo(time_zone)).date() + timedelta(days=WITHDRAWAL_DAYS)
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)


def deadline(delivered: datetime, time_zone: str) -> datetime:
    """Return the last moment to withdraw: the last day's end, to the microsecond."""
    end = last_day(delivered, time_zone) + timedelta(days=1)
    return datetime.combine(end, time(), ZoneInfo(time_zone)) - timedelta(microseconds=1)


def cancel_until(
    promised: datetime, starts_at: datetime, paid_at: datetime, time_zone: str, *, withdraw: bool
) -> datetime:
    """Return until when a buyer may give a place in a slot back.

    Until the seller's own deadline; who may withdraw by law can for 14 days after the contract,
    but not once it has begun (Directive 2011/83/EU, articles 9, paragraph 2, a, and 16, a).
    """
    return max(promised, min(starts_at, deadline(paid_at, time_zone))) if withdraw else promised


def goods_arrival(
    lines: Sequence[Units], parcels: Sequence[tuple[str, datetime | None]]
) -> datetime | None:
    """Return when the last of an order's goods arrived; None while some are to come, or none did.

    `parcels`: the state of each and when it ended. Who buys goods withdraws from them as of then,
    whatever else of the order takes place later (Directive 2011/83/EU, article 9, paragraph 2, b).
    """
    if any(line.to_send for line in lines) or any(state == "shipped" for state, _at in parcels):
        return None
    return max((at for state, at in parcels if state == "delivered" and at), default=None)


def in_time(delivered: datetime | None, time_zone: str, moment: datetime) -> bool:
    """Tell whether a buyer may still withdraw; before delivery always."""
    return delivered is None or moment <= deadline(delivered, time_zone)


class Carrier(NamedTuple):
    """Who brings a parcel, and where it can be followed."""

    name: str
    link: str | None
    """The carrier's page, the number in place of {}."""


CARRIERS: Mapping[str, Carrier] = {
    "colissimo": Carrier("Colissimo", "https://www.laposte.fr/outils/suivre-vos-envois?code={}"),
    "chronopost": Carrier(
        "Chronopost", "https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT={}"
    ),
    "royal-mail": Carrier(
        "Royal Mail", "https://www.royalmail.com/track-your-item#/tracking-results/{}"
    ),
    "evri": Carrier("Evri", "https://www.evri.com/track/parcel/{}"),
    "dhl": Carrier("DHL", "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}"),
    "dpd": Carrier("DPD", "https://www.dpdgroup.com/tracking?parcelNumber={}"),
    "gls": Carrier("GLS", "https://gls-group.com/track/{}"),
    "ups": Carrier("UPS", "https://www.ups.com/track?tracknum={}"),
    "fedex": Carrier("FedEx", "https://www.fedex.com/fedextrack/?trknbr={}"),
    "poste-italiane": Carrier(
        "Poste Italiane", "https://www.poste.it/cerca/index.html#/risultati-spedizioni/{}"
    ),
    "correos": Carrier(
        "Correos",
        "https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={}",
    ),
    "other": Carrier(N_("Another carrier"), None),
}
"""Whom a seller may name; their pages as they publish them."""


def check_carrier(given: str) -> str:
    """Return a carrier's key, by key or name; raises CarrierUnknown."""
    wanted = given.strip().casefold()
    for key, carrier in CARRIERS.items():
        if wanted in (key, carrier.name.casefold()):
            return key
    raise CarrierUnknown(field="carrier")


def check_tracking(given: str) -> str:
    """Return a carrier's number without blanks; raises BadInput."""
    text = "".join(given.split()).upper()
    if not re.fullmatch(rf"[0-9A-Z./-]{{0,{TRACKING_MAX}}}", text):
        raise BadInput(
            field="tracking",
            reason=_("a tracking number has at most 40 letters, digits and hyphens"),
        )
    return text


def tracking_link(carrier: str, tracking: str) -> str | None:
    """Return where a parcel can be followed, if its carrier has such a page."""
    known = CARRIERS.get(carrier)
    if known is None or known.link is None or not tracking:
        return None
    return known.link.replace("{}", quote(tracking, safe=""))


def label_kind(data: bytes) -> str:
    """Return "pdf" or "png" by how a file begins; raises BadLabel."""
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    raise BadLabel(field="label")


def label_key(giving_back: UUID, kind: str) -> str:
    """Return the name of a label in the object store."""
    return f"labels/{giving_back}.{kind}"
