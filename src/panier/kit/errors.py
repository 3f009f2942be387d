"""Errors that a person may read: a class each, its docstring is the message, one JSON shape."""

from typing import Any, ClassVar

from panier.kit.i18n import current_language, translate


class PanierError(Exception):
    """Something went wrong; nothing was lost."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, **details: Any) -> None:
        """Keep `details` (JSON-safe values) for the message's placeholders and the client."""
        super().__init__(type(self).code)
        self.details = details

    def message(self, language: str | None = None) -> str:
        """Say what happened, in `language` or the current one."""
        return translate(language or current_language(), message_id(type(self)), **self.details)

    def body(self, language: str | None = None) -> dict[str, Any]:
        """Build the one JSON shape that every route, socket and webhook answers with."""
        return {
            "error": {
                "code": self.code,
                "message": self.message(language),
                "details": self.details,
            }
        }

    def __str__(self) -> str:
        """Name the code and details, for logs."""
        return f"{self.code} {self.details}" if self.details else self.code


def message_id(kind: type[PanierError]) -> str:
    """Return the docstring's first paragraph on one line: the gettext message id."""
    first = (kind.__doc__ or "").strip().split("\n\n", 1)[0]
    return " ".join(first.split())


class BadInput(PanierError):
    """This cannot be read: %(reason)s."""

    code, status = "bad_input", 422


class SignInNeeded(PanierError):
    """Please sign in first."""

    code, status = "sign_in_needed", 401


class Forbidden(PanierError):
    """You are not allowed to do this."""

    code, status = "forbidden", 403


class NotFound(PanierError):
    """We could not find what you asked for."""

    code, status = "not_found", 404


class Conflict(PanierError):
    """This was changed by somebody else in the meantime; please look again."""

    code, status = "conflict", 409


class TooLarge(PanierError):
    """This is too large; the limit is %(limit)s bytes."""

    code, status = "too_large", 413


class TooMany(PanierError):
    """That was too much at once; please wait a moment and try again."""

    code, status = "too_many", 429


class Unavailable(PanierError):
    """This cannot be done right now; nothing was lost. Please try again in a moment."""

    code, status = "unavailable", 503
