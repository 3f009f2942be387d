"""Addresses that a client names: followed only when they stay here."""

from urllib.parse import urlsplit


def safe_path(given: str | None, default: str) -> str:
    r"""Return `given` when it is a path of this site, else `default` (no open redirect).

    Browsers read `\` as `/` and drop control characters, so either may hide a host.
    """
    if not given or not given.startswith("/") or given.startswith("//"):
        return default
    if "\\" in given or any(ord(sign) <= ord(" ") or ord(sign) == 0x7F for sign in given):
        return default
    try:
        parts = urlsplit(given)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else given
