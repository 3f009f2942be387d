"""From an encoder's RTMP messages to the packager: clocks put right, nothing decoded."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from panier.kit.clock import now
from panier.video.cmaf import AudioTrack, Track, VideoTrack
from panier.video.flv import AudioConfig, VideoConfig, VideoFrame, read_audio, read_video
from panier.video.health import Health
from panier.video.packager import Packager

JUMP_MS = 5000
"""A timestamp this far from the one before begins a new session instead of a long gap."""
SOUND_WAIT_MS = 1000
"""How long pictures wait for the sound's configuration before the show begins without sound."""
WAITING_MAX = 200
"""Messages kept meanwhile."""
AAC_SAMPLES = 1024
UNITS_A_MS = 90
SOUND_DRIFT_SECONDS = 0.1
"""Counted samples may differ this much from the encoder's clock before its clock wins."""


class Remuxer:
    """Feeds one encoder's messages to `packager`; `on_session(init)` tells of each session."""

    def __init__(
        self,
        packager: Packager,
        health: Health,
        on_session: Callable[[bytes], None],
        clock: Callable[[], datetime] = now,
    ) -> None:
        """Begin without knowing the tracks yet."""
        self._packager = packager
        self._health = health
        self._on_session = on_session
        self._clock = clock
        self._video: VideoConfig | None = None
        self._audio: AudioConfig | None = None
        self._video_track: VideoTrack | None = None
        self._audio_track: AudioTrack | None = None
        self._waiting: list[tuple[int, VideoFrame | bytes]] = []
        self._zero_ms = 0
        self._last_ms: int | None = None
        self._sound_base = 0
        self._sound_count: int | None = None
        health.begin()

    def video(self, timestamp: int, payload: bytes) -> None:
        """Take a video message; raises BadStream or UnsupportedCodec."""
        self._health.count(time.monotonic(), len(payload))
        found = read_video(payload)
        if isinstance(found, VideoConfig):
            if found != self._video:
                self._video = found
                self._start_over()
        elif found is not None and self._video is not None:
            ms = self._unwrap(timestamp)
            self._health.count_frame(time.monotonic(), ms)
            self._take(ms, found)

    def audio(self, timestamp: int, payload: bytes) -> None:
        """Take an audio message; raises BadStream or UnsupportedCodec."""
        self._health.count(time.monotonic(), len(payload))
        found = read_audio(payload)
        if isinstance(found, AudioConfig):
            if found != self._audio:
                self._audio = found
                self._start_over()
        elif found is not None and self._audio is not None:
            self._take(self._unwrap(timestamp), found)

    def close(self) -> None:
        """End the session; what is pending becomes its last segment."""
        self._packager.finish()

    def _start_over(self) -> None:
        """Forget the tracks: the next key frame begins a new session."""
        self._video_track = None
        self._audio_track = None
        self._waiting.clear()

    def _unwrap(self, timestamp: int) -> int:
        """Undo the wrap at 2³² ms; a jump of the encoder's clock begins a new session."""
        if self._last_ms is None:
            self._last_ms = timestamp
            return timestamp
        step = (timestamp - self._last_ms) & 0xFFFFFFFF
        if step >= 1 << 31:
            step -= 1 << 32
        ms = self._last_ms + step
        if abs(step) > JUMP_MS:
            self._start_over()
            self._health.begin_clock()
        self._last_ms = ms
        return ms

    def _take(self, ms: int, sample: VideoFrame | bytes) -> None:
        if self._video_track is not None:
            self._push(ms, sample)
            return
        if not self._waiting and not (isinstance(sample, VideoFrame) and sample.key):
            return  # nothing can be shown before a key frame
        self._waiting.append((ms, sample))
        waited = ms - self._waiting[0][0]
        if self._audio or waited >= SOUND_WAIT_MS or len(self._waiting) >= WAITING_MAX:
            self._begin()

    def _begin(self) -> None:
        """Begin a session with the samples that wait, a key frame first."""
        waiting, self._waiting = self._waiting, []
        if self._video is None:
            return
        self._zero_ms = waiting[0][0]
        self._sound_count = None
        self._video_track = VideoTrack(self._video.avcc, self._video.width, self._video.height)
        tracks: list[Track] = [self._video_track]
        if self._audio is not None:
            self._audio_track = AudioTrack(self._audio.asc, self._audio.rate, self._audio.channels)
            tracks.append(self._audio_track)
        waited = timedelta(milliseconds=waiting[-1][0] - self._zero_ms)
        self._on_session(self._packager.begin(tracks, self._clock() - waited))
        for ms, sample in waiting:
            self._push(ms, sample)

    def _push(self, ms: int, sample: VideoFrame | bytes) -> None:
        since = ms - self._zero_ms
        if isinstance(sample, VideoFrame):
            if self._video_track is not None and since >= 0:
                units = since * UNITS_A_MS
                offset = sample.offset_ms * UNITS_A_MS
                self._packager.push(
                    self._video_track, units, sample.data, key=sample.key, offset=offset
                )
        elif self._audio_track is not None and since >= 0:
            self._push_sound(self._audio_track, since, sample)

    def _push_sound(self, track: AudioTrack, since_ms: int, data: bytes) -> None:
        """Count samples rather than milliseconds, which are too coarse for sound."""
        heard = since_ms * track.timescale // 1000
        if self._sound_count is None:
            self._sound_base, self._sound_count = heard, 0
        at = self._sound_base + self._sound_count * AAC_SAMPLES
        drift = heard - at
        if drift < -SOUND_DRIFT_SECONDS * track.timescale:
            return  # counted ahead of the encoder's clock: leave one out
        if drift > SOUND_DRIFT_SECONDS * track.timescale:
            self._sound_base, self._sound_count, at = heard, 0, heard
        self._packager.push(track, at, data, key=True)
        self._sound_count += 1
