import asyncio
from typing import Any

import msgspec
import pytest

from panier.kit.ids import new_id
from panier.rooms import gateway as gateway_module
from panier.rooms import gateway_socket
from tests.rooms.conftest import LATE, Client, Venue

VARIANT = "0190f2f0-0000-7000-8000-000000000001"


def holding(**args: Any) -> str:
    """Return a hold command with these arguments."""
    return msgspec.json.encode({"do": "hold", "id": 7, "args": args}).decode()


def not_held(**details: Any) -> dict[str, Any]:
    """Return how such a command is refused."""
    return {"t": "re", "id": 7, "code": "bad_input", **details}


async def refusal(client: Client) -> dict[str, Any]:
    """Return the code and details of the next refusal."""
    frame = await client.until(lambda frame: "error" in frame)
    error = frame["error"]
    assert set(error) == {"code", "message", "details"}
    assert error["message"]
    return {"t": frame["t"], "id": frame.get("id"), "code": error["code"], **error["details"]}


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("{", {"t": "error", "code": "bad_input"}),
        ("[]", {"t": "error", "code": "bad_input"}),
        ('"join"', {"t": "error", "code": "bad_input"}),
        ("null", {"t": "error", "code": "bad_input"}),
        ("", {"t": "error", "code": "bad_input"}),
        ("[" * 4000, {"t": "error", "code": "bad_input"}),
        ('{"do":"say","id":1e99}', {"t": "error", "code": "bad_input", "field": "id"}),
        ('{"do":5,"id":7}', {"t": "re", "id": 7, "code": "bad_input", "field": "do"}),
        ('{"id":7}', {"t": "re", "id": 7, "code": "bad_input"}),
        ('{"do":"hold","id":7,"extra":1}', {"t": "re", "id": 7, "code": "bad_input"}),
        ('{"do":"hold","id":7,"args":[]}', not_held(field="args")),
        ('{"do":"fly","id":7}', {"t": "re", "id": 7, "code": "unknown_command", "command": "fly"}),
        ('{"do":"fly"}', {"t": "error", "code": "unknown_command", "command": "fly"}),
        ('{"do":"heart","id":7,"args":{"n":"x"}}', not_held(field="n")),
        (holding(variant=VARIANT, quantity=-1), not_held(field="quantity")),
        (holding(variant=VARIANT, quantity=1.5), not_held(field="quantity")),
        (holding(variant="x", quantity=1), not_held(field="variant")),
        (holding(variant=VARIANT, quantity=1, price=1), not_held()),
        (b"\x00\x01", {"t": "error", "code": "bad_input"}),
        ("é" * 3000, {"t": "error", "code": "too_large", "limit": 4096}),
        (["{", "}" * 5000], {"t": "error", "code": "too_large", "limit": 4096}),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_refused_and_the_connection_lives(
    venue: Venue, sent: Any, answered: dict[str, Any]
) -> None:
    viewer = await venue.join(await venue.gateway())
    await viewer.socket.send(sent)
    found = await refusal(viewer)
    assert answered.items() <= found.items(), found
    assert "ok" in await viewer.ask("hold", variant=VARIANT, quantity=1)


async def test_a_message_in_pieces_is_a_message(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway())
    whole = holding(variant=VARIANT, quantity=1)
    await viewer.socket.send([whole[:9], whole[9:40], whole[40:]])
    assert (await viewer.answer(7))["ok"]["quantity"] == 1


async def test_invalid_utf_8_is_refused(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway())
    await viewer.socket.send(b'{"do":"say","id":3,"args":{"text":"\xff"}}', text=True)
    assert (await refusal(viewer))["code"] == "bad_input"


async def test_a_mistake_of_ours_is_answered_without_its_insides(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway())
    answer = await viewer.ask("fail")
    assert answer["error"] == {
        "code": "error",
        "message": "Something went wrong; nothing was lost.",
        "details": {},
    }


async def test_a_command_without_an_answer_in_time_is_unavailable(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_socket, "COMMAND_SECONDS_MAX", 0.1)
    viewer = await venue.join(await venue.gateway())
    assert (await viewer.ask("wait"))["error"]["code"] == "unavailable"


async def test_commands_given_together_are_answered_each(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway())
    await viewer.send(do="hold_together", id=1, args={"variant": VARIANT, "quantity": 2})
    await viewer.send(do="hold_together", id=2, args={"variant": VARIANT, "quantity": -1})
    await viewer.send(do="fail_together", id=3)
    assert (await viewer.answer(1))["ok"]["quantity"] == 2
    assert (await viewer.answer(2))["error"]["code"] == "bad_input"
    assert (await viewer.answer(3))["error"]["code"] == "error"


async def test_an_answer_that_takes_longer_holds_up_nobody(venue: Venue) -> None:
    LATE.clear()
    viewer = await venue.join(await venue.gateway())
    for number, quantity in enumerate((2, -1, 1), 1):
        args = {"variant": VARIANT, "quantity": quantity}
        await viewer.send(do="hold_late", id=number, args=args)
    assert (await viewer.answer(3))["ok"]["quantity"] == 1
    LATE.set()
    assert (await viewer.answer(1))["ok"]["quantity"] == 2
    assert (await viewer.answer(2))["error"]["code"] == "bad_input"


