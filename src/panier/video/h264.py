"""The little of H.264 and AAC that a remuxer must read: picture size, profile, sample rate."""

import struct

from panier.video.faults import BadStream, UnsupportedCodec

HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134})
"""Profiles whose SPS tells a chroma format (ITU-T H.264, 7.3.2.1.1)."""
SIDE_MAX = 4096
"""Pixels; larger pictures are taken for damage."""
AAC_RATES = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
"""ISO 14496-3, table 1.18."""
AAC_LC, AAC_OBJECT_TYPES = 2, frozenset({1, 2, 3, 4, 5, 29})


def read_avcc(avcc: bytes) -> tuple[int, int]:
    """Return width and height from an AVCDecoderConfigurationRecord (ISO 14496-15, 5.2.4.1)."""
    if len(avcc) < 8 or avcc[0] != 1 or not avcc[5] & 31:
        raise BadStream("the H.264 configuration cannot be read")
    if avcc[4] & 3 != 3:
        raise UnsupportedCodec("H.264 with short length fields is not supported")
    (size,) = struct.unpack(">H", avcc[6:8])
    return read_sps(avcc[8 : 8 + size])


def read_sps(sps: bytes) -> tuple[int, int]:
    """Return the cropped picture's width and height in pixels (H.264, 7.3.2.1.1)."""
    try:
        width, height = _picture(_Bits(sps[1:].replace(b"\0\0\3", b"\0\0")))
    except IndexError:
        raise BadStream("the H.264 configuration ends too early") from None
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        raise BadStream(f"a picture of {width} × {height} pixels cannot be right")
    return width, height


class _Bits:
    """Bits of a raw byte sequence payload, most significant first."""

    def __init__(self, data: bytes) -> None:
        self.value = int.from_bytes(data)
        self.left = len(data) * 8

    def take(self, count: int) -> int:
        if count > self.left:
            raise IndexError
        self.left -= count
        return (self.value >> self.left) & ((1 << count) - 1)

    def unsigned(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)

    def skip_scaling_list(self, size: int) -> None:
        last = following = 8
        for _ in range(size):
            if following:
                following = (last + self.signed()) % 256
            last = following or last


def _picture(bits: _Bits) -> tuple[int, int]:
    profile, _ = bits.take(8), bits.take(16)
    bits.unsigned()  # id
    chroma = _chroma(bits) if profile in HIGH_PROFILES else 1
    bits.unsigned()
    _skip_order(bits)
    bits.unsigned(), bits.take(1)
    width, map_units = (bits.unsigned() + 1) * 16, bits.unsigned() + 1
    frames_only = bits.take(1)
    height = map_units * 16 * (2 - frames_only)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        across = 1 if chroma in (0, 3) else 2
        down = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= across * (left + right)
        height -= down * (top + bottom)
    return width, height


def _chroma(bits: _Bits) -> int:
    chroma = bits.unsigned()
    planes_444 = chroma == 3
    if planes_444:
        bits.take(1)
    bits.unsigned(), bits.unsigned(), bits.take(1)
    if bits.take(1):
        for index in range(12 if planes_444 else 8):
            if bits.take(1):
                bits.skip_scaling_list(16 if index < 6 else 64)
    return chroma


def _skip_order(bits: _Bits) -> None:
    """Skip the picture order count."""
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1), bits.signed(), bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()


def read_asc(asc: bytes) -> tuple[int, int]:
    """Return sample rate in Hz and channels from an AudioSpecificConfig (ISO 14496-3, 1.6.2.1)."""
    if len(asc) < 2 or asc[0] >> 3 not in AAC_OBJECT_TYPES:
        raise UnsupportedCodec("only AAC (LC) sound is supported")
    index = (asc[0] & 7) << 1 | asc[1] >> 7
    channels = asc[1] >> 3 & 15
    if index >= len(AAC_RATES) or not 1 <= channels <= 2:
        raise UnsupportedCodec("only mono or stereo AAC at a usual sample rate is supported")
    return AAC_RATES[index], channels
