import asyncio
import socket as sockets
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from sys import executable
from typing import Any

import msgspec
import psycopg
import pytest

from panier import engines, rooms
from panier.kit.bus import Bus
from panier.kit.db import value
from panier.kit.ids import new_id
from panier.rooms import gateway as gateway_module
from panier.rooms import gateway_socket, viewers
from panier.runtime import Runtime
from panier.settings import Settings
from tests.rooms.conftest import Client, Venue, line


async def test_two_gateways_tell_the_same_numbered_log(venue: Venue) -> None:
    here, there = await venue.gateway(), await venue.gateway()
    one, two = await venue.join(here), await venue.join(there)
    for number in range(1, 31):
        await venue.append("chat", **line(str(number)))
    heard = await one.facts_to(30)
    assert [fact[0] for fact in heard] == list(range(1, 31))
    assert await two.facts_to(30) == heard


async def test_viewers_and_hearts_of_other_gateways_count(venue: Venue) -> None:
    here, there = await venue.gateway(), await venue.gateway()
    one, two = await venue.join(here), await venue.join(there)
    await two.send(do="heart", args={"n": 4})
    hearts = viewers = 0
    while hearts < 4 or viewers < 2:
        pulse = (await one.next()).get("pulse", {})
        hearts += pulse.get("hearts", 0)
        viewers = pulse.get("viewers", viewers)
    assert (hearts, viewers) == (4, 2)


