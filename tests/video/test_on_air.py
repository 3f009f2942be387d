"""From an encoder to a player, over real sockets and in real processes."""

import asyncio
import io
import re
from datetime import timedelta
from pathlib import Path

import av
import httpx2

from panier import video
from panier.events import ShowEnded, ShowWentLive
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.runtime import Runtime
from panier.settings import Settings
from panier.video import handlers
from tests.video.conftest import OnAir, Role
from tests.video.film import Encoder, make_film, sending

SEGMENT = re.compile(r"^s(\d+)\.(\d+)\.m4s$", re.MULTILINE)
INIT = re.compile(r'^#EXT-X-MAP:URI="(init\d+\.mp4)"$', re.MULTILINE)


async def playlist(player: httpx2.AsyncClient, address: str) -> str:
    """Fetch a playlist that must be there."""
    answer = await player.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert answer.headers["access-control-allow-origin"] == "*"
    return answer.text


async def until(player: httpx2.AsyncClient, path: str, number: int) -> str:
    """Reload, blocking as players do, until segment `number` is complete."""
    text = await playlist(player, path + "index.m3u8")
    while (newest := max(int(found[1]) for found in SEGMENT.findall(text))) < number:
        text = await playlist(player, f"{path}index.m3u8?_HLS_msn={newest + 1}")
    return text


def decode(data: bytes) -> tuple[list[av.VideoFrame], int]:
    """Return the pictures and the number of audio samples."""
    frames, samples = [], 0
    with av.open(io.BytesIO(data), "r", format="mp4") as source:
        for frame in source.decode():
            if isinstance(frame, av.VideoFrame):
                frames.append(frame)
            elif isinstance(frame, av.AudioFrame):
                samples += frame.samples
    return frames, samples


async def states_said(cell: Cell, channel: OnAir) -> list[str]:
    """List the events of the channel."""
    async with cell.read() as tx:
        sql = "select coalesce(array_agg(kind order by id), '{}') from event where stream = %s"
        said: list[str] = await value(tx, sql, (channel.show,))
        return said


async def finish(cell: Cell, channel: OnAir) -> None:
    """End the show as the reaction does."""
    async with cell.tx() as tx:
        await handlers.finish(tx, ShowEnded(market="FR", show=channel.show))


async def ended(player: httpx2.AsyncClient, path: str) -> str:
    """Reload until the playlist is closed."""
    async with asyncio.timeout(30):
        while True:
            text = await playlist(player, path + "index.m3u8")
            if "#EXT-X-ENDLIST" in text:
                return text
            newest = max(int(found[1]) for found in SEGMENT.findall(text))
            await player.get(f"{path}index.m3u8?_HLS_msn={newest + 1}")


