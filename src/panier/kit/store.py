"""The object store: a local folder by default, anything obstore speaks otherwise."""

from pathlib import Path
from urllib.parse import urlparse

import obstore
from obstore.store import LocalStore, ObjectStore, from_url


def open_store(url: str) -> ObjectStore:
    """Open `file:///folder` (made when missing), `s3://…`, `gs://…`, `az://…` or `memory://`."""
    parsed = urlparse(url)
    if parsed.scheme == "file":
        Path(parsed.path).mkdir(parents=True, exist_ok=True)
        return LocalStore(parsed.path)
    return from_url(url)


async def put(store: ObjectStore, key: str, data: bytes) -> None:
    """Write one object; on return it is there whole or not at all."""
    await obstore.put_async(store, key, data)


async def get(store: ObjectStore, key: str) -> bytes | None:
    """Read one object, or None when there is none of that name."""
    try:
        result = await obstore.get_async(store, key)
    except FileNotFoundError:
        return None
    return bytes(await result.bytes_async())
