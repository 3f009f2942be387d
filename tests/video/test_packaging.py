"""Samples in, parts, segments and playlists out; read back by FFmpeg."""

import io
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from panier.video.cmaf import AudioTrack, Run, Sample, VideoTrack, write_fragment, write_init
from panier.video.faults import UnsupportedCodec
from panier.video.health import Health
from panier.video.packager import Packager, Part, Segment
from panier.video.playlist import Recorded, write_live, write_replay
from panier.video.poster import make_poster
from panier.video.remux import Remuxer
from panier.video.rules import (
    Span,
    is_key,
    make_key,
    may_become,
    media_offsets,
    read_stream_name,
)

AT = datetime(2026, 11, 21, 20, 0, 0, 125_000, tzinfo=UTC)
VIDEO = VideoTrack(b"\x01\x64\x00\x1f", 540, 960)
SOUND = AudioTrack(b"\x11\x90", 48_000, 2)
SHOW = "01a1fc59-e705-72d9-a267-5184a741beac"


class Cuts:
    """A packager, and the segments that it completed."""

    def __init__(self) -> None:
        self.parts = 0
        self.done: list[Segment] = []
        self.packager = Packager(0, 0, self.part, self.done.append)

    def part(self) -> None:
        self.parts += 1

    def frames(self, count: int, every_ms: int, gop: int, start: int = 0) -> None:
        for n in range(start, start + count):
            self.packager.push(VIDEO, n * every_ms * 90, b"frame", key=n % gop == 0)


def test_an_initialisation_segment_begins_as_cmaf_says() -> None:
    init = write_init([VIDEO, SOUND])
    assert init[:28] == bytes.fromhex(
        "0000001c 66747970 69736f36 00000000 69736f36 636d6663 6d703431"
    )
    assert init[32:36] == b"moov"
    assert int.from_bytes(init[28:32]) == len(init) - 28


def test_a_fragment_points_at_its_data() -> None:
    run = Run(SOUND, 4096, [Sample(1024, 0, True, b"abc"), Sample(1024, 0, True, b"de")])
    assert write_fragment(7, [run]) == bytes.fromhex(
        "00000068 6d6f6f66"
        "00000010 6d666864 00000000 00000007"
        "00000050 74726166"
        "00000010 74666864 00020000 00000002"
        "00000014 74666474 01000000 0000000000001000"
        "00000024 7472756e 01000301 00000002 00000070 00000400 00000003 00000400 00000002"
        "0000000d 6d646174 6162636465"
    )


def test_segments_are_cut_at_key_frames_and_parts_at_a_third_of_a_second() -> None:
    cuts = Cuts()
    cuts.packager.begin([VIDEO], AT)
    cuts.frames(101, 40, gop=50)
    assert [segment.number for segment in cuts.done] == [0]
    first = cuts.done[0]
    assert [round(part.seconds, 3) for part in first.parts] == [0.32] * 6 + [0.08]
    assert [part.independent for part in first.parts] == [True] + [False] * 6
    assert (round(first.seconds, 6), first.starts_at) == (2.0, AT)
    cuts.packager.finish()
    assert cuts.done[1].starts_at == AT + timedelta(seconds=2)
    assert cuts.parts == 7 + 7 + 1


def test_too_rare_key_frames_are_cut_anyway_and_told() -> None:
    cuts = Cuts()
    cuts.packager.begin([VIDEO], AT)
    cuts.frames(420, 40, gop=208)
    assert all(segment.seconds <= 2.4 for segment in cuts.done)
    assert [segment.independent for segment in cuts.done] == [True, False, False, False] * 2
    assert round(cuts.packager.gop_seconds, 2) == 8.32
    assert "INDEPENDENT-SEGMENTS" not in write_live(cuts.packager.window, ended=False)


def test_key_frames_every_second_and_a_half_do_not_make_segments_too_long() -> None:
    cuts = Cuts()
    cuts.packager.begin([VIDEO], AT)
    cuts.frames(300, 30, gop=50)
    assert [round(segment.seconds, 2) for segment in cuts.done][1:4] == [1.5, 1.5, 1.5]


def test_the_window_keeps_eight_segments_and_the_bytes_of_few_parts() -> None:
    cuts = Cuts()
    cuts.packager.begin([VIDEO], AT)
    cuts.frames(1001, 40, gop=50)
    window = list(cuts.packager.window)
    assert [segment.number for segment in window] == list(range(11, 20))
    assert [bool(segment.parts[0].data) for segment in window] == [False] * 4 + [True] * 5
    assert all(segment.data for segment in window[:-1])


