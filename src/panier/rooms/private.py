"""What concerns one viewer of a room alone: told to that viewer's sockets there, to nobody else.

News, not facts: they have no number and no row. Who was not there when they were told asks.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from panier.kit.cells import Cell
from panier.rooms import wire

if TYPE_CHECKING:
    from panier.rooms.gateway_socket import Socket

OWN = "own"
"""Subjects are own.<show>.<visitor>: a gateway hears those of the rooms that it has open."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def tell_visitor(cell: Cell, show: UUID, visitor: UUID, what: str, body: dict[str, Any]) -> None:
    """Tell one visitor's sockets in a room, whatever gateway they are at; never waits."""
    cell.tell(f"{OWN}.{show}.{visitor}", msgspec.json.encode({"what": what, "body": body}))


class Seats:
    """Which sockets of this gateway's room are whose; most visitors have one."""

    def __init__(self) -> None:
        """Start empty."""
        self._taken: dict[int, tuple[Socket, ...]] = {}

    def enter(self, socket: "Socket") -> None:
        """Give a socket its seat."""
        visitor = socket.visitor.int
        self._taken[visitor] = (*self._taken.get(visitor, ()), socket)

    def leave(self, socket: "Socket") -> None:
        """Free a socket's seat."""
        visitor = socket.visitor.int
        others = tuple(one for one in self._taken[visitor] if one is not socket)
        if others:
            self._taken[visitor] = others
        else:
            del self._taken[visitor]

    def hear(self, subject: str, payload: bytes) -> None:
        """Send what was told to a visitor; a socket that does not read asks when it is back."""
        visitor = UUID(subject.rpartition(".")[2])
        sockets = self._taken.get(visitor.int)
        if not sockets:
            return
        frame = wire.own(_decode(payload))
        for socket in sockets:
            if socket.slow_since is None and not socket.closing:
                socket.send(frame)
