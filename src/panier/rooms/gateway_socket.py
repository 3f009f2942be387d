"""One socket: reads its frames, keeps it within its limits, answers its commands."""

import asyncio
from typing import TYPE_CHECKING, cast
from uuid import UUID

import msgspec
import psycopg
import structlog
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from panier.kit.errors import BadInput, PanierError, TooLarge, TooMany, Unavailable
from panier.kit.i18n import LANGUAGES, set_language
from panier.kit.signing import BadToken
from panier.rooms import wire
from panier.rooms.calls import Action, Args, Call
from panier.rooms.gateway_room import LiveRoom
from panier.rooms.limits import Bucket
from panier.rooms.rules import make_author

if TYPE_CHECKING:
    from panier.rooms.gateway import Gateway

PURPOSE = "room"
"""What a ticket is signed for."""
JOIN_SECONDS_MAX = 5.0
"""A socket that does not join in this time is closed."""
WRITE_BYTES_MAX = 256 * 1024
"""What may wait for a slow reader before it is told to resync."""
PENDING_MAX = 8
"""Commands of one socket under way at once."""
COMMAND_SECONDS_MAX = 10.0
"""A command that takes longer is answered as unavailable, at the latest after twice this time."""
HEARTS_MAX = 20
"""Hearts in one frame."""
RATES = {
    "": (10.0, 20.0),
    "join": (0.5, 5.0),
    "heart": (4.0, 8.0),
    "say": (0.7, 5.0),
    "buy": (0.5, 5.0),
    "abuse": (0.1, 20.0),
}
"""Per socket: so many a second, so many at once; "" is any other command, abuse is what no honest
page sends: more of it ends the connection."""
GOODBYE_SECONDS = 1.0
"""A socket that does not answer the goodbye in this time is cut off."""

log = structlog.get_logger()


class NotJoined(PanierError):
    """Please join the room first."""

    code, status = "not_joined", 409


class UnknownCommand(PanierError):
    """The room does not know how to %(command)s."""

    code, status = "unknown_command", 404


class OtherRoom(PanierError):
    """This connection belongs to another show; please open a new one."""

    code, status = "other_room", 409


