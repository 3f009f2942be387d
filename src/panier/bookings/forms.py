"""What the forms of services hold: texts by language, a price, days, hours and numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TypeVar

from starlette.datastructures import FormData

from panier.bookings.rules import MINUTES_USUAL, plan_slots
from panier.catalog import Service, Terms, Withdrawal
from panier.kit.amount import read_amount, write_amount
from panier.kit.errors import BadInput
from panier.kit.i18n import _
from panier.markets import Market

T = TypeVar("T")


@dataclass
class Filled:
    """A form as it was filled in, and what is wrong with which field."""

    given: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def read(self, name: str, act: Callable[[], T]) -> T | None:
        """Return what `act` reads; what is wrong stands beside its field, or beside `name`."""
        try:
            return act()
        except BadInput as error:
            self.blame(error, name)
            return None

    def blame(self, error: BadInput, name: str) -> None:
        """Put what is wrong beside its field, or beside `name`."""
        text = str(error.details["reason"])
        given = str(error.details.get("field", name))
        self.errors[given if given in self.given else name] = f"{text[:1].upper()}{text[1:]}."


def texts_of(form: FormData) -> dict[str, str]:
    """Return the texts of a form without stray blanks at their ends."""
    return {name: text.strip() for name, text in form.multi_items() if isinstance(text, str)}


def blank_service(market: Market) -> dict[str, str]:
    """Return the form of a new service."""
    texts = {f"{name}-{of}": "" for name in ("title", "description") for of in market.languages}
    return {
        **texts, "vat_category": "standard", "price": "", "closes_minutes": "60",
        "cancel_hours": "24", "arrival": "", "withdrawal": Withdrawal.ALLOWED.value, "seller": "",
    }  # fmt: skip


def fill_service(service: Service) -> dict[str, str]:
    """Return the form of a service as it is."""
    return {
        **{f"title-{of}": service.title.get(of, "") for of in service.languages},
        **{f"description-{of}": service.description.get(of, "") for of in service.languages},
        "vat_category": service.vat_category,
        "price": write_amount(service.price),
        "closes_minutes": str(service.closes_minutes),
        "cancel_hours": str(service.cancel_hours),
        "arrival": service.arrival,
        "withdrawal": service.withdrawal,
    }


def read_terms(filled: Filled, market: Market) -> Terms | None:
    """Read a service's form; None when something is wrong."""
    given, first = filled.given, market.languages[0]
    for name in ("title", "description"):
        if not given.get(f"{name}-{first}"):
            filled.errors[f"{name}-{first}"] = _("Please write something here.")
    price = filled.read("price", lambda: read_amount(given["price"], market.currency, "price"))
    closes = filled.read("closes_minutes", lambda: _number(given, "closes_minutes"))
    cancel = filled.read("cancel_hours", lambda: _number(given, "cancel_hours"))
    if filled.errors or price is None or closes is None or cancel is None:
        return None
    return Terms(
        title=_texts(given, "title", market),
        description=_texts(given, "description", market),
        vat_category=given["vat_category"],
        price=price,
        closes_minutes=closes,
        cancel_hours=cancel,
        arrival=given["arrival"],
        withdrawal=given["withdrawal"],
    )


def blank_slots(day: date) -> dict[str, str]:
    """Return the form of new slots: one on `day`."""
    return {
        "date": day.isoformat(), "time": "18:00", "minutes": str(MINUTES_USUAL), "places": "1",
        "place": "", "every": "0", "times": "1",
    }  # fmt: skip


def read_slots(filled: Filled, market: Market) -> tuple[list[tuple[datetime, datetime]], int]:
    """Read the form of new slots: their times, and the places in each."""
    given = filled.given
    day = filled.read("date", lambda: _day(given["date"]))
    hour = filled.read("time", lambda: _hour(given["time"]))
    minutes = filled.read("minutes", lambda: _number(given, "minutes"))
    places = filled.read("places", lambda: _number(given, "places"))
    every = filled.read("every", lambda: _number(given, "every"))
    times = filled.read("times", lambda: _number(given, "times")) if every else 1
    if filled.errors or day is None or hour is None or minutes is None or places is None:
        return [], 0
    plan = filled.read(
        "date",
        lambda: plan_slots(
            day, hour, market.time_zone, minutes=minutes, every=every or 0, times=times or 1
        ),
    )
    return plan or [], places


def blame_catalog(filled: Filled, error: BadInput, market: Market) -> None:
    """Put what the catalogue refused beside its field; texts are refused in the first language."""
    named = str(error.details.get("field", ""))
    first = f"{named}-{market.languages[0]}"
    aliases = {"starts_at": "date"}
    filled.blame(error, first if first in filled.given else aliases.get(named, "price"))


def _texts(given: Mapping[str, str], name: str, market: Market) -> dict[str, str]:
    found = {of: given.get(f"{name}-{of}", "") for of in market.languages}
    return {of: text for of, text in found.items() if text}


def _number(given: Mapping[str, str], name: str) -> int:
    text = given[name]
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        raise BadInput(field=name, reason=_("please write a number"))
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(field="date", reason=_("please choose a day")) from None


def _hour(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise BadInput(field="time", reason=_("please choose an hour")) from None
