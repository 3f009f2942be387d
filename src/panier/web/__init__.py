"""Web: what every page and every answer has in common.

owns    the frame of pages, the built front end, security headers, limits a client, error answers
says    nothing
hears   nothing
limits  1 MiB a request body unless the route says otherwise; rates are counted per process
"""

from panier.web.access import Access
from panier.web.assets import STATIC, FrontEndMissing, Static
from panier.web.bodies import BodyLimit
from panier.web.cookies import drop_cookie, read_cookie, set_cookie
from panier.web.errors import answer, field_error, handle_errors, wants_html
from panier.web.express import Express, describe, read_body, write_json
from panier.web.forms import Filled, read_file, read_key, read_text
from panier.web.headers import Outside, SecurityHeaders, allow_framing, allow_paying
from panier.web.language import LanguageOf, choose_language, chosen_language, negotiate
from panier.web.origin import SameOrigin
from panier.web.paths import safe_path
from panier.web.rates import Rates, check_rate, limit
from panier.web.render import (
    Reading,
    greet,
    locale_of,
    render,
    render_letter,
    render_text,
    territory_name,
)
from panier.web.sheets import send_file, send_sheet, stream_sheet

__all__ = [
    "STATIC",
    "Access",
    "BodyLimit",
    "Express",
    "Filled",
    "FrontEndMissing",
    "LanguageOf",
    "Outside",
    "Rates",
    "Reading",
    "SameOrigin",
    "SecurityHeaders",
    "Static",
    "allow_framing",
    "allow_paying",
    "answer",
    "check_rate",
    "choose_language",
    "chosen_language",
    "describe",
    "drop_cookie",
    "field_error",
    "greet",
    "handle_errors",
    "limit",
    "locale_of",
    "negotiate",
    "read_body",
    "read_cookie",
    "read_file",
    "read_key",
    "read_text",
    "render",
    "render_letter",
    "render_text",
    "safe_path",
    "send_file",
    "send_sheet",
    "set_cookie",
    "stream_sheet",
    "territory_name",
    "wants_html",
    "write_json",
]