class Ticket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may join which room, signed by the page that was asked for it."""

    show: UUID
    market: str
    visitor: UUID
    person: UUID | None
    name: str
    staff: bool
    language: str


class Hearts(Args):
    """The arguments of a heart."""

    n: int = 1


class Socket(WSListener):
    """A connection, first a stranger's, then a member's of one room."""

    __slots__ = (
        "_buckets", "_gateway", "_part", "author", "closing", "deadline", "gone", "heard_at",
        "language", "pinged_at", "room", "running", "slow_since", "ticket", "transport",
    )  # fmt: skip

    transport: WSTransport
    author: str

    def __init__(self, gateway: "Gateway") -> None:
        """Belong to `gateway`; nothing is known yet."""
        self._gateway = gateway
        self._buckets: dict[str, Bucket] | None = None
        self._part: bytearray | None = None
        self.language = LANGUAGES[0]
        self.ticket: Ticket | None = None
        self.room: LiveRoom | None = None
        self.gone = False
        self.closing = False
        self.running: dict[asyncio.Task[None], float] | None = None
        """Commands under way since when (monotonic seconds); None: it has not asked anything."""
        self.heard_at = self.pinged_at = gateway.time()
        self.slow_since: float | None = None
        self.deadline: float | None = self.heard_at + JOIN_SECONDS_MAX
        """By when it must have joined (monotonic seconds); None: it has."""

    @property
    def staff(self) -> bool:
        """Tell whether this is the show's crew."""
        return self.ticket is not None and self.ticket.staff

    @property
    def visitor(self) -> UUID:
        """Return the device."""
        assert self.ticket is not None, "asked of members only"  # noqa: S101 - for the type
        return self.ticket.visitor

    @property
    def name(self) -> str:
        """Return the name in the chat."""
        return self.ticket.name if self.ticket else ""

    # The connection

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Note the transport and where it comes from."""
        self.transport = transport
        transport.underlying_transport.set_write_buffer_limits(high=WRITE_BYTES_MAX)
        self._gateway.admit(self)

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows' interface
        """Leave the room."""
        self.gone = True
        self._gateway.forget(self)
        if self.room is not None:
            self.room.leave(self)
            self.room = None

    def pause_writing(self) -> None:
        """Skip this socket: its buffer is full."""
        self.slow_since = self._gateway.time()
        if self.room is not None:
            self.room.skip(self)

    def resume_writing(self) -> None:
        """Have it join again after its last fact: it missed some."""
        self.slow_since = None
        if self.room is not None and not self.gone:
            self.deadline = self._gateway.time() + JOIN_SECONDS_MAX
            self.send(wire.RESYNC)

    def send(self, frame: bytearray) -> None:
        """Send to this socket alone."""
        self.transport.send_reuse_external_bytearray(WSMsgType.TEXT, frame, wire.HEADROOM)

    def close(self, code: WSCloseCode, farewell: wire.Reason | None = None) -> None:
        """Say goodbye and close; who does not answer is cut off."""
        if self.gone or self.closing:
            return
        self.closing = True
        if farewell is not None:
            self.send(wire.bye(farewell))
        self.transport.send_close(code)
        asyncio.get_running_loop().call_later(GOODBYE_SECONDS, self.cut)

    def cut(self) -> None:
        """End the connection at once."""
        self.transport.disconnect(graceful=False)

    # What comes in

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame: a message, a piece of one, or a sign of life."""
        self.heard_at = self._gateway.time()
        kind = frame.msg_type
        if kind == WSMsgType.TEXT or kind == WSMsgType.CONTINUATION:  # noqa: PLR1714 - twice as fast
            payload = frame.get_payload_as_bytes()
            if kind == WSMsgType.TEXT and frame.fin:
                self._take(payload)
            else:
                self._take_part(payload, first=kind == WSMsgType.TEXT, last=frame.fin)
        elif kind == WSMsgType.PING:
            if self.slow_since is None and self._may("abuse", cost=0.05):
                transport.send_pong(frame.get_payload_as_bytes())
        elif kind == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif kind == WSMsgType.BINARY:
            self._abuse(None, BadInput(reason="text frames only"))

    def _take_part(self, payload: bytes, *, first: bool, last: bool) -> None:
        if first:
            self._part = bytearray()
        if self._part is None:
            self._abuse(None, BadInput(reason="a frame goes on that did not begin"))
            return
        if len(self._part) <= wire.FRAME_BYTES_MAX:  # what is too large is refused at its end
            self._part += payload
        if last:
            whole, self._part = bytes(self._part), None
            self._take(whole)

    def _take(self, payload: bytes) -> None:
        if self.closing or self.slow_since is not None:
            return  # who does not read, or was told to go, gets no answers
        if len(payload) > wire.FRAME_BYTES_MAX:
            self._abuse(None, TooLarge(limit=wire.FRAME_BYTES_MAX))
            return
        try:
            message = wire.read(payload)
        except wire.Unreadable as unreadable:
            self._abuse(unreadable.id, unreadable.error)
            return
        if not self._may(message.do if message.do in RATES else ""):
            self._abuse(message.id, TooMany())
        elif message.do == "join":
            self._gateway.start(self._join(message))
        elif self.room is None or self.deadline is not None:
            self._abuse(message.id, NotJoined())
        elif message.do == "heart":
            self._heart(message)
        else:
            self._command(message)

    def _may(self, what: str, cost: float = 1.0) -> bool:
        """Take a token for `what`; tells whether one was left."""
        moment = self._gateway.time()
        rate, burst = RATES[what]
        if self._buckets is None:
            self._buckets = {}
        bucket = self._buckets.get(what)
        if bucket is None:
            bucket = self._buckets[what] = Bucket(burst, moment)
        return bucket.take(moment, rate, burst, cost)

    def _abuse(self, id: int | None, error: PanierError) -> None:  # noqa: A002 - the wire's word
        """Answer what no honest page sends; too much of it ends the connection."""
        self.send(wire.refusal(id, error, self.language))
        if not self._may("abuse"):
            self.close(WSCloseCode.POLICY_VIOLATION)

    # Joining

    async def _join(self, message: wire.Message) -> None:
        self.deadline = None
        try:
            room = await self._enter(message)
        except BadToken as error:
            self.send(wire.refusal(message.id, error, self.language))
            self.close(WSCloseCode.POLICY_VIOLATION, "ticket")
            return
        except PanierError as error:
            self._refuse_join(message.id, error)
            return
        except (psycopg.Error, TimeoutError) as error:
            log.warning("room not opened", error=str(error).strip())
            self._refuse_join(message.id, Unavailable())
            return
        if not self.gone:
            self.deadline = None
            self.send(room.welcome(self, message.id, message.after))

    def _refuse_join(self, id: int | None, error: PanierError) -> None:  # noqa: A002 - the wire's word
        if not self.gone:
            self.deadline = self._gateway.time() + JOIN_SECONDS_MAX
            self._abuse(id, error)

    async def _enter(self, message: wire.Message) -> LiveRoom:
        """Check the ticket and open its room; who is a member already needs no new one."""
        ticket = self.ticket
        if message.ticket is not None or ticket is None:
            ticket = self._gateway.read_ticket(message.ticket or "")
        if self.ticket is not None and (ticket.show, ticket.visitor) != (
            self.ticket.show,
            self.ticket.visitor,
        ):
            raise OtherRoom
        async with asyncio.timeout(COMMAND_SECONDS_MAX):
            room = await self._gateway.room(ticket.market, ticket.show)
            if message.after is not None and message.after > room.heard:
                await room.caught_up()
        if self.room is None and not self.gone:
            self.ticket = ticket
            self.language = ticket.language
            self.author = make_author(self._gateway.secret, ticket.show, ticket.visitor)
            self.room = room
            room.enter(self)
        return room

    # Commands

    def _heart(self, message: wire.Message) -> None:
        assert self.room is not None, "asked of members only"  # noqa: S101 - for the type
        try:
            hearts = self._call(message).read(Hearts).n
        except BadInput as error:
            self._abuse(message.id, error)
            return
        self.room.heart(min(max(hearts, 0), HEARTS_MAX))
        if message.id is not None:
            self.send(wire.answer(message.id, {}))

    def _command(self, message: wire.Message) -> None:
        queue = self._gateway.queues.get(message.do)
        if queue is not None:
            if not queue.put(self, message.id, self._call(message)):
                self._abuse(message.id, TooMany())
            return
        action = self._gateway.commands.get(message.do)
        if action is None:
            self._abuse(message.id, UnknownCommand(command=message.do))
            return
        if self.running is None:
            self.running = {}
            asyncio.get_running_loop().call_later(COMMAND_SECONDS_MAX, self._end_overdue)
        if len(self.running) >= PENDING_MAX:
            self._abuse(message.id, TooMany())
        else:
            task = self._gateway.start(self._run(action, message))
            self.running[task] = self._gateway.time()

    def _end_overdue(self) -> None:
        """Give up commands that run too long; one timer a socket, for one a command costs more."""
        moment = self._gateway.time()
        for task, since in tuple((self.running or {}).items()):
            if moment - since >= COMMAND_SECONDS_MAX:
                task.cancel()
        if self.running and not self.gone:
            asyncio.get_running_loop().call_later(COMMAND_SECONDS_MAX, self._end_overdue)
        else:
            self.running = None

    async def _run(self, action: Action, message: wire.Message) -> None:
        # This task's context is its own, so nothing has to be set back.
        set_language(self.language)
        try:
            ok = await action(self._call(message))
            frame = wire.answer(message.id, ok) if message.id is not None else None
        except PanierError as error:
            frame = wire.refusal(message.id, error, self.language)
        except (psycopg.OperationalError, TimeoutError, asyncio.CancelledError) as error:
            log.warning("command not done", command=message.do, error=repr(error))
            frame = wire.refusal(message.id, Unavailable(), self.language)
        except Exception:
            log.exception("command failed", command=message.do)
            frame = wire.refusal(message.id, PanierError(), self.language)
        finally:
            if self.running is not None:
                self.running.pop(cast("asyncio.Task[None]", asyncio.current_task()), None)
        if frame is not None and not self.gone:
            self.send(frame)

    def _call(self, message: wire.Message) -> Call:
        ticket, room = self.ticket, self.room
        assert ticket is not None, "asked of members only"  # noqa: S101 - for the type
        assert room is not None, "asked of members only"  # noqa: S101 - for the type
        return Call(
            cell=room.cell,
            settings=self._gateway.settings,
            signer=self._gateway.signer,
            market=ticket.market,
            show=ticket.show,
            visitor=ticket.visitor,
            person=ticket.person,
            name=ticket.name,
            author=self.author,
            staff=ticket.staff,
            language=self.language,
            stage=room.state.stage,
            args=message.args,
        )
