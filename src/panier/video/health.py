"""How well an encoder delivers: bit rate, pictures a second, gaps, lateness."""

from collections import deque
from typing import NamedTuple

WINDOW_SECONDS = 5
"""Over which rates are averaged."""
GAP_FRAMES = 1.5
"""A longer step between two pictures counts as dropped ones."""
GOP_SECONDS_MAX = 2.5
"""From here on we ask for more key frames."""
LATE_SECONDS_MAX = 2.0
"""From here on the encoder's uplink is too slow for its bit rate."""


class _Tally(NamedTuple):
    at: float
    size: int
    frames: int


class Health:
    """Counts one channel's packets; clocks are given in seconds, monotonic."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.dropped = 0
        self.connections = 0
        self.last_packet: float | None = None
        self.late_seconds = 0.0
        self._tallies: deque[_Tally] = deque()
        self._origin = 0.0
        self._last_ms: int | None = None
        self._step_ms = 0.0

    def begin(self) -> None:
        """Note that an encoder connected."""
        self.connections += 1
        self.begin_clock()

    def begin_clock(self) -> None:
        """Note that the encoder's clock began anew."""
        self._last_ms = None
        self._step_ms = 0.0
        self.late_seconds = 0.0

    def count(self, now: float, size: int) -> None:
        """Note a packet of `size` bytes."""
        self.last_packet = now
        self._tally(now, size, 0)

    def count_frame(self, now: float, ms: int) -> None:
        """Note a picture with decoding time `ms`; steps that are too long count as drops."""
        self._tally(now, 0, 1)
        if self._last_ms is None:
            self._origin = now - ms / 1000
        else:
            step = ms - self._last_ms
            if self._step_ms and step > GAP_FRAMES * self._step_ms + 1:
                self.dropped += round(step / self._step_ms) - 1
            elif step > 0:
                # A slow average, because milliseconds round 33.3 to 33 and 34.
                self._step_ms = self._step_ms * 0.9 + step * 0.1 if self._step_ms else step
        self._last_ms = ms
        # A burst right after connecting only shows that the first packet itself was late.
        self._origin = min(self._origin, now - ms / 1000)
        self.late_seconds = now - ms / 1000 - self._origin

    def _tally(self, now: float, size: int, frames: int) -> None:
        last = self._tallies[-1] if self._tallies else None
        if last is not None and int(last.at * 4) == int(now * 4):
            self._tallies[-1] = _Tally(last.at, last.size + size, last.frames + frames)
        else:
            self._tallies.append(_Tally(now, size, frames))
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._tallies and self._tallies[0].at < now - WINDOW_SECONDS:
            self._tallies.popleft()

    def rates(self, now: float) -> tuple[int, float]:
        """Return kilobits and pictures a second, averaged."""
        self._forget(now)
        if not self._tallies:
            return 0, 0.0
        seconds = max(1.0, now - self._tallies[0].at)
        size = sum(tally.size for tally in self._tallies)
        frames = sum(tally.frames for tally in self._tallies)
        return round(size * 8 / 1000 / seconds), round(frames / seconds, 1)
