"""Bad input: each one clear error, and the connection and the basket survive it."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.journeys.conftest import Show
from tests.journeys.platform import Platform
from tests.journeys.shopper import Refused, Room, Shopper

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest_asyncio.fixture(loop_scope="session")
async def guest(platform: Platform) -> Shopper:
    return Shopper(platform.web)


@pytest_asyncio.fixture(loop_scope="session")
async def room(guest: Shopper, on_air: Show) -> AsyncIterator[Room]:
    """A room in which the guest holds one bag."""
    async with guest.room(on_air.id) as room:
        await room.hold(on_air.variant("TOTE"))
        yield room
        # Whatever came before: the socket answers and the basket is as it was.
        basket = await room.do("basket")
        assert [line["quantity"] for line in basket["lines"]] == [1]
        await room.do("drop", variant=on_air.variant("TOTE"), quantity=1)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("this is no JSON", "bad_input"),
        ("[1, 2, 3]", "bad_input"),
        ('{"do": 7}', "bad_input"),
        ('{"do": "hold", "args": 5}', "bad_input"),
        ("{" * 2000, "bad_input"),
        (json.dumps({"do": "say", "args": {"text": "x" * 5000}}), "too_large"),
        ('{"do": "launch"}', "unknown_command"),
        (b"\xff\xfe\x00", "bad_input"),
    ],
    ids=["no JSON", "a list", "a number", "args", "nested", "oversized", "unknown", "binary"],
)
async def test_a_malformed_frame_is_one_error(room: Room, frame: str | bytes, code: str) -> None:
    await room.send(frame)
    assert (await room.until_error())["code"] == code


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ({"quantity": -1}, {"bad_input"}),
        ({"quantity": 0}, {"bad_input"}),
        ({"quantity": 1.5}, {"bad_input"}),
        ({"quantity": 10**12}, {"bad_input", "limit_reached"}),
        ({"variant": NOBODY}, {"not_found", "bad_input", "not_sold_here"}),
        ({"variant": "no id"}, {"bad_input"}),
        ({"key": None}, {"bad_input"}),
    ],
    ids=["negative", "zero", "half", "huge", "unknown product", "no id", "no key"],
)
async def test_an_impossible_hold_is_refused(
    room: Room, on_air: Show, arguments: dict[str, object], codes: set[str]
) -> None:
    wish = {"variant": on_air.variant("TOTE"), "quantity": 1, "key": str(uuid4())}
    with pytest.raises(Refused) as refused:
        await room.do("hold", **(wish | arguments))
    assert refused.value.code in codes
    assert refused.value.message


async def test_a_product_of_another_market_is_not_sold_here(room: Room, platform: Platform) -> None:
    british = await Shopper(platform.web, "gb").boot("demo")
    with pytest.raises(Refused) as refused:
        await room.hold(british["run_sheet"][0]["variants"][0]["id"])
    assert refused.value.code in {"not_found", "not_sold_here", "bad_input"}


async def test_a_foreign_currency_is_refused(room: Room, guest: Shopper, on_air: Show) -> None:
    with pytest.raises(Refused) as refused:
        await guest.pay(on_air.id, total={"minor": 3290, "currency": "GBP"})
    assert (refused.value.status, refused.value.code) == (422, "currency_mismatch")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        (
            {
                "address": {
                    "line1": "1 High St",
                    "postcode": "LS1 4DY",
                    "city": "Leeds",
                    "country": "GB",
                }
            },
            422,
        ),
        ({"email": "nobody"}, 422),
        ({"key": "no id"}, 422),
        ({"card": {"token": "tok_" + "0" * 32}}, 402),
        ({"card": {"saved": True}}, 422),
        ({"total": {"minor": 1, "currency": "EUR"}}, 409),
        ({"name_on_air": "everything"}, 422),
    ],
    ids=["wrong country", "e-mail", "key", "card", "no card kept", "other total", "name"],
)
async def test_an_impossible_checkout_is_refused(
    room: Room, guest: Shopper, on_air: Show, changes: dict[str, Any], status: int
) -> None:
    with pytest.raises(Refused) as refused:
        await guest.pay(on_air.id, **changes)
    assert refused.value.status == status
    assert refused.value.message


async def test_a_ticket_that_is_not_ours_opens_nothing(guest: Shopper, on_air: Show) -> None:
    ticket = await guest.call("GET", f"api/shows/{on_air.id}/ticket")
    async with connect(ticket["url"], origin=guest.web) as socket:  # type: ignore[arg-type]
        await socket.send(json.dumps({"do": "join", "id": 1, "ticket": ticket["ticket"][:-3]}))
        answer = json.loads(await socket.recv())
        assert answer["error"]["code"] == "bad_token"
    async with connect(ticket["url"], origin=guest.web) as socket:  # type: ignore[arg-type]
        await socket.send(json.dumps({"do": "join", "id": 2, "ticket": ticket["ticket"]}))
        assert json.loads(await socket.recv())["t"] == "welcome"


async def test_a_page_of_another_site_opens_no_socket(guest: Shopper, on_air: Show) -> None:
    ticket = await guest.call("GET", f"api/shows/{on_air.id}/ticket")
    with pytest.raises(InvalidStatus) as refused:
        await connect(ticket["url"], origin="https://elsewhere.example")  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/xx/", 404),
        ("GET", "/fr/live/nothing-here", 404),
        ("GET", "/fr/api/shows/" + NOBODY + "/ticket", 404),
        ("GET", "/fr/api/shows/no-id/ticket", 422),
        ("GET", "/gb/api/checkout/" + NOBODY, 404),
        ("GET", "/fr/order/forged", 401),
        ("POST", "/fr/api/checkout", 422),
        ("DELETE", "/fr/", 405),
    ],
)
async def test_a_wrong_address_is_one_clear_error(
    guest: Shopper, method: str, path: str, status: int
) -> None:
    answer = await guest.http.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


async def test_another_site_cannot_press_buttons(guest: Shopper) -> None:
    answer = await guest.http.post(
        "/fr/api/checkout", json={}, headers={"Origin": "https://elsewhere.example"}
    )
    assert answer.status_code == 403


async def test_a_body_without_end_is_cut_off(guest: Shopper) -> None:
    answer = await guest.http.post("/fr/api/basket", content=b"x" * (2 * 1024 * 1024))
    assert answer.status_code == 413
