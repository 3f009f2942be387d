"""A seller's legal data as a form: what is wrong with it, and the countries to choose from."""

from typing import Annotated, NamedTuple

from pydantic import BaseModel, Field

from panier import people, web
from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import _, current_language
from panier.markets import EU
from panier.taxes.rules import NORTHERN_IRELAND, VAT_ID_MAX, Trader, read_vat_id

TEXT_MAX = 100
"""Characters of a line."""
POSTCODE_MAX = 12
COUNTRIES = EU | {"GB", "CH", "NO", "IS", "LI"}
"""Where a seller may have its seat."""

Word = Annotated[str, Field(max_length=400)]


class LegalForm(BaseModel):
    """The fields of the page."""

    name: Word = ""
    line1: Word = ""
    line2: Word = ""
    postcode: Word = ""
    city: Word = ""
    country: Word = ""
    vat_number: Word = ""
    registration: Word = ""
    email: Word = ""


class Read(NamedTuple):
    """A form as it was read: the data, or what is wrong with which field."""

    trader: Trader
    errors: dict[str, str]


def read_form(given: LegalForm, home: str) -> Read:
    """Read the form of a seller who sends from `home`; all that is wrong is told at once."""
    errors: dict[str, str] = {}
    for name, most in (("name", TEXT_MAX), ("line1", TEXT_MAX), ("city", TEXT_MAX),
                       ("postcode", POSTCODE_MAX)):  # fmt: skip
        _check(errors, name, getattr(given, name), most, needed=True)
    for name in ("line2", "registration"):
        _check(errors, name, getattr(given, name), TEXT_MAX, needed=False)
    if given.country not in COUNTRIES:
        errors["country"] = _say(BadInput(field="country", reason=_("please choose a country")))
    email, vat_number = given.email.strip(), given.vat_number.strip()
    try:
        email = people.normal_email(email)
    except PanierError as error:
        errors["email"] = error.message()
    if vat_number:
        try:
            vat_number = _read_number(vat_number, home)
        except BadInput as error:
            errors["vat_number"] = _say(error)
        except PanierError as error:
            errors["vat_number"] = error.message()
    trader = Trader(
        name=_tidy(given.name),
        line1=_tidy(given.line1),
        line2=_tidy(given.line2),
        postcode=_tidy(given.postcode).upper(),
        city=_tidy(given.city),
        country=given.country,
        vat_number=vat_number,
        registration=_tidy(given.registration),
        email=email,
    )
    return Read(trader, errors)


def _read_number(typed: str, home: str) -> str:
    """Return a VAT number of `home`: no other lets a seller sell from there without VAT."""
    found = read_vat_id(typed[: VAT_ID_MAX + 1], home)
    if found.country != home and (home, found.country) != ("GB", NORTHERN_IRELAND):
        country = web.territory_name(home, current_language())
        reason = _("a number of %(country)s is needed, from where the goods are sent",
                   country=country)  # fmt: skip
        raise BadInput(field="vat_number", reason=reason)
    return found.full


def list_countries(first: str) -> list[tuple[str, str]]:
    """List code and name of the countries, `first` at the top, in the reader's language."""
    language = current_language()
    named = [(code, web.territory_name(code, language)) for code in COUNTRIES]
    return sorted(named, key=lambda pair: (pair[0] != first, pair[1]))


def _check(errors: dict[str, str], name: str, text: str, most: int, *, needed: bool) -> None:
    tidy = _tidy(text)
    if needed and not tidy:
        reason = _("please fill this in")
    elif len(tidy) > most:
        reason = _("at most %(count)s characters", count=most)
    elif not tidy.isprintable():
        reason = _("some characters cannot be printed")
    else:
        return
    errors[name] = _say(BadInput(field=name, reason=reason))


def _say(error: BadInput) -> str:
    return web.field_error(error, "")[1]


def _tidy(text: str) -> str:
    return " ".join(text.split())