def segment(number: int, session: int = 1, *, parts: int = 2, tag: bool = False) -> Segment:
    made = Segment(session, number, AT + timedelta(seconds=2 * number), tag)
    made.parts = [Part(b"x", 0.32, n == 0) for n in range(parts)]
    made.seconds = 2.0
    made.done = True
    return made


def test_the_live_playlist_is_this_text() -> None:
    newest = segment(8, 2, parts=1)
    newest.done = False
    window = [segment(6), segment(7, 2, tag=True), newest]
    assert write_live(window, ended=False) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:9\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-PART-INF:PART-TARGET=0.334\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.002,HOLD-BACK=6.0\n"
        "#EXT-X-MEDIA-SEQUENCE:6\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:1\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MAP:URI="init1.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T20:00:12.125Z\n"
        '#EXT-X-PART:DURATION=0.32000,URI="p1.6.0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.32000,URI="p1.6.1.m4s"\n'
        "#EXTINF:2.00000,\n"
        "s1.6.m4s\n"
        "#EXT-X-DISCONTINUITY\n"
        '#EXT-X-MAP:URI="init2.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T20:00:14.125Z\n"
        '#EXT-X-PART:DURATION=0.32000,URI="p2.7.0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.32000,URI="p2.7.1.m4s"\n'
        "#EXTINF:2.00000,\n"
        "s2.7.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T20:00:16.125Z\n"
        '#EXT-X-PART:DURATION=0.32000,URI="p2.8.0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p2.8.1.m4s"\n'
    )


def test_a_discontinuity_keeps_its_number_when_it_leaves_the_window() -> None:
    with_it = write_live([segment(6), segment(7, 2, tag=True)], ended=False)
    at_its_head = write_live([segment(7, 2, tag=True), segment(8, 2)], ended=False)
    without_it = write_live([segment(8, 2), segment(9, 2)], ended=False)
    numbers = [text.split("DISCONTINUITY-SEQUENCE:")[1][0] for text in (with_it, at_its_head)]
    assert numbers == ["1", "1"]
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:2\n" in without_it


def test_an_ended_playlist_says_so() -> None:
    text = write_live([segment(6)], ended=True)
    assert text.endswith("s1.6.m4s\n#EXT-X-ENDLIST\n")


def test_the_replay_is_this_text() -> None:
    parts = [Recorded(1, 0, AT, 2.0), Recorded(1, 1, AT, 2.36), Recorded(1001, 102, AT, 1.5)]
    assert write_replay(parts) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-TARGETDURATION:3\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        '#EXT-X-MAP:URI="init1.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T20:00:00.125Z\n"
        "#EXTINF:2.00000,\n"
        "s1.0.m4s\n"
        "#EXTINF:2.36000,\n"
        "s1.1.m4s\n"
        "#EXT-X-DISCONTINUITY\n"
        '#EXT-X-MAP:URI="init1001.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T20:00:00.125Z\n"
        "#EXTINF:1.50000,\n"
        "s1001.102.m4s\n"
        "#EXT-X-ENDLIST\n"
    )


def flv(film: Path) -> list[tuple[str, int, bytes]]:
    """Turn a film into what an encoder would send: kind, timestamp in ms, FLV body."""
    messages: list[tuple[str, int, bytes]] = []
    with av.open(str(film)) as source:
        for stream in source.streams:
            extra = bytes(stream.codec_context.extradata or b"")
            lead = b"\x17\0\0\0\0" if stream.type == "video" else b"\xaf\0"
            messages.append((stream.type, 0, lead + extra))
        packets: list[Any] = [p for p in source.demux() if p.dts is not None and p.pts is not None]
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            ms = round(packet.dts * packet.time_base * 1000) + 200
            offset = round((packet.pts - packet.dts) * packet.time_base * 1000)
            if packet.stream.type == "video":
                head = b"\x17" if packet.is_keyframe else b"\x27"
                body = head + b"\1" + offset.to_bytes(3, signed=True) + bytes(packet)
            else:
                body = b"\xaf\1" + bytes(packet)
            messages.append((packet.stream.type, ms, body))
    return messages


def send(remuxer: Remuxer, messages: list[tuple[str, int, bytes]], shift: int = 0) -> None:
    for kind, ms, body in messages:
        stamp = (ms + shift) & 0xFFFFFFFF
        remuxer.video(stamp, body) if kind == "video" else remuxer.audio(stamp, body)


