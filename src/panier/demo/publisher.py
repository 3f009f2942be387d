"""An encoder that needs no CPU: loops a film's packets into an RTMP port, never encoding."""

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import structlog

BACK_OFF_SECONDS = 1.0
BACK_OFF_SECONDS_MAX = 10.0
OPEN_SECONDS_MAX = 10.0

log = structlog.get_logger()


class Publisher(threading.Thread):
    """Sends `film` to `url` again and again until `stop`, connecting anew when that fails."""

    def __init__(self, film: Path, seconds: int, url: str, name: str) -> None:
        """Take the film's exact length in `seconds`; `name` is for logs, which get no key."""
        super().__init__(name=f"publisher {name}", daemon=True)
        self._film, self._seconds, self._url, self._name = film, seconds, url, name
        self._stopped = threading.Event()
        self._began: float | None = None

    def stop(self) -> None:
        """End soon; does not wait."""
        self._stopped.set()

    def position(self) -> float:
        """Return which second of the film is being sent; 0 while not connected."""
        began = self._began
        return (time.monotonic() - began) % self._seconds if began is not None else 0.0

    def run(self) -> None:
        """Connect, send, and again."""
        wait = BACK_OFF_SECONDS
        while not self._stopped.is_set():
            begun = time.monotonic()
            try:
                self._send()
            except (av.FFmpegError, OSError) as error:
                # The address holds the stream key, so only the error's kind is told.
                log.warning("the film is off", show=self._name, error=type(error).__name__)
            self._began = None
            if time.monotonic() - begun > BACK_OFF_SECONDS_MAX:
                wait = BACK_OFF_SECONDS
            self._stopped.wait(wait)
            wait = min(wait * 2, BACK_OFF_SECONDS_MAX)

    def _send(self) -> None:
        options = {"flvflags": "no_duration_filesize"}
        with (
            av.open(str(self._film)) as source,
            av.open(
                self._url, "w", format="flv", options=options, timeout=OPEN_SECONDS_MAX
            ) as target,
        ):
            streams = {
                stream.index: target.add_stream_from_template(stream)
                for stream in source.streams
                if stream.type in ("video", "audio")
            }
            began = self._began = time.monotonic()
            for shift, packet in self._packets(source):
                units = round(shift / packet.time_base)
                packet.dts += units
                packet.pts += units
                due = began + float(packet.dts * packet.time_base)
                if self._stopped.wait(max(0.0, due - time.monotonic())):
                    return
                packet.stream = streams[packet.stream_index]
                target.mux(packet)

    def _packets(self, source: av.container.InputContainer) -> Iterator[tuple[int, Any]]:
        """Yield the film's packets for ever, with the seconds to shift them; none overlap."""
        shift = 0
        start: Fraction | None = None
        while not self._stopped.is_set():
            for packet in source.demux():
                if packet.dts is None:
                    continue
                at = packet.dts * packet.time_base
                if start is None and packet.stream.type == "video":
                    start = at  # below zero when pictures wait for later ones
                if start is not None and start <= at < start + self._seconds:
                    yield shift, packet
            shift += self._seconds
            source.seek(0)
