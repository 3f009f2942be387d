"""Pages: Jinja templates in the reader's language, each domain's in its own folder."""

from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn, Protocol, cast
from zoneinfo import ZoneInfo

import jinja2
import msgspec
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_datetime_format
from babel.numbers import get_currency_name
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from panier.kit.i18n import LANGUAGES, _, current_language, n_
from panier.kit.money import Money
from panier.web.assets import Assets
from panier.web.menu import list_entries

PACKAGE = Path(__file__).parent.parent
READING = "reading"

Length = Literal["short", "medium", "long"]
EUROPE = "150"
"""The United Nations' code: English has its own ways there, with the day before the month."""


class Place(Protocol):
    """What a page says of the market it is in."""

    @property
    def code(self) -> str:
        """Two capital letters."""

    @property
    def name(self) -> str:
        """In its own language."""

    @property
    def country(self) -> str:
        """ISO 3166 code, for the way dates are written."""

    @property
    def languages(self) -> list[str]:
        """Offered there, the usual one first."""

    @property
    def time_zone(self) -> str:
        """IANA name, for times."""


class Visitor(Protocol):
    """Who reads a page, as far as its frame shows it."""

    @property
    def market(self) -> Place:
        """Where they are."""

    @property
    def person(self) -> Any:
        """Who is signed in, or None."""

    @property
    def roles(self) -> frozenset[str]:
        """What they are here."""


class Reading(NamedTuple):
    """Who reads, and where."""

    reader: Visitor | None = None
    market: Place | None = None


def greet(request: Request, *, reader: Visitor | None, market: Place | None) -> None:
    """Keep who reads and where; every page of this request is framed for them."""
    request.scope.setdefault("state", {})[READING] = Reading(reader, market)


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Answer with a page; `context` and the frame's own values are the template's names."""
    return HTMLResponse(render_text(request, template, **context), status)


def render_text(request: Request, template: str, **context: Any) -> str:
    """Return a template's text; raises FrontEndMissing when the front end is not built."""
    reader, market = request.scope.get("state", {}).get(READING, Reading())
    home = f"/{market.code.lower()}/" if market else "/"
    roles = reader.roles if reader else frozenset()
    values: dict[str, Any] = {
        "reader": reader,
        "market": market,
        "home": home,
        "language": current_language(),
        "languages": market.languages if market else list(LANGUAGES),
        "nav": list_entries(roles, home, request.url.path) if market else [],
        "path": request.url.path,
        "here": _here(request, market),
    }
    return environment().get_template(template).render({**values, **context})


def render_letter(template: str, market: Place, **context: Any) -> str:
    """Return a mail's text in the current language; a mail answers no request and has no frame."""
    values = {"market": market, "language": current_language()}
    return environment().get_template(template).render({**values, **context})


def _here(request: Request, market: Place | None) -> str:
    """Return where the language switch and the sign-in lead back to."""
    if request.method != "GET":
        return f"/{market.code.lower()}/" if market else "/"
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


@cache
def environment() -> jinja2.Environment:
    """Return the process's templates: escaped, strict about names, found by `folder/name`."""
    folders = {
        path.parent.name: jinja2.FileSystemLoader(path)
        for path in sorted(PACKAGE.glob("*/templates"))
    }
    made = jinja2.Environment(
        loader=jinja2.PrefixLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.install_gettext_callables(_translate, _no_plural, newstyle=True)  # type: ignore[attr-defined]
    made.policies["json.dumps_function"] = _json
    assets = Assets()
    made.globals.update(
        n_=n_,
        money=_money,
        when=_when,
        asset=assets.tags,
        asset_url=assets.url,
        language_name=language_name,
        currency_name=currency_name,
        territory_name=territory_name,
    )
    return made


def language_name(code: str) -> str:
    """Return what speakers of `code` call it: Français."""
    return _capital(Locale.parse(code).get_display_name(code) or code)


def currency_name(code: str, language: str) -> str:
    """Return what speakers of `language` call a currency: Euro, British Pound."""
    return _capital(get_currency_name(code, locale=language))


def territory_name(country: str, language: str) -> str:
    """Return what speakers of `language` call a country."""
    return str(Locale.parse(language).territories.get(country, country))


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _translate(msgid: str) -> str:
    return _(msgid)


def _no_plural(*_given: object) -> NoReturn:
    raise TypeError("in templates, count with n_(one, many, count), not with {% pluralize %}")


def _money(amount: Money) -> str:
    return amount.format(current_language())


def _json(given: object, **_options: object) -> str:
    return msgspec.json.encode(given).decode()


@jinja2.pass_context
def _when(context: jinja2.runtime.Context, moment: datetime, style: str = "medium") -> Markup:
    """Write a moment in the market's time zone, as a <time>; seconds are never shown.

    `style` is "short", "medium" or "long" (date and time), "date", "day" (with its weekday) or
    "time".
    """
    place = cast("Place | None", context.get("market"))
    zone: tzinfo = ZoneInfo(place.time_zone if place else "UTC")
    locale = locale_of(current_language(), place.country if place else "")
    local = moment.astimezone(zone)
    time = format_time(local, "short", tzinfo=zone, locale=locale)
    match style:
        case "time":
            text = time
        case "date" | "day":
            text = format_date(local, "long" if style == "date" else "full", locale)
        case _:
            date = format_date(local, style, locale)
            # A string at run time, whatever its annotation says.
            pattern = str(get_datetime_format(cast("Length", style), locale))
            text = pattern.replace("{0}", time).replace("{1}", date)
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), text)


@cache
def locale_of(language: str, country: str) -> Locale:
    """Return how this language is written in this country, or in Europe, or at all."""
    for territory in (country, EUROPE):
        try:
            return Locale(language, territory or None)
        except UnknownLocaleError:
            continue
    return Locale(language)
