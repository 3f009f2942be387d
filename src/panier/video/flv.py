"""FLV tags inside RTMP messages (Adobe FLV 10.1, annex E): configurations and samples."""

from dataclasses import dataclass

from panier.video.faults import BadStream, UnsupportedCodec
from panier.video.h264 import read_asc, read_avcc

ENHANCED = 0x80
AVC, AAC = 7, 10
FOURCC_NAMES = {b"hvc1": "HEVC (H.265)", b"av01": "AV1", b"vp09": "VP9", b"vp08": "VP8"}
VIDEO_NAMES = {2: "Sorenson H.263", 4: "VP6", 5: "VP6", 12: "HEVC (H.265)", 13: "AV1"}
AUDIO_NAMES = {2: "MP3", 9: "enhanced audio", 11: "Speex", 13: "Opus", 14: "MP3"}


@dataclass(slots=True, frozen=True)
class VideoConfig:
    """How the picture is coded: an AVCDecoderConfigurationRecord and the size in pixels."""

    avcc: bytes
    width: int
    height: int


@dataclass(slots=True, frozen=True)
class AudioConfig:
    """How the sound is coded: an AudioSpecificConfig, its rate in Hz and its channels."""

    asc: bytes
    rate: int
    channels: int


@dataclass(slots=True, frozen=True)
class VideoFrame:
    """One coded picture, length-prefixed NAL units; shown `offset_ms` after its decoding time."""

    key: bool
    offset_ms: int
    data: bytes


def read_video(payload: bytes) -> VideoConfig | VideoFrame | None:
    """Read a video message; None for one without picture. Raises UnsupportedCodec, BadStream."""
    if not payload:
        return None
    first = payload[0]
    if first & ENHANCED:
        name = FOURCC_NAMES.get(payload[1:5], "This codec")
        raise UnsupportedCodec(f"{name} is not supported: set the video encoder to H.264 (x264)")
    if first & 15 != AVC:
        name = VIDEO_NAMES.get(first & 15, "This codec")
        raise UnsupportedCodec(f"{name} is not supported: set the video encoder to H.264 (x264)")
    if first >> 4 == 5 or len(payload) < 5:
        return None
    if payload[1] == 0:
        avcc = payload[5:]
        return VideoConfig(avcc, *read_avcc(avcc))
    if payload[1] == 1 and len(payload) > 5:
        return VideoFrame(first >> 4 == 1, int.from_bytes(payload[2:5], signed=True), payload[5:])
    return None


def read_audio(payload: bytes) -> AudioConfig | bytes | None:
    """Read an audio message: its configuration, one AAC frame, or None when it is empty."""
    if len(payload) < 2:
        return None
    if payload[0] >> 4 != AAC:
        name = AUDIO_NAMES.get(payload[0] >> 4, "This sound codec")
        raise UnsupportedCodec(f"{name} is not supported: set the audio encoder to AAC")
    body = payload[2:]
    if payload[1] == 1:
        return body or None
    if payload[1] != 0:
        raise BadStream("an AAC message is neither configuration nor sound")
    # Some bridges (SRT to FLV) first send a configuration without content.
    return AudioConfig(body, *read_asc(body)) if body else None
