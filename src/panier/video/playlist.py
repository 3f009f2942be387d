"""Playlists: LL-HLS for the live (RFC 8216bis), VOD for the replay; text only."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from panier.video.packager import PARTS_SEGMENTS, Segment, round_up
from panier.video.rules import PART_SECONDS, SEGMENT_SECONDS

MEDIA_TYPE = "application/vnd.apple.mpegurl"
# A segment cut by force may round to 2 s but last up to 2.4 s; players wait three parts behind.
LIVE_HEAD = (
    "#EXTM3U\n#EXT-X-VERSION:9\n"
    f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS}\n"
    f"#EXT-X-PART-INF:PART-TARGET={PART_SECONDS:.3f}\n"
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
    f"PART-HOLD-BACK={3 * PART_SECONDS:.3f},HOLD-BACK={3 * SEGMENT_SECONDS:.1f}\n"
)


class Recorded(NamedTuple):
    """A segment as the replay lists it."""

    session: int
    number: int
    starts_at: datetime
    seconds: float


def init_name(session: int) -> str:
    """Name the initialisation segment of an encoder's session."""
    return f"init{session}.mp4"


def segment_name(session: int, number: int) -> str:
    """Name a segment; the session is in it because caches keep it for ever."""
    return f"s{session}.{number}.m4s"


def part_name(session: int, number: int, part: int) -> str:
    """Name a part of a segment."""
    return f"p{session}.{number}.{part}.m4s"


def _date_time(moment: datetime) -> str:
    return f"#EXT-X-PROGRAM-DATE-TIME:{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def write_live(window: Sequence[Segment], *, ended: bool, hint: bool = True) -> str:
    """Write the live playlist; `hint` announces the part that comes next.

    Sessions follow each other without a gap, so their numbers count the discontinuities.
    """
    first = window[0]
    lines = [
        f"#EXT-X-MEDIA-SEQUENCE:{first.number}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{first.session - first.discontinuity}",
    ]
    if all(segment.independent for segment in window):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    with_parts = len(window) - PARTS_SEGMENTS - 1
    session = None
    for index, segment in enumerate(window):
        if segment.discontinuity:
            lines.append("#EXT-X-DISCONTINUITY")
        if segment.session != session:
            session = segment.session
            lines.append(f'#EXT-X-MAP:URI="{init_name(session)}"')
        lines.append(_date_time(segment.starts_at))
        if index >= with_parts:
            lines += _parts(segment)
        if segment.done:
            name = segment_name(segment.session, segment.number)
            lines += [f"#EXTINF:{segment.seconds:.5f},", name]
    if ended:
        lines.append("#EXT-X-ENDLIST")
    elif hint:
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{_next_part(window[-1])}"')
    return LIVE_HEAD + "\n".join(lines) + "\n"


def _parts(segment: Segment) -> list[str]:
    return [
        f"#EXT-X-PART:DURATION={part.seconds:.5f},"
        f'URI="{part_name(segment.session, segment.number, index)}"'
        + (",INDEPENDENT=YES" if part.independent else "")
        for index, part in enumerate(segment.parts)
    ]


def _next_part(newest: Segment) -> str:
    if newest.done:
        return part_name(newest.session, newest.number + 1, 0)
    return part_name(newest.session, newest.number, len(newest.parts))


def write_replay(segments: Sequence[Recorded]) -> str:
    """Write the VOD playlist of `segments`, in order; a new session is a discontinuity."""
    longest = max((segment.seconds for segment in segments), default=0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-TARGETDURATION:{max(SEGMENT_SECONDS, round_up(longest))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]
    session = None
    for segment in segments:
        if segment.session != session:
            if session is not None:
                lines.append("#EXT-X-DISCONTINUITY")
            session = segment.session
            lines.append(f'#EXT-X-MAP:URI="{init_name(session)}"')
            lines.append(_date_time(segment.starts_at))
        lines.append(f"#EXTINF:{segment.seconds:.5f},")
        lines.append(segment_name(segment.session, segment.number))
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