async def test_what_an_encoder_sends_can_be_played(
    role: Role, channel: OnAir, player: httpx2.AsyncClient, film: Path, cell: Cell
) -> None:
    assert (await player.get(channel.path + "index.m3u8")).status_code == 404
    with sending(Encoder(film, channel.url, hold=True)) as encoder:
        await encoder.accepted()
        text = await until(player, channel.path, 2)
        init = (await player.get(channel.path + INIT.findall(text)[0])).content
        frames, samples = decode(init + (await player.get(channel.path + "s1.1.m4s")).content)
        assert len(frames) == 50
        assert abs(samples - 96_000) < 3 * 1024
        red, green, blue = frames[10].to_image().getpixel((80, 100))  # type: ignore[no-untyped-call]
        # The sixtieth picture of the film.
        assert (abs(red - 200) < 12, abs(green - 100) < 12, abs(blue - 195) < 12) == (True,) * 3
        hint = re.findall(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="(.+)"', text)[0]
        part = await player.get(channel.path + hint)
        assert part.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert part.content[4:8] == b"moof"
        status = (await player.get(channel.path + "status.json")).json()
        assert (status["state"], status["reconnects"], status["warnings"]) == ("live", 0, [])
        assert status["codecs"] == "avc1.4D400C,mp4a.40.2"
        assert "StreamStarted" in await states_said(cell, channel)
    poster = await player.get(channel.path + "poster.jpg")
    assert poster.content[:3] == b"\xff\xd8\xff"


async def test_parts_follow_the_rules_of_low_latency(
    role: Role, channel: OnAir, player: httpx2.AsyncClient, film: Path
) -> None:
    with sending(Encoder(film, channel.url, speed=2.0, hold=True)) as encoder:
        await encoder.accepted()
        text = await until(player, channel.path, 1)
        lengths = [float(x) for x in re.findall(r"#EXT-X-PART:DURATION=([\d.]+)", text)]
        assert max(lengths) <= 0.334
        segments = [float(x) for x in re.findall(r"#EXTINF:([\d.]+)", text)]
        assert segments[0] == 2.0
        blocked = await player.get(channel.path + "index.m3u8?_HLS_msn=3&_HLS_part=1")
        assert "s1.2.m4s" in blocked.text
        assert 'p1.3.1.m4s",' not in blocked.text.split("PRELOAD-HINT")[1]
        assert 'URI="p1.3.1.m4s"' in blocked.text
        assert blocked.headers["cache-control"] == "public, max-age=12"
        far = await player.get(channel.path + "index.m3u8?_HLS_msn=9")
        assert far.status_code == 400
        wrong = channel.path.replace(str(channel.show), "01a1fc59-e705-72d9-a267-5184a741beac")
        assert (await player.get(wrong + "index.m3u8")).status_code == 404
        guessed = f"/live/{channel.show}/guessed/index.m3u8"
        assert (await player.get(guessed)).status_code == 404


async def test_a_wrong_key_is_refused(role: Role, channel: OnAir, film: Path) -> None:
    encoder = Encoder(film, channel.url[:-3] + "aaa")
    with sending(encoder):
        await encoder.ended()
    assert encoder.error is not None


async def test_an_old_key_is_refused_and_its_encoder_sent_away(
    role: Role, channel: OnAir, film: Path, cell: Cell, settings: Settings
) -> None:
    with sending(Encoder(film, channel.url, speed=1.0)) as encoder:
        await encoder.accepted()
        async with cell.tx() as tx:
            await video.rotate_key(tx, channel.show)
        await encoder.ended()
        assert encoder.error is not None
    again = Encoder(film, channel.url)
    with sending(again):
        await again.ended()
    assert again.error is not None
    async with cell.read() as tx:
        fresh = await video.get_ingest(tx, channel.show, settings)
    assert f"{fresh.server}/{fresh.key}" != channel.url


async def test_another_codec_is_refused(
    role: Role, channel: OnAir, player: httpx2.AsyncClient, tmp_path: Path
) -> None:
    film = tmp_path / "hevc.mp4"
    make_film(film, seconds=2, codec="libx265")
    encoder = Encoder(film, channel.url, speed=1.0)
    with sending(encoder):
        await encoder.ended()
    assert encoder.error is not None
    assert (await player.get(channel.path + "index.m3u8")).status_code == 404


async def test_a_second_encoder_is_refused_while_the_first_one_sends(
    role: Role, channel: OnAir, player: httpx2.AsyncClient, film: Path
) -> None:
    with sending(Encoder(film, channel.url, speed=1.5)) as first:
        await first.accepted()
        await until(player, channel.path, 0)
        second = Encoder(film, channel.url)
        with sending(second):
            await second.ended()
        assert second.error is not None
        assert first.error is None
        assert (await player.get(channel.path + "status.json")).json()["state"] == "live"


async def test_an_encoder_that_comes_back_goes_on_after_a_discontinuity(
    role: Role, channel: OnAir, player: httpx2.AsyncClient, film: Path
) -> None:
    with sending(Encoder(film, channel.url)):
        pass
    with sending(Encoder(film, channel.url, hold=True)) as encoder:
        await encoder.accepted()
        text = await until(player, channel.path, 5)
        assert "#EXT-X-DISCONTINUITY\n" in text
        assert 'URI="init2.mp4"' in text
        numbers = [int(number) for _, number in SEGMENT.findall(text)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert [int(session) for session, _ in SEGMENT.findall(text)][:5] == [1, 1, 1, 1, 2]
        status = (await player.get(channel.path + "status.json")).json()
        assert status["reconnects"] == 1


async def test_a_killed_process_goes_on_where_it_was_and_the_replay_is_whole(
    role: Role, channel: OnAir, player: httpx2.AsyncClient, film: Path, cell: Cell
) -> None:
    async with cell.tx() as tx:
        await handlers.begin(tx, ShowWentLive(market="FR", show=channel.show))
    with sending(Encoder(film, channel.url, hold=True)) as encoder:
        await encoder.accepted()
        await until(player, channel.path, 1)
        # The segment at hand is lost with its process; those before it are not.
        await player.get(channel.path + "index.m3u8?_HLS_msn=3&_HLS_part=3")
        await role.kill()
    await role.start()
    with sending(Encoder(film, channel.url, hold=True)) as encoder:
        await encoder.accepted()
        text = await playlist(player, channel.path + "index.m3u8")
        first_session, first_number = SEGMENT.findall(text)[0]
        assert int(first_session) > 1000
        assert int(first_number) > 100
        await until(player, channel.path, int(first_number) + 2)
        await finish(cell, channel)
        closed = await ended(player, channel.path)
        await encoder.ended()
    assert "#EXT-X-PRELOAD-HINT" not in closed
    replay = await playlist(player, channel.path + "replay.m3u8")
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in replay
    sessions = [int(session) for session, _ in SEGMENT.findall(replay)]
    assert sessions[:3] == [1, 1, 1]
    assert sessions[-3:] == [int(first_session)] * 3
    assert replay.count("#EXT-X-DISCONTINUITY\n") == 1
    for name in (INIT.findall(replay), SEGMENT.findall(replay)):
        assert name
    frames = 0
    for session in (1, int(first_session)):
        data = (await player.get(f"{channel.path}init{session}.mp4")).content
        for number in [n for s, n in SEGMENT.findall(replay) if int(s) == session]:
            data += (await player.get(f"{channel.path}s{session}.{number}.m4s")).content
        frames += len(decode(data)[0])
    assert frames >= 300
    said = await states_said(cell, channel)
    assert said[0] == "StreamStarted"
    assert said[-1] == "RecordingReady"


async def test_the_replay_leaves_the_rehearsal_out_and_can_be_deleted(
    role: Role, channel: OnAir, player: httpx2.AsyncClient, film: Path, runtime: Runtime
) -> None:
    cell = next(iter(runtime.cells))
    with sending(Encoder(film, channel.url, speed=1.0, hold=True)) as encoder:
        await encoder.accepted()
        await until(player, channel.path, 0)
        await player.get(channel.path + "index.m3u8?_HLS_msn=1&_HLS_part=2")
        async with cell.tx() as tx:
            await handlers.begin(tx, ShowWentLive(market="FR", show=channel.show))
        pinned = now() + timedelta(seconds=1)
        await until(player, channel.path, 2)
        await finish(cell, channel)
        await ended(player, channel.path)
        await encoder.ended()
    replay = await playlist(player, channel.path + "replay.m3u8")
    assert SEGMENT.findall(replay)[0] == ("1", "1")
    async with cell.read() as tx:
        playback = await video.get_playback(tx, channel.show)
        offset, never = await video.get_media_offsets(
            tx, channel.show, [pinned, now() + timedelta(hours=1)]
        )
    assert playback.replay_path == channel.path + "replay.m3u8"
    assert offset is not None
    assert 0 < offset < 3
    assert never is None
    refused = Encoder(film, channel.url)
    with sending(refused):
        await refused.ended()
    assert refused.error is not None
    assert await video.delete_recording(cell, runtime.store, channel.show) >= 2
    async with cell.read() as tx:
        assert (await video.get_playback(tx, channel.show)).replay_path is None
    assert (await player.get(channel.path + "replay.m3u8")).status_code == 404


async def test_a_lost_encoder_is_told_after_three_seconds(
    role: Role, channel: OnAir, cell: Cell, film: Path, player: httpx2.AsyncClient
) -> None:
    heard = asyncio.Event()
    stop = await cell.hear("news.*", lambda _subject, _payload: heard.set())
    with sending(Encoder(film, channel.url)):
        pass
    async with asyncio.timeout(30):
        while "StreamLost" not in await states_said(cell, channel):
            await heard.wait()
            heard.clear()
    stop()
    assert (await player.get(channel.path + "status.json")).json()["state"] == "lost"
    assert await role.stop() == 0