async def test_news_that_were_lost_are_read_from_the_rows(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await venue.join(await venue.gateway())
    await venue.append("chat", **line("heard"))
    await viewer.facts_to(1)
    tell = Bus.publish
    with monkeypatch.context() as patch:
        patch.setattr(Bus, "publish", lambda _bus, _subject, _payload: None)
        for _ in range(3):
            await venue.append("chat", **line("lost"))
    assert Bus.publish is tell
    await venue.append("chat", **line("after the gap"))
    assert [fact[0] for fact in await viewer.facts_to(5)] == [1, 2, 3, 4, 5]


async def test_without_any_news_the_numbers_are_compared_each_second(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await venue.join(await venue.gateway())
    monkeypatch.setattr(Bus, "publish", lambda _bus, _subject, _payload: None)
    await venue.append("chat", **line("never told"))
    assert [fact[3]["text"] for fact in await viewer.facts_to(1)] == ["never told"]


async def test_news_in_the_wrong_order_are_told_in_the_right_one(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bus, "publish", lambda _bus, _subject, _payload: None)
        facts = [await venue.append("chat", **line(str(n))) for n in range(3)]
    for fact in reversed(facts):
        venue.cell.tell(f"room.{venue.show}", msgspec.json.encode([fact]))
    venue.cell.tell(f"room.{venue.show}", msgspec.json.encode(facts))
    assert [fact[0] for fact in await viewer.facts_to(3)] == [1, 2, 3]


@contextmanager
def nats_server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a NATS server of the test's own."""
    program = which("nats-server") or str(Path(executable).parent / "nats-server")
    server = subprocess.Popen(
        [program, "-a", "127.0.0.1", "-p", str(port)], stderr=subprocess.DEVNULL
    )
    try:
        yield server
    finally:
        server.kill()
        server.wait()


async def listening(port: int) -> None:
    """Wait until a server takes connections."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return


@asynccontextmanager
async def another_runtime(settings: Settings, port: int) -> AsyncIterator[Runtime]:
    """Open a runtime whose news go through the test's own server."""
    own = settings.model_copy(update={"nats_url": f"nats://127.0.0.1:{port}"})
    async with Runtime.open(own) as runtime:
        yield runtime


async def test_facts_arrive_while_nats_is_dead_and_after_it_came_back(
    venue: Venue, settings: Settings
) -> None:
    port = engines.free_port(0, "127.0.0.1")
    with nats_server(port) as first:
        await listening(port)
        async with another_runtime(settings, port) as runtime:
            cell = next(iter(runtime.cells))
            gateway = await venue.gateway(runtime)
            viewer = await venue.join(gateway)
            await rooms.append(cell, venue.show, "FR", "chat", line("before"))
            await viewer.facts_to(1)
            first.kill()
            first.wait()
            await rooms.append(cell, venue.show, "FR", "chat", line("without news"))
            await viewer.facts_to(2)
            with nats_server(port):
                back = asyncio.Event()
                cell.on_reconnect(back.set)
                await asyncio.wait_for(back.wait(), 30)
                await rooms.append(cell, venue.show, "FR", "chat", line("after"))
                assert [fact[0] for fact in await viewer.facts_to(3)] == [1, 2, 3]
                await venue.stop(gateway)


async def test_who_does_not_read_is_told_to_resync_and_catches_up(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_socket, "WRITE_BYTES_MAX", 1024)
    gateway = await venue.gateway()
    reader, slow = await venue.join(gateway), await slow_client(venue, gateway)
    await slow.send(do="join", id=1, ticket=venue.ticket())
    assert (await slow.next())["t"] == "welcome"
    room = await gateway.room("FR", venue.show)
    slow.socket.transport.pause_reading()
    count = 0
    while len(room.hall) == 2:
        count += 1
        await venue.append("chat", **line("x" * 20_000))
        await reader.facts_to(count)
    slow.socket.transport.resume_reading()
    await slow.until(lambda frame: frame["t"] == "resync")
    await slow.send(do="join", id=2, after=slow.facts[-1][0])
    welcome = await slow.until(lambda frame: frame["t"] == "welcome")
    assert welcome["seq"] == count
    await venue.append("chat", **line("together again"))
    assert (await slow.facts_to(count + 1))[-1][3]["text"] == "together again"


async def slow_client(venue: Venue, gateway: rooms.Gateway) -> Client:
    """Open a socket whose kernel buffer is small."""
    sock = sockets.socket()
    sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", gateway.port))
    return await venue.connect(gateway, sock=sock, max_queue=None)


async def test_who_never_reads_again_is_cut_off(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_socket, "WRITE_BYTES_MAX", 1024)
    monkeypatch.setattr(gateway_module, "SLOW_SECONDS_MAX", 0.2)
    gateway = await venue.gateway()
    slow = await slow_client(venue, gateway)
    await slow.send(do="join", id=1, ticket=venue.ticket())
    await slow.next()
    room = await gateway.room("FR", venue.show)
    slow.socket.transport.pause_reading()
    while room.hall:
        await venue.append("chat", **line("x" * 50_000))
        await asyncio.sleep(0)
    gone, forget = asyncio.Event(), gateway.forget

    def note(socket: Any) -> None:
        forget(socket)
        gone.set()

    monkeypatch.setattr(gateway, "forget", note)
    await asyncio.wait_for(gone.wait(), 30)
    slow.socket.transport.resume_reading()
    assert await slow.closed() == 1006
    assert room.members == 0


async def test_visits_and_samples_are_written_for_the_time_on_air(venue: Venue) -> None:
    gateway = await venue.gateway()
    visitor = str(new_id())
    await venue.append("live")
    viewer = await venue.join(gateway, visitor=visitor)
    await venue.join(gateway, visitor=visitor)
    await venue.join(gateway, staff=True)
    await viewer.send(do="heart", args={"n": 5})
    await viewer.until(lambda frame: frame.get("pulse", {}).get("hearts"))
    for _ in range(3):
        await gateway._write_books()
    async with venue.cell.read() as tx:
        cursor = await tx.execute("select show_id, visitor::text from room_visit")
        assert await cursor.fetchall() == [(venue.show, visitor)]
        cursor = await tx.execute("select max(viewers), sum(hearts)::int from room_sample")
        assert await cursor.fetchone() == (1, 5)


async def test_what_could_not_be_written_is_written_later_in_one_piece(venue: Venue) -> None:
    book, visitor = viewers.Book(), new_id()
    for second in range(3):
        at = datetime(2026, 1, 1, 12, 0, second, tzinfo=UTC)
        book.note(
            [viewers.Visit(venue.show, visitor, datetime(2026, 1, 1, 12, tzinfo=UTC), at, 1)],
            [viewers.Sample(venue.show, datetime(2026, 1, 1, 12, tzinfo=UTC), "g", second, 2)],
        )
    async with venue.cell.tx() as tx:
        await rooms.open_room(tx, venue.show, "FR")
        await book.write(tx)
        cursor = await tx.execute(
            "select seconds, last_at, viewers, hearts from room_visit, room_sample"
        )
        assert await cursor.fetchone() == (3, at, 2, 6)
    assert not book


async def test_the_last_seconds_are_written_when_the_gateway_ends(venue: Venue) -> None:
    gateway = await venue.gateway()
    await venue.append("live")
    viewer = await venue.join(gateway)
    await viewer.until(lambda frame: frame["t"] == "tick")
    await asyncio.sleep(1.1)
    await venue.stop(gateway)
    async with venue.cell.read() as tx:
        assert await value(tx, "select sum(seconds)::int from room_visit") >= 1


async def test_pieces_of_a_visit_add_up(venue: Venue) -> None:
    visitor = new_id()
    early, late = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 13, tzinfo=UTC)
    async with venue.cell.tx() as tx:
        await rooms.open_room(tx, venue.show, "FR")
        for first, last, seconds in ((early, early, 10), (late, late, 7)):
            visit = viewers.Visit(venue.show, visitor, first, last, seconds)
            await rooms.write_visits(tx, [visit])
        cursor = await tx.execute("select first_at, last_at, seconds from room_visit")
        assert await cursor.fetchone() == (early, late, 17)


async def test_a_room_opens_again_after_the_database_was_away(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await venue.gateway()
    stranger = await venue.connect(gateway)
    with monkeypatch.context() as patch:

        async def away(_room: object) -> None:
            raise psycopg.OperationalError("the connection is lost")

        patch.setattr("panier.rooms.gateway_room.LiveRoom.open", away)
        await stranger.send(do="join", id=1, ticket=venue.ticket())
        assert (await stranger.next())["error"]["code"] == "unavailable"
    await stranger.send(do="join", id=2, ticket=venue.ticket())
    assert (await stranger.next())["t"] == "welcome"


async def test_an_ended_room_lets_its_viewers_go(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "ENDED_SECONDS", 0.1)
    viewer = await venue.join(await venue.gateway())
    await venue.append("ended")
    bye = await viewer.until(lambda frame: frame["t"] == "bye")
    assert bye == {"t": "bye", "reason": "ended"}
    assert [fact[1] for fact in viewer.facts] == ["ended"]
