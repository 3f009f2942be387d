from typing import Any
from uuid import uuid4

import msgspec
import pytest

from panier import chat, rooms
from panier.chat import rules
from panier.kit.cells import Cell
from panier.kit.errors import BadInput, Forbidden, NotFound
from panier.kit.ids import new_id
from panier.kit.signing import Signer
from panier.settings import Settings

SHOW = new_id()


@pytest.fixture
def call(cell: Cell, settings: Settings) -> rooms.Call:
    """A guest in a room, with nothing to say yet."""
    return rooms.Call(
        cell=cell,
        settings=settings,
        signer=Signer("a secret of at least thirty-two characters"),
        market="FR",
        show=SHOW,
        visitor=uuid4(),
        person=None,
        name="Ada",
        author="0123456789ab",
        staff=False,
        language="en",
        stage="live",
        args=msgspec.Raw(b"{}"),
    )


def with_args(call: rooms.Call, /, **args: Any) -> rooms.Call:
    """Return the same caller with these arguments."""
    return changed(call, args=msgspec.Raw(msgspec.json.encode(args)))


def changed(call: rooms.Call, /, **changes: Any) -> rooms.Call:
    """Return a caller that differs in `changes`."""
    return msgspec.structs.replace(call, **changes)


async def said(call: rooms.Call) -> list[Any]:
    """Return what the room's log holds."""
    async with call.cell.read() as tx:
        return [(fact.kind, fact.body) for fact in await rooms.list_facts(tx, call.show, 0)]


async def test_what_is_said_is_a_fact_with_name_and_pseudonym(call: rooms.Call) -> None:
    assert await chat.say(with_args(call, text="  Bonjour\n à  tous ")) == {"seq": 1}
    body = {"name": "Ada", "text": "Bonjour à tous", "author": "0123456789ab", "staff": False}
    assert await said(call) == [("chat", body)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ﬁn", "fin"),
        ("a\x00b\x1bc", "a b c"),
        ("left\u202eright", "left right"),
        ("zero\u200bwidth", "zero width"),
        ("👩\u200d🔬 works", "👩\u200d🔬 works"),
        ("x" * 300, "x" * 300),
        ("<b>&amp;</b> https://example.org", "<b>&amp;</b> https://example.org"),
    ],
)
def test_a_text_is_shown_normalised_and_as_text(text: str, shown: str) -> None:
    assert rules.check_text(text) == shown


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u200b", "x" * 301, "ﷺ" * 30])
def test_a_text_that_is_empty_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        rules.check_text(text)


@pytest.mark.parametrize("args", [{}, {"text": 5}, {"text": "x", "to": "all"}])
async def test_arguments_that_are_not_a_text_are_refused(
    call: rooms.Call, args: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        await chat.say(with_args(call, **args))


async def test_the_same_words_again_are_refused(call: rooms.Call) -> None:
    await chat.say(with_args(call, text="Buy now"))
    with pytest.raises(chat.Repeated):
        await chat.say(with_args(call, text="BUY  NOW"))
    await chat.say(with_args(call, text="Nice"))
    await chat.say(changed(with_args(call, text="Nice"), author="ba9876543210"))


def test_a_room_takes_no_more_than_people_can_read() -> None:
    pace = rules.Pace()
    for number in range(60):
        pace.check(SHOW, f"{number:012x}", "hello", 100.0)
    with pytest.raises(chat.RoomBusy):
        pace.check(SHOW, "ffffffffffff", "hello", 100.0)
    pace.check(new_id(), "ffffffffffff", "hello", 100.0)
    pace.check(SHOW, "ffffffffffff", "hello", 100.1)


async def test_who_is_muted_is_told_so_and_not_heard(call: rooms.Call) -> None:
    host = changed(call, staff=True, author="aaaaaaaaaaaa")
    await chat.mute(with_args(host, author=call.author))
    await chat.mute(with_args(host, author=call.author))
    with pytest.raises(chat.Muted):
        await chat.say(with_args(call, text="again"))
    with pytest.raises(chat.Muted):
        await chat.say(with_args(call, text="again"))
    assert await said(call) == []
    elsewhere = changed(with_args(call, text="elsewhere"), show=new_id())
    assert await chat.say(elsewhere) == {"seq": 1}


async def test_a_message_is_hidden_once(call: rooms.Call) -> None:
    host = changed(call, staff=True)
    await chat.say(with_args(call, text="rude"))
    assert await chat.hide(with_args(host, seq=1)) == {"seq": 2}
    assert await chat.hide(with_args(host, seq=1)) == {"seq": 2}
    assert [kind for kind, _ in await said(call)] == ["chat", "chat_hidden"]


async def test_only_messages_can_be_hidden(call: rooms.Call) -> None:
    host = changed(call, staff=True)
    await rooms.append(call.cell, call.show, "FR", "live", {})
    for seq in (1, 2, -1):
        with pytest.raises(NotFound):
            await chat.hide(with_args(host, seq=seq))


async def test_hiding_and_muting_are_the_crews(call: rooms.Call) -> None:
    with pytest.raises(Forbidden):
        await chat.hide(with_args(call, seq=1))
    with pytest.raises(Forbidden):
        await chat.mute(with_args(call, author="0123456789ab"))


async def test_after_the_show_nobody_talks(call: rooms.Call) -> None:
    with pytest.raises(chat.ChatClosed):
        await chat.say(changed(with_args(call, text="hello?"), stage="ended"))


def test_a_pseudonym_is_twelve_hexadecimal_characters() -> None:
    assert rules.check_author("0123456789ab") == "0123456789ab"
    for wrong in ("", "0123456789AB", "0123456789abc", "'; drop table room"):
        with pytest.raises(BadInput):
            rules.check_author(wrong)


def test_refusals_have_codes_a_page_can_know() -> None:
    errors = (chat.Muted, chat.Repeated, chat.RoomBusy, chat.ChatClosed)
    told = [(error.code, error.status) for error in errors]
    assert told == [
        ("muted", 403),
        ("repeated", 429),
        ("room_busy", 429),
        ("chat_closed", 409),
    ]
    assert msgspec.json.encode(chat.Muted().body("en"))