async def test_nine_commands_at_once_are_one_too_many(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "SHUTDOWN_SECONDS", 0.1)
    viewer = await venue.join(await venue.gateway())
    for number in range(9):
        await viewer.send(do="wait", id=number)
    assert (await refusal(viewer)) == {"t": "re", "id": 8, "code": "too_many"}


async def test_more_commands_than_a_hand_can_give_are_refused(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway())
    codes = []
    for number in range(25):
        answer = await viewer.ask("hold", id=number, variant=VARIANT, quantity=1)
        codes.append(answer.get("error", {}).get("code"))
    assert codes[:20] == [None] * 20
    assert "too_many" in codes


async def test_nothing_is_done_before_joining(venue: Venue) -> None:
    stranger = await venue.connect(await venue.gateway())
    await stranger.send(do="hold", id=1, args={})
    assert await refusal(stranger) == {"t": "re", "id": 1, "code": "not_joined"}
    await stranger.send(do="join", id=2, ticket=venue.ticket())
    assert (await stranger.next())["t"] == "welcome"


@pytest.mark.parametrize("ticket", [None, "", "forged", "e30.aSBh.bm90"])
async def test_a_ticket_that_is_none_ends_the_connection(venue: Venue, ticket: str | None) -> None:
    stranger = await venue.connect(await venue.gateway())
    await stranger.send(do="join", id=1, ticket=ticket)
    assert await refusal(stranger) == {"t": "re", "id": 1, "code": "bad_token"}
    assert await stranger.next() == {"t": "bye", "reason": "ticket"}
    assert await stranger.closed() == 1008


async def test_an_expired_ticket_ends_the_connection(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = venue.ticket()
    monkeypatch.setattr(venue.runtime.settings, "ticket_seconds", -1)
    stranger = await venue.connect(await venue.gateway())
    await stranger.send(do="join", id=1, ticket=ticket)
    assert (await refusal(stranger))["code"] == "bad_token"
    assert await stranger.next() == {"t": "bye", "reason": "ticket"}


async def test_a_ticket_for_something_else_is_none(venue: Venue) -> None:
    stranger = await venue.connect(await venue.gateway())
    token = venue.runtime.signer.sign("order", {"show": str(venue.show)})
    await stranger.send(do="join", id=1, ticket=token)
    assert (await refusal(stranger))["code"] == "bad_token"


async def test_a_member_cannot_change_rooms_on_the_same_connection(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway())
    await viewer.send(do="join", id=2, ticket=venue.ticket(show=str(new_id())))
    assert (await refusal(viewer))["code"] == "other_room"


async def test_who_does_not_join_in_time_is_closed(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_socket, "JOIN_SECONDS_MAX", 0.05)
    monkeypatch.setattr(gateway_module, "BEAT_SECONDS", 0.1)
    stranger = await venue.connect(await venue.gateway())
    assert await stranger.closed() == 1008


async def test_a_socket_that_only_sends_nonsense_is_closed_in_the_end(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway())
    for _ in range(30):
        await viewer.socket.send("{")
    assert await viewer.closed() == 1008


async def test_a_frame_of_a_megabyte_is_not_even_read(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway())
    await viewer.socket.send("x" * 1_000_000)
    assert await viewer.closed() == 1009


async def test_a_silent_socket_is_pinged_and_a_dead_one_is_cut(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "IDLE_SECONDS", 1.0)
    monkeypatch.setattr(gateway_module, "BEAT_SECONDS", 0.1)
    gateway = await venue.gateway()
    alive = await venue.join(gateway)
    dead = await venue.connect(gateway)
    dead.socket.protocol.receive_data = lambda _data: None  # type: ignore[method-assign, assignment]
    await dead.send(do="join", id=1, ticket=venue.ticket())
    await dead.closed()
    assert "ok" in await alive.ask("hold", variant=VARIANT, quantity=1)


async def test_a_full_process_answers_503(venue: Venue) -> None:
    gateway = await venue.gateway()
    gateway.settings.room_sockets_max = 1
    await venue.join(gateway)
    status = await upgrade(gateway.port, b"Origin: http://localhost:8400\r\n")
    assert status.startswith(b"HTTP/1.1 503")


async def test_health_is_answered_over_http(venue: Venue) -> None:
    gateway = await venue.gateway()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.read()).endswith(b"well")
    writer.close()
    await writer.wait_closed()


async def upgrade(port: int, headers: bytes) -> bytes:
    """Ask for a socket over bare TCP and return the answer's beginning."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        + headers
        + b"\r\n"
    )
    async with asyncio.timeout(30):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return answer


async def test_one_address_cannot_open_connections_without_end(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "ADDRESS_RATE", (0.001, 2.0))
    gateway = await venue.gateway()
    far = {"X-Forwarded-For": "203.0.113.9"}
    clients = [await venue.connect(gateway, additional_headers=far) for _ in range(3)]
    assert await clients[2].closed() == 1013
    await clients[0].send(do="join", id=1, ticket=venue.ticket())
    assert (await clients[0].next())["t"] == "welcome"


async def test_refusals_speak_the_viewers_language(venue: Venue) -> None:
    viewer = await venue.join(await venue.gateway(), language="fr")
    await viewer.send(do="fly", id=1)
    told = msgspec.json.encode((await viewer.answer(1))["error"]).decode()
    assert "unknown_command" in told
