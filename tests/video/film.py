"""A tiny film and an encoder for tests: moving colours with a tone, sent by FFmpeg's own RTMP."""

import array
import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image

SECONDS, FPS, RATE = 8, 25, 48_000
GOP_SECONDS = 2


def make_film(path: Path, *, seconds: int = SECONDS, codec: str = "libx264") -> None:
    """Write `seconds` of 160 × 284 pixels with key frames every 2 s and a 440 Hz tone."""
    with av.open(str(path), "w", format="mp4") as film:
        video: VideoStream = film.add_stream(codec, rate=FPS)  # type: ignore[assignment]
        video.width, video.height, video.pix_fmt = 160, 284, "yuv420p"
        gop = GOP_SECONDS * FPS
        video.options = {
            "preset": "ultrafast",
            "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=2",
            "x265-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:log-level=none",
        }
        audio: AudioStream = film.add_stream("aac", rate=RATE, layout="stereo")
        for number in range(seconds * FPS):
            colour = (200, 40 + number % 200, 255 - number % 200)
            image = Image.new("RGB", (160, 284), colour)
            frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            film.mux(video.encode(frame))
        for first in range(0, seconds * RATE, 1024):
            frame_of_sound = _tone(first)
            film.mux(audio.encode(frame_of_sound))
        film.mux(video.encode())
        film.mux(audio.encode())


def _tone(first: int) -> av.AudioFrame:
    wave = array.array(
        "f", (0.2 * math.sin(2 * math.pi * 440 * (first + n) / RATE) for n in range(1024))
    )
    frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
    for plane in frame.planes:
        plane.update(wave.tobytes())
    frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
    return frame


class Encoder(threading.Thread):
    """Sends a film to `url`; `speed` times faster than it plays. `error` is what went wrong."""

    def __init__(
        self, film: Path, url: str, *, speed: float = 4.0, hold: bool = False, shift_ms: int = 0
    ) -> None:
        """Prepare; with `hold`, the connection stays open after the film until `release`."""
        super().__init__(daemon=True)
        self.error: Exception | None = None
        self._film, self._url, self._speed, self._shift = film, url, speed, shift_ms
        self._released = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._accepted = asyncio.Event()
        self._ended = asyncio.Event()
        if not hold:
            self._released.set()

    def release(self) -> None:
        """Let the connection go."""
        self._released.set()

    async def accepted(self) -> None:
        """Wait until the first packet went out."""
        async with asyncio.timeout(30):
            await self._accepted.wait()

    async def ended(self) -> None:
        """Wait until the connection is over."""
        async with asyncio.timeout(30):
            await self._ended.wait()

    def run(self) -> None:
        """Send all packets, in order of decoding time."""
        try:
            self._send()
        except (av.FFmpegError, OSError) as error:
            self.error = error
        finally:
            self._loop.call_soon_threadsafe(self._ended.set)

    def _send(self) -> None:
        options = {"flvflags": "no_duration_filesize"}
        with (
            av.open(str(self._film)) as source,
            av.open(self._url, "w", format="flv", options=options) as target,
        ):
            streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
            start = time.monotonic()
            for packet in _in_order(source):
                due = float(packet.dts * packet.time_base) / self._speed
                time.sleep(max(0.0, start + due - time.monotonic()))
                packet.stream = streams[packet.stream_index]
                shift = round(self._shift / 1000 / packet.time_base)
                packet.pts += shift
                packet.dts += shift
                target.mux(packet)
                self._loop.call_soon_threadsafe(self._accepted.set)
            self._released.wait(60)  # bounded: a failed test lets go


def _in_order(source: av.container.InputContainer) -> list[Any]:
    packets: list[Any] = [p for p in source.demux() if p.dts is not None]
    return sorted(packets, key=lambda p: p.dts * p.time_base)


@contextlib.contextmanager
def sending(encoder: Encoder) -> Iterator[Encoder]:
    """Send during the block, and afterwards until the film is over."""
    encoder.start()
    try:
        yield encoder
    finally:
        encoder.release()
        encoder.join(20)
