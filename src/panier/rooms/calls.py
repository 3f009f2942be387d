"""What a command of the socket is given, and how it reads its arguments."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.kit.db import Tx
from panier.kit.errors import Forbidden
from panier.kit.reading import read_json
from panier.kit.signing import Signer
from panier.settings import Settings

A = TypeVar("A", bound="Args")


class Args(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The arguments of one command; what is not declared is refused."""


class Call(msgspec.Struct, frozen=True):
    """One command of one viewer, its arguments not yet read."""

    cell: Cell
    settings: Settings
    signer: Signer
    market: str
    show: UUID
    visitor: UUID
    """The device; the key to its basket, so it never leaves the server."""
    person: UUID | None
    """Who signed in, if anybody did."""
    name: str
    """How the chat shows this viewer."""
    author: str
    """The viewer's pseudonym in this show."""
    staff: bool
    """Host of the show, market team or admin."""
    language: str
    stage: str
    """The room's stage a moment ago: scheduled, rehearsing, live, ended."""
    args: msgspec.Raw

    def read(self, kind: type[A]) -> A:
        """Return the arguments as `kind`; raises BadInput with what is wrong and where."""
        return read_json(self.args, kind, "args")

    def check_staff(self) -> None:
        """Refuse viewers; raises Forbidden."""
        if not self.staff:
            raise Forbidden


Action = Callable[[Call], Awaitable[Any]]
"""Answers one command with something JSON can say; raises PanierError."""
Commands = Mapping[str, Action]
ActionForAll = Callable[[list[Call]], Awaitable[list[Any]]]
"""Answers many calls of one moment, in their order: something JSON can say, or a PanierError, or
an awaitable of either where that one takes longer than the others shall wait."""
Together = Mapping[str, ActionForAll]
StockOf = Callable[[Cell, UUID, list[UUID]], Awaitable[Mapping[UUID, int]]]
"""Units of variants that a show can still sell, asked through (cell, show, variants)."""
Limits = Callable[[Tx, list[UUID]], Awaitable[Mapping[UUID, int]]]
"""Units of variants that one buyer may have, asked through (tx, variants); others are left out."""


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway, which knows no shop, is given by those above it."""

    commands: Commands
    """Answered one by one."""
    together: Together = {}
    """Answered a list at a time."""
    stock_of: StockOf
    stock_news: str
    """The subject under which {variant: left} is told; {show/variant: left} is one show's own."""
