"""CMAF: initialisation segments and fragments (ISO 23000-19, boxes of ISO 14496-12)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

VIDEO_TIMESCALE = 90_000
VIDEO_ID, AUDIO_ID = 1, 2
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
LANGUAGE_UNDETERMINED = 0x55C4
BASE_IS_MOOF = 0x020000
# trun: data offset, then per sample duration and size (and flags and composition offset).
AUDIO_RUN, VIDEO_RUN = 0x000301, 0x000F01
IS_KEY, IS_NOT_KEY = 0x02000000, 0x01010000


class Sample(NamedTuple):
    """One coded picture or AAC frame, times in the track's timescale."""

    seconds_units: int
    """Duration."""
    offset: int
    """Presentation minus decoding time; may be negative."""
    key: bool
    data: bytes


@dataclass(slots=True, frozen=True)
class VideoTrack:
    """H.264 as its AVCDecoderConfigurationRecord describes it."""

    avcc: bytes
    width: int
    height: int
    id: int = VIDEO_ID
    timescale: int = VIDEO_TIMESCALE

    @property
    def codec(self) -> str:
        """Return the codec string of RFC 6381."""
        return f"avc1.{self.avcc[1:4].hex().upper()}"


@dataclass(slots=True, frozen=True)
class AudioTrack:
    """AAC as its AudioSpecificConfig describes it; the timescale is the sample rate."""

    asc: bytes
    timescale: int
    channels: int
    id: int = AUDIO_ID

    @property
    def codec(self) -> str:
        """Return the codec string of RFC 6381."""
        return f"mp4a.40.{self.asc[0] >> 3}"


Track = VideoTrack | AudioTrack


class Run(NamedTuple):
    """Consecutive samples of one track; `start` is the first one's decoding time."""

    track: Track
    start: int
    samples: Sequence[Sample]


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)


def write_init(tracks: Sequence[Track]) -> bytes:
    """Write the initialisation segment of `tracks`."""
    head = struct.pack(">IIIIIH", 0, 0, 1000, 0, 0x10000, 0x100)
    tail = struct.pack(">I", max(track.id for track in tracks) + 1)
    mvhd = _full(b"mvhd", 0, 0, head, bytes(10), MATRIX, bytes(24), tail)
    trex = [_full(b"trex", 0, 0, struct.pack(">IIIII", t.id, 1, 0, 0, 0)) for t in tracks]
    brands = _box(b"ftyp", b"iso6", bytes(4), b"iso6cmfcmp41")
    return brands + _box(b"moov", mvhd, *map(_trak, tracks), _box(b"mvex", *trex))


def _trak(track: Track) -> bytes:
    video = isinstance(track, VideoTrack)
    size = (track.width << 16, track.height << 16) if isinstance(track, VideoTrack) else (0, 0)
    tkhd = _full(
        b"tkhd",
        0,
        3,
        struct.pack(">IIIII", 0, 0, track.id, 0, 0),
        bytes(8),
        struct.pack(">hhhh", 0, 0, 0 if video else 0x100, 0),
        MATRIX,
        struct.pack(">II", *size),
    )
    times = struct.pack(">IIIIHH", 0, 0, track.timescale, 0, LANGUAGE_UNDETERMINED, 0)
    handler = b"vide" if video else b"soun"
    hdlr = _full(b"hdlr", 0, 0, bytes(4), handler, bytes(12), b"panier\0")
    media = _full(b"vmhd", 0, 1, bytes(8)) if video else _full(b"smhd", 0, 0, bytes(4))
    here = _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1))
    stbl = _box(
        b"stbl",
        _full(b"stsd", 0, 0, struct.pack(">I", 1), _entry(track)),
        _full(b"stts", 0, 0, bytes(4)),
        _full(b"stsc", 0, 0, bytes(4)),
        _full(b"stsz", 0, 0, bytes(8)),
        _full(b"stco", 0, 0, bytes(4)),
    )
    minf = _box(b"minf", media, _box(b"dinf", here), stbl)
    return _box(b"trak", tkhd, _box(b"mdia", _full(b"mdhd", 0, 0, times), hdlr, minf))


def _entry(track: Track) -> bytes:
    lead = bytes(6) + struct.pack(">H", 1)
    if isinstance(track, VideoTrack):
        shape = struct.pack(">HHIIIH", track.width, track.height, 0x480000, 0x480000, 0, 1)
        depth = struct.pack(">Hh", 24, -1)
        return _box(b"avc1", lead, bytes(16), shape, bytes(32), depth, _box(b"avcC", track.avcc))
    shape = struct.pack(">HHHHI", track.channels, 16, 0, 0, track.timescale << 16)
    return _box(b"mp4a", lead, bytes(8), shape, _esds(track))


def _esds(track: AudioTrack) -> bytes:
    """Write the elementary stream descriptor (ISO 14496-1, 7.2.6.5)."""

    def descriptor(tag: int, body: bytes) -> bytes:
        return bytes([tag, 0x80, 0x80, 0x80, len(body)]) + body

    aac = bytes([0x40, 0x15, 0, 0, 0]) + struct.pack(">II", 0, 0)
    config = descriptor(4, aac + descriptor(5, track.asc))
    stream = struct.pack(">HB", track.id, 0) + config + descriptor(6, b"\x02")
    return _full(b"esds", 0, 0, descriptor(3, stream))


def write_fragment(number: int, runs: Sequence[Run]) -> bytes:
    """Write `moof` and `mdat` of one part, numbered from 1 on within an encoder's session."""
    mfhd = _full(b"mfhd", 0, 0, struct.pack(">I", number))
    trafs = [_traf(run) for run in runs]
    moof = bytearray(_box(b"moof", mfhd, *trafs))
    bodies = [b"".join(sample.data for sample in run.samples) for run in runs]
    at, data_at = 8 + len(mfhd), len(moof) + 8
    for traf, body in zip(trafs, bodies, strict=True):
        # The data offset stands after traf's head (8), tfhd (16), tfdt (20) and 16 bytes of trun.
        struct.pack_into(">i", moof, at + 60, data_at)
        at += len(traf)
        data_at += len(body)
    size = 8 + sum(map(len, bodies))
    return b"".join((moof, struct.pack(">I4s", size, b"mdat"), *bodies))


def _traf(run: Run) -> bytes:
    tfhd = _full(b"tfhd", 0, BASE_IS_MOOF, struct.pack(">I", run.track.id))
    tfdt = _full(b"tfdt", 1, 0, struct.pack(">Q", run.start))
    if isinstance(run.track, VideoTrack):
        flags, table = (
            VIDEO_RUN,
            b"".join(
                struct.pack(
                    ">IIIi", s.seconds_units, len(s.data), IS_KEY if s.key else IS_NOT_KEY, s.offset
                )
                for s in run.samples
            ),
        )
    else:
        flags, table = (
            AUDIO_RUN,
            b"".join(struct.pack(">II", s.seconds_units, len(s.data)) for s in run.samples),
        )
    trun = _full(b"trun", 1, flags, struct.pack(">Ii", len(run.samples), 0), table)
    return _box(b"traf", tfhd, tfdt, trun)