def test_ffmpeg_reads_back_every_picture_and_all_sound(film: Path) -> None:
    cuts, inits = Cuts(), list[bytes]()
    remuxer = Remuxer(cuts.packager, Health(), inits.append)
    send(remuxer, flv(film), shift=0xFFFFFFFF - 3000)  # the clock wraps on the way
    remuxer.close()
    assert len(inits) == 1
    assert [round(segment.seconds, 2) for segment in cuts.done] == [2.0, 2.0, 2.0, 1.99]
    film_again = io.BytesIO(inits[0] + b"".join(segment.data for segment in cuts.done))
    with av.open(film_again, "r", format="mp4") as source:
        assert (source.streams.video[0].width, source.streams.video[0].height) == (160, 284)
        assert source.streams.audio[0].rate == 48_000
        frames = list(source.decode(video=0))
    assert len(frames) == 200
    times = [round(float(frame.time or 0), 3) for frame in frames]
    assert [round(b - a, 3) for a, b in pairwise(times)] == [0.04] * 199
    film_again.seek(0)
    with av.open(film_again, "r", format="mp4") as source:
        samples = sum(frame.samples for frame in source.decode(audio=0))
    assert abs(samples - 8 * 48_000) <= 3 * 1024


def test_a_jump_of_the_encoders_clock_is_a_discontinuity(film: Path) -> None:
    cuts, inits = Cuts(), list[bytes]()
    remuxer = Remuxer(cuts.packager, Health(), inits.append)
    messages = flv(film)
    send(remuxer, messages, shift=100_000)
    send(remuxer, messages)
    remuxer.close()
    assert len(inits) == 2
    assert [segment.session for segment in cuts.done] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert [segment.discontinuity for segment in cuts.done] == [False] * 4 + [True] + [False] * 3


def test_a_show_without_sound_begins_after_a_second(film: Path) -> None:
    cuts, inits = Cuts(), list[bytes]()
    remuxer = Remuxer(cuts.packager, Health(), inits.append)
    send(remuxer, [message for message in flv(film) if message[0] == "video"])
    remuxer.close()
    assert len(inits) == 1
    assert cuts.packager.codecs.startswith("avc1.")
    assert "mp4a" not in cuts.packager.codecs
    assert round(sum(segment.seconds for segment in cuts.done), 1) == 8.0


def test_other_codecs_stop_the_remuxer(film: Path) -> None:
    remuxer = Remuxer(Cuts().packager, Health(), lambda _init: None)
    with pytest.raises(UnsupportedCodec, match="HEVC"):
        remuxer.video(0, b"\x91hvc1....")


def test_a_poster_is_a_jpeg_of_the_picture(film: Path) -> None:
    cuts, inits = Cuts(), list[bytes]()
    send(Remuxer(cuts.packager, Health(), inits.append), flv(film))
    poster = make_poster(inits[0], cuts.done[0].data)
    assert poster is not None
    assert poster[:3] == b"\xff\xd8\xff"
    assert make_poster(inits[0], b"") is None


def test_health_counts_what_is_missing_and_late() -> None:
    health = Health()
    health.begin()
    for n in range(100):
        health.count(n * 0.04, 5000)
        health.count_frame(n * 0.04, n * 40)
    assert health.rates(3.96) == (1010, 25.3)
    assert (health.dropped, round(health.late_seconds, 3)) == (0, 0.0)
    health.count_frame(5.96, 100 * 40 + 120)
    assert (health.dropped, round(health.late_seconds, 2)) == (3, 1.84)
    assert health.rates(20.0) == (0, 0.0)


def test_a_stream_key_belongs_to_one_show_and_generation() -> None:
    named = read_stream_name(f"{SHOW}?token=abc")
    assert named is not None
    show, key = named
    assert key == "abc"
    secret = "a secret of tests, long enough to sign"
    assert make_key(secret, show, 1) == "m5y5gvgqjmqjtff22sb66tsuje"
    assert is_key(make_key(secret, show, 1), secret, show, 1)
    assert not is_key(make_key(secret, show, 1), secret, show, 2)
    assert not is_key("ü", secret, show, 1)
    assert read_stream_name("key1") is None
    assert read_stream_name("key1?token=x") is None


def test_an_ended_channel_stays_ended() -> None:
    assert may_become("live") == ["lost", "waiting"]
    assert may_become("ended") == ["live", "lost", "waiting"]


def test_moments_become_seconds_of_the_replay() -> None:
    recorded = [Span(AT, 2.0), Span(AT + timedelta(seconds=2), 2.0)]
    recorded.append(Span(AT + timedelta(seconds=60), 2.0))

    def offset(seconds: float) -> float | None:
        return media_offsets(recorded, [AT + timedelta(seconds=seconds)])[0]

    assert offset(-5) == 0.0
    assert offset(2.5) == 2.5
    assert offset(30) == 4.0
    assert offset(61) == 5.0
    assert offset(62.5) is None
    assert media_offsets([], [AT]) == [None]
