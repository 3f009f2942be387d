"""Pure: what may be said, how often, by whom."""

import re
from collections import OrderedDict
from uuid import UUID

from panier.kit.errors import BadInput, PanierError
from panier.kit.i18n import _
from panier.rooms import Bucket, clean_text

TEXT_MAX = 300
"""Characters of a message."""
REPEAT_SECONDS = 30.0
"""How long the same author may not say the same again."""
ROOM_RATE = (20.0, 60.0)
"""Messages that a room takes through one gateway: a second, at once. Nobody reads faster."""
AUTHORS_MAX = 20_000
"""Authors whose last words are remembered."""
ROOMS_MAX = 1_000
"""Rooms whose pace is remembered."""

AUTHOR = re.compile(r"[0-9a-f]{12}")


class Muted(PanierError):
    """A moderator has silenced you in this show; you can still watch and buy."""

    code, status = "muted", 403


class Repeated(PanierError):
    """You have just said this."""

    code, status = "repeated", 429


class RoomBusy(PanierError):
    """So many are talking that nobody could read this; please try again in a moment."""

    code, status = "room_busy", 429


class ChatClosed(PanierError):
    """This show is over, and so is its chat."""

    code, status = "chat_closed", 409


def check_text(text: str) -> str:
    """Return the text as it is shown: normalised, without control characters; raises BadInput."""
    cleaned = clean_text(text)
    if not cleaned or len(cleaned) > TEXT_MAX:
        raise BadInput(reason=_("write 1 to %(limit)s characters", limit=TEXT_MAX), field="text")
    return cleaned


def check_author(author: str) -> str:
    """Return a pseudonym of a room's author; raises BadInput."""
    if not AUTHOR.fullmatch(author):
        raise BadInput(reason="author: 12 hexadecimal characters", field="author")
    return author


class Pace:
    """What was said here a moment ago; moments are monotonic seconds."""

    def __init__(self) -> None:
        """Start with nothing said."""
        self._last: OrderedDict[tuple[UUID, str], tuple[str, float]] = OrderedDict()
        self._rooms: OrderedDict[UUID, Bucket] = OrderedDict()

    def check(self, show: UUID, author: str, text: str, moment: float) -> None:
        """Refuse what is a repetition or too much for the room; raises Repeated, RoomBusy."""
        said = text.casefold()
        last, at = self._last.get((show, author), ("", 0.0))
        if last == said and moment - at < REPEAT_SECONDS:
            raise Repeated
        rate, burst = ROOM_RATE
        bucket = self._rooms.setdefault(show, Bucket(burst, moment))
        if not bucket.take(moment, rate, burst):
            raise RoomBusy
        self._last[show, author] = (said, moment)
        self._last.move_to_end((show, author))
        self._rooms.move_to_end(show)
        if len(self._last) > AUTHORS_MAX:
            self._last.popitem(last=False)
        if len(self._rooms) > ROOMS_MAX:
            self._rooms.popitem(last=False)

    def forget(self, show: UUID, author: str) -> None:
        """Let `author` repeat what was refused later on its way."""
        self._last.pop((show, author), None)
