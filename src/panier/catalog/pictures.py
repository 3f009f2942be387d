"""Pictures: decoded with limits, kept as WebP in a few sizes, named by their content."""

import asyncio
import hashlib
import io

from obstore.store import ObjectStore
from PIL import Image, ImageOps, UnidentifiedImageError

from panier.catalog.rules import (
    IMAGE_BYTES_MAX,
    IMAGE_PIXELS_MAX,
    IMAGE_SIZES,
    BadPicture,
    TooManyPixels,
    image_key,
)
from panier.kit.errors import TooLarge
from panier.kit.store import put

QUALITY = 82
"""WebP quality of 100: no visible loss at these sizes, about 60 KB at 960 pixels."""
RECIPE = b"panier-picture-1"
"""Part of the name: a new way to encode gives new names, as what was served is cached for ever."""


async def keep_image(store: ObjectStore, data: bytes) -> str:
    """Keep an uploaded picture in all sizes; returns its name for `set_image`.

    The same bytes have the same name. Raises TooLarge, TooManyPixels, BadPicture.
    """
    if len(data) > IMAGE_BYTES_MAX:
        raise TooLarge(limit=IMAGE_BYTES_MAX)
    image = hashlib.sha256(RECIPE + data).hexdigest()[:32]
    for size, encoded in (await asyncio.to_thread(encode, data)).items():
        await put(store, image_key(image, size), encoded)
    return image


def encode(data: bytes) -> dict[int, bytes]:
    """Decode a picture and encode each size; takes some 100 ms of a core, so call it in a thread.

    The camera's orientation is applied and everything else it wrote (place, device) left out.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > IMAGE_PIXELS_MAX:
                raise TooManyPixels(limit=IMAGE_PIXELS_MAX // 1_000_000)
            # JPEG decodes at a fraction of its size at no cost; others ignore this.
            opened.draft("RGB", (2 * IMAGE_SIZES[-1], 2 * IMAGE_SIZES[-1]))
            upright = ImageOps.exif_transpose(opened)
            picture = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooManyPixels(limit=IMAGE_PIXELS_MAX // 1_000_000) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        # Pillow's decoders raise any of these on damaged files.
        raise BadPicture from None
    return {size: _webp(picture, size) for size in IMAGE_SIZES}


def _webp(picture: Image.Image, size: int) -> bytes:
    small = picture.copy()
    small.thumbnail((size, size), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()
