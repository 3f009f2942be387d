"""Reading JSON that somebody sent: a typed struct, or one error that names the field."""

from typing import TypeVar

import msgspec

from panier.kit.errors import BadInput

T = TypeVar("T")


def read_json(sent: bytes | msgspec.Raw, kind: type[T], whole: str) -> T:
    """Decode `sent` as `kind`; raises BadInput with the field that is wrong, else with `whole`."""
    try:
        return msgspec.json.decode(sent, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason, _at, path = str(error).partition(" - at `$.")
        raise BadInput(reason=reason, field=path.rstrip("`") or whole) from None
