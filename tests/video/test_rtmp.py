"""The chunk layer and AMF0, byte by byte."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panier.video import amf
from panier.video.faults import BadStream
from panier.video.flv import AudioConfig, VideoConfig, VideoFrame, read_audio, read_video
from panier.video.h264 import read_sps
from panier.video.rtmp import (
    CHUNK_STREAMS_MAX,
    ChunkReader,
    Message,
    answer_handshake,
    write_message,
)

# 540 × 960, High profile, as x264 writes it.
SPS = bytes.fromhex("6764001facd940881e7be1000003000100000300320f183196")


def test_amf_writes_a_command_as_the_specification_shows() -> None:
    assert amf.encode("onStatus", 0, None, {"level": "error"}) == bytes.fromhex(
        "02 0008 6f6e537461747573"  # "onStatus"
        "00 0000000000000000"  # 0.0
        "05"  # null
        "03 0005 6c6576656c 02 0005 6572726f72 0000 09"  # {level: "error"}
    )


def test_amf_reads_what_obs_sends() -> None:
    connect = bytes.fromhex(
        "02 0007 636f6e6e656374 00 3ff0000000000000"
        "03 0003 617070 02 0004 6c697665 0004 74797065 0101 000009"
    )
    assert amf.decode(connect) == ["connect", 1.0, {"app": "live", "type": True}]


def test_amf_reads_arrays_dates_and_long_strings() -> None:
    assert amf.decode(bytes.fromhex("0a 00000002 05 06")) == [[None, None]]
    assert amf.decode(bytes.fromhex("0b 4059000000000000 0000")) == [100.0]
    assert amf.decode(bytes.fromhex("0c 00000002 6869")) == ["hi"]
    assert amf.decode(bytes.fromhex("08 00000001 0001 61 0101 0000 09")) == [{"a": True}]


@pytest.mark.parametrize(
    "wrong",
    ["02 0005 61", "00 3ff0", "0d", "03 0001 61", "0a ffffffff 05", "03 0001 61 " * 20],
)
def test_amf_refuses_what_ends_too_early_or_is_nested_too_deeply(wrong: str) -> None:
    with pytest.raises(BadStream):
        amf.decode(bytes.fromhex(wrong))


def test_a_message_comes_whole_out_of_its_chunks() -> None:
    reader = ChunkReader()
    first = bytes.fromhex("04 000064 000082 09 01000000") + b"a" * 128
    assert reader.feed(first) == []
    assert reader.feed(bytes.fromhex("c4") + b"b") == []
    assert reader.feed(b"b") == [Message(9, 100, 1, b"a" * 128 + b"bb")]


def test_messages_of_two_chunk_streams_may_be_interleaved() -> None:
    video = bytes.fromhex("04 000000 000081 09 01000000") + b"v" * 128
    audio = bytes.fromhex("05 000005 000002 08 01000000") + b"aa"
    rest = bytes.fromhex("c4") + b"v"
    assert ChunkReader().feed(video + audio + rest) == [
        Message(8, 5, 1, b"aa"),
        Message(9, 0, 1, b"v" * 129),
    ]


def test_headers_repeat_what_they_leave_out() -> None:
    full = bytes.fromhex("04 000064 000001 08 01000000") + b"1"
    new_length = bytes.fromhex("44 00000a 000002 08") + b"22"
    new_time = bytes.fromhex("84 000014") + b"33"
    nothing_new = bytes.fromhex("c4") + b"44"
    found = ChunkReader().feed(full + new_length + new_time + nothing_new)
    assert [(m.timestamp, m.payload) for m in found] == [
        (100, b"1"),
        (110, b"22"),
        (130, b"33"),
        (150, b"44"),
    ]


def test_an_extended_timestamp_is_repeated_in_every_chunk() -> None:
    first = bytes.fromhex("04 ffffff 000081 09 01000000 01000000") + b"a" * 128
    rest = bytes.fromhex("c4 01000000") + b"b"
    delta = bytes.fromhex("84 000021") + b"c" * 128 + bytes.fromhex("c4") + b"d"
    found = ChunkReader().feed(first + rest + delta)
    assert [m.timestamp for m in found] == [16_777_216, 16_777_249]
    assert found[0].payload == b"a" * 128 + b"b"


def test_the_clock_wraps_after_49_days() -> None:
    first = bytes.fromhex("04 ffffff 000001 08 01000000 fffffff0") + b"1"
    later = bytes.fromhex("84 000020") + b"2"
    assert [m.timestamp for m in ChunkReader().feed(first + later)] == [4294967280, 16]


def test_chunk_stream_numbers_may_have_two_or_three_bytes() -> None:
    two = bytes.fromhex("00 0a 000000 000001 08 00000000") + b"x"
    three = bytes.fromhex("01 0a01 000000 000001 08 00000000") + b"y"
    assert [m.payload for m in ChunkReader().feed(two + three)] == [b"x", b"y"]


def test_the_encoder_may_change_its_chunk_size_and_abort_a_message() -> None:
    reader = ChunkReader()
    assert reader.feed(bytes.fromhex("02 000000 000004 01 00000000 00001000")) == []
    assert reader.chunk_bytes == 4096
    begun = bytes.fromhex("04 000000 002000 09 01000000") + bytes(4096)
    abort = bytes.fromhex("02 000000 000004 02 00000000 00000004")
    other = bytes.fromhex("04 000000 000001 09 01000000") + b"z"
    assert reader.feed(begun + abort + other) == [Message(9, 0, 1, b"z")]


@pytest.mark.parametrize(
    "wrong",
    [
        "04 000000 100000 09 01000000",  # a megabyte before the key is known
        "c4",  # goes on with what never began
        "02 000000 000004 01 00000000 00000000",  # chunks of no bytes
        "02 000000 000003 01 00000000 000000",  # a size of three bytes
        "04 000000 000081 09 01000000" + "00" * 128 + "04 000000 000001 09 01000000 00",
    ],
)
def test_what_the_chunk_layer_forbids_is_named(wrong: str) -> None:
    with pytest.raises(BadStream):
        ChunkReader().feed(bytes.fromhex(wrong))


def test_an_encoder_cannot_open_chunk_streams_without_end() -> None:
    reader = ChunkReader()
    heads = [bytes([n]) + bytes.fromhex("000000 000001 08 01000000 00") for n in range(2, 60)]
    reader.feed(b"".join(heads[:CHUNK_STREAMS_MAX]))
    with pytest.raises(BadStream):
        reader.feed(heads[CHUNK_STREAMS_MAX])


def test_the_handshake_returns_what_the_encoder_sent() -> None:
    answer = answer_handshake(b"\x03" + b"c" * 1536)
    assert (len(answer), answer[:9], answer[-1536:]) == (3073, b"\x03" + bytes(8), b"c" * 1536)
    with pytest.raises(BadStream):
        answer_handshake(b"GET / HTTP/1.1".ljust(1537))


@given(st.binary(max_size=3000), st.integers(1, 64))
def test_no_bytes_break_the_parser(soup: bytes, step: int) -> None:
    reader = ChunkReader()
    with contextlib.suppress(BadStream):
        for at in range(0, len(soup), step):
            for message in reader.feed(soup[at : at + step]):
                amf.decode(message.payload)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_readers_of_commands_and_codecs(soup: bytes) -> None:
    for read in (amf.decode, read_video, read_audio, read_sps):
        with contextlib.suppress(BadStream):
            read(soup)
    with contextlib.suppress(BadStream):
        read_video(b"\x17\x00\x00\x00\x00\x01\x64\x00\x1f\xff\xe1\x00\x20\x67" + soup)


@given(
    st.lists(
        st.builds(
            Message,
            kind=st.sampled_from([8, 9, 18, 20]),
            timestamp=st.integers(0, 0xFFFFFFFF),
            stream=st.integers(0, 3),
            payload=st.binary(min_size=1, max_size=500),
        ),
        max_size=8,
    ),
    st.integers(1, 700),
)
def test_what_is_written_in_chunks_is_read_back(messages: list[Message], step: int) -> None:
    wire = b"".join(write_message(4, message) for message in messages)
    reader = ChunkReader()
    found = [m for at in range(0, len(wire), step) for m in reader.feed(wire[at : at + step])]
    assert found == messages


def test_a_picture_says_its_size() -> None:
    assert read_sps(SPS) == (540, 960)


def test_flv_configurations_and_samples_are_read() -> None:
    avcc = b"\x01\x64\x00\x1f\xff\xe1\x00" + bytes([len(SPS)]) + SPS + b"\x01\x00\x02\x68\xee"
    assert read_video(b"\x17\x00\x00\x00\x00" + avcc) == VideoConfig(avcc, 540, 960)
    assert read_video(b"\x27\x01\xff\xff\xd8abc") == VideoFrame(False, -40, b"abc")
    assert read_video(b"\x17\x01\x00\x00\x50abc") == VideoFrame(True, 80, b"abc")
    assert read_audio(b"\xaf\x00\x11\x90") == AudioConfig(b"\x11\x90", 48_000, 2)
    assert read_audio(b"\xaf\x01sound") == b"sound"
    assert read_audio(b"\xaf\x00") is None


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (b"\x91hvc1....", "HEVC"),
        (b"\x90av01....", "AV1"),
        (b"\x1c\x00\x00\x00\x00", "HEVC"),
        (b"\x12\x00\x00\x00\x00", "H.263"),
    ],
)
def test_other_picture_codecs_are_refused_by_name(payload: bytes, named: str) -> None:
    with pytest.raises(BadStream, match=named):
        read_video(payload)


def test_other_sound_codecs_are_refused_by_name() -> None:
    with pytest.raises(BadStream, match="MP3"):
        read_audio(b"\x2f\xff\xff")
