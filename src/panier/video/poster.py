"""Posters: one still picture of a show, decoded from a segment."""

import io

import av
from av.error import FFmpegError

WIDTH = 540
QUALITY = 82


def make_poster(init: bytes, segment: bytes) -> bytes | None:
    """Decode a segment's first key frame into a JPEG 540 pixels wide, None if it has none.

    Takes some ten milliseconds of a core: call it in a thread.
    """
    try:
        with av.open(io.BytesIO(init + segment), "r", format="mp4") as source:
            stream = source.streams.video[0]
            stream.codec_context.skip_frame = "NONKEY"
            frame = next(source.decode(stream), None)
            if frame is None:
                return None
            height = round(WIDTH * frame.height / frame.width / 2) * 2
            image = frame.to_image(width=WIDTH, height=height)  # type: ignore[no-untyped-call]
    except FFmpegError:
        return None
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, progressive=True)
    return out.getvalue()
