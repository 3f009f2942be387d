"""What a product, a price and a picture must be like: pure."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

import msgspec

from panier import markets
from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import LANGUAGES, _, current_language
from panier.kit.money import Money

Texts = dict[str, str]
"""One text in several languages: `{"fr": "Bougie", "en": "Candle"}`."""

NAME_MAX = 80
"""Characters of a seller's name."""
TITLE_MAX = 120
"""Characters of a product's or variant's title."""
DESCRIPTION_MAX = 2000
"""Characters of a product's description and of its picture's."""
SLUG_MAX = 80
"""Characters of the name in an address."""
SKU_MAX = 64
"""Characters of a stock keeping unit's code."""
VARIANTS_MAX = 50
"""Variants of one product."""
PRICE_MINOR_MAX = 100_000_000
"""The highest price in minor units: a million euros."""

TIERS = (markets.Tier.STANDARD, markets.Tier.KEY_ACCOUNT)
"""What can be agreed with a seller; the first ninety days come by themselves."""
FIRST_DAYS = timedelta(days=90)
"""How long a seller is new, its first day included."""

IMAGE_SIZES = (320, 960)
"""The longest side of the pictures we keep, in pixels: a list's and a page's."""
IMAGE_BYTES_MAX = 10 * 1024 * 1024
"""Bytes of an uploaded picture."""
IMAGE_PIXELS_MAX = 40_000_000
"""Pixels of an uploaded picture: 160 MB once decoded."""

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
IMAGE_KEY = re.compile(r"catalog/[0-9a-f]{32}-(?:320|960)\.webp")
"""What the media address serves: nothing else, wherever it may lie."""


class ParcelRate(msgspec.Struct, frozen=True):
    """What a seller asks for a parcel to one country, whatever is in it; VAT included."""

    minor: int
    free_from_minor: int | None = None
    """From this much of goods in one order, after reductions, the parcel is free."""


class SlugTaken(PanierError):
    """The short name “%(slug)s” is already taken here; please choose another."""

    code, status = "slug_taken", 409


class SkuTaken(PanierError):
    """The stock keeping unit “%(sku)s” appears twice in this product."""

    code, status = "sku_taken", 409


class BadPicture(PanierError):
    """This is not a picture we can read; please send a JPEG, PNG or WebP file."""

    code, status = "bad_picture", 422


class TooManyPixels(PanierError):
    """This picture has too many pixels; the limit is %(limit)s million."""

    code, status = "too_many_pixels", 422


class CurrencyRefused(PanierError):
    """This market sells in %(currency)s."""

    code, status = "currency_refused", 422


class FalseReduction(PanierError):
    """A reduction is shown from the lowest price of the last 30 days, and that is %(lowest)s."""

    code, status = "false_reduction", 422

    def __init__(self, *, lowest: Money) -> None:
        """Keep the amount, written for whoever reads."""
        super().__init__(lowest=lowest.format(current_language()))


class NothingToReduce(PanierError):
    """This was not for sale before, so no reduction of it can be shown."""

    code, status = "nothing_to_reduce", 422


def check_reduction(price: Money, was: Money | None, lowest: Money | None) -> None:
    """Refuse to announce `price` as reduced from anything but the lowest price of 30 days.

    `was` None: that one is shown. Raises FalseReduction, NothingToReduce (Directive 98/6/EC,
    article 6a).
    """
    if lowest is None:
        raise NothingToReduce
    if lowest.minor <= price.minor or was not in {None, lowest}:
        raise FalseReduction(lowest=lowest)


def check_slug(slug: str) -> None:
    """Refuse what is not small letters, digits and single hyphens."""
    if len(slug) > SLUG_MAX or not SLUG.fullmatch(slug):
        raise BadInput(field="slug", reason=_("use small letters, digits and hyphens"))


def check_line(text: str, field: str, longest: int) -> None:
    """Refuse an empty, padded or overlong text."""
    if not text or text != text.strip():
        raise BadInput(field=field, reason=_("please write something here"))
    if len(text) > longest:
        raise BadInput(field=field, reason=_("at most %(count)s characters", count=longest))


def check_texts(texts: Mapping[str, str], field: str, longest: int) -> None:
    """Refuse texts without any language, in an unknown one, or too long."""
    if not texts:
        raise BadInput(field=field, reason=_("please write something here"))
    for language, text in texts.items():
        if language not in LANGUAGES:
            raise BadInput(field=field, reason=_("unknown language: %(name)s", name=language))
        check_line(text, field, longest)


def check_price(price: Money, currency: str) -> None:
    """Refuse a price that is not positive, is absurd, or is in another market's money."""
    if price.currency != currency:
        raise CurrencyRefused(currency=currency)
    if not 0 < price.minor <= PRICE_MINOR_MAX:
        raise BadInput(field="price", reason=_("a price is more than nothing"))


def check_parcel_rate(rate: ParcelRate) -> None:
    """Refuse a rate below nothing, an absurd one, or a threshold that is none."""
    if not 0 <= rate.minor <= PRICE_MINOR_MAX:
        raise BadInput(field="minor", reason=_("a rate is nothing or more"))
    free_from = rate.free_from_minor
    if free_from is not None and not 0 < free_from <= PRICE_MINOR_MAX:
        raise BadInput(field="free_from", reason=_("a threshold is more than nothing"))


def pick(texts: Mapping[str, str], *languages: str) -> str:
    """Return the text in the first of `languages` that it has, else in the first of ours."""
    for language in (*languages, *LANGUAGES):
        if language in texts:
            return texts[language]
    return ""


def image_key(image: str, size: int) -> str:
    """Return under which name the object store keeps one size of a picture."""
    return f"catalog/{image}-{size}.webp"


def image_url(image: str | None, size: int = IMAGE_SIZES[-1]) -> str | None:
    """Return the address of one size of a picture, None without one."""
    return f"/media/{image_key(image, size)}" if image else None


def tier_on(tier: str, since: date, day: date) -> markets.Tier:
    """Return what a seller is on `day`: a key account, new, or standard after ninety days."""
    if tier == markets.Tier.STANDARD and day < since + FIRST_DAYS:
        return markets.Tier.FIRST_90_DAYS
    return markets.Tier(tier)


def check_tier(tier: str) -> None:
    """Refuse what cannot be agreed."""
    if tier not in TIERS:
        raise BadInput(field="tier", reason=tier)
