"""Texts in the reader's language: gettext catalogues, the message id is the English text."""

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "fr", "it", "de", "es")
LOCALES = Path(__file__).parent.parent / "locale"

_current: ContextVar[str] = ContextVar("language", default="en")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("panier", LOCALES, [language], fallback=True)


def current_language() -> str:
    """Return the language of the request or message that is being answered."""
    return _current.get()


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Answer in `language` (one of LANGUAGES) inside this block."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def set_language(language: str) -> None:
    """Answer in `language` for the rest of this task's context."""
    _current.set(language)


def translate(language: str, msgid: str, **values: Any) -> str:
    """Translate `msgid`; placeholders are %(name)s. An unknown message stays English."""
    text = _catalogue(language).gettext(msgid) if msgid else ""
    return text % values if values else text


def translate_count(language: str, one: str, many: str, count: int, **values: Any) -> str:
    """Translate with the plural form that `count` takes in `language`; %(count)s is filled."""
    return _catalogue(language).ngettext(one, many, count) % {"count": count, **values}


def _(msgid: str, **values: Any) -> str:
    """Translate into the current language."""
    return translate(_current.get(), msgid, **values)


def n_(one: str, many: str, count: int, **values: Any) -> str:
    """Translate a counted text into the current language."""
    return translate_count(_current.get(), one, many, count, **values)


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark a text for the catalogue without translating it here."""
    return msgid


@cache
def messages(language: str) -> dict[str, str]:
    """List every translated text of `language` by its English one, for the front end."""
    catalogue = _catalogue(language)
    entries: dict[Any, Any] = getattr(catalogue, "_catalog", {})
    return {k: v for k, v in entries.items() if isinstance(k, str) and k and k != v}
