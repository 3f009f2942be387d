"""VAT ids and who pays the VAT, pure: how an id is written, and when a buyer accounts for it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat

from panier.kit.errors import PanierError
from panier.kit.i18n import N_
from panier.markets import EU

VAT_ID_MAX = 32
"""Characters of a VAT id as it is typed, blanks and dots included."""
COMPANY_MAX = 120
"""Characters of a company's name."""
GREECE, GREEK_PREFIX = "GR", "EL"
NORTHERN_IRELAND = "XI"
EXAMPLES = {
    "FR": "FR11123456782",
    "DE": "DE123456788",
    "IT": "IT12345670017",
    "ES": "ESB12345674",
    "GB": "GB123456782",
}
"""How an id is written, for who typed something else."""


class VatIdWrong(PanierError):
    """This is not written like a VAT id: two letters for the country, then as in %(example)s."""

    code, status = "vat_id_wrong", 422


class State(StrEnum):
    """What is known of a VAT id."""

    PENDING = "pending"
    """The EU's service has not answered yet."""
    VALID = "valid"
    INVALID = "invalid"


class VatId(NamedTuple):
    """A VAT id whose form and check digits are right."""

    full: str
    """With its country before it, without blanks: EL094259216."""
    country: str
    """ISO 3166 (GR), or XI for Northern Ireland."""

    @property
    def prefix(self) -> str:
        """Return the two letters before the number, as the EU's service calls the country."""
        return self.full[:2]

    @property
    def number(self) -> str:
        """Return what follows them."""
        return self.full[2:]


class Check(msgspec.Struct, frozen=True):
    """What is known of a VAT id, and since when."""

    id: UUID
    vat_id: str
    country: str
    state: str
    consultation: str
    name: str
    address: str
    checked_at: datetime | None


class Trader(msgspec.Struct, frozen=True):
    """Who a seller is before the law."""

    name: str
    line1: str
    line2: str
    postcode: str
    city: str
    country: str
    vat_number: str
    """Empty: not registered for VAT."""
    registration: str
    email: str


class Business(msgspec.Struct, frozen=True):
    """The company that buys, as a checkout and its invoices freeze it."""

    company: str
    vat_id: str
    reverse_charge: bool = False
    """No VAT was charged: the buyer accounts for it."""
    check: UUID | None = None
    """The look-up by which that was decided: its row,"""
    consultation: str = ""
    """what the EU's service calls it,"""
    checked_at: datetime | None = None
    """and when it was made."""


class From(NamedTuple):
    """Where a seller of a basket sends from."""

    country: str
    registered: bool
    """Its VAT number there is known: without one it cannot sell without VAT across a border."""


class Why(StrEnum):
    """Who pays the VAT, and why."""

    REVERSED = "reversed"
    """Nobody to the seller: the buyer accounts for it."""
    PENDING = "pending"
    INVALID = "invalid"
    ELSEWHERE = "elsewhere"
    """The id is of another country than the one where the parcels go."""
    OUTSIDE = "outside"
    """A country is no member state."""
    DOMESTIC = "domestic"
    """A seller is in the country where its parcel goes."""
    UNREGISTERED = "unregistered"
    """A seller's own VAT number is not known."""


WORDS = {
    Why.REVERSED: N_("No VAT is charged: your company accounts for it in its own country."),
    Why.PENDING: N_(
        "The id cannot be checked now, so VAT is charged as of everybody; it is on your invoice."
    ),
    Why.INVALID: N_(
        "The EU’s register does not know this id as valid, so VAT is charged as of everybody."
    ),
    Why.ELSEWHERE: N_(
        "The id is of another country than the one we deliver to, so VAT is charged."
    ),
    Why.OUTSIDE: N_("VAT is charged as of everybody; your id is on the invoice."),
    Why.DOMESTIC: N_(
        "Something in your basket is sold within the country we deliver to, so VAT is charged; it"
        " is on your invoice."
    ),
    Why.UNREGISTERED: N_(
        "A seller in your basket cannot sell across the border without VAT, so it is charged."
    ),
}
"""What the buyer is told."""


def read_vat_id(typed: str, country: str) -> VatId:
    """Return the id that somebody typed; without letters before it, it is one of `country`'s.

    Raises VatIdWrong.
    """
    text = "".join(typed.split()).upper()
    home = GREEK_PREFIX if country == GREECE else country
    if text and len(typed) <= VAT_ID_MAX:
        for candidate in (text, home + text):
            found = _validate(candidate)
            if found is not None:
                return found
    raise VatIdWrong(example=EXAMPLES.get(country, EXAMPLES["FR"]), field="vat_id")


def _validate(text: str) -> VatId | None:
    prefix = GREEK_PREFIX if text.startswith(GREECE) else text[:2]
    try:
        if prefix == "GB":
            return VatId(prefix + str(gb_vat.validate(text[2:])), prefix)
        if prefix != NORTHERN_IRELAND and _country(prefix) not in EU:
            return None
        full = eu_vat.validate(prefix + text[2:])
    except ValidationError:
        return None
    return VatId(full, _country(prefix))


def _country(prefix: str) -> str:
    return GREECE if prefix == GREEK_PREFIX else prefix


def can_be_checked(vat_id: VatId) -> bool:
    """Tell whether the EU's service knows ids of this country."""
    return vat_id.country in EU or vat_id.country == NORTHERN_IRELAND


def is_recent(check: Check, moment: datetime, days: float) -> bool:
    """Tell whether an answer is at most `days` old."""
    return check.checked_at is not None and moment - check.checked_at <= timedelta(days=days)


def decide(
    check: Check | None, to: str, sellers: Collection[From], moment: datetime, days: int
) -> Why:
    """Say who pays the VAT of goods sent to `to` (ISO 3166) for the company of a VAT id.

    Directive 2006/112/EC, article 138: exempt where goods leave one member state for a buyer who
    is registered in another. A check older than `days` does not count.
    """
    if to not in EU or any(seller.country not in EU for seller in sellers):
        return Why.OUTSIDE
    return _find_doubt(check, to, moment, days) or _find_obstacle(to, sellers) or Why.REVERSED


def _find_doubt(check: Check | None, to: str, moment: datetime, days: int) -> Why | None:
    """Return what is wrong with an id; None: it is a company's of that country."""
    if check is None or check.state == State.PENDING:
        return Why.PENDING
    if check.state != State.VALID:
        return Why.INVALID
    if not is_recent(check, moment, days):
        return Why.PENDING
    return None if check.country == to else Why.ELSEWHERE


def _find_obstacle(to: str, sellers: Collection[From]) -> Why | None:
    """Return why not all of these can sell across the border without VAT; None: they can."""
    if not sellers or any(seller.country == to for seller in sellers):
        return Why.DOMESTIC
    return None if all(seller.registered for seller in sellers) else Why.UNREGISTERED
