"""Forms: texts, keys and files with their limits, and a form that comes back to be mended."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from starlette.datastructures import FormData, UploadFile

from panier.kit.errors import BadInput, TooLarge
from panier.kit.i18n import _

T = TypeVar("T")


@dataclass
class Filled(Generic[T]):
    """A form as it was filled in, and what is wrong with which field."""

    given: T
    errors: dict[str, str] = field(default_factory=dict)


def read_text(given: FormData, name: str, longest: int) -> str:
    """Return a text of at most `longest` characters, its line breaks kept. Raises BadInput."""
    text = given.get(name, "")
    if isinstance(text, str):  # as the page counted it; no database keeps a NUL
        text = text.replace("\r\n", "\n").replace("\0", "")
    if not isinstance(text, str) or len(text) > longest:
        raise BadInput(field=name, reason=_("at most %(count)s characters", count=longest))
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


async def read_file(given: FormData, name: str, bytes_max: int) -> bytes | None:
    """Return an uploaded file, None when nothing was chosen. Raises TooLarge."""
    file = given.get(name)
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    data = await file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise TooLarge(limit=bytes_max)
    return data


def read_key(given: FormData) -> UUID:
    """Return the field `key`, by which a repeated request is the same one. Raises BadInput."""
    try:
        return UUID(str(given.get("key")))
    except ValueError:
        raise BadInput(field="key", reason=_("please reload the page")) from None
