"""Commands of the socket: say, hide, mute."""

import time
from typing import Any
from uuid import UUID, uuid5

import msgspec

from panier import rooms
from panier.chat.queries import list_muted
from panier.chat.rules import (
    ChatClosed,
    Muted,
    Pace,
    check_author,
    check_text,
)
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, run
from panier.kit.errors import NotFound, PanierError
from panier.kit.ids import new_id


class Say(rooms.Args):
    """The arguments of `say`."""

    text: str


class Hide(rooms.Args):
    """The arguments of `hide`: the message's number."""

    seq: int


class Mute(rooms.Args):
    """The arguments of `mute`: the pseudonym that the messages bear."""

    author: str


class Said(msgspec.Struct, frozen=True):
    """A message on its way into the log."""

    key: UUID
    show: UUID
    market: str
    author: str
    name: str
    text: str
    staff: bool


async def say(call: rooms.Call) -> dict[str, Any]:
    """Say something to everybody; commits together with whoever talks at the same moment.

    Raises BadInput, ChatClosed, Muted, Repeated, RoomBusy.
    """
    text = check_text(call.read(Say).text)
    if call.stage == "ended":
        raise ChatClosed
    pace = call.cell.memory(_pace)
    if not call.staff:
        pace.check(call.show, call.author, text, time.monotonic())
    said = Said(new_id(), call.show, call.market, call.author, call.name, text, call.staff)
    try:
        fact = await call.cell.desk(say_batch).ask(said)
    except PanierError:
        pace.forget(call.show, call.author)
        raise
    return {"seq": fact.seq}


def _pace(_cell: Cell) -> Pace:
    return Pace()


async def say_batch(tx: Tx, batch: list[Said]) -> list[rooms.Fact | PanierError]:
    """Answer the desk: write the messages of those who are not muted."""
    muted = await list_muted(tx, [(said.show, said.author) for said in batch if not said.staff])
    heard = [said for said in batch if (said.show, said.author) not in muted or said.staff]
    facts = await rooms.append_in(tx, [_entry(said) for said in heard])
    by_key = {said.key: fact for said, fact in zip(heard, facts, strict=True)}
    return [by_key.get(said.key) or Muted() for said in batch]


def _entry(said: Said) -> rooms.Entry:
    body = {"name": said.name, "text": said.text, "author": said.author, "staff": said.staff}
    return rooms.Entry(said.show, said.market, "chat", body, said.key)


async def hide(call: rooms.Call) -> dict[str, Any]:
    """Take a message away for everybody; a second time changes nothing. For the crew."""
    call.check_staff()
    seq = call.read(Hide).seq
    async with call.cell.read() as tx:
        fact = await rooms.find_fact(tx, call.show, seq)
    if fact is None or fact.kind != "chat":
        raise NotFound
    key = uuid5(call.show, f"hide {seq}")
    hidden = await rooms.append(call.cell, call.show, call.market, "chat_hidden", {"seq": seq}, key)
    return {"seq": hidden.seq}


async def mute(call: rooms.Call) -> dict[str, Any]:
    """Silence an author for the rest of the show; a second time changes nothing. For the crew."""
    call.check_staff()
    author = check_author(call.read(Mute).author)

    async def write(tx: Tx) -> None:
        await rooms.open_room(tx, call.show, call.market)
        await run(
            tx,
            "insert into room_mute (show_id, author, at) values (%s, %s, %s)"
            " on conflict do nothing",
            (call.show, author, now()),
        )

    await call.cell.run(write)
    return {"author": author}
