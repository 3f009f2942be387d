"""Pure: what a room looks like after its facts, who one is in it, what may be sent to it."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec

from panier.kit.errors import BadInput
from panier.kit.i18n import _

Stage = Literal["scheduled", "rehearsing", "live", "ended"]
Kind = Literal[
    "scheduled",
    "rehearsing",
    "live",
    "ended",
    "pin",
    "unpin",
    "chat",
    "chat_hidden",
    "sold_out",
    "back_in_stock",
    "purchase",
    "picture",
    "deal",
    "deal_opened",
    "deal_closed",
]

CHATS_MAX = 50
"""Chat messages that a snapshot shows."""
NAME_MAX = 30
"""Characters of a name in the chat."""
PASSING_KINDS = ("chat", "purchase")
"""Facts that come and go; all others change what the room looks like."""
BACKSTAGE_KINDS = frozenset({"pin", "unpin", "picture"})
"""Facts that only the crew sees during the rehearsal; its beginning and end are always theirs."""

E_MAIL = re.compile(r"\S+@\S+\.\S+")
SPACES = re.compile(r"\s+")


class Fact(msgspec.Struct, array_like=True, frozen=True):
    """A line of the room's log, in the form that goes over the wire."""

    seq: int
    """1, 2, 3 … without a gap in each room."""
    kind: str
    at: int
    """Milliseconds since the epoch."""
    body: dict[str, Any]


class RoomState(msgspec.Struct, frozen=True):
    """What a room looks like after its facts up to `seq`."""

    seq: int = 0
    stage: Stage = "scheduled"
    pin: str | None = None
    pinned_at: int | None = None
    picture: Literal["on", "lost"] = "on"
    deal: dict[str, Any] | None = None
    """A deal that is announced or open, as it was announced; its times tell which."""
    sold_out: tuple[str, ...] = ()
    chat: tuple[Fact, ...] = ()
    """The last CHATS_MAX messages, hidden ones included: the window must not depend on them."""
    hidden: frozenset[int] = frozenset()
    """Which of `chat` a moderator took away."""


def fold(state: RoomState, fact: Fact) -> RoomState:
    """Return the room after `fact`; an unknown kind only counts."""
    return msgspec.structs.replace(state, seq=fact.seq, **_changes(state, fact))


def _changes(state: RoomState, fact: Fact) -> dict[str, Any]:
    match fact.kind:
        case "scheduled" | "rehearsing" | "live" | "ended":
            return _step(fact)
        case "pin" | "unpin" | "deal" | "deal_closed":
            return _show(state, fact)
        case "picture":
            return {"picture": fact.body["state"]}
        case "sold_out" | "back_in_stock":
            variant = fact.body["variant"]
            others = tuple(known for known in state.sold_out if known != variant)
            return {"sold_out": (*others, variant) if fact.kind == "sold_out" else others}
        case "chat" | "chat_hidden":
            return _talk(state, fact)
    return {}


def _step(fact: Fact) -> dict[str, Any]:
    if fact.kind == "live":
        return {"stage": "live", "picture": "on"}
    if fact.kind == "ended":
        return {"stage": "ended", "pin": None, "pinned_at": None, "deal": None}
    return {"stage": fact.kind}


def _show(state: RoomState, fact: Fact) -> dict[str, Any]:
    if fact.kind == "deal":
        return {"deal": fact.body}
    if fact.kind == "deal_closed":
        over = state.deal is not None and state.deal["deal"] == fact.body["deal"]
        return {"deal": None} if over else {}
    product = fact.body["product"]
    if fact.kind == "pin":
        return {"pin": product, "pinned_at": fact.at}
    return {"pin": None, "pinned_at": None} if state.pin == product else {}


def _talk(state: RoomState, fact: Fact) -> dict[str, Any]:
    if fact.kind == "chat":
        chat = (*state.chat, fact)[-CHATS_MAX:]
        return {"chat": chat, "hidden": state.hidden & {said.seq for said in chat}}
    if any(said.seq == fact.body["seq"] for said in state.chat):
        return {"hidden": state.hidden | {fact.body["seq"]}}
    return {}


def is_backstage(state: RoomState, fact: Fact) -> bool:
    """Tell whether `fact`, which follows `state`, is for the crew only."""
    if fact.kind in ("scheduled", "rehearsing"):
        return True
    return state.stage == "rehearsing" and fact.kind in BACKSTAGE_KINDS


def show_state(state: RoomState, *, crew: bool) -> dict[str, Any]:
    """Build the snapshot that a joining viewer gets; the rehearsal is the crew's own."""
    backstage = state.stage == "rehearsing" and not crew
    return {
        "stage": "scheduled" if backstage else state.stage,
        "pin": None if backstage else state.pin,
        "pinned_at": None if backstage else state.pinned_at,
        "picture": "on" if backstage else state.picture,
        "deal": None if backstage else state.deal,
        "sold_out": state.sold_out,
        "chat": [said for said in state.chat if said.seq not in state.hidden],
    }


def stock_in(told: Mapping[str, int], show: UUID) -> dict[str, int]:
    """Return what is left by variant, as it counts in `show`: its own units where it has some."""
    left = {name: count for name, count in told.items() if "/" not in name}
    own = f"{show}/"
    return left | {n.removeprefix(own): count for n, count in told.items() if n.startswith(own)}


def make_author(secret: str, show: UUID, visitor: UUID) -> str:
    """Return the pseudonym of a visitor in one show: 12 hexadecimal characters.

    Another show gives another one, and nobody can compute the visitor (who holds the basket)
    from it without the secret.
    """
    message = b"author" + show.bytes + visitor.bytes
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()[:12]


def guest_number(author: str) -> int:
    """Return the number between 1000 and 9999 that a guest without a name goes by."""
    return 1000 + int(author, 16) % 9000


def clean_text(text: str) -> str:
    """Normalise (NFKC), take out control and invisible characters, join runs of white space."""
    kept = (
        character if unicodedata.category(character)[0] != "C" or character == "\u200d" else " "
        for character in unicodedata.normalize("NFKC", text)
    )
    return SPACES.sub(" ", "".join(kept)).strip()


def clean_name(name: str) -> str:
    """Return `name` as the chat shows it; raises BadInput. An e-mail address is no name."""
    cleaned = clean_text(name)
    if not cleaned or len(cleaned) > NAME_MAX:
        raise BadInput(
            reason=_("a name has 1 to %(limit)s characters", limit=NAME_MAX), field="name"
        )
    if E_MAIL.search(cleaned):
        raise BadInput(reason=_("an e-mail address is not shown to others"), field="name")
    return cleaned
