"""The packager: coded samples in, LL-HLS parts and segments out; no clock, no input or output."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from panier.video.cmaf import (
    VIDEO_TIMESCALE,
    Run,
    Sample,
    Track,
    VideoTrack,
    write_fragment,
    write_init,
)
from panier.video.rules import PART_SECONDS

SEGMENT_SECONDS_MIN = 1.8
"""A key frame from here on begins a new segment."""
SEGMENT_SECONDS_MAX = 2.4
"""A segment ends here even without key frame: rounded, it must not exceed the target of 2 s."""
WINDOW_SEGMENTS = 8
"""Complete segments that the live playlist lists."""
PARTS_SEGMENTS = 4
"""The newest segments are listed with their parts."""
FRAME_UNITS = VIDEO_TIMESCALE // 30
"""Assumed duration of a session's last picture, whose successor never came."""
TICKS = 1e-6


class Part(NamedTuple):
    """A fragment of about a third of a second."""

    data: bytes
    seconds: float
    independent: bool
    """It begins with a key frame."""


@dataclass(slots=True)
class Segment:
    """Some two seconds of the show; `number` is the media sequence number and never used again."""

    session: int
    number: int
    starts_at: datetime
    discontinuity: bool
    parts: list[Part] = field(default_factory=list)
    data: bytes = b""
    seconds: float = 0.0
    done: bool = False

    @property
    def independent(self) -> bool:
        """Say whether a player may begin here."""
        return bool(self.parts) and self.parts[0].independent


class _Pending(NamedTuple):
    dts: int
    offset: int
    key: bool
    data: bytes


class Packager:
    """Cuts one channel's samples; `window` is what the live playlist shows, oldest first."""

    def __init__(
        self,
        session: int,
        number: int,
        on_part: Callable[[], None],
        on_segment: Callable[[Segment], None],
    ) -> None:
        """Begin after session `session` and at media sequence number `number`."""
        self.session = session
        self.window: deque[Segment] = deque()
        self.inits: dict[int, bytes] = {}
        self.tracks: Sequence[Track] = ()
        self.gop_seconds = 0.0
        self._number = number
        self._on_part = on_part
        self._on_segment = on_segment
        self._begun = 0
        self._reset()

    def _reset(self) -> None:
        self._open: Segment | None = None
        self._pending: dict[int, _Pending] = {}
        self._runs: dict[int, tuple[int, list[Sample]]] = {}
        self._key_dts: int | None = None
        self._fragments = 0

    @property
    def codecs(self) -> str:
        """Return the codec strings of the current session, as HTML media elements want them."""
        return ",".join(track.codec for track in self.tracks)

    @property
    def newest(self) -> Segment | None:
        """Return the segment being filled, or the last one."""
        return self.window[-1] if self.window else None

    def begin(self, tracks: Sequence[Track], at: datetime) -> bytes:
        """Begin an encoder's session at wall-clock time `at`; returns its initialisation."""
        self.finish()
        self.session += 1
        self._begun += 1
        self.tracks = tracks
        self._epoch = at
        self.inits[self.session] = write_init(tracks)
        return self.inits[self.session]

    def push(self, track: Track, dts: int, data: bytes, *, key: bool, offset: int = 0) -> None:
        """Take a sample; the one before it gets its exact duration from this one's time."""
        before = self._pending.get(track.id)
        if before is not None:
            dts = max(dts, before.dts + 1)
            self._add(track, before, dts - before.dts)
        self._pending[track.id] = _Pending(dts, offset, key, data)

    def finish(self) -> None:
        """End the session: what is pending becomes a last, shorter segment."""
        for track in self.tracks:
            if (last := self._pending.get(track.id)) is not None:
                video = isinstance(track, VideoTrack)
                self._add(track, last, FRAME_UNITS if video else 1024)
        if self._open is not None:
            self._flush()
            self._close()
        self._reset()

    def _add(self, track: Track, sample: _Pending, duration: int) -> None:
        video = isinstance(track, VideoTrack)
        if self._open is None:
            if not (video and sample.key):
                return
            self._start(sample, discontinuity=self._begun > 1)
        if video:
            if sample.key:
                self._measure_gop(sample.dts)
            self._cut_before(sample, duration)
        run = self._runs.setdefault(track.id, (sample.dts, []))
        run[1].append(Sample(duration, sample.offset, sample.key, sample.data))

    def _measure_gop(self, dts: int) -> None:
        if self._key_dts is not None:
            self.gop_seconds = (dts - self._key_dts) / VIDEO_TIMESCALE
        self._key_dts = dts

    def _cut_before(self, sample: _Pending, duration: int) -> None:
        segment = self._open
        if segment is None:
            return
        run = self._run_seconds()
        length = segment.seconds + run
        # At a key frame, also when waiting for the next one would make the segment too long.
        ripe = length >= SEGMENT_SECONDS_MIN - TICKS
        last_chance = sample.key and length + self.gop_seconds > SEGMENT_SECONDS_MAX
        too_long = length + duration / VIDEO_TIMESCALE > SEGMENT_SECONDS_MAX
        if length and ((sample.key and (ripe or last_chance)) or too_long):
            self._flush()
            self._close()
            self._start(sample, discontinuity=False)
        elif run and run + duration / VIDEO_TIMESCALE > PART_SECONDS + TICKS:
            self._flush()

    def _run_seconds(self) -> float:
        for track in self.tracks:
            if isinstance(track, VideoTrack) and track.id in self._runs:
                units = sum(sample.seconds_units for sample in self._runs[track.id][1])
                return units / VIDEO_TIMESCALE
        return 0.0

    def _start(self, sample: _Pending, *, discontinuity: bool) -> None:
        shown = (sample.dts + sample.offset) / VIDEO_TIMESCALE
        at = self._epoch + timedelta(seconds=shown)
        self._open = Segment(self.session, self._number, at, discontinuity)
        self._number += 1

    def _flush(self) -> None:
        segment = self._open
        if segment is None or not self._runs:
            return
        self._fragments += 1
        runs = [
            Run(track, *self._runs[track.id]) for track in self.tracks if track.id in self._runs
        ]
        seconds = self._run_seconds()
        independent = isinstance(runs[0].track, VideoTrack) and runs[0].samples[0].key
        segment.parts.append(Part(write_fragment(self._fragments, runs), seconds, independent))
        segment.seconds += seconds
        self._runs = {}
        if len(segment.parts) == 1:
            self.window.append(segment)
            self._slide()
        self._on_part()

    def _close(self) -> None:
        segment = self._open
        if segment is None or not segment.parts:
            return
        segment.data = b"".join(part.data for part in segment.parts)
        segment.done = True
        self._open = None
        self._on_segment(segment)

    def _slide(self) -> None:
        """Drop what left the window; older segments need their parts' bytes no more."""
        while len(self.window) > WINDOW_SEGMENTS + 1:
            self.window.popleft()
        if len(self.window) > PARTS_SEGMENTS + 1:
            old = self.window[-PARTS_SEGMENTS - 2]
            old.parts = [part._replace(data=b"") for part in old.parts]
        oldest = self.window[0].session
        for session in [known for known in self.inits if known < oldest]:
            del self.inits[session]


def round_up(seconds: float) -> int:
    """Round a duration up to whole seconds, as a VOD playlist's target duration wants it."""
    return math.ceil(round(seconds, 3))
